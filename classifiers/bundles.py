"""Finds and loads model bundles: ``<root>/<channel>/<version>/{model.onnx, card.toml}``.

Each classifier compares its scores of the card's golden rows with those on the card before
it is handed out, so a bundle that loads scores as it did when it was made.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from classifiers.call import CallerClassifier
from classifiers.card import CARD
from classifiers.link import LinkClassifier
from classifiers.onnx_model import OnnxModel
from classifiers.sms import TextClassifier

SHIPPED = Path(__file__).with_name("models")

_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifiers:
    """One classifier per channel."""

    text: TextClassifier
    link: LinkClassifier
    caller: CallerClassifier


def load_all(root: Path | None = None) -> Classifiers:
    """Load the newest bundle of each channel below *root*, by default the shipped ones."""
    return Classifiers(text=load_text(root), link=load_link(root), caller=load_caller(root))


def load_text(root: Path | None = None) -> TextClassifier:
    """Load the newest text model."""
    return TextClassifier(_load(root, "sms"))


def load_link(root: Path | None = None) -> LinkClassifier:
    """Load the newest link model."""
    return LinkClassifier(_load(root, "url"))


def load_caller(root: Path | None = None) -> CallerClassifier:
    """Load the newest caller model."""
    return CallerClassifier(_load(root, "caller"))


def newest(root: Path, channel: str) -> Path:
    """Return the bundle of *channel* with the highest version, ``10`` being above ``9``."""
    found = [card.parent for card in (root / channel).glob(f"*/{CARD}")]
    if not found:
        raise ValueError(f"{root / channel} holds no model bundle")
    return max(found, key=lambda bundle: (_numbers(bundle.name), bundle.name))


def _load(root: Path | None, channel: str) -> OnnxModel:
    bundle = newest(root or SHIPPED, channel)
    model = OnnxModel(bundle)
    if (model.card.channel, model.card.version) != (channel, bundle.name):
        raise ValueError(
            f"{bundle} holds model {model.card.channel} {model.card.version} by its card"
        )
    return model


def _numbers(version: str) -> list[int]:
    return [int(digits) for digits in _NUMBER.findall(version)]
