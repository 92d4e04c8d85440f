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
            all=_figures(inside.values, inside.kind, chosen),
            estimated_kinds=int((~np.isnan(chosen.rates[:, 0])).sum()),
            trail=_trail(request.region),
        )
        made.regions = [
            MapRegion(code=code, name=name, figures=one)
            for (code, name), one in zip(
                chosen.names, _by_group(chosen, np.ones(len(inside), np.bool_)), strict=True
            )
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
    return _taken(cells, seen[cells.region]) if len(cells) else cells


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
    """Add rows of *values* up by group."""
    found = np.zeros((count, values.shape[1]), np.int64)
    np.add.at(found, groups, values)
    return found


def _figures(values: Counts, kinds: npt.NDArray[np.int64], chosen: _Selection) -> MapFigures:
    by_kind = _sums(values, kinds, _KINDS)
    counts: Counts = by_kind.sum(axis=0)
    if chosen.hidden and 0 < counts[PLACE["exposed"]] < _FEWEST:
        return MapFigures(counts=np.zeros_like(counts), few=True)
    known = not np.isnan(chosen.rates[:, 0]).all()
    guess = round(map_model.prevented(by_kind, chosen.rates)) if known else None
    return MapFigures(counts=counts, prevented_fen=guess)


def _by_group(chosen: _Selection, rows: npt.NDArray[np.bool_]) -> list[MapFigures]:
    """Return the figures of each region, of some rows."""
    cells, count = chosen.cells, len(chosen.names)
    joint = chosen.groups[rows] * _KINDS + cells.kind[rows]
    sums = _sums(cells.values[rows], joint, count * _KINDS).reshape(
        count, _KINDS, cells.values.shape[1]
    )
    kinds = np.arange(_KINDS)
    return [_figures(one, kinds, chosen) for one in sums]


def _frames(chosen: _Selection, step: MapStep, first: int, last: int) -> list[MapFrame]:
    cells = chosen.cells
    if len(cells):
        first = max(first, int(cells.day.min()))
    found = []
    for start, end in _periods(step, first, last)[-MOST_MONTHS if step is MapStep.MONTH else 0 :]:
        rows = (cells.day >= start) & (cells.day < end)
        text = _day_text(start)
        found.append(
            MapFrame(
                start=text if step is MapStep.DAY else text[:7],
                all=_figures(cells.values[rows], cells.kind[rows], chosen),
                regions=tuple(_by_group(chosen, rows)),
            )
        )
    return found


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
    exposed = cells.values[:, PLACE["exposed"]]
    names, joint = np.unique(
        np.stack([chosen.groups, cells.kind, cells.day]), axis=1, return_inverse=True
    )
    counts = np.bincount(joint.ravel(), exposed, names.shape[1])
    before = _selection(wanted, level, chosen.rates)
    code_of = {code: place for place, (code, _) in enumerate(before.names)}
    earlier = before.cells.values[:, PLACE["exposed"]]
    found = []
    for place in np.argsort(-counts)[:_CANDIDATES].tolist():
        group, kind, day = names[:, place].tolist()
        code, name = chosen.names[group]
        rows = (before.groups == code_of[code]) & (before.cells.kind == kind)
        rows &= (before.cells.day < day) & (before.cells.day >= day - _USUAL_DAYS)
        usual = float(earlier[rows].sum()) / _USUAL_DAYS
        found.append(HotSpot(region=code, name=name, kind=kind, day=_day_text(day),
                             exposed=int(counts[place]), usual=usual))  # fmt: skip
    hot = [one for one in found if one.exposed >= _FEWEST and one.exposed > 2 * one.usual]
    return sorted(hot, key=_heat, reverse=True)[:MOST_HOT_SPOTS]


def _heat(one: HotSpot) -> float:
    """Return by how much more than chance a day stands out: deviations of a Poisson count."""
    return float((one.exposed - one.usual) / np.sqrt(one.usual + 0.5))


def _day_text(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()
