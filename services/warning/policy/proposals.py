"""Changes of the warning policy: proposed by one person, approved by another, undone by a proposal.

A proposal holds the whole text it wants in force, over the version its author saw. One is open at a
time, as one change of the carrier policy is; it is never merged with what came meanwhile. To undo a
version is to propose an earlier one. The setting ``second_person`` says whether approval takes
another person.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from fanzha.errors import InvalidInput, NotAllowed, VersionConflict
from fanzha.translation.message import Message
from infra import text_limits
from infra.text_limits import CharacterSet, TextLimit
from services.audit.audited_actions import AuditedActions
from services.audit.events import Audit, AuditKind
from services.auth import identity
from services.carrier_policy.version import PolicyVersion
from services.warning.policy import comparison, in_force
from services.warning.policy.comparison import TierDifference
from services.warning.policy.in_force import WarningPolicyInForce, WarningPolicyState
from services.warning.policy.proposal_store import (
    ProposalState,
    WarningPolicyProposal,
    WarningPolicyProposalStore,
)

_REASON = TextLimit(max_characters=1000, characters=CharacterSet.ANY)
_MOST_DETAILS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningPolicyTerms:
    """What somebody wants in force, and why."""

    document: str = ""
    restores_version: int | None = None
    """An earlier version instead of a document; 0: the policy of the package."""
    reason: str = ""
    """Required unless it is a dry run."""
    by: str = ""
    expected_version: int | None = None
    """The version the author saw; None to accept any."""
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPolicy:
    """A proposed policy beside the one in force."""

    state: WarningPolicyState
    differences: Sequence[TierDifference]
    base_version: int
    proposal: WarningPolicyProposal | None = None
    """None for a dry run, and where nothing differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedProposal:
    """A proposal beside the policy in force."""

    proposal: WarningPolicyProposal
    differences: Sequence[TierDifference]
    """None once it is decided."""
    base_version: int
    """The version in force now."""


