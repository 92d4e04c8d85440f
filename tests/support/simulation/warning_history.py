"""Hits become warnings, and wrong ones are withdrawn, with faults in between.

What is checked once everything works again:

* each hit that the store acknowledged is in one case of its person and campaign, and counted once;
* for each case exactly one warning was accepted, or none, or it is on record as in doubt;
* no message is accepted twice, whatever died while it was sent;
* hits of an entry that was retracted leave no open case, and whoever was warned is corrected;
* nothing waits, and there are no dead letters, but those of entries that consumers were killed
  with as often as makes one: an operator replays these first.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from blocklists.entries import EntryKind, entry_id
from fanzha.decisions import Action, MatchedOn, Reason
from fanzha.errors import Unavailable
from fanzha.fraud import FraudType
from fanzha.tables import Channel
from infra.redis.stream_consumer import MAX_TRIES, MOST_LOST
from services.decision.sinks.hit_records import Hit
from services.decision.sinks.hit_store import CONFIRMED, HitStore
from services.warning.cases import ids
from services.warning.cases.events import CaseOutcome, EventKind
from services.warning.cases.model import Case
from services.warning.dispatch.outbox_relay import SUPERSEDED, send_stream
from services.warning.retractions import notices
from services.warning.retractions.notices import RetractionNotice, RetractionStore
from tests.support.builders import as_written
from tests.support.simulation import warning_processes
from tests.support.simulation.network import NetworkFaults
from tests.support.simulation.warning_processes import MessageProvider, WarnParts
from tests.support.simulation.world import FaultPlan, SimulatedProcess, Violation, World

CALLERS = ("+8619900000001", "+8619900000002")
_CALM_SECONDS = 240.0
_PEOPLE = 2
_HAND_OVER_SECONDS = (0.1, 4.0)
_SENT = frozenset({EventKind.SENT.value, EventKind.DELIVERED.value})
_NO_ANSWER = ("lost_answer", "silent")
"""Faults by which a delivery is counted that no consumer knows of."""
_IN_DOUBT = "in doubt"
_ALLOWED_REASONS = (_IN_DOUBT, "withdrawn", "the case was closed", SUPERSEDED)
"""Why a message may not be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedHit:
    """A hit that the store acknowledged."""

    decision_id: int
    victim: str
    caller: str
    occurred_at_ms: int

    @property
    def base(self) -> str:
        """The case of its person and campaign."""
        return ids.base_of(self.victim, f"number:{self.caller}")


@dataclass(slots=True, kw_only=True)
class WarningHistory:
    """Hits on two callers, two processes that warn, and sometimes a retraction."""

    world: World
    hits: list[ReportedHit] = field(default_factory=list)
    retracted: dict[str, int] = field(default_factory=dict)
    """When entries were said to be wrong, by caller."""

    async def run(self) -> None:
        """Report hits under faults, then settle and check; raise `Violation`."""
        world, chance = self.world, self.world.chance
        provider = MessageProvider(world)
        start = partial(warning_processes.start_warn, provider=provider)
        processes = [world.add(name, start) for name in ("warn-a", "warn-b")]
        await world.until(world.all_serve, seconds=_CALM_SECONDS, what="up")
        world.set_faults(warning_plan(world))
        work = [self.report(1 + at) for at in range(chance.randint(1, 4))]
        if chance.random() < 0.5:
            work.append(self._retract(chance.choice(CALLERS)))
        await asyncio.gather(*work)
        await asyncio.sleep(chance.random() * 3)
        world.end_faults()
        await self.settle(processes)
        await self.check(processes[0], provider)

    async def report(self, decision_id: int, caller: str = "") -> None:
        """Write a hit until the store acknowledges it, as the sink of a worker does."""
        chance = self.world.chance
        await asyncio.sleep(chance.random() * 2)
        caller = caller or chance.choice(CALLERS)
        victim = chance.choice(_people(caller))
        now = self.world.now_ms()
        # Workers hand their hits over some time later.
        await asyncio.sleep(chance.random() * chance.choice(_HAND_OVER_SECONDS))
        hit = Hit(
            decision_id=decision_id,
            channel=Channel.CALL,
            from_party=caller,
            to_party=victim,
            fraud_type=FraudType.FAKE_LOAN,
            reason=Reason.BLOCKLISTED,
            entry_id=_entry(caller),
            pattern=caller,
            matched_on=MatchedOn.CALLER,
            occurred_at_ms=now,
            decided_at_ms=now,
        )
        store = HitStore(self.world.network.client())
        await self._until_available(lambda: store.write([as_written(hit)]))
        self.hits.append(
            ReportedHit(decision_id=decision_id, victim=victim, caller=caller, occurred_at_ms=now)
        )

    async def _retract(self, caller: str) -> None:
        """Say that an entry was wrong, as an upheld appeal does."""
        await asyncio.sleep(self.world.chance.random() * 4)
        notice = RetractionNotice(
            entry_id=_entry(caller),
            kind="number",
            pattern=caller,
            source="carrier",
            why="appeal 7 was upheld",
            by="officer",
            at_ms=self.world.now_ms(),
        )
        store = RetractionStore(self.world.network.client())
        await self._until_available(lambda: store.publish([notice]))
        self.retracted[caller] = notice.at_ms

    async def _until_available(self, work: Callable[[], Awaitable[Any]]) -> None:
        while True:
            try:
                await work()
            except Unavailable:
                await asyncio.sleep(0.1)
            else:
                return

    async def settle(self, processes: list[SimulatedProcess[WarnParts]]) -> None:
        """Wait until nothing is left to do."""
        world = self.world
        await world.until(world.all_serve, seconds=_CALM_SECONDS, what="up again")
        streams = [CONFIRMED, notices.STREAM, send_stream("sms"), *warning_processes.outboxes()]

        async def over() -> bool:
            parts = processes[0].parts
            if parts is None or not await warning_processes.streams_are_done(parts, streams):
                return False
            return not any(
                map(warning_processes.is_waiting, await warning_processes.all_cases(parts))
            )

        calm_seconds = _CALM_SECONDS + world.most_ahead_ms / 1000
        await world.until(over, seconds=calm_seconds, what="settled")
        if await self._replay_what_crashed(processes):
            await world.until(over, seconds=_CALM_SECONDS, what="settled after a replay")

    async def _replay_what_crashed(self, processes: list[SimulatedProcess[WarnParts]]) -> int:
        """Replay dead letters as an operator does, where deliveries may have been lost so often."""
        parts = processes[0].parts
        if parts is None:
            raise Violation("a process died without faults")
        injected = self.world.network.injected
        lost = sum(process.kills for process in processes)
        lost += sum(injected.get(fault, 0) for fault in _NO_ANSWER)
        crashed = [
            letter
            for letter in await parts.pipeline.dead.list()
            if MAX_TRIES + MOST_LOST <= letter.tries <= lost
        ]
        for letter in crashed:
            await parts.pipeline.dead.replay(letter)
        return len(crashed)

    async def check(self, process: SimulatedProcess[WarnParts], provider: MessageProvider) -> None:
        """Raise `Violation` where a promise is broken."""
        parts = process.parts
        if parts is None:
            raise Violation("a process died without faults")
        cases = {case.id: case for case in await warning_processes.all_cases(parts)}
        sent = provider.times_sent()
        if twice := [name for name, times in sent.items() if times > 1]:
            raise Violation(f"sent twice: {twice}")
        for case in cases.values():
            _check_case(case, await _reasons(parts, case), provider)
        for hit in self.hits:
            self._check_hit(hit, cases)
        if dead := await parts.client.xlen("fanzha:warning:dead_letters"):
            raise Violation(f"{dead} dead letters")

    def _check_hit(self, hit: ReportedHit, cases: dict[str, Case]) -> None:
        case = cases.get(hit.base)
        wrong = hit.occurred_at_ms <= self.retracted.get(hit.caller, -1)
        if case is None:
            if not wrong:
                raise Violation(f"hit {hit.decision_id} has no case")
            return
        if wrong and case.open:
            rest = [
                one.decision_id
                for one in self.hits
                if one.base == hit.base and one.occurred_at_ms > self.retracted[hit.caller]
            ]
            if not rest or hit.decision_id in case.decisions:
                raise Violation(f"hit {hit.decision_id} was retracted, and its case is open")
        if not wrong and hit.decision_id not in case.decisions and case.open:
            raise Violation(f"hit {hit.decision_id} is in no case")


