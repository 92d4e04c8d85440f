"""Lists a number, warns people of it, upholds an appeal: block and warnings end, despite faults.

What is checked once everything works again:

* an appeal that was answered as upheld is upheld, its lift is done, and both are in the audit log;
* no host blocks the number any more;
* every case that rests on hits before the lift is closed as a false alarm, and whoever was warned
  is sent one correction;
* what `warning_history` and the audit log promise.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from blocklists.entries import EntryKind
from blocklists.entry_table import Identities
from blocklists.queries import rows_of
from blocklists.snapshot.findings import Finding
from blocklists.snapshot.snapshot import NO_ENTRY
from fanzha.decisions import Action
from fanzha.errors import FanzhaError, InvalidInput, Unavailable, VersionConflict
from services.appeals.model import Appeal, AppealState
from services.appeals.review import ReviewDecision
from services.appeals.service import Appeals
from services.appeals.submission import AppealRequest
from services.audit.events import AuditKind
from services.auth.identity import BACKGROUND, Identity, Role
from services.changes.report import ChangeTerms
from tests.support.proposed_rows import proposed
from tests.support.simulation import list_processes, warning_processes
from tests.support.simulation.list_processes import AdminParts, HostParts
from tests.support.simulation.warning_history import CALLERS, WarningHistory, warning_plan
from tests.support.simulation.warning_processes import MessageProvider, WarnParts
from tests.support.simulation.world import SimulatedProcess, Violation, World

LISTED = CALLERS[0]
LI = Identity(name="li", roles=frozenset({Role.EDITOR}))
CLERK = Identity(name="clerk", roles=frozenset({Role.CARRIER}))
OFFICER = Identity(name="zhou", roles=frozenset({Role.APPEALS_OFFICER}))
_CALM_SECONDS = 240.0
_DECISION = 1


@dataclass(slots=True, kw_only=True)
class AppealHistory:
    """One administration, one host, one process that warns; an entry, its hits, an appeal."""

    world: World
    key: Path
    findings: list[Finding] = field(default_factory=list)
    appeal_id: int = 0
    """Of the appeal that was answered as opened."""

    async def run(self) -> None:
        """List, hit, appeal and lift under faults, then settle and check; raise `Violation`."""
        world, chance = self.world, self.world.chance
        provider, warnings = MessageProvider(world), WarningHistory(world=world)
        admin: SimulatedProcess[AdminParts] = world.add(
            "admin", partial(list_processes.start_admin, key=self.key, rule="off", lifts=True)
        )
        host: SimulatedProcess[HostParts] = world.add(
            "host", partial(list_processes.start_host, key=self.key, found=self.findings)
        )
        warn: SimulatedProcess[WarnParts] = world.add(
            "warn", partial(warning_processes.start_warn, provider=provider)
        )
        await world.until(world.all_serve, seconds=_CALM_SECONDS, what="up")
        await self._again(lambda: world.call(admin, LI, _list))
        await warnings.report(_DECISION, LISTED)
        world.set_faults(warning_plan(world))
        later = [warnings.report(2 + at, LISTED) for at in range(chance.randint(0, 2))]
        await asyncio.gather(self._appeal(admin), *later)
        await asyncio.sleep(chance.random() * 3)
        world.end_faults()
        await world.until(
            lambda: self._is_lifted(admin, host), seconds=_CALM_SECONDS, what="lifted everywhere"
        )
        appeal, *_ = await world.call(admin, OFFICER, partial(_read_appeal, self.appeal_id))
        if appeal.lift is not None:
            warnings.retracted[LISTED] = appeal.lift.committed_at_ms - _SKEW_MS
        await warnings.settle([warn])
        await warnings.check(warn, provider)
        await self._check(admin, host, appeal)

    async def _appeal(self, admin: SimulatedProcess[AdminParts]) -> None:
        """Open an appeal, take it and uphold it; each is tried until there is an answer."""
        world = self.world
        await asyncio.sleep(world.chance.random() * 3)
        opened = await self._again(lambda: world.call(admin, CLERK, _open))
        self.appeal_id = opened.appeal_id
        for work in (_take, _uphold):
            step = partial(work, self.appeal_id)
            await self._again(partial(world.call, admin, OFFICER, step))

    async def _again(self, work: Callable[[], Awaitable[Any]]) -> Any:
        while True:
            try:
                return await work()
            except Unavailable:
                await asyncio.sleep(0.2)

    async def _is_lifted(
        self, admin: SimulatedProcess[AdminParts], host: SimulatedProcess[HostParts]
    ) -> bool:
        if admin.parts is None:
            return False
        try:
            appeal, *_ = await self.world.call(
                admin, OFFICER, partial(_read_appeal, self.appeal_id)
            )
        except FanzhaError:
            return False
        lift = appeal.lift
        # Where an open request locks the entry, an allow entry outranks it until it can go.
        if lift is None or not lift.done or lift.held_by or admin.parts is None:
            return False
        parts, other = admin.parts, host.parts
        head = (await parts.store.head()).version
        followers = (parts.replica, other.replica) if other else ()
        return bool(followers) and all(one.current.version == head for one in followers)

    async def _check(
        self,
        admin: SimulatedProcess[AdminParts],
        host: SimulatedProcess[HostParts],
        appeal: Appeal,
    ) -> None:
        parts, other = admin.parts, host.parts
        if parts is None or other is None:
            raise Violation("a process died without faults")
        if appeal.state is not AppealState.UPHELD:
            raise Violation(f"the appeal was answered as upheld, and is {appeal.state}")
        for name, replica in (("admin", parts.replica), ("host", other.replica)):
            if _is_blocked(replica):
                raise Violation(f"{name} still blocks the number")
        folder = list_processes.audit_folder(admin.folder)
        kinds = {one.kind for one in list_processes.audited(folder)}
        for kind in (AuditKind.APPEAL_OPENED, AuditKind.APPEAL_TAKEN, AuditKind.APPEAL_DECIDED):
            if kind.value not in kinds:
                raise Violation(f"the audit log lacks {kind.value}")
        report = await self.world.call(admin, BACKGROUND, list_processes.verified)
        if not report.good:
            raise Violation(f"the audit log: {report.problems[0].words}")
        if self.findings:
            raise Violation(f"the host refused a change: {self.findings[0]}")


def _desk(parts: AdminParts) -> Appeals:
    if parts.appeals is None:
        raise Violation("the administration has no appeals")
    return parts.appeals.appeals


_SKEW_MS = 1


def _is_blocked(replica: Any) -> bool:
    snapshot = replica.current
    identity = Identities.of([(EntryKind.NUMBER, LISTED, Action.BLOCK)])
    (row,) = rows_of(snapshot, identity).tolist()
    return bool(row != NO_ENTRY)


async def _list(parts: AdminParts) -> None:
    await parts.lists.update(
        proposed(LISTED, sources=[3], actions=[int(Action.BLOCK)]),
        [],
        ChangeTerms(author="li", reason="reported by victims"),
    )


async def _open(parts: AdminParts) -> Appeal:
    appeal, _ = await _desk(parts).opening.open(
        AppealRequest(
            decision_id=_DECISION,
            appellant="Zhang San",
            contact="zhang",
            grounds="the number is ours",
            opened_by="clerk",
        )
    )
    return appeal


async def _take(id_: int, parts: AdminParts) -> None:
    """Take the appeal; a second time after a lost answer does no harm."""
    appeal, *_ = await _read_appeal(id_, parts)
    if appeal.is_open:
        await _desk(parts).review.take(id_, OFFICER.name)


async def _uphold(id_: int, parts: AdminParts) -> None:
    decision = ReviewDecision(
        appeal_id=id_, outcome=AppealState.UPHELD, reason="a bank", by=OFFICER.name
    )
    try:
        await _desk(parts).review.decide(decision)
    except VersionConflict:  # an earlier try of taking it came late: read it again, and decide
        await _uphold(id_, parts)
    except InvalidInput:
        appeal, *_ = await _read_appeal(id_, parts)
        if appeal.state is not AppealState.UPHELD:  # else the answer to an earlier try was lost
            raise


async def _read_appeal(id_: int, parts: AdminParts) -> Any:
    return await _desk(parts).get(id_)
