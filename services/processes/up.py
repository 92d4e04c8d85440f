"""The parent process of a host: follows the lists, keeps the workers running.

It writes the list file that all workers map, so the lists are read from Redis and
merged once per host. `run_all` adds an embedded Valkey and list administration: a
whole service in one process tree.
"""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING

from prometheus_client.registry import Collector

from fanzha.errors import InvalidConfiguration
from infra import atomic_file, process_lifecycle
from infra.clock import now_ms
from infra.data_paths import ENDPOINTS, LISTS, METRICS, NAME_VARIABLE
from infra.fork_server import one_thread
from infra.forked_processes import ForkServer
from infra.port_binding import SharedPort
from infra.supervisor import Child, Supervisor
from services.auth import exposure
from services.decision_log import options
from services.decision_log.archive import wiring as archive_wiring
from services.decision_log.archive.metrics import ArchiveMetrics
from services.decision_log.keeper_metrics import MaintenanceMetrics
from services.decision_log.maintenance import LogMaintenance
from services.processes import start_screen
from services.settings.settings import Settings
from services.telemetry.metrics_exporter import MetricsPages, MetricsServer

if TYPE_CHECKING:
    from services.processes.embedded_valkey import EmbeddedValkey

logger = logging.getLogger(__name__)

READY_SECONDS = 60.0


async def run_interception(settings: Settings, forks: ForkServer | None = None) -> int:
    """Run the interception workers of this host, by *forks*; return the exit status."""
    if settings.redis_url is None:
        raise InvalidConfiguration(
            "FANZHA_REDIS_URL: serve needs it; `fanzha up` brings a Valkey along"
        )
    return await _Host(settings, settings.redis_url, forks).run(with_admin=False)


async def run_all(settings: Settings, forks: ForkServer | None = None) -> int:
    """Run everything on this machine, by *forks*; return the exit status."""
    if settings.redis_url is not None:
        return await _Host(settings, settings.redis_url, forks).run(with_admin=True)
    from services.processes.embedded_valkey import EmbeddedValkey  # noqa: PLC0415 - loads a client of Redis

    valkey = EmbeddedValkey(settings.data_dir, settings.embedded_port)
    await valkey.start()
    try:
        return await _Host(settings, valkey.service_url, forks, valkey).run(with_admin=True)
    finally:
        await valkey.stop()


