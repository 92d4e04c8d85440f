"""Why a request for decisions was shed, as far as a worker knows.

Requests beyond the queue of gRPC's core end as CANCELLED before Python sees them (ADR 14): only
clients can count those.
"""

from enum import StrEnum


class ShedReason(StrEnum):
    """A reason, as metrics name it."""

    WAIT = "wait"
    """It would have waited beyond its deadline, or beyond `max_wait_ms`."""
    SHARE = "share"
    """The queue was full, and its client had its share of it."""
    LATE = "late"
    """Its deadline had passed when it was accepted."""
    LATE_WHEN_READ = "late_when_read"
    """Its deadline had passed when it was read."""
    LATE_WHEN_GATHERED = "late_when_gathered"
    """Its deadline passed while it waited for its batch; the others were decided without it."""
    LATE_BETWEEN_STAGES = "late_between_stages"
    """Its deadline, and that of all of its batch, passed between two stages."""
    GONE = "gone"
    """The caller hung up, or its deadline passed, while it waited."""
