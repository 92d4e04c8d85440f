"""The assessment of a month: cases of a real store, asked over a real socket by the command."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest
import redis
from typer.testing import CliRunner, Result

from blocklists.entries import EntryKind
from infra.redis.client import connect
from services.appeals.model import Appeal, AppealState, AppealSubject
from services.appeals.store import AppealStore
from services.assessment import formula
from services.assessment.service import Assessments
from services.assessment.store import AssessmentStore, UnitTaskStore
from services.assessment.tasks import UnitTasks
from services.assessment.units import MemberUnit, UnitLevel
from services.audit.audited_actions import AuditedActions
from services.audit.events import NoAudit
from services.auth import identity
from services.auth.identity import Identity, Role
from services.cli.assessment.commands import app
from services.processes.embedded_valkey import EmbeddedValkey
from services.rpc.assessment.handler import AssessmentServicer
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind, MessageRef
from services.warning.cases.listing import CaseListing
from services.warning.cases.store import CaseStore
from services.warning.intake.service import WarningIntake
from tests.support.case_desk import Places
from tests.support.rpc_server import in_a_thread, rpc_server
from tests.support.warnings import NOW_MS, a_warning

MINUTE_MS, DAY_MS = 60_000, 86_400_000
MONTH = f"{datetime.fromtimestamp(NOW_MS / 1000, UTC) + timedelta(hours=8):%Y-%m}"
ASKED_AT_MS = NOW_MS + 40 * DAY_MS
UNITS = {
    "all": MemberUnit(code="all", name="全省", level=UnitLevel.PROVINCE, region=""),
    "maanshan": MemberUnit(code="maanshan", name="马鞍山市", level=UnitLevel.CITY, region="340500"),
    "hefei": MemberUnit(code="hefei", name="合肥市", level=UnitLevel.CITY, region="3401"),
    "huashan": MemberUnit(code="huashan", name="花山区", level=UnitLevel.COUNTY, region="340503"),
    "wuhu": MemberUnit(code="wuhu", name="芜湖市", level=UnitLevel.CITY, region="3402"),
}
CASES = 10
"""Two in each of the places of `PLACES`: six in one city, two of it in no county."""


async def _fill(url: str) -> None:
    """All are reached; those of the first city late, and every fourth loses money."""
    client = connect(url)
    store = CaseStore(client)
    intake = WarningIntake(client=client, store=store, router=Places(), now_ms=lambda: NOW_MS)
    warnings = [a_warning(number) for number in range(1, CASES + 1)]
    ids = [one.case_id for one in await intake.ingest(warnings)]
    message = MessageRef(id="m", channel="sms")
    for number, case_id in enumerate(ids):
        case = await store.get(case_id)
        late = case.region.city == "340500"
        at_ms = NOW_MS + (90 if late else 5) * MINUTE_MS
        outcome = CaseOutcome.LOST_MONEY if number % 4 == 3 else CaseOutcome.SAFE
        events = [
            CaseEvent(kind=EventKind.SENT, at_ms=at_ms, by="wang", message=message),
            CaseEvent(kind=EventKind.DELIVERED, at_ms=at_ms, by="wang", message=message),
            CaseEvent(kind=EventKind.CLOSED, at_ms=at_ms, by="wang", outcome=outcome),
        ]
        await store.change(case_id, lambda _case, events=events: events)  # type: ignore[misc]
    await client.aclose()


@pytest.fixture(scope="module")
def assessment(valkey: EmbeddedValkey) -> Iterator[Callable[..., Result]]:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    asyncio.run(_fill(valkey.url))

    @asynccontextmanager
    async def serving() -> AsyncIterator[str]:
        client = connect(valkey.url)
        tasks = UnitTasks(
            UnitTaskStore(client),
            members=UNITS,
            trail=AuditedActions(NoAudit(), "unit_task"),
            now_ms=lambda: ASKED_AT_MS,
        )
        assessments = Assessments(
            CaseListing(client, CaseStore(client)),
            tasks=tasks,
            appeals=AppealStore(client),
            store=AssessmentStore(client),
            formula=formula.load(),
            trail=AuditedActions(NoAudit(), "assessment"),
            utc_offset=timedelta(hours=8),
        )
        async with rpc_server({"assessment": AssessmentServicer(tasks, assessments)}) as target:
            yield target
        await client.aclose()

    with in_a_thread(serving) as target:

        def ask(*arguments: str) -> Result:
            return CliRunner().invoke(app, [*arguments, "--target", target])

        yield ask


def scores(done: Result) -> dict[str, SimpleNamespace]:
    assert not done.exit_code, done.output
    return {one["unit"]: SimpleNamespace(**one) for one in json.loads(done.stdout)["scores"]}


def test_each_unit_has_the_cases_of_its_region(assessment: Callable[..., Result]) -> None:
    found = scores(assessment("score", MONTH, "--json"))

    assert {unit: int(one.cases) for unit, one in found.items()} == {
        "all": 10, "maanshan": 6, "hefei": 2, "huashan": 4, "wuhu": 0,
    }  # fmt: skip


def test_a_unit_without_cases_and_tasks_has_no_score_and_no_rank(
    assessment: Callable[..., Result],
) -> None:
    found = scores(assessment("score", MONTH, "--json"))

    assert not hasattr(found["wuhu"], "score")
    assert found["wuhu"].rank == 0
    assert (found["hefei"].rank, found["maanshan"].rank) == (1, 2)
    assert found["all"].rank == found["huashan"].rank == 1


def test_a_late_unit_earns_less_and_its_number_leads_to_its_cases(
    assessment: Callable[..., Result],
) -> None:
    found = scores(assessment("score", MONTH, "--json"))
    late = {one["name"]: one for one in found["maanshan"].measures}["warned_in_time"]

    listed = json.loads(assessment("cases", MONTH, "maanshan", "warned_in_time", "--json").stdout)

    assert (int(late["of"]), int(late.get("reached", 0)), late["points"]) == (6, 0, 0.0)
    assert (int(listed["of"]), int(listed.get("reached", 0))) == (6, 0)
    assert len(listed["cases"]) == 6
    assert not any(one.get("reached") for one in listed["cases"])
    assert float(found["hefei"].score) > float(found["maanshan"].score)


def test_what_counts_against_a_unit_comes_first(assessment: Callable[..., Result]) -> None:
    listed = json.loads(assessment("cases", MONTH, "all", "dissuaded", "--json").stdout)

    reached = [bool(one.get("reached")) for one in listed["cases"]]
    assert reached == sorted(reached)
    assert (int(listed["of"]), int(listed["reached"])) == (10, 8)


def test_a_month_is_published_once_and_stays_as_it_was(
    assessment: Callable[..., Result], tmp_path: Path
) -> None:
    first = assessment("publish", MONTH, "--yes", "--by", "wang", "--json")
    again = assessment("publish", MONTH, "--yes", "--by", "ma")

    kept = assessment("score", MONTH, "--published", "--json")

    assert json.loads(first.stdout)["made_by"] == "wang"
    assert again.exit_code
    assert "published already" in again.output
    assert json.loads(kept.stdout) == json.loads(first.stdout)
    assert MONTH in assessment("list").stdout


def test_a_month_that_is_not_over_is_not_published(assessment: Callable[..., Result]) -> None:
    now = f"{datetime.fromtimestamp(ASKED_AT_MS / 1000, UTC) + timedelta(hours=8):%Y-%m}"

    done = assessment("publish", now, "--yes")

    assert done.exit_code
    assert "not over" in done.output
    assert assessment("score", "2199-01").exit_code


def test_it_is_written_as_a_workbook_and_as_a_page(
    assessment: Callable[..., Result], tmp_path: Path
) -> None:
    xlsx, html = tmp_path / "a.xlsx", tmp_path / "a.html"

    done = assessment("score", MONTH, "--xlsx", str(xlsx), "--html", str(html))

    assert not done.exit_code, done.output
    book = openpyxl.load_workbook(xlsx)
    units = [row[2] for row in book.worksheets[0].iter_rows(min_row=3, values_only=True)]
    assert sorted(units) == sorted(unit.name for unit in UNITS.values())
    assert book.worksheets[1].max_row > len(UNITS)
    page = html.read_text()
    assert "马鞍山市" in page
    assert "10 people were warned in 10 cases" in page
    assert "<script" not in page
    assert "http" not in page


@pytest.mark.parametrize(
    "arguments",
    [
        ("cases", MONTH, "nobody", "reached"),
        ("cases", MONTH, "hefei", "luck"),
        ("cases", "2026-13", "hefei", "reached"),
        ("score", "--published", "2020-01"),
        ("tasks", "list", "--kind", "x"),
    ],
)
def test_what_there_is_not_is_refused(
    assessment: Callable[..., Result], arguments: tuple[str, ...]
) -> None:
    assert assessment(*arguments).exit_code


def test_tasks_are_opened_done_and_given_back_by_the_command(
    assessment: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    opened = assessment(
        "tasks",
        "open",
        "清理专线",
        "--unit",
        "hefei",
        "--due",
        "2099-01-01",
        "--by",
        "li",
        "--json",
    )
    number = str(json.loads(opened.stdout)["task_id"])

    done = assessment("tasks", "done", number, "--file", str(tmp_path / "report.pdf"), "--by", "li")
    own = assessment("tasks", "confirm", number, "--by", "li")
    back = assessment("tasks", "return", number, "--note", "page 2", "--by", "wang", "--json")
    dropped = assessment("tasks", "drop", number, "--note", "gone", "--by", "wang", "--json")

    assert "report.pdf" in done.stdout
    assert own.exit_code
    assert json.loads(back.stdout)["state"] == "open"
    assert json.loads(dropped.stdout)["state"] == "dropped"
    assert "清理专线" in assessment("tasks", "list", "--state", "dropped").stdout
    assert "清理专线" in assessment("tasks", "show", number).stdout


async def test_people_of_a_region_see_its_units_only(
    assessment: Callable[..., Result], valkey: EmbeddedValkey
) -> None:
    client = connect(valkey.url)
    tasks = UnitTasks(
        UnitTaskStore(client),
        members=UNITS,
        trail=AuditedActions(NoAudit(), "unit_task"),
        now_ms=lambda: ASKED_AT_MS,
    )
    own = Assessments(
        CaseListing(client, CaseStore(client)), tasks=tasks, appeals=AppealStore(client),
        store=AssessmentStore(client), formula=formula.load(),
        trail=AuditedActions(NoAudit(), "assessment"), utc_offset=timedelta(hours=8),
    )  # fmt: skip
    sun = Identity(name="sun", roles=frozenset({Role.OPERATOR}), regions=frozenset({"3405"}))

    with identity.acting_as(sun):
        steps = [one async for one in own.assess(MONTH)]

    assert steps[-1].assessment is not None
    assert {one.unit for one in steps[-1].assessment.scores} == {"maanshan", "huashan"}
    await client.aclose()


def a_decided_appeal(state: AppealState, *regions: str) -> Appeal:
    return Appeal(
        appeal_id=1, state=state, received_at_ms=NOW_MS, deadline_ms=NOW_MS + DAY_MS, appellant="",
        contact="", grounds="", opened_by="desk", regions=regions,
        subject=AppealSubject(kind=EntryKind.HOST, pattern="shop.example"),
    )  # fmt: skip


class DecidedAppeals:
    """Appeals of a month."""

    async def received_between(self, since_ms: int, until_ms: int) -> list[Appeal]:
        return [
            a_decided_appeal(AppealState.REJECTED, "340503"),
            a_decided_appeal(AppealState.UPHELD, "3405"),
            a_decided_appeal(AppealState.REJECTED, "340503", "3401"),
            a_decided_appeal(AppealState.REJECTED),
            a_decided_appeal(AppealState.RECEIVED, "3401"),
        ]


async def test_a_unit_answers_for_the_blocks_of_its_region(valkey: EmbeddedValkey) -> None:
    client = connect(valkey.url)
    trail = AuditedActions(NoAudit(), "assessment")
    tasks = UnitTasks(UnitTaskStore(client), members=UNITS, trail=trail, now_ms=lambda: ASKED_AT_MS)
    assessments = Assessments(
        CaseListing(client, CaseStore(client)), tasks=tasks, appeals=DecidedAppeals(),
        store=AssessmentStore(client), formula=formula.load(), trail=trail,
        utc_offset=timedelta(hours=8),
    )  # fmt: skip

    made = [one.assessment async for one in assessments.assess(MONTH) if one.assessment]
    await client.aclose()

    shares = {score.unit: score.measures["blocks_kept"] for score in made[0].scores}
    kept = {unit: (share.reached, share.of) for unit, share in shares.items()}
    assert kept == {
        "all": (3, 4), "maanshan": (1, 2), "huashan": (1, 1), "hefei": (0, 0), "wuhu": (0, 0),
    }  # fmt: skip
