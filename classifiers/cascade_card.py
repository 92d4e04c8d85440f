"""The table of a card about the second stage of its model."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite

from classifiers.card_fields import checked_field
from classifiers.text.facts import NO_WEIGHTS, FactWeights
from classifiers.text.sender_classes import SenderClass
from fanzha.errors import InvalidConfiguration

_NUMBERS = ("from_score", "slope", "offset", "threshold")


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeCard:
    """Which rows are escalated, and the threshold of the calibrated probability."""

    sha256: str
    """Of the head, in hexadecimal."""
    from_score: float
    """Uncertain are fast scores from here on."""
    slope: float
    offset: float
    """Of the probability: sigmoid(slope * weighted mean of both log-odds + offset)."""
    threshold: float
    """Of that probability."""
    encoder: str
    """What makes the inputs of the head: a sentence encoder, or columns of a URL."""
    encoder_version: str
    fast_weight: float = 0.5
    """Of the fast model's log-odds in the mean."""
    facts: FactWeights = NO_WEIGHTS
    """Of texts: what is known besides their words."""
    to_score: float | None = None
    """Uncertain are fast scores below this; None: below the threshold of the fast score."""


def parse(card: Mapping[str, object]) -> CascadeCard | None:
    """Read table ``second_look`` of a card; None without one, `ValueError` for an invalid one."""
    if "second_look" not in card:
        return None
    table = checked_field(card, "second_look", dict)
    numbers = {name: float(checked_field(table, name, float)) for name in _NUMBERS}
    for name in ("from_score", "threshold"):
        if not 0 < numbers[name] < 1:
            raise InvalidConfiguration(
                "second_look: {name} {numbers} is not within (0, 1)",
                name=name,
                numbers=numbers[name],
            )
    if not 0 < numbers["slope"] < inf:
        raise InvalidConfiguration(
            "second_look: slope {numbers} is not above 0", numbers=numbers["slope"]
        )
    weight = checked_field(table, "fast_weight", float) if "fast_weight" in table else 0.5
    if not 0 <= weight < 1:
        raise InvalidConfiguration(
            "second_look: fast_weight {weight} is not within [0, 1)", weight=weight
        )
    to_score = checked_field(table, "to_score", float) if "to_score" in table else None
    if to_score is not None and not numbers["from_score"] < to_score <= 1:
        raise InvalidConfiguration(
            "second_look: to_score {to_score} is not within (from_score, 1]", to_score=to_score
        )
    return CascadeCard(
        fast_weight=weight,
        to_score=to_score,
        facts=_fact_weights(table),
        sha256=checked_field(card, "second_sha256", str),
        encoder=checked_field(table, "encoder", str),
        encoder_version=checked_field(table, "encoder_version", str),
        **numbers,
    )


def _fact_weights(table: Mapping[str, object]) -> FactWeights:
    """Read what facts add; nothing where the card of an older bundle does not say."""
    if "facts" not in table:
        return NO_WEIGHTS
    facts = checked_field(table, "facts", dict)
    classes = facts.get("classes", {})
    if not isinstance(classes, dict) or not classes.keys() <= SenderClass.__members__.keys():
        raise InvalidConfiguration("second_look: classes {classes}", classes=classes)
    return FactWeights(
        link=_weight(facts, "link"),
        history=_weight(facts, "history"),
        classes={SenderClass[name]: _weight(classes, name) for name in classes},
    )


def _weight(table: Mapping[str, object], name: str) -> float:
    weight = float(checked_field(table, name, float))
    if not isfinite(weight) or weight < 0:
        raise InvalidConfiguration(
            "second_look: {name} {weight} is not within [0, inf)", name=name, weight=weight
        )
    return weight
