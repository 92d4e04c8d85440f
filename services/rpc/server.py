"""Makes gRPC servers: the same options, middleware, health and reflection for every role."""

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from fanzha.v1 import (
    access_pb2,
    access_pb2_grpc,
    appeal_pb2,
    appeal_pb2_grpc,
    assessment_pb2,
    assessment_pb2_grpc,
    audit_pb2,
    audit_pb2_grpc,
    blocklist_pb2,
    blocklist_pb2_grpc,
    case_pb2,
    case_pb2_grpc,
    change_pb2,
    change_pb2_grpc,
    decision_log_pb2,
    decision_log_pb2_grpc,
    education_pb2,
    education_pb2_grpc,
    entity_pb2,
    entity_pb2_grpc,
    feedback_pb2,
    feedback_pb2_grpc,
    hit_pb2,
    hit_pb2_grpc,
    incident_pb2,
    incident_pb2_grpc,
    interception_pb2,
    list_update_pb2,
    list_update_pb2_grpc,
    mapping_pb2,
    mapping_pb2_grpc,
    model_pb2,
    model_pb2_grpc,
    policy_pb2,
    policy_pb2_grpc,
    risk_pb2,
    risk_pb2_grpc,
    source_pb2,
    source_pb2_grpc,
    warning_backfill_pb2,
    warning_backfill_pb2_grpc,
    warning_control_pb2,
    warning_control_pb2_grpc,
    warning_operations_pb2,
    warning_operations_pb2_grpc,
    warning_pb2,
    warning_pb2_grpc,
    warning_policy_pb2,
    warning_policy_pb2_grpc,
    warning_report_pb2,
    warning_report_pb2_grpc,
)
from infra.port_binding import check_port_free
from services.auth import identity
from services.decision.decision_traces import DecisionTraces
from services.decision.shed_reasons import ShedReason
from services.rpc.access.handler import AccessServicer
from services.rpc.core.call_context import RunningCalls
from services.rpc.core.decision_call import DecisionMethod, DecisionStages
from services.rpc.core.server import CoreServer
from services.rpc.decide.batch_handler import BatchHandler
from services.rpc.decide.batch_queue import BatchQueue, Timed
from services.rpc.decide.handler import InterceptionServicer
from services.rpc.middleware.load_shedder import LoadShedder
from services.rpc.middleware.paging import PageKey, process_key
from services.rpc.middleware.registry import MethodRegistry
from services.rpc.security import PortSecurity
from services.rpc.server_options import ChannelOptions, ConnectionTimes, channel_options

