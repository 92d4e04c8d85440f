"""What a kind of caller is like, as ranges from which each caller draws its own habits."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from fanzha.tables import Attestation, Ingress


class Range(NamedTuple):
    """From the least to the most; drawn evenly, or on a logarithmic scale where `events` says."""

    low: float
    high: float

    def times(self, factor: float, most: float = float("inf")) -> "Range":
        """Return the range stretched by *factor*, and cut off at *most*."""
        return Range(min(self.low * factor, most), min(self.high * factor, most))


class NumberType(IntEnum):
    """What kind of number calls."""

    MOBILE = 0
    FIXED = 1
    FOREIGN = 2
    FORGED = 3
    """A number that looks like one of this country's authorities or mobiles and is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One kind of caller. Shares are probabilities."""

    name: str
    fraud: bool
    callers: int
    """How many there are in a world of scale 1."""
    source: str
    """What the assumptions rest on."""
    lines: Mapping[NumberType, float]
    ingress: Mapping[Ingress, float]
    attested: Mapping[Attestation, float]
    """Attestation, where calls have a PASSporT."""
    days: Range
    """Share of days with calls."""
    hours: Range
    """Local hours between which bursts begin."""
    bursts: Range
    """A day."""
    minutes: Range
    """That a burst lasts."""
    rate: Range
    """Calls an hour in a burst."""
    strangers: Range
    """Share of calls to a number never called before."""
    contacts: Range
    """Different numbers that are called again and again."""
    in_a_row: Range
    """Share of calls to a number just after the one before."""
    again: Range
    """Share of calls that try the number before once more."""
    answered: Range
    seconds: Range
    """Median length of an answered call."""
    brief: Range
    """Share of answered calls that are over within two seconds."""
    called_back: Range
    """Incoming calls per outgoing call."""
