"""Finds and loads model bundles: ``<root>/<channel>/<version>/{model.onnx, card.toml}``.

Text and link bundles with a second stage hold its head besides, ``second.onnx``.

Each classifier compares its scores of the card's golden rows with those on the card before
it is handed out, so a bundle that loads scores as it did when it was made.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from classifiers.caller.classifier import CallerClassifier
from classifiers.card import CARD
from classifiers.escalation import EscalationBudget
from classifiers.link import url_trees
from classifiers.link.classifier import LinkClassifier
from classifiers.onnx_model import OnnxModel
from classifiers.text import sentence_head
from classifiers.text.classifier import TextClassifier
from classifiers.velocity.classifier import VelocityClassifier
from fanzha.errors import InvalidConfiguration

SHIPPED = Path(__file__).with_name("models")
CANDIDATE_SUFFIX = ".retrained.json"
"""Of the report beside a bundle that a retraining made: it decides only where it is asked for."""

_NUMBER = re.compile(r"[0-9]+")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifiers:
    """One classifier per channel."""

    text: TextClassifier
    link: LinkClassifier
    caller: CallerClassifier


def load_all(root: Path | None = None) -> Classifiers:
    """Load the newest bundle of each channel below *root*, by default the shipped ones."""
    return Classifiers(text=load_text(root), link=load_link(root), caller=load_caller(root))


def load_text(
    root: Path | None = None,
    version: str | None = None,
    budget: EscalationBudget | None = None,
    *,
    reads_disguises: bool = True,
) -> TextClassifier:
    """Load a text model, by default the newest; a *budget* of zero loads no second stage."""
    model = _load(root, "sms", version)
    if budget is not None and not budget.share:
        return TextClassifier(model, reads_disguises=reads_disguises)
    second = sentence_head.of_bundle(folder(root, "sms", model.version), model.card)
    return TextClassifier(model, second, budget, reads_disguises=reads_disguises)


def load_first_stage(root: Path | None = None, version: str | None = None) -> TextClassifier:
    """Load a text model without its second stage, which needs the sentence encoder."""
    return TextClassifier(_load(root, "sms", version))


def load_link(
    root: Path | None = None, version: str | None = None, budget: EscalationBudget | None = None
) -> LinkClassifier:
    """Load a link model, by default the newest; a *budget* of zero loads no second stage."""
    model = _load(root, "url", version)
    if budget is not None and not budget.share:
        return LinkClassifier(model)
    second = url_trees.of_bundle(folder(root, "url", model.version), model.card)
    return LinkClassifier(model, second, budget)


def load_caller(
    root: Path | None = None, version: str | None = None, lowest_threshold: float | None = None
) -> CallerClassifier:
    """Load a caller model, by default the newest; too few calls stay below *lowest_threshold*."""
    return CallerClassifier(_load(root, "caller", version), lowest_threshold)


def load_velocity(root: Path | None = None, version: str | None = None) -> VelocityClassifier:
    """Load a velocity model, by default the newest."""
    return VelocityClassifier(_load(root, "moment", version))


def folder(root: Path | None, channel: str, version: str) -> Path:
    """Return the folder of bundle *version* of *channel*, existing or not."""
    if not is_version(version):
        raise InvalidConfiguration("{version!r} cannot be the name of a bundle", version=version)
    return (root or SHIPPED) / channel / version


def versions(root: Path | None, channel: str) -> list[str]:
    """Return the versions of *channel* below *root*, the newest last."""
    return in_order(card.parent.name for card in ((root or SHIPPED) / channel).glob(f"*/{CARD}"))


def in_order(found: Iterable[str]) -> list[str]:
    """Sort versions, the newest last, ``10`` being above ``9``."""
    return sorted(found, key=lambda version: (_numbers(version), version))


def is_version(text: str) -> bool:
    """Return whether *text* can be the version of a bundle."""
    return _VERSION.fullmatch(text) is not None


def newest(root: Path, channel: str) -> Path:
    """Return the bundle of *channel* with the highest version, ``10`` being above ``9``."""
    found = versions(root, channel)
    if not found:
        raise InvalidConfiguration("{root} holds no model bundle", root=root / channel)
    return root / channel / found[-1]


def newest_released(root: Path, channel: str) -> Path:
    """Return the newest bundle that no retraining made; that of one where there is no other.

    What a retraining made is a candidate: a restart must not let it decide.
    """
    folder = root / channel
    released = [
        version
        for version in versions(root, channel)
        if not (folder / f"{version}{CANDIDATE_SUFFIX}").exists()
    ]
    return folder / released[-1] if released else newest(root, channel)


def _load(root: Path | None, channel: str, version: str | None) -> OnnxModel:
    bundle = folder(root, channel, version) if version else newest(root or SHIPPED, channel)
    model = OnnxModel(bundle)
    if (model.card.channel, model.card.version) != (channel, bundle.name):
        raise InvalidConfiguration(
            "{bundle} holds model {channel} {version} by its card",
            bundle=bundle,
            channel=model.card.channel,
            version=model.card.version,
        )
    return model


def _numbers(version: str) -> list[int]:
    return [int(digits) for digits in _NUMBER.findall(version)]
