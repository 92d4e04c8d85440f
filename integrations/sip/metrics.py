"""What the redirect server and the follower of call ends count besides what all adapters do."""

from prometheus_client import Counter, Gauge

from integrations.common.adapter_metrics import AdapterMetrics

METHODS = frozenset({"INVITE", "ACK", "CANCEL", "OPTIONS", "BYE", "REGISTER", "MESSAGE"})
"""Methods that are told apart; others are counted as ``other``."""


class SipMetrics(AdapterMetrics):
    """Counters of the redirect server."""

    def __init__(self) -> None:
        super().__init__("sip")
        self._requests = Counter(
            "fanzha_sip_requests",
            "Requests by method and transport; retransmissions count.",
            ("method", "transport"),
            registry=self.registry,
        )
        self._responses = Counter(
            "fanzha_sip_responses",
            "Final responses by status, without retransmissions.",
            ("status",),
            registry=self.registry,
        )
        self._repeated = Counter(
            "fanzha_sip_retransmissions",
            "Requests that came again and were answered alike.",
            registry=self.registry,
        )
        self._evicted = Counter(
            "fanzha_sip_transactions_evicted",
            "Transactions forgotten early because there were too many.",
            registry=self.registry,
        )
        self._undecided = Counter(
            "fanzha_sip_undecided",
            "Calls that did not wait for a decision, as others waited too long or were too many.",
            registry=self.registry,
        )
        self._identities = Counter(
            "fanzha_sip_identities",
            "Identity headers by what came of their verification.",
            ("result",),
            registry=self.registry,
        )
        self.transactions = Gauge(
            "fanzha_sip_transactions", "Transactions remembered.", registry=self.registry
        )

    def count_request(self, method: str, transport: str) -> None:
        """Count a request."""
        self._requests.labels(method if method in METHODS else "other", transport).inc()

    def count_response(self, status: int) -> None:
        """Count a final response."""
        self._responses.labels(str(status)).inc()

    def count_undecided(self) -> None:
        """Count a call that went on at once."""
        self._undecided.inc()

    def count_identity(self, result: str) -> None:
        """Count an Identity header."""
        self._identities.labels(result).inc()

    def count_repeated(self) -> None:
        """Count a retransmission."""
        self._repeated.inc()

    def count_evicted(self) -> None:
        """Count a transaction that had to go."""
        self._evicted.inc()


class CallEndMetrics(AdapterMetrics):
    """Counters of the follower of call ends."""

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
