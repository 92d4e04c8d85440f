"""Accuracy of filters trained on the same split as our model.

All learn "fraud or not" from the training split. The cut-off is chosen on the validation split and
reported on the test split, so no figure comes from texts used for fitting.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from benchmarks.peers import bogofilter, filters, rspamd, spamd
from benchmarks.peers.filters import Filter
from classifiers import bundles
from classifiers.training.text import data as sms_data
from classifiers.training.text.data import LabelledText
from fanzha.tables import Float32s

SEED = 20261124
FALSE_SHARE = 0.01
"""Share of harmless validation texts that the chosen cut-off may block."""
_TEMPLATES = 4
_NOT_EQUAL = (
    "Filters learn the rows said in the table, drawn from the training split; our model was "
    "trained on all of it, on evasions made from it and on more of our own templates. Filters are "
    "heard by their Bayes alone, since their rules judge mail headers. Texts are shown without "
    "sender or link lists. bogofilter takes words apart at spaces, of which Chinese has none. "
    "Harmless means ham or unwanted advertising that is no fraud."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The result of one filter on the test split."""

    filter: str
    learnt: int
    """Texts it learnt; 0 for our model, whose card has the number."""
    tested: int
    default_cutoff: float | None = None
    default_recall: float | None = None
    """Share of fraud found at the filter's own cut-off."""
    default_false_share: float | None = None
    """Share of harmless texts blocked there."""
    chosen_cutoff: float | None = None
    chosen_recall: float | None = None
    chosen_false_share: float | None = None
    not_equal: str = _NOT_EQUAL
    missing_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Texts of one split."""

    fraud: list[str]
    other: list[str]


Trainer = Callable[[Path, Sequence[str], Sequence[str]], AbstractContextManager[Filter]]
_CUTOFFS = {"bogofilter": 0.99, "SpamAssassin": 0.99, "rspamd": 0.95}
"""Spam by bogofilter's default; BAYES_99; where rspamd's Bayes gives nearly its full score."""


def compare(data: Path | None, folder: Path, *, learnt: int, tested: int) -> list[Judged]:
    """Judge all filters and our model; *learnt* and *tested* rows of each kind at most."""
    trainers: dict[str, tuple[bool, Trainer]] = {
        "bogofilter": (bogofilter.installed(), filters.bogofilter_trained),
        "SpamAssassin": (spamd.installed(), filters.spamd_trained),
        "rspamd": (rspamd.installed(), filters.rspamd_trained),
    }
    if data is None:
        return [missing(name, "no labelled texts were given with --data") for name in trainers]
    rows = sms_data.read(data, SEED, templates=_TEMPLATES)
    train = split_of(rows, sms_data.TRAIN, learnt)
    validation = split_of(rows, sms_data.VALIDATION, tested)
    test = split_of(rows, sms_data.TEST, tested)
    found = [_ours(validation, test)]
    for name, (installed, trainer) in trainers.items():
        if not installed:
            found.append(missing(name, f"{name} is not installed"))
            continue
        try:
            with trainer(folder / f"accuracy-{name}", train.fraud, train.other) as peer:
                found.append(
                    judged(
                        name,
                        scores=peer.scores,
                        validation=validation,
                        test=test,
                        cutoff=_CUTOFFS[name],
                        learnt=len(train.fraud) + len(train.other),
                    )
                )
        except Exception as error:  # the failure of one peer must not affect others
            found.append(missing(name, f"{type(error).__name__}: {error}"[:400]))
    return found


def split_of(rows: Sequence[LabelledText], split: str, most: int) -> Split:
    """Draw up to *most* texts of each kind.

    Left out are rows whose label leaves fraud open, and sources that no split trains on.
    """
    chance = Random(SEED)
    kinds: tuple[list[str], list[str]] = ([], [])
    for row in rows:
        clear = not row.allowed[sms_data.FRAUD] or sum(row.allowed) == 1
        if row.split == split and clear and row.source not in sms_data.EVALUATION_ONLY:
            kinds[row.allowed[sms_data.FRAUD]].append(row.text)
    other, fraud = (chance.sample(kind, min(most, len(kind))) for kind in kinds)
    return Split(fraud=fraud, other=other)


def judged(
    name: str,
    *,
    scores: Callable[[Sequence[str]], Sequence[float]],
    validation: Split,
    test: Split,
    cutoff: float,
    learnt: int,
) -> Judged:
    """Measure on *test*, at the given cut-off and at one chosen on *validation*."""
    chosen = cutoff_for(np.asarray(scores(validation.other), np.float32))
    fraud = np.asarray(scores(test.fraud), np.float32)
    other = np.asarray(scores(test.other), np.float32)
    return Judged(
        filter=name,
        learnt=learnt,
        tested=len(fraud) + len(other),
        default_cutoff=cutoff,
        default_recall=_share(fraud, cutoff),
        default_false_share=_share(other, cutoff),
        chosen_cutoff=chosen,
        chosen_recall=_share(fraud, chosen),
        chosen_false_share=_share(other, chosen),
    )


def cutoff_for(harmless: Float32s) -> float:
    """Return the lowest cut-off that blocks at most `FALSE_SHARE` of *harmless* scores."""
    allowed = int(len(harmless) * FALSE_SHARE)
    highest_passed = np.sort(harmless)[len(harmless) - 1 - allowed]
    return float(np.nextafter(highest_passed, np.float32(2)))


def missing(name: str, reason: str) -> Judged:
    """Return why a filter was not measured."""
    return Judged(filter=name, learnt=0, tested=0, missing_reason=reason)


def as_text(found: Sequence[Judged]) -> str:
    """Write the table for a terminal."""
    lines = [
        "filter           learnt   tested   own cut-off: recall, false   chosen: recall, false"
    ]
    for one in found:
        if one.missing_reason:
            lines.append(f"{one.filter:<15}  missing: {one.missing_reason}")
            continue
        lines.append(
            f"{one.filter:<15} {one.learnt or 'all':>7} {one.tested:>8}"
            f" {one.default_recall:>21.1%} {one.default_false_share:>7.2%}"
            f" {one.chosen_recall:>15.1%} {one.chosen_false_share:>7.2%}"
        )
    return "\n".join(lines)


def _ours(validation: Split, test: Split) -> Judged:
    model = bundles.load_text()

    def scores(texts: Sequence[str]) -> list[float]:
        found: list[float] = model.score_bodies(texts).p_fraud.tolist()
        return found

    name = f"ours, model {model.version}"
    return judged(
        name,
        scores=scores,
        validation=validation,
        test=test,
        cutoff=model.threshold,
        learnt=0,
    )


def _share(scores: Float32s, cutoff: float) -> float:
    return round(float(np.mean(scores >= np.float32(cutoff))), 5)
