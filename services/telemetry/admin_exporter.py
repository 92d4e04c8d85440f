"""The Prometheus page of a single process, such as list administration.

All parts of the process register in one registry; counters start at zero with the process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server

from fanzha.errors import CannotStart
from infra.failure_counts import FAILURES
from services.telemetry.failure_metrics import FailureMetrics


@contextmanager
def page(
    registry: CollectorRegistry,
    host: str,
    port: int,
    *,
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[int]:
    """Serve *registry* and failure counts at ``/metrics`` from a thread; return the port.

    *certificate* and its key: by HTTPS; None: by plain HTTP.
    """
    certfile, keyfile = map(str, certificate) if certificate else (None, None)
    registry.register(FailureMetrics(FAILURES))
    try:
        server, thread = start_http_server(port, host, registry, certfile=certfile, keyfile=keyfile)
    except OSError as error:
        raise CannotStart(
            "admin metrics: cannot listen on {host}:{port}: {error}",
            host=host,
            port=port,
            error=error,
        ) from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
