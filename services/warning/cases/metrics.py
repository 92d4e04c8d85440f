"""Prometheus metrics of cases: counters of what this process wrote, and gauges of the backlog.

No metric names a person or a region.
"""

from collections import Counter as Tally
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from infra.redis.client import Client, within
from services.warning import keys
from services.warning.cases.events import CaseOutcome
from services.warning.cases.store import READ_SECONDS, CaseCommit

_MINUTES = (0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 240, 720, 1440)
_MINUTE_MS = 60_000
_NONE = "none"


class CaseMetrics:
    """Counters of one process. They start at zero with it, so sum them over processes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._cases = Counter(
            "fanzha_warning_cases",
            "Cases opened by this process, by their first tier and kind of fraud.",
            ["tier", "fraud_type"],
            registry=registry,
        )
        self._minutes = Histogram(
            "fanzha_warning_minutes_to_warned",
            "Minutes until a channel accepted the first warning of a case, since the event or "
            "since intake; cases without a warning are not counted.",
            ["tier", "since"],
            buckets=_MINUTES,
            registry=registry,
        )
        self._reached = Counter(
            "fanzha_warning_reached",
            "Cases in which a warning was delivered to the person.",
            ["tier"],
            registry=registry,
        )

    def committed(self, commit: CaseCommit) -> None:
        """Count one written commit."""
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


class CaseBacklogMetrics:
    """Gauges read from the tallies and indexes of the store.

    `CaseStore` writes the tallies with each commit, so no case is read to count cases. All
    processes on one store export the same values: aggregate with max, not with sum.
    """

    def __init__(
        self, client: Client, registry: CollectorRegistry, *, now_ms: Callable[[], int]
    ) -> None:
        self._client = client
        self._now_ms = now_ms
        self._open = Gauge(
            "fanzha_warning_cases_open",
            "Open cases, by state and tier.",
            ["state", "tier"],
            registry=registry,
        )
        self._closed = Gauge(
            "fanzha_warning_cases_closed",
            "Cases closed since the store exists, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self._overdue = Gauge(
            "fanzha_warning_cases_overdue",
            "Open cases whose due date has passed.",
            registry=registry,
        )
        self._need_person = Gauge(
            "fanzha_warning_cases_need_person",
            "Open cases whose steps are exhausted and that no officer has taken.",
            registry=registry,
        )
        self._without_region = Gauge(
            "fanzha_warning_cases_without_region",
            "Open cases without a known region; dispatchers of regions do not see them.",
            registry=registry,
        )

    async def refresh(self) -> None:
        """Read the store and set the gauges. Raises `Unavailable` while Redis is away."""
        tally: Tally[str] = Tally()
        overdue = need_person = 0
        async with within(READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for shard in keys.SHARDS:
                index, now = keys.key(shard, "open"), self._now_ms()
                reading.hgetall(keys.key(shard, "tally"))
                reading.zcount(index, keys.FIRST_DATE, now)
                reading.zcount(index, 0, keys.FIRST_DATE - 1)
            answers: list[Any] = await reading.execute()
        for counts, late, exhausted in zip(*[iter(answers)] * 3, strict=True):
            tally.update({field: int(number) for field, number in counts.items()})
            overdue, need_person = overdue + late, need_person + exhausted
        self._set_tally(tally)
        self._overdue.set(overdue)
        self._need_person.set(need_person)

    def _set_tally(self, tally: Tally[str]) -> None:
        for field, number in tally.items():
            kind, *labels = field.split(" ")
            if kind == "open":
                self._open.labels(*labels).set(number)
        for outcome in CaseOutcome:
            self._closed.labels(outcome.value).set(tally[f"closed {outcome}"])
        self._without_region.set(tally["without_region"])
