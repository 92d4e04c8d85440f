"""Steps of a load test and their results: values that cross processes."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks.load.arrivals import Arrivals
from benchmarks.load.connection import OK
from benchmarks.load.histogram import Histogram
from benchmarks.stall_detector import MachineStalls

Through = Literal["grpc", "client"]


_IN_FLIGHT = ((1, 16), (256, 8), (1024, 4))
_FEWEST_IN_FLIGHT = 2


def in_flight(rows: int) -> int:
    """Return how many requests of *rows* a closed loop keeps on each of its four connections.

    So many that the server always has some, while others are on their way: with eight in all it
    stood idle for a third of the time with 16 rows. Fewer than its line takes, which is 64.
    """
    return next((most for size, most in _IN_FLIGHT if rows <= size), _FEWEST_IN_FLIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What every step of a test has in common."""

    target: str
    mix: dict[str, float]
    """Shares of rows by channel."""
    file: Path | None = None
    """Traffic instead of seeded scenarios; the mix names its only channel."""
    rows: int = 1
    """Rows a request; 1: the unary methods."""
    through: Through = "grpc"
    """Prepared requests, or the client that integrators import."""
    listed: int = 0
    """Listed numbers, of which some call."""
    fraud_share: float | None = None
    """Of rows as subscribers make them (`benchmarks.load.subscribers`); None: seeded scenarios."""
    token: str = ""
    """Shown with each request; empty: no login."""
    seed: int
    timeout: float = 1.0
    """Seconds until a request is given up."""
    connections: int = 4
    """Of each generator."""
    renew_seconds: float = 0.0
    """After so long, or when it is lost, another takes a connection's place; 0: never."""
    generators: int = 1
    cores: tuple[int, ...] = ()
    """That generators run on; none: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stretch of load."""

    seconds: float
    rate: float = 0.0
    """Rows a second, open loop; 0: closed loop."""
    in_flight: int = 16
    """Requests under way on each connection, closed loop."""
    arrivals: Arrivals = "even"
    start: float = 0.0
    """On the monotonic clock, which processes of a machine share."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A generator failed."""

    why: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """Result of a step, of one generator or of all."""

    rows: int
    """Rows a request."""
    seconds: float = 0.0
    """From the start to the last answer, or to the end of the step when that is later."""
    statuses: "Counter[str]" = field(default_factory=Counter)
    """Requests by gRPC status."""
    latencies: Histogram = field(default_factory=Histogram)
    """Of answered requests, from when they were due."""
    lags: Histogram = field(default_factory=Histogram)
    """How late the generator was; a part of the latencies."""
    generator_cpu: float = 0.0
    """Seconds of processor time."""
    busiest_generator: float = 0.0
    """Cores that the busiest generator used: near 1 the generator is the bottleneck."""
    server_cpu: float = 0.0
    stood_still: MachineStalls = field(default_factory=MachineStalls)
    """What the machine itself did meanwhile."""

    def add(self, other: "Outcome") -> None:
        """Count in what another generator did at the same time."""
        self.seconds = max(self.seconds, other.seconds)
        self.statuses += other.statuses
        self.latencies.add(other.latencies)
        self.lags.add(other.lags)
        self.generator_cpu += other.generator_cpu
        self.busiest_generator = max(self.busiest_generator, other.busiest_generator)

    @property
    def answered(self) -> int:
        """Requests that were decided in time."""
        return self.statuses[OK]

    @property
    def offered(self) -> int:
        """All requests."""
        return self.statuses.total()

    @property
    def per_second(self) -> float:
        """Rows decided a second."""
        return self.answered * self.rows / self.seconds if self.seconds else 0.0

    @property
    def per_cpu_second(self) -> float:
        """Rows decided for a second of the server's processor time; 0 when that is not known."""
        return self.answered * self.rows / self.server_cpu if self.server_cpu else 0.0

    @property
    def failed_share(self) -> float:
        """Of all requests, those without a decision."""
        return 1 - self.answered / self.offered if self.offered else 0.0

    def words(self) -> dict[str, Any]:
        """Write everything, for JSON."""
        return self.figures() | {"latency_curve_ms": self.latencies.curve()}

    def figures(self) -> dict[str, Any]:
        """Write all but the curve of latencies, for runs of which there are many."""
        seconds = self.seconds or 1.0
        return {
            "rows_per_second": round(self.per_second, 1),
            "requests_per_second": round(self.answered / seconds, 1),
            "seconds": round(self.seconds, 3),
            "statuses": dict(self.statuses),
            "failed_share": round(self.failed_share, 6),
            **self.latencies.words(),
            "generator_lag_p99_ms": self.lags.words()["p99_ms"],
            "server_cores": round(self.server_cpu / seconds, 3),
            "generator_cores": round(self.generator_cpu / seconds, 3),
            "busiest_generator_cores": round(self.busiest_generator, 3),
            "machine_stood_still": self.stood_still.words(),
        }