def _check_case(case: Case, reasons: dict[str, str], provider: MessageProvider) -> None:
    """Raise `Violation` where a case and the messages that were accepted contradict each other."""
    distinct = set(case.decisions)
    if len(distinct) != len(case.decisions) or case.hits > len(distinct) > 0:
        raise Violation(f"case {case.id} counts {case.hits} hits of {case.decisions}")
    sent, correction = provider.times_sent(), ids.correction_id(case.id, "sms")
    for message, kind in case.messages.items():
        accepted, why = sent[message], reasons.get(message, "")
        if kind in _SENT and not accepted:
            raise Violation(f"{message} is on record as sent, and was not accepted")
        if kind == EventKind.FAILED.value:
            if accepted and not why.startswith(_IN_DOUBT):
                raise Violation(f"{message} was accepted, and is on record as failed: {why}")
            if not why.startswith(_ALLOWED_REASONS):
                raise Violation(f"{message} was not sent: {why}")
    warned = {one: kind for one, kind in case.messages.items() if one != correction}
    if not warned:
        raise Violation(f"case {case.id} has no message")
    reached = any(kind in _SENT for kind in warned.values())
    if case.outcome is CaseOutcome.FALSE_ALARM and reached and correction not in case.messages:
        raise Violation(f"case {case.id}: the person was warned, and is not corrected")


async def _reasons(parts: WarnParts, case: Case) -> dict[str, str]:
    """Return why messages of a case were not sent."""
    if EventKind.FAILED.value not in case.messages.values():
        return {}
    return {
        event.message.id: event.why
        for event in await parts.pipeline.store.history(case.id)
        if event.kind is EventKind.FAILED and event.message is not None
    }


def warning_plan(world: World) -> FaultPlan:
    """Choose what goes wrong."""
    chance = world.chance
    bad = chance.choice((0.0, 0.01, 0.05))
    return FaultPlan(
        network=NetworkFaults(
            lost_request=bad / 2, lost_answer=bad, silent=bad / 4, slow=bad / 4, split=bad
        ),
        crash_rate=chance.choice((0.0, 0.0, 0.002, 0.01)),
        crash_after_write_rate=chance.choice((0.0, 0.03, 0.1)),
        outage_rate=chance.choice((0.0, 0.1, 0.5)),
        clock_jump_rate=chance.choice((0.0, 0.1)),
    )


@cache
def _people(caller: str) -> tuple[str, ...]:
    """Return people whose cases lie in the shards in use."""
    found = (
        person
        for person in (f"+861700000{number:04}" for number in range(10_000))
        if ids.base_of(person, f"number:{caller}")[0] in warning_processes.SHARDS
    )
    return tuple(next(found) for _ in range(_PEOPLE))


def _entry(caller: str) -> str:
    return entry_id(EntryKind.NUMBER, caller, Action.BLOCK)
