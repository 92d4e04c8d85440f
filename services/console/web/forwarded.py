"""Believes what a trusted reverse proxy says about the browser, and refuses foreign host names.

Without a list of proxies, no ``X-Forwarded-…`` is read. A name that is not ours is refused (421):
a page elsewhere could otherwise have its own name lead to this host, and read ours as its own (DNS
rebinding).
"""

import ipaddress
from typing import TypeAlias

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fanzha.errors import InvalidConfiguration
from services.auth.exposure import is_loopback
from services.settings.settings import Settings

_Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
_MISDIRECTED = 421
PREFIX = "console_prefix"
"""Key of the scope: the path below which a proxy serves the console."""
_LONGEST_PREFIX = 100


class TrustedProxies:
    """The addresses whose forwarded headers are believed."""

    def __init__(self, text: str) -> None:
        """Read addresses and networks, separated by commas; `ValueError` names a wrong one."""
        self._networks = tuple(_network(part.strip()) for part in text.split(",") if part.strip())

    def has(self, address: str) -> bool:
        """Return whether *address* is one of them."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)


class ForwardedRequests:
    """Puts scheme, host, client and prefix of the browser's own request into the scope."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._proxies = TrustedProxies(settings.console_trusted_proxies)
        names = settings.console_names.split(",")
        self._names = {name.strip().lower() for name in names if name.strip()}
        self._names.add(settings.console_host.lower())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope[PREFIX] = ""
        if scope["client"] and self._proxies.has(scope["client"][0]):
            self._believe(scope, headers)
            headers = Headers(scope=scope)
        if not self._is_ours(headers.get("host", "")):
            answer = PlainTextResponse("unknown host name\n", _MISDIRECTED)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _believe(self, scope: Scope, headers: Headers) -> None:
        if headers.get("x-forwarded-proto") in {"http", "https"}:
            scope["scheme"] = headers["x-forwarded-proto"]
        if host := headers.get("x-forwarded-host", ""):
            others = [pair for pair in scope["headers"] if pair[0] != b"host"]
            scope["headers"] = [*others, (b"host", host.encode("latin-1"))]
        if origin := self._origin(headers.get("x-forwarded-for", "")):
            scope["client"] = (origin, 0)
        scope[PREFIX] = _prefix(headers.get("x-forwarded-prefix", ""))

    def _origin(self, forwarded: str) -> str:
        """Return the last address that is no trusted proxy: those before it may be invented."""
        for part in reversed(forwarded.split(",")):
            address = part.strip()
            if address and not self._proxies.has(address):
                return address if _is_address(address) else ""
        return ""

    def _is_ours(self, host: str) -> bool:
        name = without_port(host).lower()
        return name in self._names or is_loopback(name)


def without_port(host: str) -> str:
    """Return the name or address in a ``Host`` header."""
    if host.startswith("["):
        return host.partition("]")[0][1:]
    return host.rpartition(":")[0] if ":" in host else host


def _prefix(text: str) -> str:
    path = text.rstrip("/")
    good = path.startswith("/") and not path.startswith("//") and len(path) <= _LONGEST_PREFIX
    return path if good and all(one.isalnum() or one in "/-_." for one in path) else ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise InvalidConfiguration(
            "console_trusted_proxies: {text!r} is no address or network", text=text
        ) from error
