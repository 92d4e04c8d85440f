"""The card of a model bundle: what the model is, what it was trained on, how good it is.

A card without data, metrics or threshold does not load, and
neither does a graph that is not the one the card was written for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from math import inf
from pathlib import Path
from typing import TypeAlias

from classifiers import cascade_card, feature_histogram
from classifiers.card_fields import FieldType
from classifiers.card_fields import checked_field as _field
from classifiers.cascade_card import CascadeCard
from classifiers.feature_histogram import FeatureHistogram
from fanzha import toml_files
from fanzha.errors import InvalidConfiguration
from fanzha.tables import Float32s

CARD = "card.toml"
GRAPH = "model.onnx"
CASCADE_HEAD = "second.onnx"
"""The head of a second stage, in bundles that have one."""
GOLDEN_TOLERANCE = 1e-3
"""How far a score may be from the card's: processors round differently."""

SITE_LICENCE = "a site's own data: not to be passed on, and neither is what learned from it"
"""Licence of labelled examples from a site's own traffic."""

CHANNELS = ("sms", "url", "caller", "moment")
BINS = 20
"""Bins of a score histogram, all of the same width between 0 and 1."""

Histogram: TypeAlias = tuple[float, ...]
"""Rows in each of the `BINS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSource:
    """One source of training rows."""

    source: str
    licence: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenRow:
    """An input of our own, and the score the model gave it when it was made."""

    inputs: Mapping[str, object]
    """What the channel's classifier reads, such as ``url``."""
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The ``card.toml`` of a bundle."""

    version: str
    channel: str
    """``sms``, ``url``, ``caller`` or ``moment``, the name of the folder of its bundles."""
    threshold: float
    """The score from which the channel blocks, chosen by false-positive budget."""
    sha256: str
    """Of the graph, in hexadecimal."""
    date: str
    seed: int
    inputs: Mapping[str, object]
    """Settings of the features, so that a model is fed as it was trained."""
    data: tuple[TrainingSource, ...]
    metrics: Mapping[str, object]
    golden: tuple[GoldenRow, ...]
    review_threshold: float | None = None
    """The score from which a person is to judge what is not blocked; None: no one is."""
    calibration_prevalence: float | None = None
    """Share of fraud among the rows that scores were calibrated on; None: not known."""
    score_histogram: Histogram | None = None
    """How scores of ordinary traffic are spread; without it, drift cannot be measured."""
    feature_histograms: Mapping[str, FeatureHistogram] = field(default_factory=dict)
    """The same for columns of the traffic, those of `classifiers.drift_features`."""
    cascade: CascadeCard | None = None
    """Of text and link models that have one."""

    def setting(self, name: str, kind: type[FieldType]) -> FieldType:
        """Return the setting *name* of the inputs, which must be of *kind*."""
        return _field(self.inputs, name, kind)

    @property
    def features(self) -> tuple[str, ...]:
        """The named columns the model reads, in its order; of column models only."""
        return tuple(map(str, self.setting("features", list)))


def read(bundle: Path) -> Card:
    """Read the card of *bundle*."""
    path = bundle / CARD
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidConfiguration("{path}: {error}", path=path, error=error) from error


@lru_cache(maxsize=8)
def _parsed(text: str) -> Card:
    # Each is read several times at a start, and processes that are forked find what was read.
    return parse(toml_files.parse(text))


def parse(table: Mapping[str, object]) -> Card:
    """Build a card from its parsed file; `ValueError` for missing or invalid fields."""
    card = Card(
        version=_field(table, "version", str),
        channel=_field(table, "channel", str),
        threshold=float(_field(table, "threshold", float)),
        sha256=_field(table, "sha256", str),
        date=_field(table, "date", str),
        seed=_field(table, "seed", int),
        inputs=_field(table, "inputs", dict),
        data=tuple(map(_source, _field(table, "data", list))),
        metrics=_field(table, "metrics", dict),
        golden=tuple(map(_golden, _field(table, "golden", list))),
        review_threshold=_optional_share(table, "review_threshold"),
        calibration_prevalence=_optional_share(table, "calibration_prevalence"),
        score_histogram=_histogram(table.get("score_histogram")),
        feature_histograms=feature_histogram.parse(table.get("feature_histograms")),
        cascade=cascade_card.parse(table),
    )
    if card.channel not in CHANNELS:
        raise InvalidConfiguration(
            "channel {channel!r} is none of {channels}",
            channel=card.channel,
            channels=", ".join(CHANNELS),
        )
    if not 0 < card.threshold <= 1:
        raise InvalidConfiguration(
            "threshold {threshold} is not within (0, 1]", threshold=card.threshold
        )
    if card.review_threshold is not None and not card.review_threshold < card.threshold:
        raise InvalidConfiguration(
            "review_threshold {review} is not under the threshold {threshold}",
            review=card.review_threshold,
            threshold=card.threshold,
        )
    return card


def read_graph(bundle: Path, card: Card) -> bytes:
    """Read the graph of *bundle*, which must be the one *card* was written for."""
    return _checked(bundle / GRAPH, card.sha256)


def read_cascade_head(bundle: Path, card: Card) -> bytes:
    """Read the head of the second stage of *bundle*, as `read_graph` does the graph."""
    if card.cascade is None:
        raise InvalidConfiguration("{bundle}: the card has no second stage", bundle=bundle)
    return _checked(bundle / CASCADE_HEAD, card.cascade.sha256)


def check_golden(card: Card, scores: Float32s) -> None:
    """Compare the *scores* of the card's golden rows with those it expects."""
    for row, (golden, score) in enumerate(zip(card.golden, scores.tolist(), strict=True)):
        # Written so that NaN fails.
        if not abs(score - golden.score) <= GOLDEN_TOLERANCE:
            raise InvalidConfiguration(
                "model {channel} {version}: golden row {row} scores {score:.4f}, the "
                "card says {expected:.4f}",
                channel=card.channel,
                version=card.version,
                row=row,
                score=score,
                expected=golden.score,
            )


