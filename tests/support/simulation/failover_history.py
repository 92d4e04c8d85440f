"""Changes of the lists on a store that fails over, and loses what it had acknowledged (ADR 41).

Requests go back with the store, and reads may see a change that is lost a moment later: neither is
promised to stay. What is promised, and checked once everything works again:

* a change that a person was answered is in the lists, or the audit log says that it is lost;
* what is said to be lost is not in the lists;
* entries of which no change is said to be lost are what all writes explain, in an order that fits
  their answers, and every host ends with them;
* nothing is applied without its audit record or its second person, no seal is missing, and the
  audit log verifies.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace

from blocklists.snapshot.snapshot import Snapshot
from fanzha.errors import FanzhaError, NotAllowed, NotFound, Unavailable, VersionConflict
from services.audit.events import AuditKind
from services.changes.model import ChangeRequest
from services.changes.redo.journal import RedoJournal
from tests.support.simulation import change_history, list_processes
from tests.support.simulation.change_history import LI, PATTERNS, ChangeHistory
from tests.support.simulation.linearizability import UNKNOWN, Operation
from tests.support.simulation.list_processes import AdminParts, HostParts
from tests.support.simulation.world import FaultPlan, SimulatedProcess, Violation

_CALM_SECONDS = 120.0
_NOTICED_SECONDS = 6.0
"""Followers notice a failover at their next look, after four seconds at most; until then changes
are compared with lists that the store has lost, and refused."""


@dataclass(slots=True, kw_only=True)
class FailoverHistory(ChangeHistory):
    """People who change two entries while the store loses the end of its history."""

    # A request whose commit met other lists five times stays approved: its approver may apply it.
    undecided: tuple[type[FanzhaError], ...] = (Unavailable, VersionConflict)
    linger_seconds: float = 6.0
    steps_of_a_person: tuple[int, int] = (1, 3)
    expected: tuple[type[FanzhaError], ...] = (NotAllowed, NotFound, Unavailable)
    lost: set[str] = field(default_factory=set)
    """Commits that the audit log says are lost."""
    patterns_lost: set[str] = field(default_factory=set)

    async def prepare(
        self, admin: SimulatedProcess[AdminParts], host: SimulatedProcess[HostParts]
    ) -> None:
        """Have one change in the lists, of no entry that counts: an empty store is another one."""
        del host
        pattern = "+8617000000099"
        self.history[pattern] = []
        while not self.answered:
            await self._change(admin, LI, "put", pattern)
        del self.history[pattern]

    def choose_faults(self) -> FaultPlan:
        chance = self.world.chance
        return replace(
            change_history.change_plan(self.world),
            failover_rate=chance.choice((0.3, 0.8)),
            # What is lost with the process that had it acknowledged is the harder case.
            crash_after_write_rate=chance.choice((0.0, 0.1, 0.3)),
        )

    async def settled(
        self, admin: SimulatedProcess[AdminParts], host: SimulatedProcess[HostParts]
    ) -> None:
        await asyncio.sleep(_NOTICED_SECONDS)
        await ChangeHistory.settled(self, admin, host)

        async def found() -> bool:
            """Whether the search for lost changes has looked at all that are kept."""
            parts = admin.parts
            if parts is None:
                return False
            there = {name for name, _ in await list_processes.commits(parts)}
            return all(one.commit in there for one in parts.journal.kept())

        await self.world.until(found, seconds=_CALM_SECONDS, what="searched for lost changes")
        await ChangeHistory.settled(self, admin, host)

    async def check(
        self, admin: SimulatedProcess[AdminParts], host: SimulatedProcess[HostParts]
    ) -> None:
        records = list_processes.audited(list_processes.audit_folder(admin.folder))
        lost = [one for one in records if one.kind == AuditKind.CHANGE_LOST.value]
        self.lost = {one.details["commit"] for one in lost}
        if admin.parts is not None:
            self.patterns_lost = _patterns_lost(admin.parts.journal)
        await ChangeHistory.check(self, admin, host)

    def check_log(self, versions: list[tuple[str, int]], records: list[ChangeRequest]) -> None:
        commits = [name for name, _ in versions]
        if twice := [name for name, count in Counter(commits).items() if count > 1]:
            raise Violation(f"applied twice: {twice}")
        if silent := self.answered - self.lost - set(commits):
            raise Violation(f"lost without a word: {sorted(silent)}")
        if there := self.lost & set(commits):
            raise Violation(f"said to be lost, and in the lists: {sorted(there)}")
        for record in records:
            applied = record.applied_version and record.commit not in commits
            if applied and record.commit not in self.lost:
                raise Violation(f"{record.subject} is applied, and lost without a word")

    def check_entries(self, admin: Snapshot, host: Snapshot) -> None:
        """Hold the last state against all writes, as reads may have seen what was lost since."""
        for pattern in PATTERNS:
            ends = {change_history.value_of(one, pattern) for one in (admin, host)}
            if len(ends) > 1:
                raise Violation(f"{pattern} is {ends}: hosts differ")
            writes = [one for one in self.history.pop(pattern) if _changes_something(one)]
            if pattern not in self.patterns_lost:
                self.history[pattern] = writes
        ChangeHistory.check_entries(self, admin, host)


def _changes_something(operation: Operation) -> bool:
    """Whether an answer is about a change; what was there already may be lost with what put it."""
    nothing_to_do = operation.result is None and operation.returned != UNKNOWN
    return operation.name == "revert" or not (operation.name == "read" or nothing_to_do)


def _patterns_lost(journal: RedoJournal) -> set[str]:
    """Return the patterns of changes that were set aside; all where one cannot be read."""
    found = set[str]()
    for one in journal.lost():
        change = journal.read(one)
        if change is None:
            return set(PATTERNS)
        for rows in (change.additions, change.removals):
            found |= {rows.pattern(row) for row in range(len(rows))}
    return found
