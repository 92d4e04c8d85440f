"""Prometheus metrics of the hand-over to the stop-payment desk. No metric names a person."""

from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

from infra.redis.client import Client, within
from services.warning import keys
from services.warning.cases.projections import STOP_PAYMENT
from services.warning.cases.store import READ_SECONDS

_MINUTE_MS = 60_000


class StopPaymentMetrics:
    """Counts attempts of this process, and how many cases wait for a receipt.

    All processes on one store export the same gauges: aggregate with max, not with sum.
    """

    def __init__(
        self,
        client: Client,
        registry: CollectorRegistry,
        *,
        receipt_minutes: int,
        now_ms: Callable[[], int],
    ) -> None:
        """Call a receipt overdue *receipt_minutes* after the person said that they paid."""
        self._client: Any = client
        self._receipt_ms = receipt_minutes * _MINUTE_MS
        self._now_ms = now_ms
        self._attempts = Counter(
            "fanzha_warning_stop_payments",
            "Attempts to hand a person who has paid to the stop-payment desk, by result: received, "
            "sent, refused, unavailable, failed, taken_before, too_old.",
            ["result"],
            registry=registry,
        )
        self._waiting = Gauge(
            "fanzha_warning_stop_payments_waiting",
            "Cases handed to the stop-payment desk, or to be, without its receipt.",
            registry=registry,
        )
        self._overdue = Gauge(
            "fanzha_warning_stop_payments_overdue",
            "Those of them that wait longer than warning_stop_payment_receipt_minutes.",
            registry=registry,
        )

    def counted(self, result: str) -> None:
        """Count an attempt."""
        self._attempts.labels(result).inc()

    async def refresh(self) -> None:
        """Read the index and set the gauges. Raises `Unavailable` while Redis is away."""
        overdue_at_ms = self._now_ms() - self._receipt_ms
        async with within(READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for shard in keys.SHARDS:
                index = keys.key(shard, *STOP_PAYMENT)
                reading.zcard(index)
                reading.zcount(index, 0, overdue_at_ms)
            counts = list(map(int, await reading.execute()))
        self._waiting.set(sum(counts[::2]))
        self._overdue.set(sum(counts[1::2]))
