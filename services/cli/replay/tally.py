"""Counts what came of a replay, and shows it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import grpc

from fanzha.translation.catalogue import gettext
from fanzha.v1 import decision_pb2
from services.cli._common.console import out
from services.cli._common.enum_words import LazyTable, enum_word, word
from services.cli._common.tables import RowTable

_ACTIONS = LazyTable(lambda: {n: word(name, "ACTION_") for name, n in decision_pb2.Action.items()})
_REASONS = LazyTable(lambda: {n: word(name, "REASON_") for name, n in decision_pb2.Reason.items()})


@dataclass(slots=True)
class ReplayTally:
    """What came of a replay so far."""

    rows: int = 0
    requests: int = 0
    failed_requests: int = 0
    failed_rows: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    actions: dict[tuple[str, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    reasons: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    elapsed_seconds: float = 0.0

    def count(self, tags: list[tuple[str, str]], answer: decision_pb2.Decisions) -> None:
        """Count one answered batch in."""
        self.requests += 1
        self.rows += len(tags)
        for tag, action, reason in zip(tags, answer.actions, answer.reasons, strict=True):
            self.actions[tag][_ACTIONS.get(action, "allow")] += 1
            self.reasons[_REASONS.get(reason, str(reason))] += 1

    def fail(self, tags: list[tuple[str, str]], error: grpc.RpcError) -> None:
        """Count one batch that got no answer; its traffic would have been let through."""
        self.failed_requests += 1
        self.failed_rows += len(tags)
        self.errors[error.code().name] += 1

    def as_words(self) -> dict[str, Any]:
        """Write everything counted, for JSON."""
        return {
            "rows": self.rows,
            "requests": self.requests,
            "failed_requests": self.failed_requests,
            "failed_rows": self.failed_rows,
            "errors": dict(self.errors),
            "seconds": round(self.elapsed_seconds, 3),
            "rows_per_second": round(self.rows / max(self.elapsed_seconds, 1e-9)),
            "request_latency_ms": self._latencies(),
            "reasons": dict(self.reasons),
            "actions": [
                {"source": source, "label": label, **counts}
                for (source, label), counts in sorted(self.actions.items())
            ],
        }

    def show(self) -> None:
        """Print everything counted, for people."""
        self._show_actions()
        reasons = ", ".join(
            f"{enum_word('reason', name)} {rows:,}" for name, rows in self.reasons.most_common()
        )
        out.print(gettext("reasons: {reasons}", reasons=reasons))
        rate = self.rows / max(self.elapsed_seconds, 1e-9)
        out.print(
            gettext(
                "{rows:,} rows in {elapsed_seconds:.1f} s: {rate:,.0f} rows/s",
                rows=self.rows,
                elapsed_seconds=self.elapsed_seconds,
                rate=rate,
            )
        )
        shown = ", ".join(f"{name} {value:.1f}" for name, value in self._latencies().items())
        out.print(
            gettext(
                "latency of {requests:,} requests in ms: {shown}",
                requests=self.requests,
                shown=shown,
            )
        )
        if self.failed_requests:
            out.print(
                gettext(
                    "{failed_rows:,} rows got no answer: {errors}; a carrier would have let them "
                    "through",
                    failed_rows=self.failed_rows,
                    errors=dict(self.errors),
                ),
                style="red",
            )

    def _show_actions(self) -> None:
        table = RowTable(gettext("source"), gettext("label"))
        for heading in ("rows", "allow", "block", "blocked %"):
            table.add_column(gettext(heading), right=True)
        for (source, label), counts in sorted(self.actions.items()):
            rows, blocked = counts.total(), counts["block"]
            share = f"{100 * blocked / rows:.2f}"
            table.add_row(
                source or "–",
                label or "–",
                f"{rows:,}",
                f"{counts['allow']:,}",
                f"{blocked:,}",
                share,
            )
        out.print(gettext("decisions"), style="italic")
        table.print()

    def _latencies(self) -> dict[str, float]:
        return {
            f"p{name}": round(percentile(self.latencies_ms, share), 3)
            for name, share in (("50", 0.5), ("90", 0.9), ("99", 0.99), ("100", 1.0))
        }


def percentile(values: list[float], share: float) -> float:
    """Return the value that *share* of *values* do not exceed; NaN of nothing."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")
