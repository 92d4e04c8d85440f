"""The map of fraud: figures of regions, over time, and where more happens than usual."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from services.warning.cases.region_counts import METRICS

Counts: TypeAlias = npt.NDArray[np.int64]
PLACE = {name: place for place, name in enumerate(METRICS)}
FEWEST_UNREACHED = 20
"""Cases of a kind that ended without being reached, below which nothing is estimated of it."""


class MapLevel(IntEnum):
    """How finely regions are told apart; numbered as on the wire."""

    PROVINCE = 1
    CITY = 2
    COUNTY = 3


class MapStep(IntEnum):
    """How time is cut; numbered as on the wire."""

    NOTHING = 0
    DAY = 1
    MONTH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRequest:
    """What of the map is asked for."""

    region: str = ""
    """Code or name; empty: all in the scope of the caller."""
    level: MapLevel = MapLevel.CITY
    since_ms: int = 0
    until_ms: int = 0
    """Days in China from that of *since_ms* to the last that begins before *until_ms*; 0: now."""
    kinds: frozenset[int] = frozenset()
    """Kinds of fraud; empty: all."""
    step: MapStep = MapStep.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFigures:
    """Figures of some cells."""

    counts: Counts
    """One for each of `METRICS`; none is given where there are too `few`."""
    prevented_fen: int | None = None
    """Estimate of what was not lost, see `prevented`; None where nothing can be estimated."""
    few: bool = False
    """Whether the counts are withheld, as one could tell a person by them."""

    def __getitem__(self, metric: str) -> int:
        return int(self.counts[PLACE[metric]])


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRegion:
    """One region of the answer."""

    code: str
    """Its code, or its name where it has none; empty: not known."""
    name: str
    figures: MapFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFrame:
    """One step of time."""

    start: str
    """The day or month in China: ``2026-11-30`` or ``2026-11``."""
    all: MapFigures
    regions: tuple[MapFigures, ...]
    """In the order of `RegionMap.regions`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpot:
    """A region, kind and day with more cases than usual."""

    region: str
    name: str
    kind: int
    day: str
    exposed: int
    usual: float
    """Mean of a day, of the four weeks before."""


@dataclass(slots=True, kw_only=True)
class RegionMap:
    """The answer."""

    made_at_ms: int
    level: MapLevel
    first_day: str = ""
    """The first day with a case of what was asked for; empty: there is none."""
    all: MapFigures
    regions: list[MapRegion] = field(default_factory=list)
    frames: list[MapFrame] = field(default_factory=list)
    hot_spots: list[HotSpot] = field(default_factory=list)
    estimated_kinds: int = 0
    """Kinds for which `prevented` could estimate something."""
    trail: list[tuple[str, str]] = field(default_factory=list)
    """Code and name of the regions around the one asked for, and of itself."""


def prevented(by_kind: Counts, rates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Estimate what reached people would have lost beyond what they lost, in fen.

    *by_kind* has a row for each kind and a column for each of `METRICS`, in any number of such
    tables; *rates* two columns: the share of those who were not reached that lost money, and the
    mean of known losses in fen, NaN where it is not known. An estimate: who cannot be reached may
    differ from who can.
    """
    lost = by_kind[..., PLACE["reached_lost"]]
    expected = (by_kind[..., PLACE["reached_safe"]] + lost) * rates[:, 0] - lost
    found: npt.NDArray[np.float64] = np.nansum(np.maximum(expected, 0.0) * rates[:, 1], axis=-1)
    return found


def loss_rates(by_kind: Counts) -> npt.NDArray[np.float64]:
    """Return the *rates* of `prevented` from the counts of each kind."""
    safe = by_kind[:, PLACE["safe"]] - by_kind[:, PLACE["reached_safe"]]
    lost = by_kind[:, PLACE["lost_money"]] - by_kind[:, PLACE["reached_lost"]]
    known, fen = by_kind[:, PLACE["lost_known"]], by_kind[:, PLACE["lost_fen"]]
    enough = (safe + lost >= FEWEST_UNREACHED) & (known > 0)
    rates = np.full((len(by_kind), 2), np.nan)
    rates[enough, 0] = lost[enough] / (safe + lost)[enough]
    rates[enough, 1] = fen[enough] / known[enough]
    return rates
