"""How cases go, for Prometheus: what this process wrote of them. No numbers of people."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from services.warning.cases.store import CaseCommit

_MINUTES = (0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 240, 720, 1440)
_MINUTE_MS = 60_000
_NONE = "none"


class CaseMetrics:
    """Counters of one process; they begin at zero with it, so add up the processes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._cases = Counter(
            "fanzha_warning_cases",
            "Cases that this process opened, with the tier that they got at once.",
            ["tier", "fraud_type"],
            registry=registry,
        )
        self._minutes = Histogram(
            "fanzha_warning_minutes_to_warned",
            "Minutes until a channel took the first warning of a case, since the event or the "
            "intake; only of cases that were warned.",
            ["tier", "since"],
            buckets=_MINUTES,
            registry=registry,
        )
        self._reached = Counter(
            "fanzha_warning_reached",
            "Cases whose person a warning reached.",
            ["tier"],
            registry=registry,
        )

    def committed(self, commit: CaseCommit) -> None:
        """Count what is now written."""
        before, after = commit.before, commit.after
        tier = after.tier.name.lower() if after.tier else _NONE
        if before is None:
            kind = after.fraud_type.name.lower() if after.fraud_type else _NONE
            self._cases.labels(tier, kind).inc()
        if after.warned_at_ms and not (before and before.warned_at_ms):
            for since, at_ms in (("event", after.occurred_at_ms), ("intake", after.opened_at_ms)):
                minutes = max(0, after.warned_at_ms - at_ms) / _MINUTE_MS
                self._minutes.labels(tier, since).observe(minutes)
        if after.reached_at_ms and not (before and before.reached_at_ms):
            self._reached.labels(tier).inc()
