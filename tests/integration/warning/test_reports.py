"""The report on warnings: cases of a real store, asked over a real socket by the command."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import redis
from typer.testing import CliRunner, Result

from fanzha.errors import InvalidInput, NotAllowed
from infra.redis.client import connect
from services.auth import identity
from services.auth.identity import Identity, Role
from services.cli.report.commands import app
from services.processes.embedded_valkey import EmbeddedValkey
from services.rpc.warnings.report_handler import WarningReportServicer
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind, MessageRef
from services.warning.cases.listing import CaseListing
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseStore
from services.warning.intake.service import WarningIntake
from services.warning.model import Region, Tier
from services.warning.policy.facts import RiskContext
from services.warning.reports import map_service
from services.warning.reports.group_risks import TargetingService
from services.warning.reports.service import (
    ReportGrouping,
    ReportRequest,
    ReportService,
    WarningReport,
)
from tests.support.rpc_server import in_a_thread, rpc_server
from tests.support.warnings import NOW_MS, a_warning

Run = Callable[..., Result]
MINUTE_MS, DAY_MS = 60_000, 86_400_000
ASKED_AT_MS = NOW_MS + DAY_MS
MAANSHAN, HEFEI = "340500", "340100"


class _Home(PlainRouter):
    """Persons with even numbers live in one city, the others in another."""

    def region(self, victim: str) -> Region:
        city = MAANSHAN if int(victim[-1]) % 2 == 0 else HEFEI
        return Region(province="340000", city=city, how="table")


def _events(kind: EventKind, minutes: float, **fields: Any) -> CaseEvent:
    return CaseEvent(kind=kind, at_ms=NOW_MS + int(minutes * MINUTE_MS), by="wang", **fields)


async def _fill(url: str) -> None:
    """Six persons: warned after 10, 20 and 40 minutes, three never; three outcomes."""
    client = connect(url)
    store = CaseStore(client)
    intake = WarningIntake(client=client, store=store, router=_Home(), now_ms=lambda: NOW_MS)
    # Ten minutes from the event until it came in here.
    some = [
        replace(a_warning(number), occurred_at_ms=NOW_MS - 10 * MINUTE_MS) for number in range(6)
    ]
    ids = [one.case_id for one in await intake.ingest(some)]
    message = MessageRef(id="m", channel="sms")
    for case_id, minutes in zip(ids, (10, 20, 40), strict=False):
        sent = [
            _events(EventKind.SENT, minutes, message=message),
            _events(EventKind.DELIVERED, minutes, message=message),
        ]
        await store.change(case_id, lambda _case, sent=sent: sent)  # type: ignore[misc]
    for case_id, outcome in zip(
        ids, (CaseOutcome.SAFE, CaseOutcome.LOST_MONEY, CaseOutcome.FALSE_ALARM), strict=False
    ):
        ending = [
            _events(EventKind.TAKEN, 50),
            _events(EventKind.CLOSED, 60, outcome=outcome),
        ]
        await store.change(case_id, lambda _case, ending=ending: ending)  # type: ignore[misc]
    await client.aclose()


@pytest.fixture(scope="module")
def filled(valkey: EmbeddedValkey) -> str:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    asyncio.run(_fill(valkey.url))
    return valkey.url


@pytest.fixture(scope="module")
def run(filled: str) -> Iterator[Run]:
    @asynccontextmanager
    async def serving() -> AsyncIterator[str]:
        client = connect(filled)
        listing = CaseListing(client, CaseStore(client))
        servicer = WarningReportServicer(
            ReportService(listing, now_ms=lambda: ASKED_AT_MS),
            map_service.build(client, now_ms=lambda: ASKED_AT_MS),
            TargetingService(listing, RiskContext, now_ms=lambda: ASKED_AT_MS),
        )
        async with rpc_server({"warning_report": servicer}) as target:
            yield target
        await client.aclose()

    with in_a_thread(serving) as target:

        def run_command(*arguments: str) -> Result:
            common = ("--target", target, "--since", "")
            what = () if arguments[:1] == ("map",) else ("warnings",)
            return CliRunner().invoke(app, [*what, *arguments, *common])

        yield run_command


def test_figures_equal_a_count_by_hand(run: Run) -> None:
    done = run("--group-by", "city", "--minutes", "30", "--json")

    report = json.loads(done.stdout)
    figures = report["all"]
    counts = {name: int(figures[name]) for name in ("cases", "warned", "reached", "finished")}
    assert counts == {"cases": 6, "warned": 3, "reached": 3, "finished": 3}
    # From the event 20, 30 and 50 minutes, from intake 10, 20 and 40; three a day late.
    assert (figures["event_in_time"], figures["event_due"]) == ("2", "6")
    assert figures["intake_in_time_share"] == pytest.approx(2 / 6)
    assert figures["accuracy"] == pytest.approx(2 / 3)
    assert (figures["dissuaded"], figures["lost_money"], figures["overdue"]) == ("1", "1", "3")
    assert figures["intake_to_warned"]["median_seconds"] == pytest.approx(1200, rel=0.005)
    assert figures["event_to_warned"]["p90_seconds"] == pytest.approx(3000, rel=0.005)
    cities = {one["name"]: int(one["figures"]["cases"]) for one in report["groups"]}
    assert cities == {MAANSHAN: 3, HEFEI: 3}


def test_a_report_is_printed_in_chinese_and_english(run: Run) -> None:
    chinese, english = run("--group-by", "city", "--language", "zh"), run("--group-by", "city")

    assert "安徽省马鞍山市" in chinese.stdout
    assert "准确率" in chinese.stdout
    assert MAANSHAN in english.stdout
    assert "accuracy" in english.stdout


def test_csv_contains_all_figures(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "report.csv"

    done = run("--group-by", "tier", "--csv", str(table))

    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["by"], row["group"], row["cases"]) for row in rows] == [
        ("", "", "6"),
        ("tier", "medium", "6"),
    ]
    assert rows[0]["accuracy"] == "0.666667"
    assert rows[1]["intake_to_warned_count"] == "3"


def test_a_plot_is_drawn_or_the_missing_extra_is_named(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "report.svg"

    done = run("--plot", str(picture))

    if find_spec("matplotlib"):
        assert done.exit_code == 0, done.output
        drawn = picture.read_text()
        assert "warned ≤30 min of event" in drawn
        assert "6 cases" in drawn
    else:
        assert done.exit_code == 2
        assert "pip install 'fanzha[plots]'" in done.stderr
        assert not picture.exists()


@pytest.mark.parametrize(
    "wrong",
    [("--group-by", "colour"), ("--plot", "report.pdf"), ("--language", "fr"), ("--since", "soon")],
)
def test_an_unsupported_report_is_a_usage_error(run: Run, wrong: tuple[str, str]) -> None:
    # The last --since counts.
    done = run(*wrong) if wrong[0] != "--since" else run("--until", wrong[1])

    assert done.exit_code == 2


def _made(url: str, asked: ReportRequest, who: Identity) -> WarningReport:
    async def make() -> WarningReport:
        client = connect(url)
        reporting = ReportService(
            CaseListing(client, CaseStore(client)), now_ms=lambda: ASKED_AT_MS
        )
        with identity.acting_as(who):
            steps = [one async for one in reporting.make(asked)]
        await client.aclose()
        assert steps[-1].report is not None
        return steps[-1].report

    return asyncio.run(make())


def _dispatcher(*regions: str) -> Identity:
    return Identity(name="li", roles=frozenset({Role.DISPATCHER}), regions=frozenset(regions))


@pytest.mark.parametrize(("regions", "cases"), [(("3405",), 3), (("34", "33"), 6), (("33",), 0)])
def test_an_identity_with_a_regional_scope_gets_its_regions(
    filled: str, regions: tuple[str, ...], cases: int
) -> None:
    report = _made(filled, ReportRequest(by=ReportGrouping.DAY), _dispatcher(*regions))

    assert report.all.cases == cases
    assert sum(one.cases for one in report.groups.values()) == cases


def test_another_region_is_refused(filled: str) -> None:
    with pytest.raises(NotAllowed, match="region"):
        _made(filled, ReportRequest(region="安徽省合肥市"), _dispatcher("3405"))


def test_a_region_can_be_selected_by_name(filled: str) -> None:
    report = _made(
        filled, ReportRequest(region="安徽省合肥市", by=ReportGrouping.TIER), _dispatcher()
    )

    assert list(report.groups) == [Tier.MEDIUM.name.lower()]
    assert report.all.cases == 3


@pytest.mark.parametrize(
    "asked",
    [
        ReportRequest(since_ms=NOW_MS, until_ms=NOW_MS),
        ReportRequest(since_ms=ASKED_AT_MS + 1),
        ReportRequest(minutes=0),
        ReportRequest(since_ms=-1),
    ],
)
def test_an_invalid_period_is_refused(filled: str, asked: ReportRequest) -> None:
    with pytest.raises(InvalidInput, match=r"^(since_ms|minutes)"):
        _made(filled, asked, _dispatcher())


def test_the_map_counts_the_same_cases_by_region(run: Run) -> None:
    done = run("map", "--json")

    found = json.loads(done.stdout)
    counts = {name: int(found["all"][name]) for name in ("exposed", "warned", "reached")}
    assert counts == {"exposed": 6, "warned": 3, "reached": 3}
    regions = {one["code"]: int(one["figures"]["exposed"]) for one in found["regions"]}
    assert regions == {MAANSHAN: 3, HEFEI: 3}


def test_the_map_is_cut_by_region_kind_and_month(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "map.csv"

    one = json.loads(run("map", "--region", HEFEI, "--step", "month", "--json").stdout)
    other = json.loads(run("map", "--kind", "romance", "--json").stdout)
    shown = run("map", "--csv", str(file))

    assert [region["code"] for region in one["regions"]] == [HEFEI]
    assert [int(frame["all"]["exposed"]) for frame in one["frames"]] == [3]
    assert "exposed" not in other["all"] or int(other["all"]["exposed"]) == 0
    assert "合肥" in shown.stdout
    assert file.read_text("utf-8-sig").splitlines()[0].startswith("region,name,exposed")


def test_an_unknown_kind_or_level_is_a_fault_of_usage(run: Run) -> None:
    assert run("map", "--kind", "no-such").exit_code == 2
    assert run("map", "--level", "street").exit_code == 2
