"""How cases end goes back to the lists: cases, list administration and its requests, for real."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from typer.testing import CliRunner

from blocklists import intake
from blocklists.entries import Entry, entry_id
from blocklists.redis_client import Client, connect
from fanzha.decisions import Action
from fanzha.errors import Unavailable
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from services import lifetime
from services.administration import Administration
from services.changes.popularity import PopularHosts
from services.changes.records import ChangeKind, Record, State
from services.cli import example_export, warnings
from services.current_lists import CurrentLists
from services.decision_log.conditions import Conditions
from services.decision_log.query import DecisionQuery
from services.hit_store import CONFIRMED
from services.identity import acting
from services.list_changes import Reference, Terms
from services.list_views import Found
from services.settings import Settings
from services.warning import assembly, keys, learning_assembly
from services.warning.assembly import Pipeline
from services.warning.case_events import CaseEvent, EventKind, Outcome
from services.warning.entry_records import EntryRecords
from services.warning.learned import NOTED, Learned
from services.warning.loss_means import Wanted
from services.warning.proposing import PIPELINE, AdministeredProposals
from services.warning.records import Means, MeansKind, Warned
from tests.builders import some_texts
from tests.change_desk import LI, WANG, ChangeDesk, an_impact, change_desk
from tests.decision_logs import logged
from tests.proposals import proposed
from tests.warnings import a_warning

LISTED = "+8619900000001"
OTHER = "+8619900000002"
PATIENCE_SECONDS = 30.0


class Lossy:
    """Proposals whose answers get lost so many times, after the request was made."""

    def __init__(self, inner: AdministeredProposals) -> None:
        self._inner = inner
        self.lost = 0

    async def find(self, pattern: str) -> Found:
        return await self._inner.find(pattern)

    def is_popular(self, host: str) -> bool:
        return self._inner.is_popular(host)

    async def waits(self, change_id: int) -> bool:
        return await self._inner.waits(change_id)

    async def remove(self, entry: Entry, reason: str) -> int:
        return self._answered(await self._inner.remove(entry, reason))

    async def block(
        self, wanted: Wanted, *, fraud_type: FraudType, campaign: str, reason: str
    ) -> int:
        done = await self._inner.block(
            wanted, fraud_type=fraud_type, campaign=campaign, reason=reason
        )
        return self._answered(done)

    def _answered(self, change: int) -> int:
        if self.lost:
            self.lost -= 1
            raise Unavailable("the process was killed before it heard")
        return change


@dataclass(kw_only=True)
class Loop:
    """Cases, lists, and what connects them."""

    desk: ChangeDesk
    administration: Administration
    pipeline: Pipeline
    client: Client
    registry: CollectorRegistry
    proposals: Lossy

    async def list_(self, *patterns: str, action: Action = Action.BLOCK) -> None:
        rows = len(patterns)
        row = proposed(*patterns, sources=[2] * rows, actions=[int(action)] * rows)
        await self.administration.update(row, [], Terms(author="li", reason="three victims"))

    async def hit(self, decision_id: int, pattern: str = LISTED) -> str:
        """Let a listed number call somebody; return the case."""
        fields = {
            "decision_id": str(decision_id),
            "channel": "CALL",
            "reason": "BLOCKLISTED",
            "from_party": LISTED,
            "to_party": f"+861700000{decision_id:04}",
            "pattern": pattern,
            "entry_id": entry_id(1 if pattern == LISTED else 2, pattern, Action.BLOCK),
            "occurred_at_ms": str(self.desk.clock[0]),
        }
        before = set(await self.cases())
        await self.client.xadd(CONFIRMED, fields)  # type: ignore[arg-type]
        await until(lambda: self._more_cases(before))
        (new,) = set(await self.cases()) - before
        return new

    async def warned(self, warned: Warned) -> str:
        (result,) = await self.pipeline.intake.take([warned])
        return result.case_id

    async def close(self, case_id: str, outcome: Outcome, lost_to: tuple[Means, ...] = ()) -> None:
        event = CaseEvent(
            kind=EventKind.CLOSED,
            at_ms=self.desk.clock[0],
            by="wang",
            outcome=outcome,
            lost_to=lost_to,
        )
        await self.pipeline.store.change(case_id, lambda _case: [event])

    async def ends(self, case_id: str, outcome: Outcome) -> list[str]:
        """Close a case, wait until it was learnt from, and return what was done."""
        await self.close(case_id, outcome)
        return await self.learnt(case_id)

    async def learnt(self, case_id: str) -> list[str]:
        learned = Learned(self.client, retention_days=1)

        async def noted() -> bool:
            return NOTED in await learned.of(case_id)

        await until(noted)
        done = await learned.of(case_id)
        return sorted(text for field, text in done.items() if field != NOTED)

    async def requests(self) -> list[Record]:
        page = await self.desk.changes.views.page(None, before_id=0, size=100)
        return [one for one in page.records if one.author == PIPELINE.name]

    async def cases(self) -> list[str]:
        return [case.id async for case, _ in self.pipeline.listing.walk()]

    async def _more_cases(self, before: set[str]) -> bool:
        return len(await self.cases()) > len(before)


@pytest.fixture
async def loop(redis_url: str, tmp_path: Path) -> AsyncIterator[Loop]:
    popular = tmp_path / "popular.txt"
    popular.write_text("shop.example\n")
    settings = Settings(
        redis_url=redis_url,
        data_dir=tmp_path,
        warning_claim_ms=500,
        warning_standing_cases=2,
    )
    client, registry = connect(redis_url, connections=64), CollectorRegistry()
    async with change_desk(redis_url, tmp_path / "lists") as desk:
        desk.impact.says = an_impact(known=False)  # so that a second person is needed

        def now_ms() -> int:
            return desk.clock[0]

        pipeline = assembly.build(settings, client, registry=registry, now_ms=now_ms)
        administration = Administration(
            store=desk.store,
            replica=desk.replica,
            changes=desk.changes,
            home=HomePlan(),
            now_ms=now_ms,
            default_expiry_days=365,
        )
        proposals = Lossy(
            AdministeredProposals(
                administration=administration,
                changes=desk.changes,
                current=CurrentLists(desk.store, desk.replica),
                popular=PopularHosts.load(popular),
                popular_rank=10,
                entry_days=180,
                now_ms=now_ms,
            )
        )
        outcomes = learning_assembly.build(
            settings, client, proposals=proposals, registry=registry, now_ms=now_ms
        )
        tasks = [*pipeline.start(), *outcomes.start()]
        try:
            yield Loop(
                desk=desk,
                administration=administration,
                pipeline=pipeline,
                client=client,
                registry=registry,
                proposals=proposals,
            )
        finally:
            await lifetime.cancel(tasks)
            await client.aclose()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.02)


async def test_false_alarms_propose_the_removal_of_an_entry_and_its_approval_removes_it(
    loop: Loop,
) -> None:
    await loop.list_(LISTED)
    first, second, third = [await loop.hit(number) for number in (1, 2, 3)]

    assert await loop.ends(first, Outcome.FALSE_ALARM) == [f"lowered: {LISTED}, standing 0.33"]
    assert await loop.requests() == []

    (said,) = await loop.ends(second, Outcome.FALSE_ALARM)
    (request,) = await loop.requests()

    assert said == f"proposed: change {request.id} removes {LISTED}, standing 0.25"
    assert (request.kind, request.state) == (ChangeKind.RETIREMENT, State.PENDING)
    assert "2 were false alarms, 0 lost money" in request.reason
    assert f"cases {second}, {first}" in request.reason
    assert f"block {LISTED}" in await loop.desk.listed()

    # A third one finds the request that waits.
    await loop.ends(third, Outcome.FALSE_ALARM)
    assert len(await loop.requests()) == 1

    with acting(WANG):
        await loop.desk.changes.approve(request.id)
    assert f"block {LISTED}" not in await loop.desk.listed()
    assert (await loop.pipeline.store.history(second))[-1].why == said


async def test_a_range_falls_too_and_losses_and_the_safe_are_no_false_alarms(
    loop: Loop, redis_url: str
) -> None:
    await loop.list_("+861990000*")
    ends = [Outcome.FALSE_ALARM, Outcome.SAFE, Outcome.DUPLICATE, Outcome.LOST_MONEY]
    cases = [await loop.hit(number, "+861990000*") for number in range(1, 5)]
    for case, outcome in zip(cases, ends, strict=True):
        await loop.close(case, outcome)
    await loop.learnt(cases[0])
    said = await loop.learnt(cases[3])

    (record,) = [one async for one in EntryRecords(loop.client).all()]
    quality = await loop.pipeline.sources.quality("fanzha")
    assert (record.tally.confirmed, record.tally.false, record.tally.silent) == (1, 1, 2)
    assert record.tally == quality.tally
    assert (record.pattern, record.source) == ("+861990000*", "province")
    assert said == [f"blocked: {LISTED}", "raised: +861990000*, standing 0.50"]
    assert await loop.requests() == []

    shown = await asyncio.to_thread(
        CliRunner().invoke, warnings.app, ["entries", "--redis-url", redis_url, "--json"]
    )
    (entry,) = json.loads(shown.stdout)["entries"]
    assert entry["cases"] == {"lost_money": 1, "false_alarm": 1, "safe": 1, "duplicate": 1}
    assert (entry["standing"], entry["false_alarms"]) == (0.5, [cases[0]])


async def test_an_entry_that_has_ended_is_proposed_for_nothing(loop: Loop) -> None:
    await loop.list_(LISTED)
    cases = [await loop.hit(number) for number in (1, 2)]
    loop.desk.clock[0] += 366 * 86_400_000

    for case in cases:
        (said,) = await loop.ends(case, Outcome.FALSE_ALARM)
        assert said.startswith("gone:")
    assert await loop.requests() == []


async def test_what_took_the_money_is_proposed_too(loop: Loop) -> None:
    case = await loop.warned(a_warning(1, caller="96110"))
    host = Means(kind=MeansKind.LINK, value="http://pay.example/now")

    await loop.close(case, Outcome.LOST_MONEY, lost_to=(host, host))

    (request,) = [one for one in await loop.learnt(case) if one.startswith("proposed")]
    assert request.endswith("blocks pay.example")


async def test_lost_money_proposes_what_would_have_blocked_it(loop: Loop) -> None:
    case = await loop.warned(a_warning(1, caller=OTHER, campaign="parcel"))
    for kind, value in (
        (MeansKind.LINK, "http://pay.example/now"),
        (MeansKind.ACCOUNT, "6222000000000000"),
    ):
        more = a_warning(1, reference=kind.value, campaign="parcel")
        await loop.warned(_by(more, kind, value))

    said = await loop.ends(case, Outcome.LOST_MONEY)
    link, number = await loop.requests()

    assert said == [
        "no_kind: no list has entries for this account",
        f"proposed: change {number.id} blocks {OTHER}",
        f"proposed: change {link.id} blocks pay.example",
    ]
    assert case in number.reason
    assert number.state is link.state is State.PENDING
    with acting(WANG):
        await loop.desk.changes.approve(number.id)
    entry = (await loop.desk.listed())[f"block {OTHER}"]
    assert (entry.campaign, entry.fraud_type) == ("parcel", FraudType.FAKE_LOAN)
    assert entry.legal_basis
    assert case not in entry.reason  # lists are given to others, cases are not
    assert int(entry.expires_at.timestamp()) == loop.desk.now_s + 180 * 86_400


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
async def test_what_must_not_be_blocked_is_not_proposed(
    loop: Loop, kind: MeansKind, value: str, why: str
) -> None:
    await loop.list_(OTHER, action=Action.ALLOW)
    case = await loop.warned(_by(a_warning(1), kind, value))

    (said,) = await loop.ends(case, Outcome.LOST_MONEY)

    assert said.startswith(f"{why}:")
    assert len(await loop.requests()) == (1 if why == "proposed" else 0)


async def test_the_same_closing_told_twice_and_an_answer_that_was_lost_make_one_request(
    loop: Loop,
) -> None:
    loop.proposals.lost = 1
    case = await loop.warned(a_warning(1, caller=OTHER))

    said = await loop.ends(case, Outcome.LOST_MONEY)
    await loop.client.xadd(keys.LEARN, {"case_id": case})
    await until(lambda: _counted(loop, 'outcome="lost_money",what="already"', 2))

    assert said == [f"already: {OTHER}, an entry was requested before"]
    assert len(await loop.requests()) == 1


async def test_an_entry_that_somebody_else_holds_waits_and_holds_up_no_other(loop: Loop) -> None:
    await loop.list_(LISTED)
    cases = [await loop.hit(number) for number in (1, 2)]
    reference = Reference(kind=0, pattern=LISTED, action=0)
    with acting(LI):
        held = await loop.administration.update(
            intake.NOTHING, [reference], Terms(author="li", reason="seen"), wait=True
        )
    assert held.requested is not None

    for case in cases:
        await loop.close(case, Outcome.FALSE_ALARM)
    await until(lambda: _counted(loop, 'outcome="false_alarm",what="waits"', 1))
    other = await loop.warned(a_warning(9, caller=OTHER))
    await loop.ends(other, Outcome.LOST_MONEY)
    assert [one.kind for one in await loop.requests()] == [ChangeKind.NORMAL]

    with acting(WANG):
        await loop.desk.changes.reject(held.requested.change_id, reason="look again")
    loop.desk.clock[0] += 2 * 3_600_000
    for case in cases:
        await loop.learnt(case)
    assert [one.kind for one in await loop.requests()] == [ChangeKind.RETIREMENT, ChangeKind.NORMAL]


async def test_examples_are_written_as_far_as_the_log_keeps_them(
    loop: Loop, redis_url: str, tmp_path: Path
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
        await loop.close(case, Outcome(outcome))

    async def export(name: str, since_ms: int = 0) -> list[dict[str, str]]:
        file = tmp_path / name
        what = {"since_ms": since_ms, "model": "sms" if name == "sms.csv" else "any"}
        counts = await asyncio.to_thread(
            lambda: example_export.export(file, redis_url, log, full=False, **what)  # type: ignore[arg-type]
        )
        assert counts["gone"] == (0 if since_ms else 1)
        assert file.stat().st_mode & 0o077 == 0
        with file.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))

    everything = {one["kept"]: one for one in await export("all.csv")}
    assert everything.keys() == {"text", "gone"}
    assert everything["text"]["text"] == body
    assert everything["text"]["url"] == "http://pay.example/now"
    assert everything["text"]["label"] == "fraud"
    assert everything["gone"]["label"] == "nonfraud"
    assert [one["text"] for one in await export("sms.csv")] == [body]
    assert await export("later.csv", since_ms=loop.desk.clock[0] + 1) == []


async def _counted(loop: Loop, labels: str, least: int) -> bool:
    line = f"fanzha_warning_outcomes_total{{{labels}}}"
    page = generate_latest(loop.registry).decode().splitlines()
    return any(one.startswith(line) and float(one.split()[-1]) >= least for one in page)


def _by(warned: Warned, kind: MeansKind, value: str) -> Warned:
    return replace(warned, means=Means(kind=kind, value=value))
