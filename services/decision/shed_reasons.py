"""Why a request for decisions was not decided, as far as a worker knows.

What gRPC's core cuts off the line ends as CANCELLED before Python hears of it (ADR 14): only
clients can count that.
"""

from enum import StrEnum


class ShedReason(StrEnum):
    """A reason, as metrics name it."""

    WAIT = "wait"
    """It would have waited longer than it can, or than anybody may."""
    LATE = "late"
    """Its deadline had passed when it was accepted."""
    LATE_WHEN_READ = "late_when_read"
    """Its deadline had passed when it was read."""
    LATE_WHEN_GATHERED = "late_when_gathered"
    """Its deadline passed while it was gathered with others, which were decided without it."""
    LATE_BETWEEN_STAGES = "late_between_stages"
    """Its deadline, and that of all decided with it, passed between two stages of deciding."""
    GONE = "gone"
    """Whoever asked had gone before it was decided: hung up, or out of time while it waited."""
