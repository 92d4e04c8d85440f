"""Signing in and out at a provider of OpenID Connect."""

import hmac
import json
import secrets
from hashlib import sha256
from time import time
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fanzha.errors import InvalidInput, Unavailable
from infra.redis.client import Client, within
from services.console.backend.calls import ServiceCalls
from services.console.backend.faults import BackendFault
from services.console.session import identification
from services.console.session.provider import OpenIdProvider
from services.console.session.views import SignInViews
from services.console.web import guard
from services.console.web.page_request import ConsoleParts
from services.console.web.request_scope import scope

_WITHIN_SECONDS = 600
"""Time to sign in at the provider."""
_KEY = "console:signing-in:"
_COOKIE = "fanzha_signing_in"
_CALLBACK = "/sign-in/callback"
_SECONDS = 5.0
_LONGEST_CODE = 4096


class BegunSignIns:
    """Sign-ins that have begun, in Redis: another process may see how they end. Each ends once."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def begin(self, state: str, values: dict[str, str]) -> None:
        """Keep what a sign-in needs at its end."""
        async with within(_SECONDS):
            await self._client.set(_key(state), json.dumps(values), ex=_WITHIN_SECONDS)

    async def end(self, state: str) -> dict[str, str]:
        """Return what was kept and forget it; raise `InvalidInput` for a state of none."""
        async with within(_SECONDS):
            found: Any = await self._client.getdel(_key(state))
        if not found:
            raise InvalidInput("this sign-in was not begun here, or too long ago: begin anew")
        values: dict[str, str] = json.loads(found)
        return values


def _key(state: str) -> str:
    return _KEY + sha256(state.encode()).hexdigest()


class ProviderViews:
    """The two addresses of a sign-in at the provider: where it begins, and where it ends."""

    def __init__(
        self,
        parts: ConsoleParts,
        provider: OpenIdProvider,
        begun: BegunSignIns,
        sign_in: SignInViews,
    ) -> None:
        self._parts = parts
        self._provider = provider
        self._begun = begun
        self._sign_in = sign_in

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider."""
        self._sign_in.set_scope(request)
        values = {
            "nonce": secrets.token_urlsafe(32),
            "verifier": secrets.token_urlsafe(48),
            "browser": secrets.token_urlsafe(32),
            "next": self._sign_in.next_of(request.query_params.get("next", "")),
        }
        state = secrets.token_urlsafe(32)
        try:
            address = await self._provider.address(
                callback=_callback(request),
                state=state,
                nonce=values["nonce"],
                verifier=values["verifier"],
            )
            await self._begun.begin(state, values)
        except Unavailable as error:
            return await self._sign_in.refused(request, error.as_message(), 503)
        answer = RedirectResponse(address, 303)
        # Lax, as the provider's page leads back here: only this browser can end what it began.
        answer.set_cookie(
            _COOKIE,
            values["browser"],
            max_age=_WITHIN_SECONDS,
            httponly=True,
            secure=request.url.scheme == "https",
            samesite="lax",
            path="/",
        )
        return answer

    async def end(self, request: Request) -> Response:
        """Take what the provider sent the browser back with, and begin a session."""
        self._sign_in.set_scope(request)
        address = request.client.host if request.client else ""
        try:
            answer = await self._ended(request, address)
        except Unavailable as error:
            return await self._sign_in.refused(request, error.as_message(), 503)
        except (InvalidInput, BackendFault) as error:
            text = error.as_message() if isinstance(error, InvalidInput) else error.message
            status = await self._sign_in.count_failure(address, error)
            answer = await self._sign_in.refused(request, text, status)
        answer.delete_cookie(_COOKIE, path="/")
        return answer

    async def _ended(self, request: Request, address: str) -> Response:
        if not await self._parts.tries.allows(address):
            raise InvalidInput("Too many failed tries. Wait five minutes.")
        query = request.query_params
        values = await self._begun.end(query.get("state", "")[:200])
        browser = request.cookies.get(_COOKIE, "")
        if not hmac.compare_digest(browser.encode(), values["browser"].encode()):
            raise InvalidInput("another browser began this sign-in: begin anew")
        issuer = self._parts.settings.console_oidc_issuer
        if query.get("iss", issuer) != issuer:
            raise InvalidInput("another provider answered this sign-in")
        code = query.get("code", "")
        if not 0 < len(code) <= _LONGEST_CODE:
            raise InvalidInput("the provider refused the sign-in")
        tokens = await self._provider.tokens(
            code=code,
            callback=_callback(request),
            nonce=values["nonce"],
            verifier=values["verifier"],
        )
        language = guard.language_of(request)
        session = await identification.session_for(
            ServiceCalls(self._parts.channels, tokens.shown, language),
            self._parts.sessions,
            token=tokens.shown,
            name="",
            now_s=time(),
            id_token=tokens.id_token,
        )
        if session.development:
            raise InvalidInput("the servers do not authenticate: set jwks_file and token_issuer")
        return await self._sign_in.begin(request, session, values["next"])


def _callback(request: Request) -> str:
    # The host is one of ours: `ForwardedRequests` refuses others.
    return f"{request.url.scheme}://{request.url.netloc}{scope().prefix}{_CALLBACK}"
