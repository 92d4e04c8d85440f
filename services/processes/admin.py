"""The process of list administration: its services, on lists that it follows itself."""

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path

from blocklists.snapshot.replica import Replica
from fanzha.errors import InvalidConfiguration
from infra import garbage_collection, process_lifecycle
from infra.clock import now_ms
from infra.data_paths import ADMIN_LISTS
from services.audit.forwarder import AuditForwardIntake
from services.audit.refusals import RefusalRecorder
from services.auth import exposure, identity
from services.lists.hit_count_retention import HitCountRetention
from services.processes import admin_context, admin_wiring, hit_topic
from services.processes.admin_context import AdminContext
from services.processes.admin_wiring import AdminServices
from services.processes.graph_wiring import GraphTasks
from services.processes.list_follower import follow_lists
from services.processes.list_recovery import recover_and_follow
from services.rpc.server import RpcServer
from services.settings.settings import Settings
from services.telemetry import admin_exporter

logger = logging.getLogger(__name__)


async def run(settings: Settings) -> int:
    """Serve list administration until told to stop; return the exit status."""
    if settings.redis_url is None:
        raise InvalidConfiguration(
            "FANZHA_REDIS_URL: admin needs it; `fanzha up` brings a Valkey along"
        )
    exposure.check_admin(settings)
    exposure.check_metrics(settings)
    exposure.warn_admin_exposure(settings)
    # The identity of background work, which no request starts.
    identity.set_identity(identity.BACKGROUND if settings.auth_enabled else identity.DEVELOPER)
    stop = process_lifecycle.stop_event()
    context = await admin_context.open_context(settings, settings.redis_url)
    services = admin_wiring.build_services(context)
    refusals = RefusalRecorder(context.audit)
    server = admin_wiring.build_server(context, services, refusals)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(context.audit.close)
        if settings.metrics_enabled:
            page = admin_exporter.page(
                context.registry,
                settings.metrics_host,
                settings.admin_metrics_port,
                certificate=exposure.metrics_certificate(settings),
            )
            stack.enter_context(page)
        await server.start(settings.admin_host, settings.admin_port)
        topic = hit_topic.build(context.settings, context.connect(), context.registry)
        stack.push_async_callback(topic.close)
        background = [
            *_start_background(context, services, refusals, server),
            *topic.start(),
        ]
        await process_lifecycle.first_of(stop, *background)
        await server.drain(settings.drain_seconds)
        await process_lifecycle.cancel(background)
        await refusals.write(last=True)
    logger.info("administration ends")
    return 0


def _start_background(
    context: AdminContext, services: AdminServices, refusals: RefusalRecorder, server: RpcServer
) -> "list[asyncio.Task[None]]":
    """Start the tasks that run beside the server; the first lists make it serve."""
    audit, replica = context.audit, context.replica
    running = [
        recover_and_follow(services.upkeep, context.follower),
        services.upkeep.run(),
        _follow(context.settings.data_dir / ADMIN_LISTS, replica, server, services.graph),
        audit.run(),
        context.findings.run(),
        HitCountRetention(services.hits, lambda: replica.current, now_ms).run(),
        refusals.run(),
        services.entities.monitor.run(),
        services.incidents.figures.run(),
        AuditForwardIntake(context.connect(), audit, now_ms=now_ms).run(),
    ]
    return [
        *(asyncio.create_task(one) for one in running),
        *services.appeals.start(),
        *services.outcomes.start(),
        *services.graph.start(),
        asyncio.create_task(_pull_sources(services)),
    ]


async def _pull_sources(services: AdminServices) -> None:
    """Pull sources once the lists are loaded, which their entries are compared with."""
    await services.graph.lists_loaded.wait()
    await services.sources.scheduler.run()


async def _follow(folder: Path, replica: Replica, server: RpcServer, graph: GraphTasks) -> None:
    """Load new lists as they arrive; serve and keep the graph once the first are loaded."""
    serving = False

    async def loaded() -> None:
        nonlocal serving
        if not serving:
            serving = True
            await server.serve()
            process_lifecycle.say_serving()
            graph.lists_loaded.set()
            # Else garbage in cycles stays until there is a fourth as much as start-up made.
            await asyncio.to_thread(garbage_collection.settle_memory)

    await follow_lists(folder, replica, loaded)
