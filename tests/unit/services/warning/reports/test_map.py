import asyncio
from collections.abc import Iterable

import numpy as np
import pytest

from fanzha.errors import InvalidInput, NotAllowed
from services.auth import identity
from services.auth.identity import Identity, Role
from services.warning.cases.region_counts import METRICS
from services.warning.model import Region
from services.warning.reports import map_model
from services.warning.reports.map_cells import MapCells
from services.warning.reports.map_model import PLACE, MapLevel, MapRequest, MapStep, RegionMap
from services.warning.reports.map_service import MapService

DAY_MS = 86_400_000
TODAY = 20_500
NOW_MS = TODAY * DAY_MS
YAOHAI = Region(province="340000", city="340100", county="340102")
BAOHE = Region(province="340000", city="340100", county="340111")
WUHU = Region(province="340000", city="340200")
LOAN, ROMANCE = 5, 9

Row = tuple[Region, int, int, dict[str, int]]


class FixedCells:
    """Cells that do not change."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = list(rows)

    async def current(self) -> MapCells:
        regions = list(dict.fromkeys(region for region, *_ in self._rows))
        values = np.zeros((len(self._rows), len(METRICS)), np.int64)
        for place, (_, _, _, counts) in enumerate(self._rows):
            for metric, count in counts.items():
                values[place, PLACE[metric]] = count
        return MapCells(
            regions=tuple(regions),
            region=np.array([regions.index(region) for region, *_ in self._rows], np.int64),
            kind=np.array([kind for _, kind, _, _ in self._rows], np.int64),
            day=np.array([TODAY - ago for _, _, ago, _ in self._rows], np.int64),
            values=values,
        )


def made(
    rows: Iterable[Row],
    request: MapRequest,
    *,
    roles: frozenset[Role] = frozenset({Role.DISPATCHER}),
    regions: frozenset[str] = frozenset(),
) -> RegionMap:
    service = MapService(FixedCells(rows), now_ms=lambda: NOW_MS)
    with identity.acting_as(Identity(name="he", roles=roles, regions=regions)):
        return asyncio.run(service.make(request))


def exposed(found: RegionMap) -> dict[str, int]:
    return {one.code: one.figures["exposed"] for one in found.regions}


ROWS: list[Row] = [
    (YAOHAI, LOAN, 1, {"exposed": 5, "warned": 4}),
    (BAOHE, LOAN, 1, {"exposed": 7}),
    (BAOHE, ROMANCE, 40, {"exposed": 1}),
    (WUHU, LOAN, 2, {"exposed": 3}),
]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (MapLevel.PROVINCE, {"340000": 16}),
        (MapLevel.CITY, {"340100": 13, "340200": 3}),
        (MapLevel.COUNTY, {"340102": 5, "340111": 8, "340200": 3}),
    ],
)
def test_each_level_adds_up_to_the_same(level: MapLevel, expected: dict[str, int]) -> None:
    found = made(ROWS, MapRequest(level=level))

    assert exposed(found) == expected
    assert found.all["exposed"] == sum(expected.values())


def test_kind_and_period_select_cells() -> None:
    week = MapRequest(since_ms=NOW_MS - 7 * DAY_MS)

    assert exposed(made(ROWS, week)) == {"340100": 12, "340200": 3}
    assert exposed(made(ROWS, MapRequest(kinds=frozenset({ROMANCE})))) == {"340100": 1}


def test_frames_add_up_to_the_whole() -> None:
    found = made(ROWS, MapRequest(since_ms=NOW_MS - 50 * DAY_MS, step=MapStep.DAY))

    assert sum(frame.all["exposed"] for frame in found.frames) == found.all["exposed"]
    by_region = [sum(one["exposed"] for one in some) for some in
                 zip(*(frame.regions for frame in found.frames), strict=True)]  # fmt: skip
    assert by_region == list(exposed(found).values())


def test_too_many_days_are_refused() -> None:
    with pytest.raises(InvalidInput, match="92 days"):
        made(ROWS, MapRequest(since_ms=NOW_MS - 200 * DAY_MS, step=MapStep.DAY))


def test_who_is_held_to_a_city_sees_nothing_of_others() -> None:
    found = made(ROWS, MapRequest(), regions=frozenset({"3401"}))

    assert exposed(found) == {"340100": 13}
    with pytest.raises(NotAllowed):
        made(ROWS, MapRequest(region="340200"), regions=frozenset({"3401"}))


def test_one_or_two_cases_are_withheld_from_who_may_read_no_cases() -> None:
    request = MapRequest(kinds=frozenset({ROMANCE}), level=MapLevel.COUNTY)

    (shown,) = made(ROWS, request).regions
    (hidden,) = made(ROWS, request, roles=frozenset({Role.OPERATOR})).regions

    assert (shown.figures.few, shown.figures["exposed"]) == (False, 1)
    assert (hidden.figures.few, hidden.figures["exposed"]) == (True, 0)


def test_a_day_far_above_the_weeks_before_is_a_hot_spot() -> None:
    usual: list[Row] = [(BAOHE, LOAN, ago, {"exposed": 2}) for ago in range(2, 30)]
    busy: list[Row] = [(BAOHE, LOAN, 1, {"exposed": 20}), (WUHU, ROMANCE, 1, {"exposed": 2})]

    found = made([*usual, *busy], MapRequest(since_ms=NOW_MS - 3 * DAY_MS))

    (spot,) = found.hot_spots
    assert (spot.region, spot.kind, spot.exposed, spot.usual) == ("340100", LOAN, 20, 2.0)


def test_what_was_not_lost_is_estimated_from_those_not_reached() -> None:
    counts = np.zeros((11, len(METRICS)), np.int64)
    for metric, count in {
        "safe": 80 + 70, "reached_safe": 80, "lost_money": 30 + 10, "reached_lost": 10,
        "lost_known": 40, "lost_fen": 40_000,
    }.items():  # fmt: skip
        counts[LOAN, PLACE[metric]] = count

    rates = map_model.loss_rates(counts)

    # Of those not reached, 30 of 100 lost 1000 fen: of 90 reached 27 were to be expected.
    assert map_model.prevented(counts, rates) == pytest.approx((27 - 10) * 1000)


def test_nothing_is_estimated_from_a_handful() -> None:
    counts = np.zeros((11, len(METRICS)), np.int64)
    counts[LOAN, PLACE["lost_money"]] = counts[LOAN, PLACE["lost_known"]] = 5

    assert np.isnan(map_model.loss_rates(counts)).all()
