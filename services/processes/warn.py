"""The process of the warning pipeline: hits and warnings in, cases, warnings out."""

import asyncio
import logging
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry, Counter
from starlette.applications import Starlette

from infra import process_lifecycle
from infra.clock import now_ms
from infra.redis.client import connect
from infra.redis.shared_key import SharedKey
from services.audit.audited_actions import AuditedActions
from services.audit.forwarder import AuditForwarder
from services.audit.refusals import RefusalRecorder
from services.auth import exposure, identity
from services.rpc import security
from services.rpc.cases.handler import CaseServicer
from services.rpc.middleware.paging import PAGE_KEY
from services.rpc.server import RpcServer
from services.rpc.warnings.handler import WarningServicer
from services.settings.settings import Settings
from services.telemetry import admin_exporter
from services.warning import wiring
from services.warning.backfill import wiring as waiting_assembly
from services.warning.backfill.metrics import BackfillMetrics
from services.warning.desk.service import CaseDesk
from services.warning.dispatch import wiring as way_out
from services.warning.dispatch.kill_switch import KillSwitch
from services.warning.dispatch.limit_store import LimitStore
from services.warning.dispatch.metrics import ChannelMetrics
from services.warning.dispatch.permits import LimitPermit
from services.warning.intake import cloud_events_http, http_server
from services.warning.intake.cloud_events_http import Authenticate
from services.warning.intake.drop_folder import DropFolder
from services.warning.policy import rulebook
from services.warning.policy.metrics import RulebookMetrics
from services.warning.policy.router import PolicyRouter, TemplateComposer
from services.warning.policy.rulebook import Rulebook

logger = logging.getLogger(__name__)

CONNECTIONS = 128
"""Some thirty wait for what comes; the rest are for what is under way."""


async def run(settings: Settings) -> int:
    """Run the warning pipeline until told to stop; return the exit status."""
    if settings.redis_url is None:
        raise ValueError("FANZHA_REDIS_URL: warn needs it; `fanzha up` brings a Valkey along")
    exposure.check_warning(settings)
    # What begins here, and is no request.
    identity.set_identity(identity.BACKGROUND if settings.auth_enabled else identity.DEVELOPER)
    stop = process_lifecycle.stop_event()
    registry = CollectorRegistry()
    client = connect(settings.redis_url, connections=CONNECTIONS)
    book = await asyncio.to_thread(rulebook.load, settings)
    router, composer = _router(book)
    registry.register(RulebookMetrics(book.regions, lambda: composer.left_out))
    pipeline = wiring.build(
        settings, client, registry=registry, now_ms=now_ms, router=router, composer=composer
    )
    failures = Counter(
        "fanzha_rpc_errors", "Requests that did not end with OK.", ["code"], registry=registry
    )
    audit = AuditForwarder(client, pipeline.consumer)
    refusals = RefusalRecorder(audit)
    guard = security.of(settings, "admin", refusals.count)
    desk = CaseDesk(
        store=pipeline.store,
        listing=pipeline.listing,
        router=router,
        trail=AuditedActions(audit, of="case"),
        now_ms=now_ms,
    )
    landing = waiting_assembly.build_background(
        settings,
        client,
        lists=connect(settings.redis_url, decode_responses=False),
        router=router,
        audit=audit,
        worker=pipeline.consumer,
        metrics=BackfillMetrics(registry),
        now_ms=now_ms,
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(client.aclose)
        stack.push_async_callback(landing.close)
        switch = KillSwitch(client, now_ms=now_ms)
        limits = LimitStore(client, rules=book.rules, stopped=lambda: switch.stopped, now_ms=now_ms)
        ways = way_out.build(
            settings,
            client,
            pipeline=pipeline,
            router=router,
            metrics=ChannelMetrics(registry),
            now_ms=now_ms,
            permit=LimitPermit(limits),
        )
        stack.push_async_callback(ways.close)
        server = RpcServer(
            {
                "warning": WarningServicer(pipeline.submission, pipeline.sources),
                "case": CaseServicer(desk, pipeline.reader),
            },
            page_key=SharedKey(client, PAGE_KEY).get,
            max_message_bytes=settings.max_message_bytes,
            failed=lambda code: failures.labels(code).inc(),
            security=guard,
        )
        if settings.metrics_enabled:
            page = admin_exporter.page(
                registry, settings.metrics_host, settings.warning_metrics_port
            )
            stack.enter_context(page)
        await server.start(settings.warning_host, settings.warning_port)
        await _serve_http(stack, settings, cloud_events_http.app(pipeline.submission, _who(guard)))
        background = [*pipeline.start(), *ways.start()]
        background += [asyncio.create_task(one) for one in landing.running()]
        background.append(asyncio.create_task(switch.poll()))
        background.append(asyncio.create_task(refusals.run()))
        if settings.warning_drop_dir is not None:
            folder = DropFolder(settings.warning_drop_dir, pipeline.submission)
            background.append(asyncio.create_task(folder.run()))
        await server.serve()
        process_lifecycle.say_serving()
        await process_lifecycle.first_of(stop, *background)
        ending = process_lifecycle.DrainBudget(settings.drain_seconds)
        await server.drain(ending.left())
        await ways.drain(ending.left())
        await process_lifecycle.cancel(background)
        await refusals.write(last=True)
    logger.info("the warning pipeline ends")
    return 0


async def _serve_http(stack: AsyncExitStack, settings: Settings, app: Starlette) -> None:
    if settings.warning_http_port is None:
        return
    http = http_server.serve_http(
        app,
        settings.warning_host,
        settings.warning_http_port,
        certificate=settings.tls_certificate,
        key=settings.tls_key,
    )
    port = await stack.enter_async_context(http)
    logger.info("warnings over HTTP: port %d", port)


def _router(book: Rulebook) -> tuple[PolicyRouter, TemplateComposer]:
    router = PolicyRouter(regions=book.regions, policy=book.policy, context=book.context)
    composer = TemplateComposer(
        book.templates, language=book.language, utc_offset=book.rules.utc_offset
    )
    return router, composer


def _who(guard: security.PortSecurity) -> Authenticate | None:
    """Return what HTTP asks who a token speaks for; certificates speak for nobody there."""
    if guard.interceptor is None:
        return None
    tokens = guard.interceptor.tokens
    if tokens is None:
        raise ValueError("warning_http_port: requires jwks_file")
    return tokens.identity
