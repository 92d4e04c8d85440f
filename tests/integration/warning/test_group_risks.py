"""The report on groups at risk: cases of a real store, asked over a real socket by the command."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
from typer.testing import CliRunner, Result

from infra.redis.client import connect
from services.cli.report.commands import app
from services.processes.embedded_valkey import EmbeddedValkey
from services.rpc.warnings.report_handler import WarningReportServicer
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind, MessageRef
from services.warning.cases.listing import CaseListing
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseStore
from services.warning.intake.service import WarningIntake
from services.warning.model import Region
from services.warning.policy.facts import RiskContext
from services.warning.reports import map_service
from services.warning.reports.disclosure import FEWEST_PEOPLE
from services.warning.reports.group_risks import TargetingService
from services.warning.reports.service import ReportService
from tests.support.rpc_server import in_a_thread, rpc_server
from tests.support.warnings import NOW_MS, a_warning

MINUTE_MS, DAY_MS = 60_000, 86_400_000
ASKED_AT_MS = NOW_MS + DAY_MS
OLD, YOUNG, FEW, VILLAGE = "60+", "students", "pilots", "villages"
CITY, LAND = "home:city", "home:land"
"""Two groups that divide the old: nine of the land, the others of the city."""
EXPOSED_OLD, EXPOSED_YOUNG = 30, 10
LISTED = 200
"""Numbers of each large group in the table."""


class _Home(PlainRouter):
    def region(self, victim: str) -> Region:
        return Region(province="340000", city="340500", how="table")


def _person(number: int) -> int:
    return int(a_warning(number).victim.removeprefix("+"))


GROUPS = RiskContext(
    by_number={
        _person(number): frozenset({OLD, LAND if number < FEWEST_PEOPLE - 1 else CITY})
        for number in range(EXPOSED_OLD)
    }
    | {_person(100 + number): frozenset({YOUNG, FEW}) for number in range(FEWEST_PEOPLE - 1)}
    | {_person(100 + FEWEST_PEOPLE - 1): frozenset({YOUNG})}
    | {8617100000000 + number: frozenset({OLD}) for number in range(LISTED - EXPOSED_OLD)}
    | {8617200000000 + number: frozenset({YOUNG}) for number in range(LISTED - EXPOSED_YOUNG)},
    by_region={"340500": frozenset({VILLAGE})},
)


async def _fill(url: str) -> None:
    """Thirty old and ten young people with a case; only the young are warned in time."""
    client = connect(url)
    store = CaseStore(client)
    intake = WarningIntake(client=client, store=store, router=_Home(), now_ms=lambda: NOW_MS)
    numbers = [*range(EXPOSED_OLD), *range(100, 100 + EXPOSED_YOUNG)]
    ids = [one.case_id for one in await intake.ingest([a_warning(one) for one in numbers])]
    message = MessageRef(id="m", channel="sms")
    for number, case_id in zip(numbers, ids, strict=True):
        minutes = 5 if number >= EXPOSED_OLD else 90
        outcome = CaseOutcome.LOST_MONEY if number % 2 else CaseOutcome.SAFE
        if 10 <= number < EXPOSED_OLD:
            outcome = CaseOutcome.FALSE_ALARM
        at_ms = NOW_MS + minutes * MINUTE_MS
        events = [
            CaseEvent(kind=EventKind.SENT, at_ms=at_ms, by="wang", message=message),
            CaseEvent(kind=EventKind.DELIVERED, at_ms=at_ms, by="wang", message=message),
            CaseEvent(kind=EventKind.TAKEN, at_ms=at_ms, by="wang"),
            CaseEvent(
                kind=EventKind.CLOSED,
                at_ms=at_ms,
                by="wang",
                outcome=outcome,
                lost_fen=100 if number in (101, 1, 3, 5) else None,
            ),
        ]
        await store.change(case_id, lambda _case, events=events: events)  # type: ignore[misc]
    await client.aclose()


@pytest.fixture(scope="module")
def targets(valkey: EmbeddedValkey) -> Iterator[Callable[..., Result]]:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    asyncio.run(_fill(valkey.url))

    @asynccontextmanager
    async def serving() -> AsyncIterator[str]:
        client = connect(valkey.url)
        listing = CaseListing(client, CaseStore(client))
        servicer = WarningReportServicer(
            ReportService(listing, now_ms=lambda: ASKED_AT_MS),
            map_service.build(client, now_ms=lambda: ASKED_AT_MS),
            TargetingService(listing, lambda: GROUPS, now_ms=lambda: ASKED_AT_MS),
        )
        async with rpc_server({"warning_report": servicer}) as target:
            yield target
        await client.aclose()

    with in_a_thread(serving) as target:

        def run_command(*arguments: str) -> Result:
            since = ("--since", "2020-01-01", "--target", target)
            done = CliRunner().invoke(app, ["targets", *since, *arguments])
            assert not done.exit_code, done.output
            return done

        yield run_command


def test_the_group_at_risk_comes_first_with_its_rate(targets: Callable[..., Result]) -> None:
    report = json.loads(targets("--json").stdout)

    first = report["groups"][0]
    assert (first["name"], first["people"], first["population"]) == (OLD, "30", "200")
    assert first["rate"]["ratio"] == pytest.approx(30 / 10)
    assert first["rate"]["low"] > 1


def test_a_group_that_is_warned_late_is_marked(targets: Callable[..., Result]) -> None:
    groups = {one["name"]: one for one in json.loads(targets("--json").stdout)["groups"]}

    assert groups[OLD]["late"]
    assert not groups[YOUNG].get("late")
    assert not groups[OLD].get("unreached")


def test_a_small_group_is_named_and_nothing_is_said_of_it(
    targets: Callable[..., Result], tmp_path: Path
) -> None:
    shown = targets("--csv", str(tmp_path / "targets.csv")).output

    told = " ".join(shown.split()).partition("not shown: ")[2]
    assert all(name in told for name in (FEW, CITY, LAND))
    assert not any(name in told for name in (OLD, YOUNG, VILLAGE))
    with (tmp_path / "targets.csv").open(encoding="utf-8-sig") as file:
        rows = {row["group"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"", OLD, YOUNG, FEW, VILLAGE, CITY, LAND}
    assert not any(
        value for name, value in rows[FEW].items() if name not in {"group", "suppressed"}
    )


def test_a_group_of_places_has_people_and_no_rate(targets: Callable[..., Result]) -> None:
    groups = {one["name"]: one for one in json.loads(targets("--json").stdout)["groups"]}

    assert groups[VILLAGE]["people"] == "40"
    assert "rate" not in groups[VILLAGE]


def test_a_group_that_would_tell_of_a_small_one_is_not_shown_either(
    targets: Callable[..., Result],
) -> None:
    groups = {one["name"]: one for one in json.loads(targets("--json").stdout)["groups"]}

    assert groups[LAND]["suppressed"]
    assert groups[CITY]["suppressed"]
    assert groups[CITY]["people"] == "0"


def test_the_sum_of_one_loss_is_not_told(targets: Callable[..., Result]) -> None:
    report = json.loads(targets("--json").stdout)
    groups = {one["name"]: one for one in report["groups"]}

    assert groups[YOUNG]["lost_fen_suppressed"]
    assert groups[YOUNG]["lost_fen"] == "0"
    assert groups[OLD]["lost_fen"] == "300"
    assert report["all"]["lost_fen"] == "400"


def test_who_is_warned_for_nothing_more_often_is_marked(targets: Callable[..., Result]) -> None:
    groups = {one["name"]: one for one in json.loads(targets("--json").stdout)["groups"]}

    assert groups[OLD]["false_alarm_share"]["low"] > 0.4
    assert not groups[YOUNG].get("overwarned")
