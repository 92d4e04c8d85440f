"""The process of the warning pipeline: hits and warnings in, cases, warnings out."""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry, Counter
from starlette.applications import Starlette

from fanzha.errors import InvalidConfiguration
from fanzha.tracing import tracer as traces
from fanzha.tracing.tracer import Tracer
from infra import garbage_collection, http_server, process_lifecycle
from infra.clock import now_ms
from infra.redis.client import Client, connect
from infra.redis.shared_key import SharedKey
from services.audit.audited_actions import AuditedActions
from services.audit.forwarder import AuditForwarder
from services.audit.refusals import RefusalRecorder
from services.auth import exposure, identity
from services.education import wiring as education_wiring
from services.education.wiring import EducationSending
from services.rpc import security
from services.rpc.access.description import describing
from services.rpc.access.handler import AccessServicer
from services.rpc.cases.handler import CaseServicer
from services.rpc.middleware.paging import PAGE_KEY
from services.rpc.security import PortSecurity
from services.rpc.server import RpcServer
from services.rpc.warnings.handler import WarningServicer
from services.settings.settings import Settings
from services.sources import wiring as source_wiring
from services.telemetry import admin_exporter
from services.warning import wiring
from services.warning.backfill import wiring as backfill_wiring
from services.warning.backfill.metrics import BackfillMetrics
from services.warning.backfill.wiring import BackfillBackground
from services.warning.cases.claims import CaseClaims
from services.warning.cases.index_upgrade import CaseIndexUpgrade
from services.warning.channels.channel import OnReceipt
from services.warning.desk import wiring as desk_wiring
from services.warning.dispatch import wiring as dispatch_wiring
from services.warning.dispatch.kill_switch import KillSwitch
from services.warning.dispatch.limit_store import LimitStore
from services.warning.dispatch.metrics import ChannelMetrics
from services.warning.dispatch.outbox_relay import nothing_more
from services.warning.dispatch.wiring import DispatchRuntime
from services.warning.intake import cloud_events_http
from services.warning.intake.cloud_events_http import Authenticate
from services.warning.intake.drop_folder import DropFolder
from services.warning.policy import follower, rulebook
from services.warning.policy.follower import FollowedWarningPolicy
from services.warning.policy.metrics import RulebookMetrics
from services.warning.policy.router import PolicyRouter, TemplateComposer
from services.warning.policy.rulebook import Rulebook
from services.warning.robot import wiring as robot_wiring
from services.warning.robot.voice import wiring as voice_wiring
from services.warning.robot.voice.sender import VoiceSender
from services.warning.robot.voice.wiring import VoiceParts
from services.warning.robot.wiring import RobotParts
from services.warning.stop_payment import wiring as stop_payment_wiring
from services.warning.stop_payment.wiring import StopPaymentRuntime
from services.warning.wiring import WarningPipeline

logger = logging.getLogger(__name__)

