"""Headers of every answer: what a browser may do with a page of the console."""

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.auth.exposure import is_loopback
from services.console.web.forwarded import without_port

_HSTS = "max-age=31536000"


def content_policy(form_targets: Sequence[str] = ()) -> str:
    """Return the content security policy: nothing inline, nothing from elsewhere.

    *form_targets* are other origins that a form may lead to: the provider that people sign out at.
    """
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            " ".join(("form-action 'self'", *form_targets)),
        )
    )


class SecurityHeaders:
    """Adds the headers to each answer; what is not an asset is kept by no cache."""

    def __init__(self, app: ASGIApp, *, form_targets: Sequence[str] = ()) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": content_policy(form_targets),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
                if scope["scheme"] == "https" and not _is_loopback(scope):
                    headers["strict-transport-security"] = _HSTS
            await send(message)

        await self._app(scope, receive, with_headers)


def _is_loopback(scope: Scope) -> bool:
    """Return whether a browser would hold all other servers of this machine to HTTPS, too."""
    return is_loopback(without_port(Headers(scope=scope).get("host", "")))
