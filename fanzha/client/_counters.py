"""What a client has seen so far."""

from collections import Counter
from dataclasses import dataclass, field, replace


@dataclass(slots=True, kw_only=True)
class Counters:
    """Counts since the client was made."""

    decided: int = 0
    """Rows whose decision by a server came in time."""
    blocked: int = 0
    """Of those, rows to block."""
    failed: int = 0
    """Rows without an answer: allowed, or raised as `RequestFailed`."""
    failed_by_status: "Counter[str]" = field(default_factory=Counter)
    """The same by gRPC status, such as ``DEADLINE_EXCEEDED``."""
    requests: int = 0
    """RPCs, repeated ones too."""
    retries: int = 0
    """RPCs that repeated another."""

    def count_decided(self, rows: int, blocked: int) -> None:
        """Count decisions in that a caller got."""
        self.decided += rows
        self.blocked += blocked

    def count_failed(self, status: str, rows: int = 1) -> None:
        """Count rows without an answer in."""
        self.failed += rows
        self.failed_by_status[status] += rows

    def copy(self) -> "Counters":
        """Return counts that change no more."""
        return replace(self, failed_by_status=Counter(self.failed_by_status))
