"""The process of a relay: wires settings, decider and server together."""

import asyncio
import sys
from collections.abc import Callable

from integrations.common import process
from integrations.common.adapter_metrics import AdapterMetrics, AdapterMetricsServer
from integrations.common.decider import TrafficDecider
from integrations.messages.dialect import Dialect
from integrations.messages.relay_metrics import RelayMetrics
from integrations.messages.relay_server import RelayServer
from integrations.messages.relay_settings import RelaySettings
from integrations.messages.text_judge import TextJudge


def run(adapter: str, settings: RelaySettings, dialect: Callable[[], Dialect]) -> None:
    """Relay until the process is told to end; say where, once clients can connect."""

    async def serve(stop: asyncio.Event) -> None:
        shared = AdapterMetrics(adapter)
        metrics = RelayMetrics(adapter, shared)
        page = AdapterMetricsServer.start(shared, settings.metrics_listen)
        async with TrafficDecider(settings, shared) as decider:
            server = RelayServer(settings, TextJudge(decider, settings), metrics, dialect)
            try:
                address = await server.start()
            except OSError as error:
                sys.exit(f"listen: {settings.listen}: {error.strerror}")
            shown = {"metrics": f"127.0.0.1:{page.port}"} if page is not None else {}
            process.say_serving(**{adapter: address}, **shown)
            await stop.wait()
            await server.stop()

    process.run(serve, settings)
