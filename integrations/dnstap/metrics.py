"""What is counted of look-ups."""

from prometheus_client import Counter

from integrations.common.adapter_metrics import AdapterMetrics


class DnstapMetrics(AdapterMetrics):
    """Adds what became of look-ups."""

    def __init__(self) -> None:
        super().__init__("dnstap")
        self._look_ups = Counter(
            "fanzha_dnstap_look_ups",
            "Look-ups of clients: unlisted, no_name, not_sampled, repeated, dropped, reported, "
            "reported_unknown (whose subscriber no file names).",
            ("outcome",),
            registry=self.registry,
        )

    def count_look_up(self, outcome: str) -> None:
        """Count a look-up."""
        self._look_ups.labels(outcome).inc()
