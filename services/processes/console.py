"""The process of the console: pages in a browser, on the servers that run already."""

import logging
from contextlib import AsyncExitStack

from fanzha.errors import InvalidConfiguration
from infra import http_server, process_lifecycle
from infra.redis.client import connect
from services.auth import exposure
from services.console import app
from services.console.backend import channels
from services.settings.settings import Settings

logger = logging.getLogger(__name__)

CONNECTIONS = 64
"""Of the store, for sessions."""
MOST_REQUESTS = 1000
"""Requests and open event streams at once; beyond that, browsers are told to try again."""


async def run(settings: Settings) -> int:
    """Serve the console until told to stop; return the exit status."""
    if settings.redis_url is None:
        raise InvalidConfiguration(
            "FANZHA_REDIS_URL: console needs it; `fanzha up` brings a Valkey along"
        )
    exposure.check_console(settings)
    stop = process_lifecycle.stop_event()
    async with AsyncExitStack() as stack:
        redis = connect(settings.redis_url, decode_responses=False, connections=CONNECTIONS)
        stack.push_async_callback(redis.aclose)
        servers = channels.of_settings(settings)
        stack.push_async_callback(servers.close)
        speaks_tls = settings.console_speaks_tls
        serving = http_server.serve_http(
            app.build(settings, redis=redis, channels=servers),
            settings.console_host,
            settings.console_port,
            certificate=settings.tls_certificate if speaks_tls else None,
            key=settings.tls_key if speaks_tls else None,
            limit_concurrency=MOST_REQUESTS,
            drain_seconds=settings.drain_seconds,
        )
        port = await stack.enter_async_context(serving)
        logger.info("console: port %d", port)
        process_lifecycle.say_serving()
        await process_lifecycle.first_of(stop)
    logger.info("the console ends")
    return 0
