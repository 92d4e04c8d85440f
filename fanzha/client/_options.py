"""Options of a client."""

from dataclasses import dataclass

MAX_ROWS = 4096
"""Rows that a server takes in one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All times in seconds."""

    timeout: float = 0.05
    """For a decision; the *timeout* of a method overrides it."""
    linger: float = 0.001
    """How long a single decision may wait to share a request while others are in flight; the
    first is sent at once."""
    max_batch: int = 128
    """Most single decisions in one request."""
    connections: int = 4
    """For each target: a server spreads connections, not requests, over its workers."""
    max_in_flight: int = 2
    """Batches in flight per target; decisions that arrive meanwhile make the next batch larger.
    Raise it for a server with many workers or a long round trip; too many delay all."""
    max_waiting: int = 8192
    """Single decisions of one channel that may wait here; more fail at once."""
    with_protocol_answer: bool = False
    """Whether answers carry the decision in SIP, SMPP, DNS and HTTP, too; slower, and larger."""
    dry_run: bool = False
    """Whether to decide without recording, to try traffic on a live service: answers have no id."""
    fail_open: bool = True
    """Whether no answer means "let it through"; otherwise `RequestFailed` is raised."""
    request_ids: bool = False
    """Whether rows without a ``request_id`` get one, so that the client's own retry of a request
    is not counted as another attempt. Costs a server more than a call without it does."""

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
