"""Proposes changes of the carrier policy, and undoes them.

A request holds the whole document it wants in force, over the version its author saw. Only one such
request is open at a time: the policy is locked as an entry is.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from blocklists.entry_table import EntryTable, Identities
from blocklists.row_validation import ENTRY_TEXT
from fanzha.errors import InvalidInput, NotFound, VersionConflict
from fanzha.translation.message import Message
from infra import text_limits
from services.audit.events import AuditKind
from services.auth import identity
from services.auth.identity import Identity
from services.carrier_policy.comparison import differences
from services.carrier_policy.document import canonical, checked, with_settings
from services.carrier_policy.undo import undone
from services.carrier_policy.version import PolicyVersion
from services.changes import audit_details, permissions, second_person, store
from services.changes.application import ChangeApplication
from services.changes.change_context import ChangeContents, ChangeContext
from services.changes.model import (
    OPEN,
    ChangeKind,
    ChangeRequest,
    ChangeState,
    Draft,
    ProposedPolicy,
    SecondPerson,
)
from services.changes.policy import impact
from services.changes.policy.application import PolicyApplication
from services.changes.store import ChangeTransition, LocksChanged
from services.changes.submission import ChangeSubmission
from services.decision.carriers.policy import CarrierPolicies
from services.decision.carriers.policy_document import NO_POLICIES

logger = logging.getLogger(__name__)

_ATTEMPTS = 5
_MOST_EXAMPLES = 10
_NO_ROWS = ChangeContents(additions=EntryTable.from_entries(()), removals=Identities.of([]))


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTerms:
    """Who changes the policy, why, and on what condition."""

    author: str = ""
    """As given by the caller; the recorded name is `services.auth.identity.author`'s."""
    reason: str = ""
    """Required unless it is a dry run."""
    expected_version: int | None = None
    """The version of the policy the author saw; None to accept any."""
    confirmed_risks: tuple[str, ...] = ()
    hold: bool = False
    """Do not apply it, even where one person may."""
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyContents:
    """The policy to put in force: one of three, a whole document if nothing else."""

    document: str = ""
    assignments: Sequence[str] = ()
    """Single settings, see `services.carrier_policy.document.with_settings`."""
    restores_version: int | None = None
    """An earlier version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProposal:
    """A proposed policy: its request, if one was created, and what it changes."""

    record: ChangeRequest | None
    """None for a dry run, and for a proposal that is in force already."""
    policy: ProposedPolicy
    second_person: SecondPerson
    document: str
    version: int
    """Version of the policy after this step."""
    left_alone: Sequence[str] = ()
    """Settings of a change to be undone that others have changed since."""


class PolicyRequests:
    """Creates requests of kind POLICY. The caller holds `ChangeContext.step_lock`."""

    def __init__(
        self,
        context: ChangeContext,
        application: ChangeApplication,
        submission: ChangeSubmission,
    ) -> None:
        self._context = context
        self._application = application
        self._submission = submission
        self._policies = PolicyApplication(context)

    async def propose(self, contents: PolicyContents, terms: PolicyTerms) -> PolicyProposal:
        """Propose a policy, and apply it where one person may."""
        if contents.restores_version is not None:
            earlier = await self._policies.log.get(contents.restores_version)
            return await self._propose(lambda _: canonical(earlier.document), terms)
        if contents.assignments:
            return await self._propose(
                lambda in_force: with_settings(in_force, contents.assignments), terms
            )
        return await self._propose(lambda _: canonical(contents.document), terms)

    async def revert(self, record: ChangeRequest, terms: PolicyTerms) -> PolicyProposal:
        """Propose the policy in force without what an applied request changed."""
        log, version = self._policies.log, record.applied_version
        before, after = await log.get(version - 1), await log.get(version)
        if after.change_id != record.id:
            raise NotFound(
                "policy version {version} is no longer that of change {id}",
                version=version,
                id=record.id,
            )
        head = await log.head()
        texts = before.document, after.document, head.document
        found = await asyncio.to_thread(undone, *texts)
        if found.document == head.document:
            raise _nothing_left(record.id, found.left_alone)
        return await self._propose(
            lambda _: found.document,
            replace(terms, expected_version=head.version),
            reverts=record.id,
            left_alone=found.left_alone,
        )

    async def _propose(
        self,
        change: Callable[[str], str],
        terms: PolicyTerms,
        *,
        reverts: int = 0,
        left_alone: Sequence[str] = (),
    ) -> PolicyProposal:
        if not terms.dry_run:
            text_limits.required("reason", terms.reason, ENTRY_TEXT)
        permissions.check_may_propose(ChangeKind.POLICY)
        head = await self._policies.log.head()
        _check_expected(terms, head)
        document = await asyncio.to_thread(change, head.document)
        found = await asyncio.to_thread(self._compared, head, document, identity.current())
        found = replace(found, left_alone=left_alone)
        if terms.dry_run or document == head.document:
            return found
        record = self._record(found, terms, await self._context.requests.new_id(), reverts)
        examples = tuple(left_alone[:_MOST_EXAMPLES])
        record = replace(record, left_alone=len(left_alone), left_alone_examples=examples)
        fields = {store.POLICY: document.encode()}
        if record.state is ChangeState.PENDING or terms.hold:
            return replace(found, record=await self._store(record, fields))
        record = second_person.confirm_risks(record, terms.confirmed_risks)
        done = await self._store_and_apply(record, fields)
        return replace(found, record=done, version=done.applied_version)

    def _compared(self, head: PolicyVersion, document: str, who: Identity) -> PolicyProposal:
        """Compare and replay; blocks for as long as the replay takes."""
        context, before, after = self._context, _in_force(head), checked(document)
        found = tuple(differences(before, after))
        options, now_ms = context.options, context.now_ms()
        policy = ProposedPolicy(
            sha256=hashlib.sha256(document.encode()).hexdigest(),
            differences=found,
            impact=impact.estimate(
                context.policy_impact, before, after, hours=options.impact_hours, now_ms=now_ms
            )
            if found
            else None,
        )
        return PolicyProposal(
            record=None,
            policy=policy,
            second_person=second_person.evaluate_policy(
                policy, rule=options.second_person, identity=who
            ),
            document=document,
            version=head.version,
        )

    def _record(
        self, found: PolicyProposal, terms: PolicyTerms, id_: int, reverts: int
    ) -> ChangeRequest:
        draft = Draft(
            kind=ChangeKind.POLICY,
            author=terms.author,
            reason=terms.reason,
            additions=_NO_ROWS.additions,
            removals=_NO_ROWS.removals,
            reverts=reverts,
        )
        waits = found.second_person.needed
        record = replace(
            self._submission.new_record(draft, id_, found.version),
            state=ChangeState.PENDING if waits else ChangeState.APPROVED,
            policy=found.policy,
            second_person=found.second_person,
            one_person=not waits,
        )
        return record.with_event(self._submission.event(record.author, "submitted"))

    async def _store(self, record: ChangeRequest, fields: dict[str, bytes]) -> ChangeRequest:
        """Store a request that waits, unless another one is open."""
        context = self._context
        step = ChangeTransition(before=None, after=record, fields=fields)
        for _ in range(_ATTEMPTS):
            locks = await self._check_none_open(record)
            try:
                await context.transition(
                    [step],
                    AuditKind.REQUEST_SUBMITTED,
                    audit_details.details_of(record),
                    expected_locks=locks,
                    actor=record.author,
                )
            except LocksChanged:
                continue
            return replace(record, revision=1)
        raise self._locks_changed(record)

    async def _store_and_apply(
        self, record: ChangeRequest, fields: dict[str, bytes]
    ) -> ChangeRequest:
        await self._context.audit.record(
            AuditKind.REQUEST_SUBMITTED,
            subject=record.subject,
            details=audit_details.details_of(record),
            actor=record.author,
        )
        for _ in range(_ATTEMPTS):
            locks = await self._check_none_open(record)
            try:
                return await self._application.apply(
                    record, _NO_ROWS, by=record.author, fields=fields, expected_locks=locks
                )
            except LocksChanged:
                continue
        raise self._locks_changed(record)

    async def _check_none_open(self, record: ChangeRequest) -> int:
        """Return the lock counter while no other request of the policy is open."""
        locks, ids = await self._context.requests.read_locks()
        for other in await self._context.requests.get_many(ids):
            if other.kind is ChangeKind.POLICY and other.state in OPEN:
                error = VersionConflict(
                    "change {id} of the carrier policy is open; approve or reject it first",
                    id=other.id,
                )
                await self._context.record_failure(
                    record.subject, "lock the carrier policy", error, actor=record.author
                )
                raise error
        return locks

    def _locks_changed(self, record: ChangeRequest) -> VersionConflict:
        return VersionConflict(
            "change {id}: other requests changed the locks {attempts} times; retry",
            id=record.id,
            attempts=_ATTEMPTS,
        )


def _check_expected(terms: PolicyTerms, head: PolicyVersion) -> None:
    if terms.expected_version not in (None, head.version):
        raise VersionConflict.between(
            "expected_version",
            Message("the carrier policy is"),
            expected=terms.expected_version,
            actual=head.version,
        )


def _in_force(head: PolicyVersion) -> CarrierPolicies:
    """Return the policies of the newest version; none where workers refuse it, too."""
    try:
        return checked(head.document)
    except InvalidInput as error:
        logger.warning("carrier policy version %d cannot be read: %s", head.version, error)
        return NO_POLICIES


def _nothing_left(change_id: int, left_alone: Sequence[str]) -> InvalidInput:
    if not left_alone:
        return InvalidInput("change {id}: nothing left to revert", id=change_id)
    return InvalidInput(
        "change {id}: nothing left to revert; changed since: {settings}",
        id=change_id,
        settings=", ".join(left_alone),
    )
