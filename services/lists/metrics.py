"""Prometheus metrics of the lists: entries that expire or must be reviewed, and findings.

Collected by list administration, in the thread of the scrape: a scan of all entries, a few
milliseconds for a million, cached for a minute.
"""

import threading
from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from blocklists.entries import Source
from blocklists.provenance_columns import ProvenanceReader
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.findings import counts
from services.lists import due_entries
from services.lists.due_entries import DueEntries, DueReason

DUE_WITHIN_S = 7 * 86_400
CACHE_SECONDS = 60.0


class ListMetrics(Collector):
    """Metrics of the lists."""

    def __init__(
        self, lists: Callable[[], ListSegments | None], now_seconds: Callable[[], float]
    ) -> None:
        self._lists = lists
        self._now_seconds = now_seconds
        self._grounds = ProvenanceReader()
        self._lock = threading.Lock()
        self._counted_at = 0.0
        self._due: DueEntries | None = None

    def collect(self) -> Iterator[Metric]:
        """Return the metrics; those of entries only once lists are loaded."""
        with self._lock:
            due = self._counted()
        yield from self._findings()
        if due is None:
            return
        counts = due.counts()
        gauge = GaugeMetricFamily(
            "fanzha_entries_due",
            "List entries that expire or must be reviewed within 7 days or are overdue.",
            labels=("source", "reason"),
        )
        for source in Source:
            for reason in DueReason:
                labels = (source.name.lower(), reason.name.lower())
                gauge.add_metric(labels, counts[source, reason])
        yield gauge
        yield GaugeMetricFamily(
            "fanzha_entries_expired",
            "Expired list entries that are still in the lists.",
            value=due.ended,
        )

    def _findings(self) -> Iterator[Metric]:
        lists = self._lists()
        if lists is None:
            return
        gauge = GaugeMetricFamily(
            "fanzha_list_findings",
            "Unsettled findings about versions of the lists, by kind, seen by list administration.",
            labels=("kind",),
        )
        for kind, number in counts(lists.findings).items():
            gauge.add_metric((kind.value,), number)
        yield gauge

    def _counted(self) -> DueEntries | None:
        now = self._now_seconds()
        lists = self._lists()
        if lists is not None and now - self._counted_at >= CACHE_SECONDS:
            now_s = int(now)
            self._due = due_entries.find(
                lists.layers(), self._grounds, now_s=now_s, until_s=now_s + DUE_WITHIN_S
            )
            self._counted_at = now
        return self._due
