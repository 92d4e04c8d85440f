"""Parts that a worker makes at its start from its settings."""

import logging
import os
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from blocklists.store.store import Store
from fanzha.phone import HomePlan
from fanzha.tables import Calls
from fanzha.tracing import tracer
from infra.clock import now_ms
from infra.data_paths import METRICS, NAME_VARIABLE, REQUEST_IDS
from infra.mapped.shared_table import SharedTable
from infra.redis.client import connect
from services.decision.decision_traces import DecisionTraces
from services.decision.exchange.call_exchange import CallExchange
from services.decision.exchange.call_outbox import CallOutbox
from services.decision.exchange.store import ExchangeStore
from services.decision_log import options
from services.decision_log.log import DecisionLog
from services.feedback.call_ends import RecordEnds
from services.rpc.decide.repeated_requests import RepeatedRequests
from services.settings.settings import Settings
from services.telemetry.worker_metrics import DecisionMetrics

logger = logging.getLogger(__name__)


def decision_log(settings: Settings, metrics: DecisionMetrics) -> DecisionLog | None:
    """Make the decision log; None where the settings say so."""
    worker_options = options.of_worker(settings)
    if worker_options is None:
        return None
    home = HomePlan(settings.home_country)
    return DecisionLog(worker_options, home=home, now_ms=now_ms, counters=metrics)


def in_thread(refresh: Callable[[], bool]) -> "Future[bool]":
    """Load the first lists while the models are loaded."""
    with_models = ThreadPoolExecutor(1, thread_name_prefix="first lists")
    loading = with_models.submit(refresh)
    with_models.shutdown(wait=False)
    return loading


def repeated_requests(settings: Settings, metrics: DecisionMetrics) -> RepeatedRequests | None:
    """Share answers with the workers of this host; None where the settings say so."""
    if not settings.request_id_window_s:
        return None
    slots, holds_ms = settings.request_id_slots, settings.request_id_window_s * 1000
    try:
        table = SharedTable.on_file(settings.data_dir / REQUEST_IDS, slots=slots, holds_ms=holds_ms)
    except OSError as error:
        # A full disk stops no decisions.
        logger.warning("retries that reach another worker count again: %s", error)
        table = SharedTable.in_memory(slots=slots, holds_ms=holds_ms)
    return RepeatedRequests(table, counted=metrics.request_ids)


def exchange(
    settings: Settings,
    outbox: CallOutbox,
    *,
    observe: Callable[[Calls], None],
    record_ends: RecordEnds,
    worker: str,
    lists: Store,
    counted: Callable[[str, int], None],
) -> CallExchange | None:
    """Return what tells other workers of calls; None where the settings say so."""
    if settings.redis_url is None or not settings.exchanged_calls:
        return None
    # Sibling workers have the folder of data in common, on whichever host it is mounted.
    host = f"{socket.gethostname()}:{settings.data_dir.absolute()}"

    async def workers() -> int:
        return len(await lists.workers(now_ms()))

    return CallExchange(
        outbox,
        ExchangeStore(
            connect(settings.redis_url, decode_responses=False), worker=worker, host=host
        ),
        observe=observe,
        record_ends=record_ends,
        workers=workers,
        host=host,
        calls_a_second=settings.exchanged_calls,
        now_ms=now_ms,
        counted=counted,
    )


def metrics(settings: Settings) -> DecisionMetrics:
    """Make the metrics, on a page that the parent process reads where it serves them."""
    if not settings.metrics_enabled:
        return DecisionMetrics()
    name = os.environ.get(NAME_VARIABLE, "worker")
    try:
        return DecisionMetrics.on_page(settings.data_dir / METRICS, name, os.getpid())
    except OSError as error:
        # A full disk stops no decisions.
        logger.warning("the metrics of this worker are on no page: %s", error)
        return DecisionMetrics()


def traces(settings: Settings) -> DecisionTraces | None:
    """Make what traces decisions; None where the settings name no collector."""
    made = tracer.exporting(
        settings.trace_endpoint,
        role="worker",
        share=settings.trace_share,
        most_a_second=settings.trace_most_per_second,
    )
    return None if made is None else DecisionTraces(made)
