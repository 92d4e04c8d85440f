"""Applies a request of kind POLICY: commits its document over the version it was made for.

The steps are those of `services.changes.application`: audit record, mark, commit, APPLIED. A policy
that has changed since the request was made is never merged; the request is proposed again.
"""

import asyncio
from dataclasses import replace

from fanzha.errors import InvalidInput, Unavailable, VersionConflict
from fanzha.translation.message import Message
from services.auth import identity
from services.carrier_policy.document import checked
from services.carrier_policy.policy_log import PolicyLog
from services.carrier_policy.version import PolicyVersion
from services.changes import audit_details, store
from services.changes.change_context import ChangeContext
from services.changes.model import ChangeRequest, ChangeState
from services.changes.store import ChangeTransition


class PolicyApplication:
    """Commits policies. The caller holds `ChangeContext.step_lock`."""

    def __init__(self, context: ChangeContext) -> None:
        self._context = context

    @property
    def log(self) -> PolicyLog:
        """The log of policies; `InvalidInput` where the policy cannot be changed."""
        if self._context.policies is None:
            raise InvalidInput("this process has no log of carrier policies")
        return self._context.policies

    async def version_of(self, record: ChangeRequest) -> int | None:
        """Return the version that a marked request committed; None when it committed none."""
        if record.applying_after is None:
            return None
        return await self.log.version_of(record.commit, after=record.applying_after)

    async def checked_document(
        self, record: ChangeRequest, fields: dict[str, bytes], expected_version: int | None
    ) -> str:
        """Return the document of *record*, which is in *fields* if the request is new.

        Raises where it can no longer be read, and `VersionConflict` when the policy is no longer at
        the version that the request was made for.
        """
        document = await self._document(record, fields)
        # This release may refuse what that of the author took.
        await asyncio.to_thread(checked, document)
        await self._check_version(record, expected_version)
        return document

    async def commit(
        self,
        record: ChangeRequest,
        document: str,
        *,
        stored: ChangeRequest | None,
        fields: dict[str, bytes],
        expected_locks: int | None = None,
    ) -> tuple[ChangeRequest, int]:
        """Mark and commit *record*; return its stored form, and the version of the policy.

        *stored* is None for a new request. Raises `VersionConflict` when another version was
        committed meanwhile, and `services.changes.store.LocksChanged` when another request opened
        or closed.
        """
        marked = await self._mark(record, stored, fields, expected_locks)
        policy = PolicyVersion(
            document=document,
            author=record.author,
            approved_by=record.approved_by,
            reason=record.reason,
            change_id=record.id,
            commit=record.commit,
            committed_at_ms=self._context.now_ms(),
        )
        try:
            version = await self.log.commit(policy, expected_version=record.base_version)
        except Unavailable as error:
            raise Unavailable(
                "change {id}: the outcome of its commit is unknown: {error}; "
                "`fanzha changes show {id}` shows it within a minute",
                id=record.id,
                error=error,
            ) from error
        return marked, version

    async def _document(self, record: ChangeRequest, fields: dict[str, bytes]) -> str:
        if store.POLICY in fields:
            return fields[store.POLICY].decode()
        return await self._context.requests.policy_document(record)

    async def _check_version(self, record: ChangeRequest, expected_version: int | None) -> None:
        head = await self.log.head()
        for expected in (expected_version, record.base_version):
            if expected not in (None, head.version):
                raise VersionConflict.between(
                    "expected_version",
                    Message("the carrier policy is"),
                    expected=expected,
                    actual=head.version,
                    advice=Message("reject change {id} and propose it again", id=record.id),
                )

    async def _mark(
        self,
        record: ChangeRequest,
        stored: ChangeRequest | None,
        fields: dict[str, bytes],
        expected_locks: int | None,
    ) -> ChangeRequest:
        """Store *record* as being applied over its base version; return its stored form."""
        context = self._context
        marked = replace(record, state=ChangeState.APPROVED, applying_after=record.base_version)
        # The commit waits for fsync; on one node that covers earlier writes, too.
        await context.requests.transition(
            [ChangeTransition(before=stored, after=marked, fields=fields)],
            expected_locks=expected_locks,
            synced=not context.requests.single_node,
        )
        return replace(marked, revision=(stored.revision if stored else 0) + 1)


def application_details(record: ChangeRequest) -> dict[str, str]:
    """Return the audit details of applying a request of kind POLICY."""
    return audit_details.details_of(record) | {
        "over_version": str(record.base_version),
        "author": record.author,
        "approved_by": record.approved_by,
        "one_person": str(record.one_person).lower(),
        "development": str(identity.current().development).lower(),
    }
