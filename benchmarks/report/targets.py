"""Targets, and whether measurements reach them."""

from dataclasses import dataclass

PER_SECOND = {
    ("call", 1): 12_000,
    ("call", 16): 120_000,
    ("call", 256): 500_000,
    ("call", 1024): 800_000,
    ("text", 1): 10_000,
    ("text", 256): 90_000,
    ("link", 1): 11_000,
    ("link", 256): 120_000,
}
"""Decisions a second by channel and batch size: one worker, a C generator on another core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One target."""

    name: str
    target: float
    most: bool = False
    """Whether it is the most allowed; else it is the least."""
    unit: str = ""

    def reached(self, measured: float) -> bool:
        """Whether *measured* is good enough."""
        return measured <= self.target if self.most else measured >= self.target

    def verdict(self, measured: float) -> str:
        """Return the verdict in a word."""
        return "reached" if self.reached(measured) else "**missed**"

    def words(self) -> str:
        """Write the target."""
        unit = f" {self.unit}" if self.unit else ""
        return f"{'≤' if self.most else '≥'} {self.target:,.10g}{unit}"


TWO_WORKERS = Target(
    name="two workers by one, for the same processor time of each", target=1.9, unit="times"
)
LIST_SIZES = Target(name="slowest by fastest list size", target=1.3, most=True, unit="times")
NUMBER_BYTES = Target(name="resident of a listed number", target=24, most=True, unit="bytes")
HOST_BYTES = Target(name="resident of a listed host", target=40, most=True, unit="bytes")
START = Target(name="start from the local file", target=1, most=True, unit="s")
IMPORT = Target(name="import of ten million", target=150, most=True, unit="s")
PROPAGATION = Target(name="a change seen by every worker, p99", target=1000, most=True, unit="ms")
BUMP = Target(name="p99 while lists change, by p99 without", target=2, most=True, unit="times")
CLIENT_RATE = Target(name="single decisions through the client", target=40_000, unit="/s")
CLIENT_P99 = Target(name="their p99", target=8, most=True, unit="ms")
HALF_LOAD_P99 = Target(
    name="p99 of a request in the server at half load", target=2, most=True, unit="ms"
)
GOODPUT = Target(name="goodput at three times the capacity, by the peak", target=0.9)
WHOLE_MEMORY = Target(name="memory of the whole service", target=600, most=True, unit="MiB")
WORKER_MEMORY = Target(name="memory of a further worker", target=150, most=True, unit="MiB")
START_FROM_FILES = Target(name="start to SERVING from files", target=1, most=True, unit="s")
HELP = Target(name="fanzha --help", target=0.4, most=True, unit="s")
DAY = Target(
    name="a day of four billion decisions, 16 rows a request", target=24, most=True,
    unit="core-hours",
)  # fmt: skip
