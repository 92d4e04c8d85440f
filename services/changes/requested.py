"""What callers of list administration are told of the change request they made."""

from services.changes.change_context import SubmissionResult
from services.changes.model import ChangeState
from services.changes.report import Requested


def requested(done: SubmissionResult) -> Requested | None:
    """Return the request that was made; None for a trial, and when nothing would change."""
    record = done.record
    if record is None:
        return None
    second = record.second_person
    waits = record.state is ChangeState.PENDING and second is not None
    return Requested(
        change_id=record.id,
        state=record.state,
        waits_because=second.reasons if waits and second else (),
    )
