"""ICAP server (RFC 3507): REQMOD for Squid and other proxies.

A request that passes is answered with 204, its body unread where the proxy offers a preview; a
proxy that allows no 204 gets its message back, chunk by chunk. A refused one gets an HTTP response
with the block page. A connection is served by one task, and waits for nothing but its own answer.
"""

import asyncio
import logging
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from fanzha.client import Answer
from integrations.common import process
from integrations.common.adapter_metrics import AdapterMetrics, AdapterMetricsServer
from integrations.common.decider import TrafficDecider
from integrations.common.settings import load
from integrations.http import icap_codec
from integrations.http.icap_codec import IcapFault, IcapRequest
from integrations.http.link_judge import LinkJudge
from integrations.http.refusal import HttpRefusal, refusal_of
from integrations.http.settings import IcapSettings

logger = logging.getLogger(__name__)
SERVICE = "reqmod"
_OPTIONS_SECONDS = 60
"""How long a proxy may rely on our answer to OPTIONS."""
SETTINGS = IcapSettings


class IcapServer:
    """Serves the connections of proxies."""

    def __init__(self, judge: LinkJudge, settings: IcapSettings, metrics: AdapterMetrics) -> None:
        self._judge = judge
        self._settings = settings
        self._metrics = metrics
        self._connections: set[asyncio.Task[None]] = set()
        self._tag = ""

    async def connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one connection until either end closes it."""
        task = asyncio.current_task()
        if task is None or len(self._connections) >= self._settings.max_connections:
            self._metrics.count_fault("too_many_connections")
            await _end(writer, icap_codec.response(503, self._common()))
            return
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, TimeoutError):
            self._metrics.count_fault("connection_lost")
        except IcapFault as fault:
            self._metrics.count_fault(f"icap_{fault.status}")
            await _end(writer, icap_codec.response(fault.status, self._common()))
        finally:
            self._connections.discard(task)
            writer.close()

    async def close(self) -> None:
        """End all connections."""
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            async with asyncio.timeout(self._settings.idle_seconds):
                request = await icap_codec.read_request(reader)
            if request is None:
                return
            async with asyncio.timeout(self._settings.idle_seconds):
                reusable = await self._answer(request, reader, writer)
                await writer.drain()
            if not reusable:
                return

    async def _answer(
        self, request: IcapRequest, reader: StreamReader, writer: StreamWriter
    ) -> bool:
        """Answer one request; return whether the connection is at the start of another."""
        if request.service != SERVICE:
            raise IcapFault(404, "another service")
        if request.method == "OPTIONS":
            writer.write(icap_codec.response(200, self._options()))
            return True
        if request.method != "REQMOD":
            raise IcapFault(405 if request.method == "RESPMOD" else 501, "another method")
        asked = request.web_request()
        subscriber = asked.subscriber(self._settings.subscriber_header)
        facts = asked.host_facts(self._settings.host_facts_header)
        answer = await self._judge.decide(asked.url, subscriber, facts)
        self._tag = _tag(answer)
        if self._judge.refuses(answer):
            page = refusal_of(answer, asked, self._settings.block_page_url)
            if request.has_body and "preview" in request.headers:
                await _skip_body(reader)
            self._refuse(page, writer)
            # A body that is on its way is not read: it may be as long as it likes.
            return not request.has_body or "preview" in request.headers
        await self._pass(request, reader, writer)
        return True

    async def _pass(self, request: IcapRequest, reader: StreamReader, writer: StreamWriter) -> None:
        if request.allows_204:
            if request.has_body:
                await _skip_body(reader)
            writer.write(icap_codec.response(204, self._common()))
            return
        size = len(request.http_head)
        body = "req-body" if request.has_body else "null-body"
        head = icap_codec.response(
            200, self._common(), encapsulated=f"req-hdr=0, {body}={size}" if size else f"{body}=0"
        )
        writer.write(head + request.http_head)
        if request.has_body:
            await _repeat_body(reader, writer)

    def _refuse(self, page: HttpRefusal, writer: StreamWriter) -> None:
        head, body = _http_response(page)
        kind = "res-body" if body else "null-body"
        writer.write(
            icap_codec.response(200, self._common(), encapsulated=f"res-hdr=0, {kind}={len(head)}")
        )
        writer.write(head)
        if body:
            writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    def _common(self) -> Sequence[tuple[str, str]]:
        return (("ISTag", f'"{self._tag or "fanzha"}"'), ("Server", "fanzha"))

    def _options(self) -> Sequence[tuple[str, str]]:
        return (
            *self._common(),
            ("Methods", "REQMOD"),
            ("Service", "Fanzha"),
            ("Allow", "204"),
            ("Preview", "0"),
            ("Transfer-Preview", "*"),
            ("Max-Connections", str(self._settings.max_connections)),
            ("Options-TTL", str(_OPTIONS_SECONDS)),
        )


def main(config: Path | None) -> None:
    """Run until the process is told to end."""
    settings = load(IcapSettings, config)
    process.run(lambda stop: serve(settings, stop), settings)


async def serve(settings: IcapSettings, stop: asyncio.Event) -> None:
    """Serve until *stop* is set."""
    metrics = AdapterMetrics("icap")
    page = AdapterMetricsServer.start(metrics, settings.metrics_listen)
    host, port = process.address_of(settings.listen)
    async with TrafficDecider(settings, metrics) as decider:
        icap = IcapServer(LinkJudge(decider, settings.cache_entries), settings, metrics)
        server = await asyncio.start_server(
            icap.connected, host, port, limit=icap_codec.MAX_HEAD_BYTES
        )
        bound = server.sockets[0].getsockname()[1]
        process.say_serving(icap=f"{host}:{bound}", metrics=page.port if page else "")
        await stop.wait()
        server.close()
        await icap.close()


async def _skip_body(reader: StreamReader) -> None:
    """Read the preview, or the whole body of a proxy that offers none, and forget it."""
    while (await icap_codec.read_chunk(reader))[0]:
        pass


async def _repeat_body(reader: StreamReader, writer: StreamWriter) -> None:
    while True:
        content, _ = await icap_codec.read_chunk(reader)
        writer.write(b"%x\r\n%s\r\n" % (len(content), content))
        await writer.drain()
        if not content:
            return


async def _end(writer: StreamWriter, message: bytes) -> None:
    try:
        writer.write(message)
        await writer.drain()
    except ConnectionError:
        logger.debug("a peer went away before its answer")
    finally:
        writer.close()


def _http_response(page: HttpRefusal) -> tuple[bytes, bytes]:
    body = page.body.encode()
    phrase = HTTPStatus(page.status).phrase
    lines = [f"HTTP/1.1 {page.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in page.headers]
    lines += [f"content-length: {len(body)}", "connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"), body


def _tag(answer: Answer) -> str:
    # Proxies forget answers of ours when it changes; up to 32 bytes.
    return f"fanzha-{answer.list_version}-{answer.model_version}"[:32]