def golden_texts(card: Card, name: str) -> Sequence[str]:
    """Return the input *name* of all golden rows."""
    return [_field(golden.inputs, name, str) for golden in card.golden]


def _checked(path: Path, expected: str) -> bytes:
    content = path.read_bytes()
    found = sha256(content).hexdigest()
    if found != expected:
        raise InvalidConfiguration(
            "{path}: sha256 is {found}, the card says {expected}",
            path=path,
            found=found,
            expected=expected,
        )
    return content


def _source(table: object) -> TrainingSource:
    table = _table(table)
    return TrainingSource(
        source=_field(table, "source", str),
        licence=_field(table, "licence", str),
        rows=_field(table, "rows", int),
    )


def _golden(table: object) -> GoldenRow:
    table = _table(table)
    inputs = {name: value for name, value in table.items() if name != "score"}
    return GoldenRow(inputs=inputs, score=_field(table, "score", float))


def _histogram(value: object) -> Histogram | None:
    if value is None:
        return None
    rows = value if isinstance(value, list) else []
    numbers = [float(count) for count in rows if isinstance(count, int | float) and count >= 0]
    if len(numbers) != BINS or len(rows) != BINS or not 0 < sum(numbers) < inf:
        raise InvalidConfiguration("score_histogram is not {bins} counts of rows", bins=BINS)
    return tuple(numbers)


def _optional_share(table: Mapping[str, object], name: str) -> float | None:
    if table.get(name) is None:
        return None
    share = float(_field(table, name, float))
    if not 0 < share < 1:
        raise InvalidConfiguration("{name} {share} is not within (0, 1)", name=name, share=share)
    return share


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InvalidConfiguration("{value!r} is not a table", value=value)
    return value