class WarningPolicyProposals:
    """Takes proposals, and lets another person decide them."""

    def __init__(
        self,
        policies: WarningPolicyInForce,
        store: WarningPolicyProposalStore,
        *,
        audit: Audit,
        now_ms: Callable[[], int],
        rule: identity.SecondPersonRule = "by_identity",
    ) -> None:
        self._policies = policies
        self._store = store
        self._trail = AuditedActions(audit, of="warning_policy")
        self._now_ms = now_ms
        self._rule = rule

    @property
    def second_person_needed(self) -> bool:
        """Whether who asks now may not approve a proposal of their own."""
        return identity.second_person_needed(self._rule)

    async def all(self) -> list[WarningPolicyProposal]:
        """Return the proposals, the newest first."""
        return await self._store.all()

    async def propose(self, terms: WarningPolicyTerms) -> ComparedPolicy:
        """Propose a policy, or only compare it with the one in force."""
        if not terms.dry_run:
            text_limits.required("reason", terms.reason, _REASON)
            self._check_not_pinned()
        _check_whole_scope()
        found, same = await self._compared(terms)
        if terms.dry_run or same:
            return found
        await self._check_none_open()
        author, wanted = identity.author(terms.by), found.state
        proposal = WarningPolicyProposal(
            number=await self._store.next_number(),
            nonce=uuid4().hex[:12],
            name=wanted.tiers.version,
            sha256=wanted.sha256,
            document=wanted.version.document,
            base_version=found.base_version,
            restores_version=terms.restores_version,
            differences=len(found.differences),
            reason=terms.reason.strip(),
            author=author,
            made_at_ms=self._now_ms(),
        )
        await self._recorded("propose", proposal, None, author, found.differences)
        return replace(found, proposal=proposal)

    async def _compared(self, terms: WarningPolicyTerms) -> tuple[ComparedPolicy, bool]:
        """Compare with the policy in force; return also whether the documents are the same."""
        now = await self._policies.current()
        base = now.version.version
        if terms.expected_version not in (None, base):
            raise VersionConflict.between(
                "expected_version",
                in_force.WARNING_POLICY.noun,
                expected=terms.expected_version,
                actual=base,
                advice=Message("propose the change again"),
            )
        wanted = await self._wanted(terms)
        found = ComparedPolicy(
            state=wanted,
            differences=comparison.differences(now.tiers, wanted.tiers),
            base_version=base,
        )
        return found, wanted.document == now.document

    async def get(self, number: int) -> ComparedProposal:
        """Return a proposal, and while it waits how it differs from the policy in force."""
        proposal = await self._store.get(number)
        now = await self._policies.current()
        found: Sequence[TierDifference] = ()
        if proposal.state is ProposalState.WAITING:
            version = PolicyVersion(document=proposal.document)
            wanted = await asyncio.to_thread(in_force.state_of, version)
            found = comparison.differences(now.tiers, wanted.tiers)
        return ComparedProposal(
            proposal=proposal, differences=found, base_version=now.version.version
        )

    async def approve(self, number: int, *, note: str, by: str) -> WarningPolicyProposal:
        """Put a proposal in force; raises `NotAllowed` for its author."""
        self._check_not_pinned()
        _check_whole_scope()
        before, who = await self._waiting(number), identity.author(by)
        if self.second_person_needed and identity.same_person(who, [before.author]):
            raise NotAllowed(
                "proposal {number} is of {by}: a second person has to approve it",
                number=number,
                by=who,
            )
        # It may have been committed although the store's answer did not arrive.
        version = await self._committed(before)
        if version is None:
            before, version = await self._commit(before, who)
        after = replace(
            self._decided(before, ProposalState.APPROVED, who, note), approving="", version=version
        )
        await self._store.replace(before, after)
        return after

    async def reject(self, number: int, *, note: str, by: str) -> WarningPolicyProposal:
        """Refuse a proposal, or withdraw one's own."""
        before, who = await self._waiting(number), identity.author(by)
        if await self._committed(before) is not None:
            raise InvalidInput("proposal {number} is in force: approve it again", number=number)
        after = self._decided(before, ProposalState.REJECTED, who, note)
        await self._recorded("reject", after, before, who, ())
        return after

    async def _committed(self, proposal: WarningPolicyProposal) -> int | None:
        """Return the version that a proposal made; None where it made none."""
        if not proposal.approving:
            return None
        log = self._policies.log
        return await log.version_of(proposal.commit, after=proposal.base_version)

    async def _commit(
        self, before: WarningPolicyProposal, who: str
    ) -> tuple[WarningPolicyProposal, int]:
        """Mark and commit a proposal; return its stored form, and the version."""
        # This release may refuse what that of the author took.
        found = await self.get(before.number)
        marked = replace(before, approving=who)
        await self._recorded("approve", marked, before, who, found.differences)
        policy = PolicyVersion(
            document=before.document,
            author=before.author,
            approved_by=who,
            reason=before.reason,
            change_id=before.number,
            commit=before.commit,
            committed_at_ms=self._now_ms(),
        )
        try:
            version = await self._policies.log.commit(policy, expected_version=before.base_version)
        except VersionConflict as error:
            await self._store.replace(marked, before)
            raise VersionConflict.between(
                "base_version",
                in_force.WARNING_POLICY.noun,
                expected=before.base_version,
                actual=error.actual or 0,
                advice=Message(
                    "reject proposal {number} and propose it again", number=before.number
                ),
            ) from error
        return marked, version

    async def _wanted(self, terms: WarningPolicyTerms) -> WarningPolicyState:
        if terms.restores_version is not None:
            return await self._policies.get(terms.restores_version)
        if not terms.document.strip():
            raise InvalidInput("document: required")
        document = terms.document.replace("\r\n", "\n")
        return await asyncio.to_thread(in_force.state_of, PolicyVersion(document=document))

    def _check_not_pinned(self) -> None:
        if self._policies.pinned:
            raise InvalidInput(
                "warning_policy_file is set: the warning policy is changed in that file; "
                "without the setting it is changed here"
            )

    async def _check_none_open(self) -> None:
        for other in await self._store.all():
            if other.state is ProposalState.WAITING:
                raise VersionConflict(
                    "proposal {number} of a warning policy is open; approve or reject it first",
                    number=other.number,
                )

    async def _waiting(self, number: int) -> WarningPolicyProposal:
        found = await self._store.get(number)
        if found.state is not ProposalState.WAITING:
            raise InvalidInput(
                "proposal {number} is {state} already", number=number, state=found.state
            )
        return found

    def _decided(
        self, before: WarningPolicyProposal, state: ProposalState, by: str, note: str
    ) -> WarningPolicyProposal:
        return replace(
            before,
            document="",
            state=state,
            decided_by=by,
            decided_at_ms=self._now_ms(),
            note=text_limits.optional("note", note, _REASON),
        )

    async def _recorded(
        self,
        what: str,
        after: WarningPolicyProposal,
        before: WarningPolicyProposal | None,
        by: str,
        found: Sequence[TierDifference],
    ) -> None:
        shown = [one.part for one in found[:_MOST_DETAILS]]
        more = len(found) - len(shown)
        details = {
            "what": what,
            "proposal": str(after.number),
            "policy": after.name,
            "policy_sha256": after.sha256,
            "over_version": str(after.base_version),
            "author": after.author,
            "reason": after.reason,
            "policy_parts": "; ".join([*shown, *([f"{more} more"] if more else [])]),
        }
        await self._trail.around(
            AuditKind.WARNING_POLICY_CHANGED,
            after.number,
            by,
            details,
            self._store.replace(before, after),
        )


def _check_whole_scope() -> None:
    who = identity.current()
    if who.sources or who.regions or who.carrier:
        raise NotAllowed(
            "{name} is limited to some sources, regions or a carrier, and the warning policy is "
            "that of all",
            name=who.name,
        )
