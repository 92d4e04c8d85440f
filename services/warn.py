"""The process of the warning pipeline: hits and warnings in, cases, warnings out."""

import logging
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry, Counter

from blocklists.redis_client import connect
from services import admin_metrics, exposure, identity, lifetime
from services.clock import now_ms
from services.rpc import security
from services.rpc.server import RpcServer
from services.rpc.warning import WarningServicer
from services.settings import Settings
from services.warning import assembly

logger = logging.getLogger(__name__)


async def run(settings: Settings) -> int:
    """Run the warning pipeline until told to stop; return the exit status."""
    if settings.redis_url is None:
        raise ValueError("FANZHA_REDIS_URL: warn needs it; `fanzha up` brings a Valkey along")
    exposure.check_warning(settings)
    if settings.asks_who:
        identity.become(identity.SERVICE)  # what begins here, and is no request
    stop = lifetime.stop_event()
    registry = CollectorRegistry()
    client = connect(settings.redis_url)
    pipeline = assembly.build(settings, client, registry=registry, now_ms=now_ms)
    failures = Counter(
        "fanzha_rpc_errors", "Requests that did not end with OK.", ["code"], registry=registry
    )
    server = RpcServer(
        {"warning": WarningServicer(pipeline.submitting, pipeline.sources)},
        max_message_bytes=settings.max_message_bytes,
        failed=lambda code: failures.labels(code).inc(),
        security=security.of(settings, "admin"),
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(client.aclose)
        if settings.metrics_enabled:
            page = admin_metrics.page(
                registry, settings.metrics_host, settings.warning_metrics_port
            )
            stack.enter_context(page)
        await server.start(settings.warning_host, settings.warning_port)
        background = pipeline.start()
        await server.serve()
        lifetime.say_serving()
        await lifetime.first_of(stop, *background)
        await server.drain(settings.drain_seconds)
        await lifetime.cancel(background)
    logger.info("the warning pipeline ends")
    return 0