_TIMES = ConnectionTimes()
_DECIDES = "interception"
_CHECK = f"/{health.SERVICE_NAME}/Check"
_INTERCEPTION = interception_pb2.DESCRIPTOR.services_by_name["InterceptionService"]
_SERVICES: dict[str, tuple[str, Any]] = {
    _DECIDES: (_INTERCEPTION.full_name, None),
    "feedback": (
        feedback_pb2.DESCRIPTOR.services_by_name["FeedbackService"].full_name,
        feedback_pb2_grpc.add_FeedbackServiceServicer_to_server,
    ),
    "blocklist": (
        blocklist_pb2.DESCRIPTOR.services_by_name["BlocklistService"].full_name,
        blocklist_pb2_grpc.add_BlocklistServiceServicer_to_server,
    ),
    "appeal": (
        appeal_pb2.DESCRIPTOR.services_by_name["AppealService"].full_name,
        appeal_pb2_grpc.add_AppealServiceServicer_to_server,
    ),
    "entities": (
        entity_pb2.DESCRIPTOR.services_by_name["EntityService"].full_name,
        entity_pb2_grpc.add_EntityServiceServicer_to_server,
    ),
    "incidents": (
        incident_pb2.DESCRIPTOR.services_by_name["IncidentService"].full_name,
        incident_pb2_grpc.add_IncidentServiceServicer_to_server,
    ),
    "education": (
        education_pb2.DESCRIPTOR.services_by_name["EducationService"].full_name,
        education_pb2_grpc.add_EducationServiceServicer_to_server,
    ),
    "risk": (
        risk_pb2.DESCRIPTOR.services_by_name["RiskService"].full_name,
        risk_pb2_grpc.add_RiskServiceServicer_to_server,
    ),
    "sources": (
        source_pb2.DESCRIPTOR.services_by_name["SourceService"].full_name,
        source_pb2_grpc.add_SourceServiceServicer_to_server,
    ),
    "assessment": (
        assessment_pb2.DESCRIPTOR.services_by_name["AssessmentService"].full_name,
        assessment_pb2_grpc.add_AssessmentServiceServicer_to_server,
    ),
    "audit": (
        audit_pb2.DESCRIPTOR.services_by_name["AuditService"].full_name,
        audit_pb2_grpc.add_AuditServiceServicer_to_server,
    ),
    "access": (
        access_pb2.DESCRIPTOR.services_by_name["AccessService"].full_name,
        access_pb2_grpc.add_AccessServiceServicer_to_server,
    ),
    "changes": (
        change_pb2.DESCRIPTOR.services_by_name["ChangeService"].full_name,
        change_pb2_grpc.add_ChangeServiceServicer_to_server,
    ),
    "policy": (
        policy_pb2.DESCRIPTOR.services_by_name["PolicyService"].full_name,
        policy_pb2_grpc.add_PolicyServiceServicer_to_server,
    ),
    "list_updates": (
        list_update_pb2.DESCRIPTOR.services_by_name["ListUpdateService"].full_name,
        list_update_pb2_grpc.add_ListUpdateServiceServicer_to_server,
    ),
    "mapping": (
        mapping_pb2.DESCRIPTOR.services_by_name["MappingService"].full_name,
        mapping_pb2_grpc.add_MappingServiceServicer_to_server,
    ),
    "decision_log": (
        decision_log_pb2.DESCRIPTOR.services_by_name["DecisionLogService"].full_name,
        decision_log_pb2_grpc.add_DecisionLogServiceServicer_to_server,
    ),
    "hits": (
        hit_pb2.DESCRIPTOR.services_by_name["HitService"].full_name,
        hit_pb2_grpc.add_HitServiceServicer_to_server,
    ),
    "warning_operations": (
        warning_operations_pb2.DESCRIPTOR.services_by_name["WarningOperationsService"].full_name,
        warning_operations_pb2_grpc.add_WarningOperationsServiceServicer_to_server,
    ),
    "models": (
        model_pb2.DESCRIPTOR.services_by_name["ModelService"].full_name,
        model_pb2_grpc.add_ModelServiceServicer_to_server,
    ),
    "warning_policy": (
        warning_policy_pb2.DESCRIPTOR.services_by_name["WarningPolicyService"].full_name,
        warning_policy_pb2_grpc.add_WarningPolicyServiceServicer_to_server,
    ),
    "warning_control": (
        warning_control_pb2.DESCRIPTOR.services_by_name["WarningControlService"].full_name,
        warning_control_pb2_grpc.add_WarningControlServiceServicer_to_server,
    ),
    "case": (
        case_pb2.DESCRIPTOR.services_by_name["CaseService"].full_name,
        case_pb2_grpc.add_CaseServiceServicer_to_server,
    ),
    "warning": (
        warning_pb2.DESCRIPTOR.services_by_name["WarningService"].full_name,
        warning_pb2_grpc.add_WarningServiceServicer_to_server,
    ),
    "warning_backfill": (
        warning_backfill_pb2.DESCRIPTOR.services_by_name["WarningBackfillService"].full_name,
        warning_backfill_pb2_grpc.add_WarningBackfillServiceServicer_to_server,
    ),
    "warning_report": (
        warning_report_pb2.DESCRIPTOR.services_by_name["WarningReportService"].full_name,
        warning_report_pb2_grpc.add_WarningReportServiceServicer_to_server,
    ),
}


def known_services() -> list[str]:
    """Return the keys of all services that a server may have."""
    return list(_SERVICES)


