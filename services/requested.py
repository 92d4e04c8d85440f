"""What callers of list administration are told of the change request they made."""

from services.changes.parts import Outcome
from services.changes.records import State
from services.list_changes import Requested


def requested(done: Outcome) -> Requested | None:
    """Return the request that was made; None for a trial, and when nothing would change."""
    record = done.record
    if record is None:
        return None
    second = record.second_person
    waits = record.state is State.PENDING and second is not None
    return Requested(
        change_id=record.id,
        state=record.state,
        waits_because=second.reasons if waits and second else (),
    )
