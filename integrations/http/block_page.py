"""The block page: what people see instead of a blocked site, and where they can object.

Resolvers send browsers here by CNAME, so any host and path may be asked for, written by whoever is
behind the fraud: neither is ever shown. Gateways redirect here with the decision id. Without one,
the link that was asked for is decided once more, which gives an id.
"""

import asyncio
import html
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fanzha.client import Link
from infra.http_server import serve_http
from integrations.common import process
from integrations.common.adapter_metrics import AdapterMetrics, AdapterMetricsServer
from integrations.common.decider import TrafficDecider
from integrations.common.settings import load
from integrations.http import appeal_form
from integrations.http.appeal_desk import AppealDesk
from integrations.http.appeal_form import FormTokens, HourlyLimit
from integrations.http.peer_faults import PeerFaultGuard
from integrations.http.settings import BlockPageSettings
from integrations.http.web_request import WebRequest

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_SCHEMES = {"url": "", "tel": "tel:", "email": "mailto:"}
_FORBIDDEN = 403
_MOST_REQUESTS = 1024
SETTINGS = BlockPageSettings


class BlockPage:
    """Writes the pages and takes the forms."""

    def __init__(
        self, settings: BlockPageSettings, decider: TrafficDecider, desk: AppealDesk | None
    ) -> None:
        self._settings = settings
        self._decider = decider
        self._desk = desk
        self._tokens = FormTokens()
        self._limit = HourlyLimit(settings.appeals_per_hour)

    def application(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route("/.fanzha/health", _health),
                Route("/.fanzha/style.css", _style),
                Route("/.fanzha/appeal", self.appeal, methods=["POST"]),
                Route("/{path:path}", self.show, methods=_METHODS),
            ]
        )

    async def show(self, request: Request) -> Response:
        """Show the page, whatever was asked for."""
        decision = appeal_form.decision_of(request.query_params.get("decision", ""))
        if not decision:
            decision = await self._decided(request)
        return self._page(_FORBIDDEN, decision, self._form(decision))

    async def appeal(self, request: Request) -> Response:
        """Take an appeal, and show its receipt."""
        body = await _bounded_body(request)
        form = None if body is None else appeal_form.read(body, self._tokens)
        if form is None or self._desk is None:
            return self._page(400, 0, _refused("form"))
        if not self._limit.admits(self._address(request)):
            return self._page(429, form.decision_id, _refused("limit"))
        opened = await self._desk.open(form)
        if opened.receipt:
            return self._page(200, form.decision_id, _filled("received", receipt=opened.receipt))
        return self._page(404 if opened.unknown else 503, form.decision_id, _refused(opened.why))

    async def _decided(self, request: Request) -> int:
        asked = WebRequest(
            method=request.method,
            scheme=request.url.scheme,
            host=request.headers.get("host", ""),
            target=request.url.path,
            headers={},
        )
        answer = await self._decider.link(Link(url=asked.url))
        return answer.decision_id if answer.blocked else 0

    def _form(self, decision: int) -> str:
        if self._desk is None or not decision:
            return ""
        return _filled("form", decision_id=str(decision), token=self._tokens.make(decision))

    def _page(self, status: int, decision: int, form: str) -> Response:
        named = _filled("decision", decision_id=str(decision)) if decision else ""
        page = _template().substitute(decision=named, contacts=self._contacts(), form=form)
        return HTMLResponse(page, status, headers=_HEADERS)

    def _contacts(self) -> str:
        found = {name: getattr(self._settings, f"redress_{name}") for name in _SCHEMES}
        rows = "".join(
            f"<li>{_parts()['contacts'][name]}: "
            f'<a href="{_SCHEMES[name]}{html.escape(value)}">{html.escape(value)}</a></li>'
            for name, value in found.items()
            if value
        )
        return f"<ul>{rows}</ul>" if rows else ""

    def _address(self, request: Request) -> str:
        if self._settings.trusted_proxy:
            forwarded = request.headers.get("x-forwarded-for", "")
            if forwarded:
                return forwarded.rpartition(",")[2].strip()
        return request.client.host if request.client else ""


def main(config: Path | None) -> None:
    """Run until the process is told to end."""
    settings = load(BlockPageSettings, config)
    process.run(lambda stop: serve(settings, stop), settings)


async def serve(settings: BlockPageSettings, stop: asyncio.Event) -> None:
    """Serve until *stop* is set, then drain."""
    metrics = AdapterMetrics("block_page")
    page = AdapterMetricsServer.start(metrics, settings.metrics_listen)
    host, port = process.address_of(settings.listen)
    async with TrafficDecider(settings, metrics) as decider:
        desk = AppealDesk(settings.appeal_target) if settings.appeal_target else None
        page_of = BlockPage(settings, decider, desk)
        application = PeerFaultGuard(page_of.application(), metrics)
        async with serve_http(application, host, port, limit_concurrency=_MOST_REQUESTS) as bound:
            process.say_serving(block_page=f"{host}:{bound}", metrics=page.port if page else "")
            await stop.wait()
        if desk is not None:
            await desk.close()


async def _health(_: Request) -> Response:
    return Response("serving\n")


async def _style(_: Request) -> Response:
    return Response(_file("block_page.css"), media_type="text/css")


async def _bounded_body(request: Request) -> bytes | None:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > appeal_form.MAX_FORM_BYTES:
            return None
    return body


def _refused(why: str) -> str:
    return Template(_parts()["refused"]).substitute(why=_parts()["why"][why])


def _filled(part: str, **values: str) -> str:
    escaped = {name: html.escape(value) for name, value in values.items()}
    return Template(_parts()[part]).substitute(escaped)


@cache
def _parts() -> dict[str, Any]:
    return tomllib.loads(_file("block_page_parts.toml"))


@cache
def _template() -> Template:
    return Template(_file("block_page.html"))


def _file(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")