_AFTER_SECONDS = 3.0
CONNECTIONS = 128
"""About thirty block in reads of streams; the rest serve requests and sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarnParts:
    """The parts of the warning pipeline that its server and its dispatch share."""

    settings: Settings
    client: Client
    registry: CollectorRegistry
    book: Rulebook
    router: PolicyRouter
    composer: TemplateComposer
    indexes: CaseIndexUpgrade
    pipeline: WarningPipeline
    audit: AuditForwarder
    refusals: RefusalRecorder
    guard: PortSecurity
    backfill: BackfillBackground
    policy: FollowedWarningPolicy
    tracer: Tracer | None
    robot: RobotParts | None
    voice: VoiceParts | None


async def run(settings: Settings) -> int:
    """Run the warning pipeline until told to stop; return the exit status."""
    if settings.redis_url is None:
        raise InvalidConfiguration(
            "FANZHA_REDIS_URL: warn needs it; `fanzha up` brings a Valkey along"
        )
    exposure.check_warning(settings)
    exposure.check_metrics(settings)
    # The identity of background work, which no request starts.
    identity.set_identity(identity.BACKGROUND if settings.auth_enabled else identity.DEVELOPER)
    stop = process_lifecycle.stop_event()
    parts = await _build(settings, settings.redis_url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(parts.client.aclose)
        stack.push_async_callback(parts.backfill.close)
        education = _education(parts)
        dispatch = _dispatch(parts, education)
        stack.push_async_callback(dispatch.close)
        stop_payment = _stop_payment(parts)
        if stop_payment is not None:
            stack.push_async_callback(stop_payment.close)
        server = _server(parts)
        await _open_ports(stack, parts, server)
        following = asyncio.create_task(parts.policy.run())
        await parts.policy.first()
        background = [following, *_start_background(parts, dispatch, education)]
        background += stop_payment.start() if stop_payment is not None else []
        await server.serve()
        process_lifecycle.say_serving()
        preparing = asyncio.create_task(_prepare_regions(parts.book))
        await process_lifecycle.first_of(stop, *background)
        budget = process_lifecycle.DrainBudget(settings.drain_seconds)
        await server.drain(budget.left())
        await dispatch.drain(budget.left())
        await process_lifecycle.cancel([*background, preparing])
        await parts.refusals.write(last=True)
        if parts.tracer is not None:
            parts.tracer.close(budget.left())
    logger.info("the warning pipeline ends")
    return 0


async def _prepare_regions(book: Rulebook) -> None:
    """Load the table of prefixes once the other roles serve; an earlier hit loads it itself."""
    await asyncio.sleep(_AFTER_SECONDS)
    await asyncio.to_thread(book.regions.prepare)
    # What it was read from is in cycles: twenty MiB.
    await asyncio.to_thread(garbage_collection.settle_memory)


async def _build(settings: Settings, redis_url: str) -> WarnParts:
    """Load the rulebook, and build the pipeline and the backfills on it."""
    registry, tracer = CollectorRegistry(), _tracer(settings)
    client = connect(redis_url, connections=CONNECTIONS)
    book = await asyncio.to_thread(rulebook.load, settings)
    router, composer = _router(book)
    registry.register(RulebookMetrics(book.regions, lambda: composer.left_out))
    robot = await asyncio.to_thread(robot_wiring.build, settings, client)
    pipeline = _pipeline(
        settings, client, registry, router=router, composer=composer, robot=robot, tracer=tracer
    )
    audit = AuditForwarder(client, pipeline.consumer)
    refusals = RefusalRecorder(audit)
    backfill = backfill_wiring.build_background(
        settings, client, lists=connect(redis_url, decode_responses=False), router=router,
        audit=audit, worker=pipeline.consumer, metrics=BackfillMetrics(registry), now_ms=now_ms,
    )  # fmt: skip
    return WarnParts(
        settings=settings,
        client=client,
        registry=registry,
        book=book,
        router=router,
        composer=composer,
        indexes=CaseIndexUpgrade(client, pipeline.store),
        pipeline=pipeline,
        audit=audit,
        refusals=refusals,
        tracer=tracer,
        guard=security.of(settings, "admin", refusals.count),
        backfill=backfill,
        policy=follower.follow(
            settings, client, worker=pipeline.consumer, use=router.use, now_ms=now_ms
        ),
        robot=robot,
        voice=await asyncio.to_thread(voice_wiring.build, settings),
    )


def _pipeline(
    settings: Settings,
    client: Client,
    registry: CollectorRegistry,
    *,
    router: PolicyRouter,
    composer: TemplateComposer,
    robot: RobotParts | None,
    tracer: Tracer | None,
) -> WarningPipeline:
    return wiring.build(
        settings,
        client,
        registry=registry,
        now_ms=now_ms,
        router=router,
        composer=robot.composer(composer) if robot else composer,
        written=robot.written if robot else nothing_more,
        tracer=tracer,
    )


def _tracer(settings: Settings) -> Tracer | None:
    return traces.exporting(
        settings.trace_endpoint,
        role="warn",
        share=settings.trace_share,
        most_a_second=settings.trace_most_per_second,
    )


def _education(parts: WarnParts) -> EducationSending:
    """Build what sends educational messages, by the channel of warnings and behind them."""
    switch = KillSwitch(parts.client, now_ms=now_ms)
    return education_wiring.build_sending(
        parts.settings,
        parts.client,
        switch=switch,
        limits=_limits(parts, switch),
        context=parts.book.context,
        registry=parts.registry,
        owner=parts.pipeline.consumer,
        now_ms=now_ms,
    )


def _dispatch(parts: WarnParts, education: EducationSending) -> DispatchRuntime:
    """Build the channels; the kill switch and the limits decide on each message."""
    return dispatch_wiring.build(
        parts.settings,
        parts.client,
        pipeline=parts.pipeline,
        router=parts.router,
        metrics=ChannelMetrics(parts.registry),
        now_ms=now_ms,
        tracer=parts.tracer,
        permit=education.permit,
        education=education.records,
        on_reply=parts.robot.intake.store if parts.robot else None,
        senders={"voice": partial(_voice, parts, parts.voice)} if parts.voice else {},
    )


def _voice(parts: WarnParts, voice: VoiceParts, on_receipt: OnReceipt) -> VoiceSender:
    return voice_wiring.sender(
        voice,
        parts.client,
        cases=parts.pipeline.store,
        limits=_limits(parts),
        on_receipt=on_receipt,
        registry=parts.registry,
        now_ms=now_ms,
    )


def _stop_payment(parts: WarnParts) -> StopPaymentRuntime | None:
    """Build the hand-over to the stop-payment desk; None where there is none."""
    pipeline = parts.pipeline
    return stop_payment_wiring.build(
        parts.settings,
        parts.client,
        cases=pipeline.store,
        audit=parts.audit,
        dead=pipeline.dead,
        name=pipeline.consumer,
        registry=parts.registry,
        now_ms=now_ms,
    )


def _limits(parts: WarnParts, switch: KillSwitch | None = None) -> LimitStore:
    switch = switch or KillSwitch(parts.client, now_ms=now_ms)
    return LimitStore(
        parts.client, rules=parts.book.rules, stopped=switch.is_stopped, now_ms=now_ms
    )


def _server(parts: WarnParts) -> RpcServer:
    """Build the gRPC server: warnings in, and the case desk."""
    pipeline = parts.pipeline
    wired = desk_wiring.build(
        store=pipeline.store,
        listing=pipeline.listing,
        claims=CaseClaims(parts.client, now_ms=now_ms),
        indexed=parts.indexes,
        router=parts.router,
        scripts=parts.composer,
        trail=AuditedActions(parts.audit, of="case"),
        now_ms=now_ms,
    )
    failures = Counter(
        "fanzha_rpc_errors", "Requests that did not end with OK.", ["code"], registry=parts.registry
    )
    return RpcServer(
        {
            "access": AccessServicer(describing(parts.settings, "warnings")),
            "warning": WarningServicer(pipeline.submission, pipeline.sources),
            "case": CaseServicer(
                wired.desk,
                wired.queue,
                pipeline.reader,
                robot_wiring.screen(parts.settings, wired.desk),
            ),
        },
        page_key=SharedKey(parts.client, PAGE_KEY).get,
        max_message_bytes=parts.settings.max_message_bytes,
        failed=lambda code: failures.labels(code).inc(),
        security=parts.guard,
    )


async def _open_ports(stack: AsyncExitStack, parts: WarnParts, server: RpcServer) -> None:
    """Open the ports of metrics, gRPC and HTTP; *stack* closes metrics and HTTP."""
    settings = parts.settings
    if settings.metrics_enabled:
        page = admin_exporter.page(
            parts.registry,
            settings.metrics_host,
            settings.warning_metrics_port,
            certificate=exposure.metrics_certificate(settings),
        )
        stack.enter_context(page)
    await server.start(settings.warning_host, settings.warning_port)
    app = cloud_events_http.app(parts.pipeline.submission, _authenticate(parts.guard))
    await _serve_http(stack, settings, app)


def _start_background(
    parts: WarnParts, dispatch: DispatchRuntime, education: EducationSending
) -> "list[asyncio.Task[None]]":
    """Start the pipeline, the channels, the backfills, and the drop folder where there is one."""
    background = [*parts.pipeline.start(), *dispatch.start()]
    background.append(asyncio.create_task(education.runner.run()))
    background += [asyncio.create_task(one) for one in parts.backfill.running()]
    background.append(asyncio.create_task(parts.refusals.run()))
    background.append(asyncio.create_task(parts.indexes.keep()))
    if parts.robot is not None:
        robot = robot_wiring.consumer(
            parts.robot, parts.client, cases=parts.pipeline.store, dead=parts.pipeline.dead,
            name=parts.pipeline.consumer, opt_outs=_limits(parts), regions=parts.router,
            audit=parts.audit, registry=parts.registry, now_ms=now_ms,
        )  # fmt: skip
        background.append(asyncio.create_task(robot.run()))
    sources = source_wiring.of_warnings(
        parts.settings,
        parts.client,
        parts.pipeline.submission,
        audit=parts.audit,
        registry=parts.registry,
        now_ms=now_ms,
    )
    background.append(asyncio.create_task(sources.run()))
    if parts.settings.warning_drop_dir is not None:
        folder = DropFolder(parts.settings.warning_drop_dir, parts.pipeline.submission)
        background.append(asyncio.create_task(folder.run()))
    return background


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
        book.templates,
        language=book.language,
        utc_offset=book.rules.utc_offset,
        corrections=book.corrections,
    )
    return router, composer


def _authenticate(guard: PortSecurity) -> Authenticate | None:
    """Return the lookup of a token's identity for HTTP, where certificates identify no one."""
    if guard.interceptor is None:
        return None
    tokens = guard.interceptor.tokens
    if tokens is None:
        raise InvalidConfiguration("warning_http_port: requires jwks_file")
    return tokens.identity
