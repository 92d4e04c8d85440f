"""What became of each fault, and the table of all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.fleet.gateway import LoadHeld
from benchmarks.fleet.plan import PlannedFault

HEADER = ("fault", "load held", "failed", "p99", "acknowledged", "lost", "healed in")
_RIGHT_FROM = 1


@dataclass(kw_only=True)
class FaultResult:
    """What was seen of one fault."""

    planned: PlannedFault
    what: str = ""
    load: LoadHeld | None = None
    acknowledged: int = 0
    """Writes that were acknowledged from the fault until all was as before."""
    refused: int = 0
    """Requests of people that failed meanwhile."""
    lost: list[str] = field(default_factory=list)
    healed_seconds: float | None = None
    waited: dict[str, float] = field(default_factory=dict)
    """What was missing while it healed, and for how many seconds."""
    skipped: str = ""
    """Why the fault could not be had on this machine."""
    broken: list[str] = field(default_factory=list)
    """Expectations that do not hold."""

    def row(self) -> tuple[str, ...]:
        """Return what the table shows of it."""
        if self.skipped or self.load is None:
            return (self.planned.name, "skipped", *[""] * (len(HEADER) - 2))
        load = self.load
        healed = "never" if self.healed_seconds is None else f"{self.healed_seconds:.1f} s"
        return (
            self.planned.name, f"{load.share:.1%}", f"{load.failed:,}", f"{load.p99_ms:,.0f} ms",
            f"{self.acknowledged:,}", f"{len(self.lost)}", healed,
        )  # fmt: skip


def table(results: Sequence[FaultResult]) -> str:
    """Return the table as Markdown, and below what was expected and did not hold."""
    rows = [HEADER, *(result.row() for result in results)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADER))]
    lines = [_line(row, widths) for row in rows]
    rule = ["-" * width if place < _RIGHT_FROM else "-" * (width - 1) + ":"
            for place, width in enumerate(widths)]  # fmt: skip
    lines.insert(1, _line(rule, widths))
    below = [
        f"{result.planned.name}: {'skipped: ' * bool(result.skipped)}{why}"
        for result in results
        for why in (*result.broken, *filter(None, [result.skipped]))
    ]
    return "\n".join([*lines, *([""] if below else []), *below]) + "\n"


def _line(cells: Iterable[str], widths: Sequence[int]) -> str:
    shown = (
        cell.ljust(width) if place < _RIGHT_FROM else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join(shown)} |"
