"""Subrequests of gateways: nginx ``auth_request``, Traefik ``forwardAuth``, Caddy ``forward_auth``.

The gateway asks about each request, with the original one in headers, and lets it through on 2xx.
"""

import asyncio
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.http_server import serve_http
from integrations.common import process
from integrations.common.adapter_metrics import AdapterMetrics, AdapterMetricsServer
from integrations.common.decider import TrafficDecider
from integrations.common.settings import load
from integrations.http.link_judge import LinkJudge
from integrations.http.peer_faults import PeerFaultGuard
from integrations.http.refusal import DECISION_HEADER, HttpRefusal, refusal_of
from integrations.http.settings import ForwardAuthSettings
from integrations.http.web_request import WebRequest

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_MOST_REQUESTS = 4096
SETTINGS = ForwardAuthSettings


def application(judge: LinkJudge, settings: ForwardAuthSettings) -> Starlette:
    """Return the ASGI application; every path but /health asks."""

    async def decide(request: Request) -> Response:
        asked = original_request(request)
        if asked is None:
            return Response("no original request in the headers\n", 400)
        subscriber = asked.subscriber(settings.subscriber_header)
        facts = asked.host_facts(settings.host_facts_header)
        answer = await judge.decide(asked.url, subscriber, facts)
        if not judge.refuses(answer):
            named = {DECISION_HEADER: str(answer.decision_id)} if answer.decision_id else {}
            return Response(status_code=200, headers=named)
        return _response(refusal_of(answer, asked, settings.block_page_url), settings)

    async def health(_: Request) -> Response:
        return Response("serving\n")

    return Starlette(
        routes=[Route("/health", health), Route("/{path:path}", decide, methods=_METHODS)]
    )


def original_request(request: Request) -> WebRequest | None:
    """Return the request that the gateway asks about; None without the headers that name it."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    method = headers.get("x-forwarded-method") or headers.get("x-original-method") or "GET"
    original = headers.get("x-original-url", "")
    host = headers.get("x-forwarded-host", "")
    if not original and not host:
        return None
    return WebRequest(
        method=method,
        scheme=headers.get("x-forwarded-proto", "http"),
        host=host,
        target=original or headers.get("x-forwarded-uri", "/"),
        headers=headers,
    )


def main(config: Path | None) -> None:
    """Run until the process is told to end."""
    settings = load(ForwardAuthSettings, config)
    process.run(lambda stop: serve(settings, stop), settings)


async def serve(settings: ForwardAuthSettings, stop: asyncio.Event) -> None:
    """Serve until *stop* is set, then drain."""
    metrics = AdapterMetrics("forward_auth")
    page = AdapterMetricsServer.start(metrics, settings.metrics_listen)
    async with TrafficDecider(settings, metrics) as decider:
        judge = LinkJudge(decider, settings.cache_entries)
        host, port = process.address_of(settings.listen)
        guarded = PeerFaultGuard(application(judge, settings), metrics)
        async with serve_http(guarded, host, port, limit_concurrency=_MOST_REQUESTS) as bound:
            process.say_serving(forward_auth=f"{host}:{bound}", metrics=page.port if page else "")
            await stop.wait()


def _response(refusal: HttpRefusal, settings: ForwardAuthSettings) -> Response:
    status = settings.refusal_status or refusal.status
    return Response(refusal.body, status, headers=dict(refusal.headers))