class _Host:
    """One process tree, while it runs."""

    def __init__(
        self,
        settings: Settings,
        redis_url: str,
        forks: ForkServer | None = None,
        valkey: "EmbeddedValkey | None" = None,
    ) -> None:
        self._settings = settings
        self._redis_url = redis_url
        self._forks = forks
        self._valkey = valkey

    async def run(self, *, with_admin: bool) -> int:
        settings = self._settings
        if with_admin:
            exposure.check_admin(settings)
        exposure.check_decisions(settings)
        exposure.check_metrics(settings)
        options.prepare_handset_key(settings)
        stop = process_lifecycle.stop_event()
        async with AsyncExitStack() as stack:
            port = SharedPort(settings.listen_host, settings.listen_port)
            stack.callback(port.close)
            endpoints = {"interception": f"{settings.listen_host}:{port.number}"}
            pages = MetricsPages(settings.data_dir / METRICS)
            logs = _log_upkeep(settings, stack)
            if settings.metrics_enabled:
                page = stack.enter_context(_metrics_page(settings, pages, logs))
                endpoints["metrics"] = self._metrics_url(page.port)
            children = self._workers(port.number)
            if with_admin:
                # First, as they import while the fork server loads what the workers share.
                others = [self._admin(endpoints)]
                if settings.warning_enabled:
                    others.append(self._warn(endpoints))
                children = [*others, *children]
                if settings.console:
                    # Last: nobody waits for it.
                    children.append(self._console(endpoints))
            supervisor = Supervisor(
                children,
                drain_seconds=settings.drain_seconds,
                on_death=pages.retire,
                forks=self._forks,
            )
            background = [asyncio.create_task(_follow(settings, self._redis_url))]
            if self._valkey is not None:
                endpoints["valkey"] = self._valkey.address
                background.append(asyncio.create_task(self._valkey.keep_running()))
            stack.push_async_callback(process_lifecycle.cancel, background)
            await self._supervise(supervisor, stop, background, endpoints)
        return 0

    async def _supervise(
        self,
        supervisor: Supervisor,
        stop: asyncio.Event,
        background: Sequence[asyncio.Task[None]],
        endpoints: dict[str, str],
    ) -> None:
        keeping = asyncio.create_task(supervisor.run())
        announcing = asyncio.create_task(self._announce(supervisor, endpoints))
        try:
            await process_lifecycle.first_of(stop, *background, keeping)
        finally:
            announcing.cancel()
            (self._settings.data_dir / ENDPOINTS).unlink(missing_ok=True)
            supervisor.stop()
            await keeping

    async def _announce(self, supervisor: Supervisor, endpoints: dict[str, str]) -> None:
        """Print the addresses of the service, once every process is ready."""
        while not await supervisor.wait_serving(READY_SECONDS):
            starting = [child.name for child in supervisor.children if not child.serving.is_set()]
            logger.warning("not ready yet: %s", ", ".join(starting))
        file = self._settings.data_dir / ENDPOINTS
        atomic_file.write(file, json.dumps(endpoints, indent=2) + "\n")
        sys.stderr.write(start_screen.text(endpoints, self._settings))
        sys.stderr.flush()

    def _workers(self, port: int) -> list[Child]:
        return [
            self._child(f"worker-{number}", "worker", {"FANZHA_LISTEN_PORT": str(port)})
            for number in range(self._settings.workers)
        ]

    def _admin(self, endpoints: dict[str, str]) -> Child:
        port = SharedPort(self._settings.admin_host, self._settings.admin_port)
        port.close()
        endpoints["admin"] = f"{self._settings.admin_host}:{port.number}"
        ports = {"FANZHA_ADMIN_PORT": str(port.number)}
        if self._settings.metrics_enabled:
            page = SharedPort(self._settings.metrics_host, self._settings.admin_metrics_port)
            page.close()
            endpoints["admin_metrics"] = self._metrics_url(page.number)
            ports["FANZHA_ADMIN_METRICS_PORT"] = str(page.number)
        return self._child("admin", "admin", ports)

    def _warn(self, endpoints: dict[str, str]) -> Child:
        settings = self._settings
        ports = {"FANZHA_WARNING_PORT": (settings.warning_host, settings.warning_port)}
        if settings.warning_http_port is not None:
            ports["FANZHA_WARNING_HTTP_PORT"] = (settings.warning_host, settings.warning_http_port)
        if settings.metrics_enabled:
            page = (settings.metrics_host, settings.warning_metrics_port)
            ports["FANZHA_WARNING_METRICS_PORT"] = page
        found: dict[str, str] = {}
        for name, (host, number) in ports.items():
            port = SharedPort(host, number)
            port.close()
            found[name] = str(port.number)
            short = name.removeprefix("FANZHA_").removesuffix("_PORT").lower()
            endpoints[short] = f"{host}:{port.number}"
        if "warning_metrics" in endpoints:
            page_port = int(found["FANZHA_WARNING_METRICS_PORT"])
            endpoints["warning_metrics"] = self._metrics_url(page_port)
        return self._child("warn", "warn", found)

    def _metrics_url(self, port: int) -> str:
        settings = self._settings
        scheme = "https" if exposure.metrics_certificate(settings) else "http"
        return f"{scheme}://{settings.metrics_host}:{port}/metrics"

    def _console(self, endpoints: dict[str, str]) -> Child:
        settings = self._settings
        port = SharedPort(settings.console_host, settings.console_port)
        port.close()
        scheme = "https" if settings.console_speaks_tls else "http"
        endpoints["console"] = f"{scheme}://{settings.console_host}:{port.number}"
        servers = {"interception": "LISTEN", "admin": "ADMIN", "warning": "WARNING"}
        ports = {
            f"FANZHA_{name}_PORT": endpoints[server].rpartition(":")[2]
            for server, name in servers.items()
            if server in endpoints
        }
        return self._child("console", "console", {**ports, "FANZHA_CONSOLE_PORT": str(port.number)})

    def _child(self, name: str, role: str, environment: dict[str, str]) -> Child:
        common = {
            "FANZHA_REDIS_URL": self._redis_url,
            "FANZHA_DATA_DIR": str(self._settings.data_dir.absolute()),
            NAME_VARIABLE: name,
            **one_thread(os.environ),
        }
        return Child(name=name, arguments=[role], environment=common | environment)


def _metrics_page(
    settings: Settings, pages: MetricsPages, more: Sequence[Collector]
) -> MetricsServer:
    return MetricsServer(
        pages,
        settings.metrics_host,
        settings.metrics_port,
        more,
        certificate=exposure.metrics_certificate(settings),
    )


def _log_upkeep(settings: Settings, stack: AsyncExitStack) -> list[Collector]:
    """Maintain and archive the decision log in threads, until *stack* ends; return metrics."""
    if not settings.decision_log_enabled:
        return []
    archive = archive_wiring.follower(settings, now_ms=now_ms)
    keeper = LogMaintenance(
        options.folder(settings),
        options.limits(settings),
        now_ms=now_ms,
        may_go=archive.may_go if archive else lambda _hour: True,
    )
    keeper.start()
    stack.callback(keeper.close, settings.drain_seconds)
    if archive is None:
        return [MaintenanceMetrics(keeper)]
    archive.start()
    stack.callback(archive.close, settings.drain_seconds)
    return [MaintenanceMetrics(keeper), ArchiveMetrics(archive)]


async def _follow(settings: Settings, redis_url: str) -> None:
    """Keep the list files in step with the store.

    Imports run here, in a thread, as the workers start meanwhile.
    """
    await asyncio.to_thread(import_module, "blocklists.store.follower")
    await asyncio.to_thread(import_module, "services.audit.seals")
    from blocklists.store.follower import Follower  # noqa: PLC0415
    from blocklists.store.store import Store  # noqa: PLC0415
    from infra.redis.client import connect  # noqa: PLC0415
    from services.audit.seals import seal_check  # noqa: PLC0415

    client = connect(redis_url, decode_responses=False)
    await Follower(
        Store(client, check_seal=seal_check(settings)),
        settings.data_dir / LISTS,
        refuse_unaudited=settings.unaudited_changes == "refuse",
    ).run()
