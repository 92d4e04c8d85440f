"""How a client behaves."""

from dataclasses import dataclass

MAX_ROWS = 4096
"""Rows that a server takes in one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All times in seconds."""

    timeout: float = 0.05
    """For a decision; what a call of a method says instead wins."""
    linger: float = 0.001
    """How long a single decision waits for company while others are under way; the first
    one waits for nobody."""
    max_batch: int = 128
    """Single decisions that travel together at most."""
    connections: int = 4
    """For each target: a server spreads connections, not requests, over its workers."""
    max_in_flight: int = 2
    """Batches under way at one target; what comes meanwhile makes the next batch larger. A few
    more keep a server busy that has many workers, or is far away; too many make all late."""
    max_waiting: int = 8192
    """Single decisions of one channel that may wait here; more fail at once."""
    fail_open: bool = True
    """Whether no answer means "let it through"; otherwise `RequestFailed` is raised."""

    def __post_init__(self) -> None:
        if self.timeout <= 0 or self.linger < 0:
            raise ValueError("timeout must be above 0, and linger not below it")
        if not 1 <= self.max_batch <= MAX_ROWS:
            raise ValueError(f"max_batch must be from 1 to {MAX_ROWS}")
        if min(self.connections, self.max_in_flight, self.max_waiting) < 1:
            raise ValueError("connections, max_in_flight and max_waiting must be 1 or more")


def targets_of(targets: str) -> tuple[str, ...]:
    """Split ``host:port,host:port``."""
    found = tuple(target.strip() for target in targets.split(",") if target.strip())
    if not found:
        raise ValueError("no target; one looks like 127.0.0.1:7361")
    return found
