"""Changes of the lists: proposed, approved, applied, followed, reverted, with faults in between.

What is checked once everything works again:

* the entries of each pattern are linearizable, by what people were answered and what they read;
  every host ends with the same lists;
* every answered change is in the log of changes, once; every change there has an audit record;
* nothing that needs a second person is applied without one;
* no request is left half applied, and no seal is missing;
* the audit log verifies against the copies of its checkpoints.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from blocklists.entries import EntryKind
from blocklists.entry_table import EntryTable, Identities
from blocklists.queries import rows_of
from blocklists.snapshot.findings import Finding
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from fanzha.decisions import Action
from fanzha.errors import FanzhaError, NotAllowed, Unavailable
from services.audit.events import AuditKind
from services.auth.identity import BACKGROUND, Identity, Role, SecondPersonRule
from services.changes.change_context import SubmissionResult
from services.changes.model import ChangeRequest, ChangeState, Draft
from tests.support.builders import an_entry
from tests.support.simulation import change_steps, list_processes
from tests.support.simulation.linearizability import ENTRY, UNKNOWN, Operation, linearizable
from tests.support.simulation.list_processes import AdminParts, HostParts
from tests.support.simulation.network import NetworkFaults
from tests.support.simulation.world import FaultPlan, SimulatedProcess, Violation, World

PATTERNS = ("+8617000000001", "+8617000000002")
LI = Identity(name="li", roles=frozenset({Role.EDITOR, Role.APPROVER}))
CHEN = Identity(name="chen", roles=frozenset({Role.EDITOR, Role.APPROVER}))
WANG = Identity(name="wang", roles=frozenset({Role.APPROVER}))
_PAUSES_SECONDS = (0.01, 2.0)
_CALM_SECONDS = 120.0
_OPEN_STATES = (ChangeState.PENDING, ChangeState.APPROVED)


@dataclass(slots=True, kw_only=True)
class ChangeHistory:
    """People who change two entries, one administration, and a host that follows."""

    world: World
    key: Path
    rule: SecondPersonRule = "off"
    history: dict[str, list[Operation]] = field(
        default_factory=lambda: {pattern: [] for pattern in PATTERNS}
    )
    answered: set[str] = field(default_factory=set)
    """Commits that people were answered are in the lists."""
    findings: list[Finding] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    undecided: tuple[type[FanzhaError], ...] = (Unavailable,)
    """Answers after which a change may be applied nevertheless."""
    linger_seconds: float = 0.0
    """The longest that faults go on once people are done."""
    steps_of_a_person: tuple[int, int] = (1, 3)
    """The fewest and the most."""
    expected: tuple[type[FanzhaError], ...] = (NotAllowed, Unavailable)
    """What the author of a change may be answered who tries to approve it."""
    _values: int = 0

    async def run(self) -> None:
        """Let people work under faults, then without; raise `Violation`."""
        world, chance = self.world, self.world.chance
        self.rule = chance.choice(("off", "always"))
        admin: SimulatedProcess[AdminParts] = world.add(
            "admin", partial(list_processes.start_admin, key=self.key, rule=self.rule)
        )
        host: SimulatedProcess[HostParts] = world.add(
            "host", partial(list_processes.start_host, key=self.key, found=self.findings)
        )
        await world.until(world.all_serve, seconds=_CALM_SECONDS, what="up")
        await self.prepare(admin, host)
        world.set_faults(self.choose_faults())
        people = [self._person(admin, who) for who in (LI, CHEN)]
        if self.rule == "always":
            people.append(self._reviewer(admin))
        await asyncio.gather(*people)
        await asyncio.sleep(chance.random() * self.linger_seconds)
        world.end_faults()
        await self.settled(admin, host)
        await self.check(admin, host)

    async def prepare(
        self, admin: SimulatedProcess[AdminParts], host: SimulatedProcess[HostParts]
    ) -> None:
        """Do what comes before the faults."""

    def choose_faults(self) -> FaultPlan:
        return change_plan(self.world)

    async def _person(self, admin: SimulatedProcess[AdminParts], who: Identity) -> None:
        chance = self.world.chance
        for _ in range(chance.randint(*self.steps_of_a_person)):
            await asyncio.sleep(chance.random() * chance.choice(_PAUSES_SECONDS))
            pattern = chance.choice(PATTERNS)
            what = chance.choices(("put", "remove", "read", "revert", "rebase"), (9, 4, 4, 4, 1))[0]
            if what == "read":
                await self._read(admin, who, pattern)
            elif what == "rebase":
                await self._quietly(self.world.call(admin, who, lambda one: one.follower.rebase()))
            elif what == "revert":
                await self._revert(admin, who)
            else:
                await self._change(admin, who, what, pattern)

    async def _change(
        self, admin: SimulatedProcess[AdminParts], who: Identity, what: str, pattern: str
    ) -> None:
        """Put or remove an entry; sometimes once more where no answer came."""
        self._values += 1
        value = f"{who.name} {self._values}"
        for _ in range(self.world.chance.randint(1, 2)):
            called = self.world.loop.time()
            draft = _draft(who, what, pattern, value)
            work: Callable[[AdminParts], Awaitable[SubmissionResult]] = partial(
                change_steps.submitted, draft=draft
            )
            answer = await self._answer(self.world.call(admin, who, work))
            unknown = isinstance(answer, self.undecided)
            if isinstance(answer, FanzhaError) and not unknown:
                return
            record = None if unknown else answer.record
            if record is not None and record.state is ChangeState.PENDING:
                await self._decide(admin, record, pattern, Operation(
                    name=what, argument=value, called=called, who=who.name))  # fmt: skip
                return
            # What waits for a second person without anybody knowing has no effect; it may not wait.
            self._note(pattern, Operation(
                name=what, argument=value, result=record.id if record else None, called=called,
                returned=UNKNOWN if unknown else self.world.loop.time(), who=who.name,
            ))  # fmt: skip
            if not unknown:
                self._remember(record)
                if self.world.chance.random() < 0.5:
                    await self._read(admin, who, pattern)
                return

    async def _revert(self, admin: SimulatedProcess[AdminParts], who: Identity) -> None:
        """Revert a change that put an entry and was answered."""
        known = [
            (pattern, one)
            for pattern, several in self.history.items()
            for one in several
            if one.name == "put" and one.result and one.returned != UNKNOWN
        ]
        if not known:
            return
        pattern, put = self.world.chance.choice(known)
        called = self.world.loop.time()
        work = partial(change_steps.reverted, id_=put.result, by=who.name)
        answer = await self._answer(self.world.call(admin, who, work))
        operation = Operation(name="revert", argument=put.argument, called=called, who=who.name)
        if isinstance(answer, self.undecided):
            self._note(pattern, operation)
        elif isinstance(answer, SubmissionResult) and answer.record is not None:
            if answer.record.state is ChangeState.PENDING:
                await self._decide(admin, answer.record, pattern, operation)
                return
            self._note(pattern, _returned(operation, self.world.loop.time()))
            self._remember(answer.record)

    async def _decide(
        self,
        admin: SimulatedProcess[AdminParts],
        record: ChangeRequest,
        pattern: str,
        operation: Operation,
    ) -> None:
        """Have its author try to approve it, and a second person decide."""
        chance = self.world.chance
        if chance.random() < 0.3:
            author = LI if operation.who == LI.name else CHEN
            own = await self._answer(
                self.world.call(admin, author, partial(change_steps.approved, record.id))
            )
            if isinstance(own, ChangeRequest) or not isinstance(own, self.expected):
                raise Violation(f"{author.name} approved the own change {record.id}")
        await asyncio.sleep(chance.random())
        decision = change_steps.rejected if chance.random() < 0.2 else change_steps.approved
        applied: ChangeRequest | None = None
        for _ in range(3):
            answer = await self._answer(self.world.call(admin, WANG, partial(decision, record.id)))
            if isinstance(answer, ChangeRequest):
                if answer.nonce != record.nonce:
                    raise Violation(f"{record.subject} was decided on, and it was {answer.subject}")
                applied = answer
            if not isinstance(answer, Unavailable):
                break
        if decision is change_steps.rejected and not isinstance(answer, Unavailable):
            return
        # The draft may have been compared with the lists long before it is approved: its entries
        # are locked meanwhile, so the moment that counts may be any since.
        if applied is not None and applied.state is ChangeState.APPLIED:
            done = _returned(operation, self.world.loop.time())
            self._note(pattern, replace(done, result=applied.id))
            self._remember(applied)
        elif decision is change_steps.approved:
            self._note(pattern, operation)

    async def _reviewer(self, admin: SimulatedProcess[AdminParts]) -> None:
        """Reject or approve whatever waits, now and then, beside those who know of it."""
        await asyncio.sleep(self.world.chance.random() * 4)
        await self._quietly(self.world.call(admin, WANG, change_steps.pending))

    async def _read(self, admin: SimulatedProcess[AdminParts], who: Identity, pattern: str) -> None:
        called = self.world.loop.time()
        answer = await self._answer(self.world.call(admin, who, change_steps.newest))
        if isinstance(answer, Snapshot):
            self._note(pattern, Operation(
                name="read", result=value_of(answer, pattern), called=called,
                returned=self.world.loop.time(), who=who.name,
            ))  # fmt: skip

    async def settled(
        self, admin: SimulatedProcess[AdminParts], host: SimulatedProcess[HostParts]
    ) -> None:
        world = self.world
        await world.until(world.all_serve, seconds=_CALM_SECONDS, what="up again")
        await self._apply_again(admin)

        async def over() -> bool:
            parts, other = admin.parts, host.parts
            if parts is None or other is None:
                return False
            head = (await parts.store.head()).version
            if other.replica.current.version != head or parts.replica.current.version != head:
                return False
            ids = [
                id_
                for state in _OPEN_STATES
                for id_ in await parts.requests.ids_in_state(state, after_id=0, size=1000)
            ]
            open_ = await parts.requests.get_many(ids)
            return all(one.applying_after is None for one in open_)

        await world.until(over, seconds=_CALM_SECONDS, what="settled")

    async def _apply_again(self, admin: SimulatedProcess[AdminParts]) -> None:
        """Apply what was approved and whose commit came to nothing: its approver has to."""
        for id_ in await self.world.call(admin, WANG, change_steps.approved_ids):
            await self._quietly(self.world.call(admin, WANG, partial(change_steps.approved, id_)))

    async def check(
        self, admin: SimulatedProcess[AdminParts], host: SimulatedProcess[HostParts]
    ) -> None:
        parts, other = admin.parts, host.parts
        if parts is None or other is None:
            raise Violation("a process died without faults")
        versions = await list_processes.commits(parts)
        commits = [name for name, _ in versions]
        records = await list_processes.requests(parts)
        self.check_log(versions, records)
        self.check_entries(parts.replica.current, other.replica.current)
        self._check_audit(admin.folder, commits, records)
        report = await self.world.call(admin, BACKGROUND, list_processes.verified)
        if not report.good:
            raise Violation(f"the audit log: {report.problems[0].words}")
        if self.findings:
            raise Violation(f"the host refused a change: {self.findings[0]}")

    def check_log(self, versions: list[tuple[str, int]], records: list[ChangeRequest]) -> None:
        commits = [name for name, _ in versions]
        twice = [name for name, count in Counter(commits).items() if count > 1]
        if twice:
            raise Violation(f"applied twice: {twice}")
        if lost := self.answered - set(commits):
            raise Violation(f"answered, and not in the lists: {sorted(lost)}")
        by_commit = {one.commit: one for one in records}
        for commit, version in versions:
            record = by_commit.get(commit)
            if record is None or record.state not in (ChangeState.APPLIED, ChangeState.REVERTED):
                state = "missing" if record is None else record.state.name
                raise Violation(f"{commit} is in the lists, and its request is {state}")
            if record.applied_version != version:
                made = record.applied_version
                raise Violation(f"{commit} made version {version}, on record is {made}")
        for record in records:
            applied = record.state in (ChangeState.APPLIED, ChangeState.REVERTED)
            if applied and record.applied_version and record.commit not in commits:
                raise Violation(f"{record.subject} is applied, and not in the lists")

    def check_entries(self, admin: Snapshot, host: Snapshot) -> None:
        now = self.world.loop.time()
        for pattern, operations in self.history.items():
            ends = [
                Operation(name="read", result=value_of(one, pattern), called=now, returned=now,
                          who=name)
                for name, one in (("admin", admin), ("host", host))
            ]  # fmt: skip
            if not linearizable([*operations, *ends], ENTRY):
                lines = "\n  ".join(map(str, [*operations, *ends]))
                raise Violation(f"{pattern} is not linearizable:\n  {lines}")

    def _check_audit(self, folder: Path, commits: list[str], records: list[ChangeRequest]) -> None:
        events = list_processes.audited(list_processes.audit_folder(folder))
        applied = {one.subject for one in events if one.kind == AuditKind.CHANGE_APPLIED.value}
        approvals: dict[str, set[str]] = {}
        for one in events:
            if one.kind == AuditKind.REQUEST_APPROVED.value:
                approvals.setdefault(one.subject, set()).add(one.actor)
        for record in records:
            if record.commit not in commits:
                continue
            if record.subject not in applied:
                raise Violation(f"{record.subject} was applied without an audit record")
            others = approvals.get(record.subject, set()) - {record.author}
            needed = record.second_person is not None and record.second_person.needed
            if needed and not others:
                raise Violation(f"{record.subject} was applied without a second person")

    async def _answer(self, asking: Awaitable[Any]) -> Any:
        """Return an answer, or the error instead of it."""
        try:
            return await asking
        except FanzhaError as error:
            self.refused[type(error).__name__] += 1
            return error

    async def _quietly(self, asking: Awaitable[Any]) -> None:
        await self._answer(asking)

    def _note(self, pattern: str, operation: Operation) -> None:
        self.world.trace(f"{pattern}: {operation}")
        self.history[pattern].append(operation)

    def _remember(self, record: ChangeRequest | None) -> None:
        if record is not None and record.applied_version:
            self.answered.add(record.commit)


def change_plan(world: World) -> FaultPlan:
    """Choose what goes wrong."""
    chance = world.chance
    bad = chance.choice((0.0, 0.02, 0.08))
    return FaultPlan(
        network=NetworkFaults(
            lost_request=bad / 2,
            lost_answer=bad,
            silent=bad / 4,
            slow=bad / 4,
            split=bad,
        ),
        crash_rate=chance.choice((0.0, 0.0, 0.002, 0.01)),
        crash_after_write_rate=chance.choice((0.0, 0.03, 0.1)),
        lost_answer_rate=chance.choice((0.0, 0.1)),
        outage_rate=chance.choice((0.0, 0.1, 0.5)),
        clock_jump_rate=chance.choice((0.0, 0.1)),
    )


def _draft(who: Identity, what: str, pattern: str, value: str) -> Draft:
    entry = an_entry(pattern, reason=value)
    removed = [(entry.kind, entry.pattern, entry.action)] if what == "remove" else []
    return Draft(
        author=who.name,
        reason=value,
        additions=EntryTable.from_entries([entry] if what == "put" else []),
        removals=Identities.of(removed),
    )


def value_of(snapshot: Snapshot, pattern: str) -> str | None:
    """Return what is listed for a pattern; None where nothing is."""
    identity = Identities.of([(EntryKind.NUMBER, pattern, Action.BLOCK)])
    (row,) = rows_of(snapshot, identity).tolist()
    return None if row == NO_ENTRY else snapshot.entry(row).reason


def _returned(operation: Operation, at: float) -> Operation:
    return replace(operation, returned=at)
