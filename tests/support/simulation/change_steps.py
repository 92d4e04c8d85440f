"""What people ask of list administration, each one call."""

from typing import Any

from blocklists.snapshot.snapshot import Snapshot
from services.changes.change_context import SubmissionResult
from services.changes.model import ChangeRequest, ChangeState, Draft
from tests.support.simulation.list_processes import AdminParts


async def submitted(parts: AdminParts, *, draft: Draft) -> SubmissionResult:
    """Propose a change, and apply it where that needs nobody else."""
    return await parts.changes.submit_and_apply(draft)


async def reverted(parts: AdminParts, *, id_: int, by: str) -> Any:
    """Propose to undo a change."""
    return await parts.changes.revert(id_, by=by, reason="it was wrong")


async def approved(id_: int, parts: AdminParts) -> ChangeRequest:
    """Approve a request; apply it where an earlier try approved it only."""
    record = await parts.requests.get(id_)
    if record.state is ChangeState.APPROVED:
        return await parts.changes.apply(id_)
    if record.state in (ChangeState.APPLIED, ChangeState.REVERTED):
        return record
    return await parts.changes.approve(id_)


async def rejected(id_: int, parts: AdminParts) -> ChangeRequest:
    """Reject a request."""
    return await parts.changes.reject(id_, reason="not enough evidence")


async def pending(parts: AdminParts) -> list[int]:
    """Return the requests that wait for a second person."""
    return await parts.requests.ids_in_state(ChangeState.PENDING, after_id=0, size=100)


async def approved_ids(parts: AdminParts) -> list[int]:
    """Return the requests that were approved and are not applied."""
    return await parts.requests.ids_in_state(ChangeState.APPROVED, after_id=0, size=100)


async def newest(parts: AdminParts) -> Snapshot:
    """Return the lists as they are in the store."""
    return await parts.current.caught_up()
