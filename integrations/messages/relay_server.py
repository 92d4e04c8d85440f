"""Listens for clients and relays each to the message centre."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

from integrations.messages.dialect import Dialect
from integrations.messages.frames import FrameBuffer
from integrations.messages.peer_link import LinkOwner, PeerLink
from integrations.messages.relay_metrics import RelayMetrics
from integrations.messages.relay_session import RelaySession
from integrations.messages.relay_settings import RelaySettings, host_and_port
from integrations.messages.text_judge import TextJudge

_BACKLOG = 256


class RelayServer:
    """A listener and its sessions; *dialect* makes one for each session."""

    def __init__(
        self,
        settings: RelaySettings,
        judge: TextJudge,
        metrics: RelayMetrics,
        dialect: Callable[[], Dialect],
    ) -> None:
        self._settings = settings
        self._judge = judge
        self._metrics = metrics
        self._dialect = dialect
        self._header = dialect().header_bytes
        self._sessions: set[RelaySession] = set()
        self._server: asyncio.Server | None = None
        self._upstream = host_and_port(settings.upstream)
        self._upstream_tls = client_tls(settings)

    async def start(self) -> str:
        """Listen; return the address. Raises `OSError`."""
        host, port = host_and_port(self._settings.listen)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: PeerLink(self._buffer(), self._accept),
            host,
            port,
            ssl=server_tls(self._settings),
            backlog=_BACKLOG,
        )
        bound = self._server.sockets[0].getsockname()
        return f"{bound[0]}:{bound[1]}"

    async def stop(self) -> None:
        """Accept nobody any more, and drain all sessions."""
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*(session.drain() for session in tuple(self._sessions)))

    def _accept(self, link: PeerLink) -> LinkOwner:
        session = RelaySession(
            link,
            dialect=self._dialect(),
            settings=self._settings,
            judge=self._judge,
            metrics=self._metrics,
            connect=self._connect,
            ended=self._sessions.discard,
        )
        self._sessions.add(session)
        if len(self._sessions) > self._settings.max_sessions:
            session.end("too_many")
        return session

    async def _connect(self, connected: Callable[[PeerLink], LinkOwner]) -> PeerLink:
        host, port = self._upstream
        tls = self._upstream_tls
        async with asyncio.timeout(self._settings.connect_seconds):
            _, link = await asyncio.get_running_loop().create_connection(
                lambda: PeerLink(self._buffer(), connected),
                host,
                port,
                ssl=tls,
                server_hostname=(self._settings.upstream_name or host) if tls else None,
            )
        return link

    def _buffer(self) -> FrameBuffer:
        return FrameBuffer(header=self._header, longest=self._settings.max_pdu_bytes)


def server_tls(settings: RelaySettings) -> ssl.SSLContext | None:
    """Return the TLS context for clients; None without a certificate."""
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _load(context, settings.tls_cert, settings.tls_key)
    if settings.tls_client_ca is not None:
        context.load_verify_locations(settings.tls_client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_tls(settings: RelaySettings) -> ssl.SSLContext | None:
    """Return the TLS context for the message centre; None where it has no TLS."""
    if not settings.upstream_tls:
        return None
    context = ssl.create_default_context(cafile=settings.upstream_ca)
    if settings.upstream_cert is not None:
        _load(context, settings.upstream_cert, settings.upstream_key)
    return context


def _load(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    context.load_cert_chain(certificate, key)
