"""The peers table: one row for each peer and way of asking us, whether the peer ran or not."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Any

_FEW = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison; rates are things decided a second, one figure a repeat."""

    channel: str
    peer: str
    version: str
    work: str
    """What both sides do."""
    ours: str
    """How we were asked."""
    generator: str
    peer_rate: list[float] = field(default_factory=list)
    ours_rate: list[float] = field(default_factory=list)
    peer_cpu: list[float] = field(default_factory=list)
    """Share of its core that the server took; well under 1, the generator was the limit."""
    ours_cpu: list[float] = field(default_factory=list)
    ratio: float | None = None
    """Median of ours by median of theirs."""
    memory: dict[str, int] = field(default_factory=dict)
    """PSS in bytes, of `peer` and `ours`, where it was measured."""
    not_equal: str = ""
    """What is not equal about the comparison."""
    missing_reason: str = ""
    """Why there are no figures."""


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """Return how many times the peer's median ours is; None without figures."""
    if not ours or not theirs or not statistics.median(theirs):
        return None
    return round(statistics.median(ours) / statistics.median(theirs), 3)


def added(before: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return written *rows* and those of channels that were only measured before."""
    again = {row["channel"] for row in rows}
    return [*(row for row in before if row["channel"] not in again), *rows]


def as_text(rows: Sequence[Row]) -> str:
    """Write the table for a terminal."""
    head = ("channel", "peer", "peer/s", "ours", "ours/s", "ratio", "memory: peer, ours")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    if row.missing_reason:
        return row.channel, row.peer, "missing", shorten(row.missing_reason, 60), "", "", ""
    memory = ", ".join(
        f"{row.memory[who] / 2**20:,.0f} MiB" if who in row.memory else "-"
        for who in ("peer", "ours")
    )
    return (
        row.channel,
        f"{row.peer} {row.version}".strip(),
        _rate(row.peer_rate),
        row.ours,
        _rate(row.ours_rate),
        f"{row.ratio:.2f}" if row.ratio is not None else "-",
        memory,
    )


def _rate(rates: Sequence[float]) -> str:
    rate = statistics.median(rates)
    return f"{rate:,.1f}" if rate < _FEW else f"{rate:,.0f}"
