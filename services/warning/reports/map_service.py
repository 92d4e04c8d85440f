"""Makes the map of fraud from the counts of cells, in milliseconds: no case is read."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from infra.redis.client import Client
from services.auth import identity
from services.auth.identity import Role
from services.warning.cases import region_counts
from services.warning.desk import scope
from services.warning.model import Region
from services.warning.policy.places import places
from services.warning.reports import map_model
from services.warning.reports.map_cells import MapCells, MapCellStore
from services.warning.reports.map_model import (
    PLACE,
    Counts,
    HotSpot,
    MapFigures,
    MapFrame,
    MapLevel,
    MapRegion,
    MapRequest,
    MapStep,
    RegionMap,
)

MOST_DAYS, MOST_MONTHS = 92, 60
"""Steps of one answer."""
MOST_HOT_SPOTS = 20
_FEWEST = 3
"""Below so many cases, who may not read cases is told only that there are some."""
_USUAL_DAYS = 28
_CANDIDATES = 60
_MOST_DAY = 1 << 20
"""More than any day, counted from 1970."""
_EXPOSED = PLACE["exposed"]
_CODE_DIGITS = 6
_EPOCH = date(1970, 1, 1)
_KINDS = max(FraudType) + 1
_CASE_READERS = frozenset({Role.DISPATCHER, Role.AUDITOR})


class _Selection(NamedTuple):
    """The cells asked for, and the regions of the answer."""

    cells: MapCells
    groups: npt.NDArray[np.int64]
    """Place in ``names`` of each cell."""
    names: Sequence[tuple[str, str]]
    """Code and name of each region."""
    rates: npt.NDArray[np.float64]
    hidden: bool
    """Whether few cases are withheld."""


class CellSource(Protocol):
    """Where the counts are."""

    async def current(self) -> MapCells:
        """Return all cells there are now."""
        ...


class MapService:
    """Makes maps. Raises `Unavailable` while Redis is away."""

    def __init__(self, cells: CellSource, *, now_ms: Callable[[], int]) -> None:
        self._cells = cells
        self._now_ms = now_ms

    async def make(self, request: MapRequest) -> RegionMap:
        """Return the map of what the caller may see. Raises `InvalidInput` and `NotAllowed`."""
        now = self._now_ms()
        first, last = _days(request, now)
        cells = await self._cells.current()
        rates = _rates(_in_scope(cells, ""))
        reached = _in_scope(cells, request.region)
        wanted = reached
        if request.kinds:
            wanted = _taken(reached, np.isin(reached.kind, list(request.kinds)))
        inside = _taken(wanted, (wanted.day >= first) & (wanted.day <= last))
        chosen = _selection(inside, request.level, rates)
        made = RegionMap(
            made_at_ms=now,
            level=request.level,
            first_day=_day_text(int(wanted.day.min())) if len(wanted) else "",
            all=_figures(_sums(inside.values, inside.kind, _KINDS)[None], chosen)[0],
            estimated_kinds=int((~np.isnan(chosen.rates[:, 0])).sum()),
            trail=_trail(request.region),
        )
        made.regions = [
            MapRegion(code=code, name=name, figures=one)
            for (code, name), one in zip(chosen.names, _by_group(chosen), strict=True)
        ]
        if request.step is not MapStep.NOTHING:
            made.frames = _frames(chosen, request.step, first, last)
        made.hot_spots = _hot_spots(chosen, wanted, request.level)
        return made


def build(client: Client, *, now_ms: Callable[[], int]) -> MapService:
    """Build the service for list administration; *client* must decode answers."""
    return MapService(MapCellStore.of(client), now_ms=now_ms)


def _days(request: MapRequest, now_ms: int) -> tuple[int, int]:
    """Return the first and last day; raise `InvalidInput` for a period that is none."""
    if request.since_ms < 0 or request.until_ms < 0:
        raise InvalidInput("since_ms, until_ms: not before 1970")
    until = min(request.until_ms or now_ms, now_ms)
    if request.since_ms >= until:
        raise InvalidInput("since_ms: must be before until_ms and in the past")
    first, last = region_counts.day_number(request.since_ms), region_counts.day_number(until - 1)
    if request.step is MapStep.DAY and last - first >= MOST_DAYS:
        raise InvalidInput("step: {most} days are the most; longer by month", most=MOST_DAYS)
    return first, last


def _in_scope(cells: MapCells, requested: str) -> MapCells:
    """Return the cells that lie in *requested* and in the scope of the caller."""
    who = identity.current()
    if requested:
        scope.indexes(who, requested)  # raises `NotAllowed` for what is outside
    seen = np.array(
        [
            scope.reaches(who, one) and (not requested or scope.is_in(one, requested))
            for one in cells.regions
        ],
        np.bool_,
    )
    return cells if seen.all() else _taken(cells, seen[cells.region])


def _taken(cells: MapCells, rows: npt.NDArray[np.bool_]) -> MapCells:
    return replace(
        cells,
        region=cells.region[rows],
        kind=cells.kind[rows],
        day=cells.day[rows],
        values=cells.values[rows],
    )


def _rates(cells: MapCells) -> npt.NDArray[np.float64]:
    return map_model.loss_rates(_sums(cells.values, cells.kind, _KINDS))


def _selection(cells: MapCells, level: MapLevel, rates: npt.NDArray[np.float64]) -> _Selection:
    codes = [_code(one, level) for one in cells.regions]
    present = {codes[place] for place in np.unique(cells.region).tolist()}
    names = sorted(present)
    places_ = {code: place for place, code in enumerate(names)}
    group_of = np.array([places_.get(code, -1) for code in codes], np.int64)
    return _Selection(
        cells=cells,
        groups=group_of[cells.region] if len(cells) else np.zeros(0, np.int64),
        names=[(code, _name(code)) for code in names],
        rates=rates,
        hidden=identity.current().roles.isdisjoint(_CASE_READERS),
    )


def _code(region: Region, level: MapLevel) -> str:
    """Return the region at a level, or the finest known above it."""
    parts = [region.province, region.city, region.county][: int(level)]
    return next((part for part in reversed(parts) if part), "")


def _trail(requested: str) -> list[tuple[str, str]]:
    code = places().code(requested)
    if not code.isdecimal():
        return [(code, code)] if code else []
    whole = code.ljust(_CODE_DIGITS, "0")
    around = dict.fromkeys((f"{whole[:2]}0000", f"{whole[:4]}00", whole))
    return [(one, _name(one)) for one in around]


def _name(code: str) -> str:
    known = places()
    return known.name(code.ljust(_CODE_DIGITS, "0")) if code.isdecimal() else code


def _sums(values: Counts, groups: npt.NDArray[np.int64], count: int) -> Counts:
    """Add rows of *values* up by group; exact, as no sum of fen reaches 2**53."""
    columns = [np.bincount(groups, column, count) for column in values.T]
    return np.stack(columns, axis=1).astype(np.int64)


def _figures(by_kind: Counts, chosen: _Selection) -> list[MapFigures]:
    """Return figures of sums with the shape (figures, kinds, metrics)."""
    known = not np.isnan(chosen.rates[:, 0]).all()
    guesses = map_model.prevented(by_kind, chosen.rates).round().astype(np.int64).tolist()
    counts = by_kind.sum(axis=1)
    few = chosen.hidden & (counts[:, _EXPOSED] > 0) & (counts[:, _EXPOSED] < _FEWEST)
    nothing = np.zeros(counts.shape[1], np.int64)
    return [
        MapFigures(counts=nothing, few=True)
        if is_few
        else MapFigures(counts=row, prevented_fen=guess if known else None)
        for row, guess, is_few in zip(counts, guesses, few.tolist(), strict=True)
    ]


def _by_group(chosen: _Selection) -> list[MapFigures]:
    """Return the figures of each region."""
    cells, count = chosen.cells, len(chosen.names)
    if not count:
        return []
    joint = chosen.groups * _KINDS + cells.kind
    sums = _sums(cells.values, joint, count * _KINDS)
    return _figures(sums.reshape(count, _KINDS, -1), chosen)


def _frames(chosen: _Selection, step: MapStep, first: int, last: int) -> list[MapFrame]:
    cells, regions = chosen.cells, len(chosen.names)
    if not len(cells):
        return []
    periods = _periods(step, max(first, int(cells.day.min())), last)
    periods = periods[-MOST_MONTHS:] if step is MapStep.MONTH else periods
    starts = np.array([start for start, _ in periods], np.int64)
    kept = cells.day >= starts[0]
    place = np.searchsorted(starts, cells.day[kept], side="right") - 1
    # One sum for each step, region and kind, in one go.
    joint = (place * regions + chosen.groups[kept]) * _KINDS + cells.kind[kept]
    sums = _sums(cells.values[kept], joint, len(periods) * regions * _KINDS)
    shaped = sums.reshape(len(periods), regions, _KINDS, -1)
    of_all = _figures(shaped.sum(axis=1), chosen)
    of_regions = _figures(shaped.reshape(len(periods) * regions, _KINDS, -1), chosen)
    return [
        MapFrame(
            start=_day_text(start) if step is MapStep.DAY else _day_text(start)[:7],
            all=of_all[number],
            regions=tuple(of_regions[number * regions : (number + 1) * regions]),
        )
        for number, (start, _) in enumerate(periods)
    ]


def _periods(step: MapStep, first: int, last: int) -> list[tuple[int, int]]:
    """Return begin and end of each day or month, as days from 1970."""
    if step is MapStep.DAY:
        return [(day, day + 1) for day in range(first, last + 1)]
    found, at = [], (_EPOCH + timedelta(days=first)).replace(day=1)
    while (begin := (at - _EPOCH).days) <= last:
        after = (at + timedelta(days=32)).replace(day=1)
        found.append((begin, (after - _EPOCH).days))
        at = after
    return found


def _hot_spots(chosen: _Selection, wanted: MapCells, level: MapLevel) -> list[HotSpot]:
    """Return where a day had more cases of a kind than the four weeks before."""
    cells = chosen.cells
    if not len(cells):
        return []
    exposed = cells.values[:, _EXPOSED]
    series = chosen.groups * _KINDS + cells.kind
    names, joint = np.unique(series * _MOST_DAY + cells.day, return_inverse=True)
    counts = np.bincount(joint.ravel(), exposed, len(names))
    recent = wanted.day >= int(cells.day.min()) - _USUAL_DAYS
    before = _selection(_taken(wanted, recent), level, chosen.rates)
    code_of = {code: place for place, (code, _) in enumerate(before.names)}
    earlier, past = before.groups * _KINDS + before.cells.kind, before.cells.day
    found = []
    for place in np.argsort(-counts)[:_CANDIDATES].tolist():
        one, day = divmod(int(names[place]), _MOST_DAY)
        code, name = chosen.names[one // _KINDS]
        kind = one % _KINDS
        rows = (earlier == code_of[code] * _KINDS + kind).nonzero()[0]
        rows = rows[(past[rows] < day) & (past[rows] >= day - _USUAL_DAYS)]
        usual = float(before.cells.values[rows, _EXPOSED].sum()) / _USUAL_DAYS
        found.append(HotSpot(region=code, name=name, kind=kind, day=_day_text(day),
                             exposed=int(counts[place]), usual=usual))  # fmt: skip
    hot = [one for one in found if one.exposed >= _FEWEST and one.exposed > 2 * one.usual]
    return sorted(hot, key=_heat, reverse=True)[:MOST_HOT_SPOTS]


def _heat(one: HotSpot) -> float:
    """Return by how much more than chance a day stands out: deviations of a Poisson count."""
    return float((one.exposed - one.usual) / np.sqrt(one.usual + 0.5))


def _day_text(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()
