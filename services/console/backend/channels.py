"""Channels to the servers of the service: one to each, shared by all sessions.

A channel has no credential of its own but the console's client certificate, where it has one; each
call brings the token of whoever is signed in.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import grpc

from fanzha.client import channels
from fanzha.client.login import Login
from services.console.backend.methods import BackendServer
from services.settings.settings import Settings

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - connected to, not listened on
_Marks: TypeAlias = tuple[int, ...]


class BackendChannels:
    """Opens each channel when it is first used, and anew when a file of TLS changes."""

    def __init__(self, targets: Mapping[BackendServer, str], login: Login) -> None:
        self._targets = targets
        self._login = login
        self._files = tuple(Path(file) for file in (login.ca, login.certificate, login.key) if file)
        self._marks: _Marks = ()
        self._open: dict[BackendServer, grpc.aio.Channel] = {}
        self._old: list[grpc.aio.Channel] = []

    @property
    def encrypted(self) -> bool:
        """Whether calls go through TLS."""
        return self._login.encrypted

    def target(self, server: BackendServer) -> str:
        """Return the address of *server*."""
        return self._targets[server]

    def to(self, server: BackendServer) -> grpc.aio.Channel:
        """Return the channel to *server*."""
        marks = tuple(file.stat().st_mtime_ns for file in self._files if file.exists())
        if marks != self._marks:
            self._marks = marks
            # Calls on the old ones end by themselves.
            self._old += self._open.values()
            self._open.clear()
        if server not in self._open:
            self._open[server] = channels.asynchronous(self._targets[server], self._login)
        return self._open[server]

    async def close(self) -> None:
        """Close all channels."""
        for channel in (*self._open.values(), *self._old):
            await channel.close()


def of_settings(settings: Settings) -> BackendChannels:
    """Return the channels to the servers that *settings* name."""
    targets = {
        BackendServer.ADMINISTRATION: settings.console_admin_target
        or _address(settings.admin_host, settings.admin_port),
        BackendServer.WARNINGS: settings.console_warning_target
        or _address(settings.warning_host, settings.warning_port),
        BackendServer.DECISIONS: settings.console_decision_target
        or _address(settings.listen_host, settings.listen_port),
    }
    # The server's own certificate is trusted by itself: both run on this host.
    authority = settings.console_tls_ca or settings.tls_certificate
    return BackendChannels(
        targets,
        Login(
            ca=str(authority or ""),
            certificate=str(settings.console_client_certificate or ""),
            key=str(settings.console_client_key or ""),
        ),
    )


def _address(host: str, port: int) -> str:
    host = _WILDCARDS.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
