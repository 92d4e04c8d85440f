"""What is counted of reports of ended calls."""

from prometheus_client import Counter

from integrations.common.adapter_metrics import AdapterMetrics


class CallEndMetrics(AdapterMetrics):
    """Counters of the follower."""

    def __init__(self) -> None:
        super().__init__("call-ends")
        self._ends = Counter(
            "fanzha_call_ends_read",
            "Lines of ended calls by result: accepted, refused by the service, malformed.",
            ("result",),
            registry=self.registry,
        )

    def count_ends(self, result: str, lines: int) -> None:
        """Count lines."""
        self._ends.labels(result).inc(lines)
