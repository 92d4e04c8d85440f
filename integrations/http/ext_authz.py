"""Envoy's external authorization: envoy.service.auth.v3.Authorization, over gRPC.

Envoy waits for the answer of each request, in its own event loop, so none of its workers is
blocked. With ``failure_mode_allow`` it lets through what this process does not answer.
"""

import asyncio
from pathlib import Path
from typing import Any

import grpc
from envoy.config.core.v3 import base_pb2
from envoy.service.auth.v3 import external_auth_pb2
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from fanzha.client import Answer
from integrations.common import process
from integrations.common.adapter_metrics import AdapterMetrics, AdapterMetricsServer
from integrations.common.decider import TrafficDecider
from integrations.common.settings import load
from integrations.http.link_judge import LinkJudge
from integrations.http.refusal import DECISION_HEADER, HttpRefusal, refusal_of
from integrations.http.settings import ExtAuthzSettings
from integrations.http.web_request import WebRequest

SERVICE = "envoy.service.auth.v3.Authorization"
_PERMISSION_DENIED = grpc.StatusCode.PERMISSION_DENIED.value[0]
_DRAIN_SECONDS = 5.0
SETTINGS = ExtAuthzSettings


class ExtAuthzService:
    """Answers Check for each request that Envoy is about to pass on."""

    def __init__(
        self, judge: LinkJudge, settings: ExtAuthzSettings, metrics: AdapterMetrics
    ) -> None:
        self._judge = judge
        self._settings = settings
        self._metrics = metrics

    def handlers(self) -> grpc.GenericRpcHandler:
        """Return what a server calls, with bytes.

        Where gRPC's library reads messages, it logs a traceback for one that it cannot read and
        answers UNKNOWN; INVALID_ARGUMENT is meant.
        """
        check: Any = grpc.unary_unary_rpc_method_handler(
            self.check, response_serializer=external_auth_pb2.CheckResponse.SerializeToString
        )
        return grpc.method_handlers_generic_handler(SERVICE, {"Check": check})

    async def check(self, message: bytes, context: Any) -> Any:
        """Let a request through, or refuse it with a page."""
        try:
            asked = _read(external_auth_pb2.CheckRequest.FromString(message))
        except DecodeError:
            self._metrics.count_fault("message")
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no CheckRequest")
            raise
        subscriber = asked.subscriber(self._settings.subscriber_header)
        facts = asked.host_facts(self._settings.host_facts_header)
        answer = await self._judge.decide(asked.url, subscriber, facts)
        if self._judge.refuses(answer):
            return _denied(refusal_of(answer, asked, self._settings.block_page_url))
        return _allowed(answer)


def main(config: Path | None) -> None:
    """Run until the process is told to end."""
    settings = load(ExtAuthzSettings, config)
    process.run(lambda stop: serve(settings, stop), settings)


async def serve(settings: ExtAuthzSettings, stop: asyncio.Event) -> None:
    """Serve until *stop* is set, then drain."""
    metrics = AdapterMetrics("ext_authz")
    page = AdapterMetricsServer.start(metrics, settings.metrics_listen)
    async with TrafficDecider(settings, metrics) as decider:
        server = grpc.aio.server()
        judge = LinkJudge(decider, settings.cache_entries)
        server.add_generic_rpc_handlers((ExtAuthzService(judge, settings, metrics).handlers(),))
        state = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(state, server)
        port = server.add_insecure_port(settings.listen)
        await server.start()
        for name in ("", SERVICE):
            await state.set(name, health_pb2.HealthCheckResponse.SERVING)
        host = settings.listen.rpartition(":")[0]
        process.say_serving(ext_authz=f"{host}:{port}", metrics=page.port if page else "")
        await stop.wait()
        await state.enter_graceful_shutdown()
        await server.stop(_DRAIN_SECONDS)


def _read(request: Any) -> WebRequest:
    http = request.attributes.request.http
    headers = {name.lower(): value for name, value in http.headers.items()}
    return WebRequest(
        method=http.method,
        scheme=http.scheme or headers.get("x-forwarded-proto", ""),
        host=http.host,
        target=http.path,
        headers=headers,
    )


def _allowed(answer: Answer) -> Any:
    # What a browser sends under our name is taken off, whether ours is set or not.
    allowed = external_auth_pb2.OkHttpResponse(headers_to_remove=[DECISION_HEADER])
    if answer.decision_id:
        allowed = external_auth_pb2.OkHttpResponse(
            headers=[_option(DECISION_HEADER, str(answer.decision_id))]
        )
    return external_auth_pb2.CheckResponse(ok_response=allowed)


def _denied(refusal: HttpRefusal) -> Any:
    response = external_auth_pb2.CheckResponse()
    response.status.code = _PERMISSION_DENIED
    response.denied_response.status.code = refusal.status
    response.denied_response.body = refusal.body
    response.denied_response.headers.extend(_option(*header) for header in refusal.headers)
    return response


def _option(name: str, value: str) -> Any:
    return base_pb2.HeaderValueOption(
        header=base_pb2.HeaderValue(key=name, value=value),
        append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
    )
