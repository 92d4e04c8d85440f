"""Tells Prometheus how many cases there are, by what a desk wants to know. No names of regions.

Tallies are written with each change of a case (`case_store`), so that nobody has to walk cases to
count them. All processes on one store tell the same numbers: take the greatest, do not add them.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Gauge

from infra.redis.client import Client, within
from services.warning import keys
from services.warning.cases.events import CaseOutcome

_SECONDS = 4.0


class CaseBacklogMetrics:
    """Reads how many cases there are."""

    def __init__(
        self, client: Client, registry: CollectorRegistry, *, now_ms: Callable[[], int]
    ) -> None:
        self._client = client
        self._now_ms = now_ms
        self._open = Gauge(
            "fanzha_warning_cases_open",
            "Cases that are open, by where they stand and how urgent they are.",
            ["state", "tier"],
            registry=registry,
        )
        self._closed = Gauge(
            "fanzha_warning_cases_closed",
            "Cases that were closed since the store is in use, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self._overdue = Gauge(
            "fanzha_warning_cases_overdue",
            "Open cases of which something was due and has not happened.",
            registry=registry,
        )
        self._waiting = Gauge(
            "fanzha_warning_cases_need_person",
            "Open cases whose steps were all in vain, and that nobody has taken.",
            registry=registry,
        )
        self._nowhere = Gauge(
            "fanzha_warning_cases_without_region",
            "Open cases of people of whom no region is known; dispatchers of regions miss them.",
            registry=registry,
        )

    async def look(self) -> None:
        """Read, and tell."""
        tally: Counter[str] = Counter()
        overdue = waiting = 0
        async with within(_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for shard in keys.SHARDS:
                where, now = keys.key(shard, "open"), self._now_ms()
                reading.hgetall(keys.key(shard, "tally"))
                reading.zcount(where, keys.FIRST_DATE, now)
                reading.zcount(where, 0, keys.FIRST_DATE - 1)
            answers: list[Any] = await reading.execute()
        for counts, late, waits in zip(*[iter(answers)] * 3, strict=True):
            tally.update({name: int(number) for name, number in counts.items()})
            overdue, waiting = overdue + late, waiting + waits
        self._tell(tally)
        self._overdue.set(overdue)
        self._waiting.set(waiting)

    def _tell(self, tally: Counter[str]) -> None:
        for name, number in tally.items():
            what, *labels = name.split(" ")
            if what == "open":
                self._open.labels(*labels).set(number)
        for outcome in CaseOutcome:
            self._closed.labels(outcome.value).set(tally[f"closed {outcome}"])
        self._nowhere.set(tally["nowhere"])
