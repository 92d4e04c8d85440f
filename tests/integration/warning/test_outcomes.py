"""How cases end goes back to the lists: cases, list administration and its requests, for real."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner

from blocklists import row_validation
from classifiers.training import examples as training_examples
from fanzha.decisions import Action, Reason
from fanzha.errors import NotFound
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import warning_operations_pb2 as operations_pb
from fanzha.v1.warning_operations_pb2_grpc import WarningOperationsServiceStub
from services.auth.identity import Identity, Role, acting_as
from services.changes.model import ChangeKind, ChangeState
from services.changes.report import ChangeTerms, Reference
from services.cli.warnings import commands, example_export
from services.decision.sinks.hit_records import Hit
from services.decision.sinks.hit_store import HitStore
from services.decision_log.conditions import Conditions
from services.decision_log.query import DecisionQuery
from services.feedback.service import FeedbackService, FeedbackVerdict
from services.processes import operations_wiring
from services.rpc.lists.handler import BlocklistServicer
from services.rpc.security import DEVELOPMENT
from services.rpc.server import RpcServer
from services.settings.settings import Settings
from services.warning import keys
from services.warning.cases.events import CaseOutcome
from services.warning.model import Means, MeansKind, WarningRecord
from services.warning.outcomes.entry_outcomes import EntryOutcomeStore
from tests.support.builders import NINE_O_CLOCK_MS, as_written, some_texts
from tests.support.change_desk import LI, WANG, MemoryAudit
from tests.support.decision_logs import logged
from tests.support.outcome_loop import LISTED, OTHER, Loop, outcome_loop
from tests.support.warnings import a_warning


@pytest.fixture
async def loop(redis_url: str, tmp_path: Path) -> AsyncIterator[Loop]:
    async with outcome_loop(redis_url, tmp_path) as running:
        yield running


@asynccontextmanager
async def operations(loop: Loop, log: DecisionQuery | None) -> AsyncIterator[str]:
    """Serve WarningOperationsService on what *loop* runs."""
    servicer = operations_wiring.servicer(
        Settings(redis_url="redis://127.0.0.1:1"),
        loop.client,
        log=log,
        audit=MemoryAudit(),
        policies=operations_wiring.policies_in_force(
            Settings(redis_url="redis://127.0.0.1:1"), loop.client, None
        ),
    )
    server = RpcServer(
        {"warning_operations": servicer}, max_message_bytes=2**20, security=DEVELOPMENT
    )
    port = await server.start("127.0.0.1", 0)
    yield f"127.0.0.1:{port}"
    await server.drain(1)


async def test_false_alarms_propose_the_removal_of_an_entry_and_its_approval_removes_it(
    loop: Loop,
) -> None:
    await loop.list_(LISTED)
    first, second, third = [await loop.hit(number) for number in (1, 2, 3)]

    assert await loop.ends(first, CaseOutcome.FALSE_ALARM) == [
        f"lowered: {LISTED}, reliability 0.33"
    ]
    assert await loop.requests() == []

    (answer,) = await loop.ends(second, CaseOutcome.FALSE_ALARM)
    (request,) = await loop.requests()

    assert answer == f"proposed: change {request.id} removes {LISTED}, reliability 0.25"
    assert (request.kind, request.state) == (ChangeKind.RETIREMENT, ChangeState.PENDING)
    assert "2 were false alarms, 0 lost money" in request.reason
    assert request.reason.endswith(f"cases {second}, {first}")
    assert f"block {LISTED}" in await loop.desk.listed()

    # A third one finds the request that waits.
    await loop.ends(third, CaseOutcome.FALSE_ALARM)
    assert len(await loop.requests()) == 1

    with acting_as(WANG):
        await loop.desk.changes.approve(request.id)
    assert f"block {LISTED}" not in await loop.desk.listed()
    assert (await loop.pipeline.store.history(second))[-1].why == answer


async def test_only_false_alarms_lower_the_reliability_of_a_range(
    loop: Loop,
) -> None:
    await loop.list_("+861990000*")
    ends = [
        CaseOutcome.FALSE_ALARM,
        CaseOutcome.SAFE,
        CaseOutcome.DUPLICATE,
        CaseOutcome.LOST_MONEY,
    ]
    cases = [await loop.hit(number, "+861990000*") for number in range(1, 5)]
    for case, outcome in zip(cases, ends, strict=True):
        await loop.close(case, outcome)
    await loop.learnt(cases[0])
    said = await loop.learnt(cases[3])

    (record,) = [one async for one in EntryOutcomeStore(loop.client).all()]
    quality = await loop.pipeline.sources.quality("fanzha")
    assert (record.tally.confirmed, record.tally.false, record.tally.uninformative) == (1, 1, 2)
    assert record.tally == quality.tally
    assert (record.pattern, record.source) == ("+861990000*", "province")
    assert said == [f"blocked: {LISTED}", "raised: +861990000*, reliability 0.50"]
    assert await loop.requests() == []

    servicer = BlocklistServicer(loop.administration, outcomes=EntryOutcomeStore(loop.client))
    answer = await servicer.FindEntries(pb.FindEntriesRequest(query=LISTED), None)
    assert answer.entries[0].cases == pb.CaseOutcomes(
        confirmed=1, false_alarms=1, neither=2, reliability=0.5
    )

    async with operations(loop, None) as target:
        shown = await asyncio.to_thread(
            CliRunner().invoke, commands.app, ["entries", "--json", "--target", target]
        )
    (entry,) = json.loads(shown.stdout)["entries"]
    assert entry["cases"] == {"lost_money": 1, "false_alarm": 1, "safe": 1, "duplicate": 1}
    assert entry["reliability"] == 0.5
    assert await loop.pipeline.sources.names() == ["fanzha"]


async def test_an_entry_that_has_ended_is_proposed_for_nothing(loop: Loop) -> None:
    await loop.list_(LISTED)
    cases = [await loop.hit(number) for number in (1, 2)]
    loop.desk.clock[0] += 366 * 86_400_000

    for case in cases:
        (answer,) = await loop.ends(case, CaseOutcome.FALSE_ALARM)
        assert answer.startswith("gone:")
    assert await loop.requests() == []


async def test_means_that_took_the_money_are_proposed_as_blocks(loop: Loop) -> None:
    case = await loop.warned(a_warning(1, caller="96110"))
    host = Means(kind=MeansKind.LINK, value="http://pay.example/now")

    await loop.close(case, CaseOutcome.LOST_MONEY, lost_to=(host, host))

    (request,) = [one for one in await loop.learnt(case) if one.startswith("proposed")]
    assert request.endswith("blocks pay.example")


async def test_lost_money_proposes_an_entry_that_would_have_blocked_it(loop: Loop) -> None:
    case = await loop.warned(a_warning(1, caller=OTHER, campaign="parcel"))
    for kind, value in (
        (MeansKind.LINK, "http://pay.example/now"),
        (MeansKind.ACCOUNT, "6222000000000000"),
    ):
        more = a_warning(1, reference=kind.value, campaign="parcel")
        await loop.warned(_by(more, kind, value))

    answer = await loop.ends(case, CaseOutcome.LOST_MONEY)
    link, number = await loop.requests()

    assert answer == [
        "no_kind: no list has entries for this account",
        f"proposed: change {number.id} blocks {OTHER}",
        f"proposed: change {link.id} blocks pay.example",
    ]
    assert case in number.reason
    other = await loop.warned(a_warning(2, caller=OTHER))
    assert await loop.ends(other, CaseOutcome.LOST_MONEY) == [
        f"already: change {number.id} blocks {OTHER}, and waits"
    ]
    assert number.state is link.state is ChangeState.PENDING
    with acting_as(WANG):
        await loop.desk.changes.approve(number.id)
    entry = (await loop.desk.listed())[f"block {OTHER}"]
    assert (entry.campaign, entry.fraud_type) == ("parcel", FraudType.FAKE_LOAN)
    assert entry.legal_basis
    assert case not in entry.reason  # lists are given to others, cases are not
    assert int(entry.expires_at.timestamp()) == loop.desk.now_s + 180 * 86_400


async def test_what_a_case_proposes_is_of_its_region_and_decided_on_there(loop: Loop) -> None:
    here, there = (
        Identity(name=name, roles=frozenset({Role.APPROVER}), regions=frozenset({region}))
        for name, region in (("he", "3301"), ("chu", "3302"))
    )
    case = await loop.warned(a_warning(7001, caller=OTHER))
    await loop.ends(case, CaseOutcome.LOST_MONEY)
    (request,) = await loop.requests()

    with acting_as(there), pytest.raises(NotFound):
        await loop.desk.changes.approve(request.id)
    with acting_as(here):
        await loop.desk.changes.approve(request.id)

    assert (await loop.desk.listed())[f"block {OTHER}"].region == "330106"
    # Blocked already, wherever the next person lives who lost money through it.
    other = await loop.warned(a_warning(7002, caller=OTHER))
    assert await loop.ends(other, CaseOutcome.LOST_MONEY) == [f"blocked: {OTHER}"]


@pytest.mark.parametrize(("person", "region"), [(7003, "3301"), (1, "")])
async def test_what_has_no_county_is_of_the_city_or_of_the_whole_province(
    loop: Loop, person: int, region: str
) -> None:
    case = await loop.warned(a_warning(person, caller=OTHER))
    await loop.ends(case, CaseOutcome.LOST_MONEY)
    (request,) = await loop.requests()

    with acting_as(WANG):
        await loop.desk.changes.approve(request.id)

    assert (await loop.desk.listed())[f"block {OTHER}"].region == region


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (MeansKind.CALLER, "96110", "protected"),
        (MeansKind.CALLER, OTHER, "allowed"),
        (MeansKind.LINK, "http://www.shop.example/pay", "proposed"),
        (MeansKind.LINK, "http://shop.example/pay", "popular"),
        (MeansKind.LINK, "http://tax.gov.cn/pay", "protected"),
    ],
)
async def test_protected_means_are_not_proposed(
    loop: Loop, kind: MeansKind, value: str, why: str
) -> None:
    await loop.list_(OTHER, action=Action.ALLOW)
    case = await loop.warned(_by(a_warning(1), kind, value))

    (answer,) = await loop.ends(case, CaseOutcome.LOST_MONEY)

    assert answer.startswith(f"{why}:")
    assert len(await loop.requests()) == (1 if why == "proposed" else 0)


async def test_a_repeated_closing_and_a_lost_answer_make_one_request(
    loop: Loop,
) -> None:
    loop.proposals.lost = 1
    case = await loop.warned(a_warning(1, caller=OTHER))

    answer = await loop.ends(case, CaseOutcome.LOST_MONEY)
    await loop.client.xadd(keys.OUTCOMES, {"case_id": case})
    await loop.until_counted(CaseOutcome.LOST_MONEY, "already", 2)

    assert answer == [f"already: {OTHER}, an entry was requested before"]
    assert len(await loop.requests()) == 1


async def test_a_proposal_about_a_locked_entry_waits_and_blocks_no_other(loop: Loop) -> None:
    await loop.list_(LISTED)
    cases = [await loop.hit(number) for number in (1, 2)]
    reference = Reference(kind=0, pattern=LISTED, action=0)
    with acting_as(LI):
        held = await loop.administration.update(
            row_validation.NOTHING, [reference], ChangeTerms(author="li", reason="seen"), wait=True
        )
    assert held.requested is not None

    await loop.ends(cases[0], CaseOutcome.FALSE_ALARM)  # of one alone nothing follows
    await loop.close(cases[1], CaseOutcome.FALSE_ALARM)
    await loop.until_counted(CaseOutcome.FALSE_ALARM, "waits")
    other = await loop.warned(a_warning(9, caller=OTHER))
    await loop.ends(other, CaseOutcome.LOST_MONEY)
    assert [one.kind for one in await loop.requests()] == [ChangeKind.NORMAL]

    with acting_as(WANG):
        await loop.desk.changes.reject(held.requested.change_id, reason="look again")
    loop.desk.clock[0] += 2 * 3_600_000
    await loop.learnt(cases[1])
    assert [one.kind for one in await loop.requests()] == [ChangeKind.RETIREMENT, ChangeKind.NORMAL]


async def exported(
    loop: Loop, log: DecisionQuery, file: Path, *, since_ms: int = 1, gone: int = 1
) -> list[dict[str, str]]:
    request = operations_pb.ExportExamplesRequest(
        since_ms=since_ms, model="text" if file.name == "texts.csv" else ""
    )
    async with (
        operations(loop, log) as target,
        grpc.aio.insecure_channel(target) as channel,
    ):
        stub: Any = WarningOperationsServiceStub(channel)
        answers = [one async for one in stub.ExportExamples(request, timeout=60)]
    counts = await asyncio.to_thread(example_export.write, file, answers)
    assert counts.gone == (0 if since_ms > 1 else gone)
    return private_rows(file)


def private_rows(file: Path) -> list[dict[str, str]]:
    assert file.stat().st_mode & 0o077 == 0
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


async def test_exported_examples_contain_what_the_decision_log_still_holds(
    loop: Loop, tmp_path: Path
) -> None:
    folder = tmp_path / "decisions"
    body = "您的账户异常，请登录 http://pay.example/now"
    logged(folder, texts=True).decide(some_texts(body, sender=LISTED))
    log = DecisionQuery(folder, HomePlan())
    (row,) = log.find(Conditions(since_ms=0)).rows
    lost = await loop.warned(replace(a_warning(1), decision_id=row["decision_id"]))
    fine = await loop.warned(replace(a_warning(2, caller=OTHER), decision_id=2**40))
    safe = await loop.warned(replace(a_warning(3), decision_id=2**40 + 1))
    for case, outcome in ((lost, "lost_money"), (fine, "false_alarm"), (safe, "safe")):
        await loop.close(case, CaseOutcome(outcome))

    everything = {one["retained"]: one for one in await exported(loop, log, tmp_path / "all.csv")}
    assert everything.keys() == {"text", "gone"}
    assert everything["text"]["text"] == body
    assert everything["text"]["url"] == "http://pay.example/now"
    assert everything["text"]["label"] == "fraud"
    assert everything["gone"]["label"] == "nonfraud"
    assert [one["text"] for one in await exported(loop, log, tmp_path / "texts.csv")] == [body]
    assert await exported(loop, log, tmp_path / "later.csv", since_ms=loop.desk.clock[0] + 1) == []
    # Training reads the file as it is.
    found = training_examples.read([tmp_path / "all.csv"], "text", lambda fields: fields["text"])
    assert [(one.content, one.is_fraud) for one in found.rows] == [(body, True)]
    assert found.left_out == {training_examples.NO_CONTENT: 1}


async def test_verdicts_on_hits_are_examples_with_or_without_a_case(
    loop: Loop, tmp_path: Path
) -> None:
    folder = tmp_path / "decisions"
    bodies = ["您的账户异常，请登录 http://pay.example/now", "明天上午十点开会", "快递到了"]
    logged(folder, texts=True).decide(some_texts(*bodies, sender=OTHER))
    log = DecisionQuery(folder, HomePlan())
    ids = {row["decision_id"] for row in log.find(Conditions(since_ms=0)).rows}
    hits = HitStore(loop.client)
    await hits.write(as_written(a_review(one)) for one in sorted(ids))
    feedback = FeedbackService(store=hits, home=HomePlan(), now_ms=lambda: loop.desk.clock[0])
    confirmed, dismissed, _unjudged = (
        FeedbackVerdict(decision_id=one, by="wang") for one in sorted(ids)
    )
    await feedback.confirm(confirmed, None)
    await feedback.dismiss(dismissed)

    found = {one["text"]: one for one in await exported(loop, log, tmp_path / "all.csv", gone=0)}

    assert {text: (one["label"], one["source"]) for text, one in found.items()} == {
        bodies[0]: ("fraud", "verdicts"),
        bodies[1]: ("nonfraud", "verdicts"),
    }
    read = training_examples.read([tmp_path / "all.csv"], "text", lambda fields: fields["text"])
    assert [(one.content, one.is_fraud) for one in read.rows] == [
        (bodies[0], True),
        (bodies[1], False),
    ]


def a_review(decision_id: int) -> Hit:
    return Hit(
        decision_id=decision_id,
        channel=Channel.TEXT,
        from_party=OTHER,
        to_party="+8617000000999",
        action=Action.ALLOW,
        reason=Reason.REVIEW,
        occurred_at_ms=NINE_O_CLOCK_MS,
    )


def _by(warned: WarningRecord, kind: MeansKind, value: str) -> WarningRecord:
    return replace(warned, means=Means(kind=kind, value=value))