class RpcServer:
    """A gRPC server that answers NOT_SERVING until `serve` is called.

    *page_key* returns the key that signs page tokens; processes with the same key understand each
    other's. Without one the tokens end with the process.
    """

    _server: Any
    _shedder: LoadShedder | None = None

    def __init__(
        self,
        servicers: dict[str, object],
        *,
        max_message_bytes: int,
        security: PortSecurity,
        max_connection_requests: int = 128,
        max_queued_requests: int = 64,
        max_wait_ms: int = 500,
        failed: Callable[[str], None] = lambda _code: None,
        shed: Callable[[ShedReason], None] = lambda _why: None,
        waited: Callable[[int, float], None] = lambda _requests, _seconds: None,
        timed: Timed = lambda _channel, _seconds: None,
        traces: DecisionTraces | None = None,
        times: ConnectionTimes = _TIMES,
        page_key: PageKey | None = None,
    ) -> None:
        self._security = security
        servicers = {"access": AccessServicer()} | servicers
        options = channel_options(
            max_message_bytes=max_message_bytes,
            max_connection_requests=max_connection_requests,
            max_queued_requests=max_queued_requests,
            times=times,
        )
        self._health = health.aio.HealthServicer()
        registry = MethodRegistry(failed, security, page_key or process_key())
        self._register(servicers, registry)
        self.methods: list[str] = registry.methods
        """All methods served, as ``/service/method``."""
        if _DECIDES in servicers:
            decides: Any = servicers[_DECIDES]
            self._shedder = shedder = LoadShedder(
                longest_wait_seconds=max_wait_ms / 1000, clock=monotonic, shed=shed
            )
            queue = BatchQueue(shedder.shares, shedder.leave, waited, timed)
            self._server = _deciding(options, decides, registry, shedder, queue, traces=traces)
            self.methods += decision_paths(decides)
        else:
            self._server = _on_grpc_aio(options, registry)

    def _register(self, servicers: dict[str, object], registry: Any) -> None:
        """Add all services but those that decide.

        *registry* stands in for a server where generated code adds methods.
        """
        health_pb2_grpc.add_HealthServicer_to_server(self._health, registry)
        self._names = ["", *(_SERVICES[key][0] for key in servicers)]
        for key, servicer in servicers.items():
            if key != _DECIDES:
                _SERVICES[key][1](servicer, registry)
        described = [*self._names[1:], health.SERVICE_NAME, reflection.SERVICE_NAME]
        reflecting = reflection.aio.ReflectionServicer(described)
        add_reflection: Any = reflection_pb2_grpc.add_ServerReflectionServicer_to_server
        add_reflection(reflecting, registry)

    @property
    def in_flight(self) -> int:
        """Requests for decisions that were admitted and have not ended."""
        return 0 if self._shedder is None else self._shedder.in_flight

    async def start(self, host: str, port: int, *, shared: bool = False) -> int:
        """Listen, answer NOT_SERVING, and return the port.

        Unless the port is *shared*, raises RuntimeError when another process serves there.
        """
        if not shared:
            check_port_free(host, port)
        await self._set_health(self._names, serving=False)
        address, tls = f"{_bracketed(host)}:{port}", self._security.tls
        if tls is None:
            bound: int = self._server.add_insecure_port(address)
        else:
            bound = self._server.add_secure_port(address, tls.credentials())
        # Tasks of requests inherit this identity until authentication, and never the starter's.
        with identity.acting_as(self._security.before_authentication):
            await self._server.start()
        return bound

    async def serve(self) -> None:
        """Answer SERVING from now on."""
        await self._set_health(self._names, serving=True)

    async def drain(self, seconds: float) -> None:
        """Answer NOT_SERVING, accept no more requests, and finish those in flight."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(seconds)

    async def _set_health(self, names: Iterable[str], *, serving: bool) -> None:
        status = health_pb2.HealthCheckResponse
        for name in names:
            await self._health.set(name, status.SERVING if serving else status.NOT_SERVING)


def _on_grpc_aio(options: ChannelOptions, registry: MethodRegistry) -> Any:
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers((registry.handler(),))
    # gRPC's core keeps a queue of its own for a method registered by name, so health checks do
    # not wait behind other requests. Each such method costs every request a few µs.
    check = registry.handlers[_CHECK]
    server.add_registered_method_handlers(health.SERVICE_NAME, {"Check": check})
    return server


def _deciding(
    options: ChannelOptions,
    servicer: InterceptionServicer,
    registry: MethodRegistry,
    shedder: LoadShedder,
    queue: BatchQueue,
    *,
    traces: DecisionTraces | None,
) -> CoreServer:
    stages = DecisionStages(
        shedder=shedder,
        queue=queue,
        memory=registry.memory,
        running=RunningCalls(),
        traces=traces,
    )
    decisions = {
        path: DecisionMethod(
            handler=handler,
            single=single,
            authenticate=registry.authenticate(path),
            errors=registry.errors(path),
            stages=stages,
            name=path.removeprefix("/"),
        )
        for path, (handler, single) in decision_paths(servicer).items()
    }
    return CoreServer(
        options, decisions=decisions, others=registry.handlers, stages=stages, apart=_CHECK
    )


def decision_paths(servicer: InterceptionServicer) -> dict[str, tuple[BatchHandler, bool]]:
    """Return what answers each method that decides, as `InterceptionServicer.methods` does."""
    methods = servicer.methods()
    return {
        f"/{_INTERCEPTION.full_name}/{method.name}": methods[method.name]
        for method in _INTERCEPTION.methods
    }


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
