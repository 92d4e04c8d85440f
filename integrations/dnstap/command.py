"""Takes what resolvers were asked, and reports who looked up a listed name."""

import asyncio
import secrets
from pathlib import Path

from fanzha.client import AsyncClient, ListMirror, Options
from fanzha.edge.entry import EdgeKind
from infra import process_lifecycle
from infra.clock import now_ms
from infra.reloaded_file import ReloadedFile
from integrations.common import process
from integrations.common.adapter_metrics import AdapterMetricsServer
from integrations.common.settings import load
from integrations.dnstap.codec import LookUp
from integrations.dnstap.exposure import ExposureFilter, read_subscribers
from integrations.dnstap.metrics import DnstapMetrics
from integrations.dnstap.server import DnstapServer
from integrations.dnstap.settings import DnstapSettings

SETTINGS = DnstapSettings
_FLUSH_SECONDS = 0.2
_BATCH = 256
_TIMEOUT_SECONDS = 2.0
_SALT_BYTES = 16


def main(config: Path | None) -> None:
    """Serve until told to stop."""
    settings = load(DnstapSettings, config)

    async def serve(stop: asyncio.Event) -> None:
        await _serve(settings, stop)

    process.run(serve, settings)


async def _serve(settings: DnstapSettings, stop: asyncio.Event) -> None:
    metrics = DnstapMetrics()
    page = AdapterMetricsServer.start(metrics, settings.metrics_listen)
    exposure = ExposureFilter(
        sample=settings.sample,
        window_seconds=settings.window_seconds,
        max_per_second=settings.max_per_second,
        max_waiting=settings.max_waiting,
        salt=secrets.token_bytes(_SALT_BYTES),
    )
    subscribers = (
        ReloadedFile(settings.subscribers_file, read_subscribers)
        if settings.subscribers_file
        else None
    )
    options = Options(timeout=_TIMEOUT_SECONDS, dry_run=not settings.live)
    async with (
        ListMirror(settings.list_targets, [EdgeKind.HOST]) as mirror,
        AsyncClient(settings.targets, options) as client,
    ):

        def seen(one: LookUp) -> None:
            known = subscribers.current() if subscribers else {}
            outcome = exposure.add(one, mirror.copy.lists, known, now_ms() / 1000)
            metrics.count_look_up(outcome)

        server = DnstapServer(seen, metrics)
        await server.start(settings.socket, int(settings.socket_mode, 8))
        tasks = [
            asyncio.create_task(_follow(mirror)),
            asyncio.create_task(_report(exposure, client, metrics)),
        ]
        serving: dict[str, object] = {"dnstap": settings.socket}
        if page is not None:
            serving["metrics"] = page.port
        process.say_serving(**serving)
        await process_lifecycle.first_of(stop, *tasks)
        await process_lifecycle.cancel(tasks)
        await server.close()
        await _report_waiting(exposure, client, metrics)


async def _follow(mirror: ListMirror) -> None:
    async for _ in mirror.follow():
        pass


async def _report(exposure: ExposureFilter, client: AsyncClient, metrics: DnstapMetrics) -> None:
    while True:
        await _report_waiting(exposure, client, metrics)
        await asyncio.sleep(_FLUSH_SECONDS)


async def _report_waiting(
    exposure: ExposureFilter, client: AsyncClient, metrics: DnstapMetrics
) -> None:
    """Ask about the links that wait; what gets no answer is counted, and not asked again."""
    while links := exposure.take(_BATCH):
        for answer in await client.decide_links(links):
            result = "failed" if answer.failed_open else "blocked" if answer.blocked else "allowed"
            metrics.count("link", result)
