"""The Prometheus page of list administration: one process, so its counters are its own.

The parts of administration put their counters and gauges into one registry; they begin at zero
with the process, as those of any process do.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from infra.failure_counts import FAILURES
from services.telemetry.failure_metrics import FailureMetrics


@contextmanager
def page(registry: CollectorRegistry, host: str, port: int) -> Iterator[int]:
    """Serve *registry* and failure counts at ``/metrics`` from a thread; give the port."""
    registry.register(FailureMetrics(FAILURES))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise RuntimeError(f"admin metrics: cannot listen on {host}:{port}: {error}") from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
