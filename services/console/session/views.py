"""Signing in with a token or a name, signing out, and the choice of language and theme."""

from time import time
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fanzha.errors import InvalidInput, Unavailable
from fanzha.translation import catalogue
from fanzha.translation.message import Message
from infra import text_limits
from services.auth import identity
from services.console.backend.calls import ServiceCalls
from services.console.backend.faults import BackendFault
from services.console.session import csrf, identification
from services.console.session.model import ConsoleSession
from services.console.web import guard
from services.console.web.forwarded import PREFIX
from services.console.web.page_request import ConsoleParts, PageRequest, theme_of
from services.console.web.pages import PageRoute
from services.console.web.request_scope import RequestScope, set_scope
from services.console.web.urls import is_local_path, url

_YEAR = 365 * 86_400
_CHOICES = {"language": ("zh", "en"), "theme": ("light", "dark", "auto")}
_FORBIDDEN, _TOO_MANY, _UNAVAILABLE = 403, 429, 503
_NO_ANSWER = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNKNOWN"})


class SignInViews:
    """What whoever is not signed in may open."""

    def __init__(self, parts: ConsoleParts) -> None:
        self._parts = parts

    async def ask(self, request: Request) -> Response:
        """Show the form."""
        self.set_scope(request)
        session = await self._session(request)
        target = self.next_of(request.query_params.get("next", ""))
        if session is not None:
            return RedirectResponse(url("") + target, 303)
        return await self._form(request, target=target)

    async def signed_out(self, request: Request) -> Response:
        """Take whoever signed out at the provider to the form; it knows this address."""
        self.set_scope(request)
        return RedirectResponse(url("/sign-in", ended=True), 303)

    async def sign_in(self, request: Request) -> Response:
        """Take the form: a token, or a name where authentication is off."""
        self.set_scope(request)
        if not csrf.from_here(request):
            return Response(status_code=_FORBIDDEN)
        form = await request.form(max_files=0, max_fields=10)
        target = self.next_of(str(form.get("next", "")))
        address = request.client.host if request.client else ""
        try:
            if not await self._parts.tries.allows(address):
                wait = Message("Too many failed tries. Wait five minutes.")
                return await self._form(request, target=target, fault=wait, status=_TOO_MANY)
            session = await self._made(
                request, str(form.get("token", "")), str(form.get("name", ""))
            )
        except Unavailable as error:
            return await self._form(
                request, target=target, fault=error.as_message(), status=_UNAVAILABLE
            )
        except (BackendFault, InvalidInput) as error:
            text = error.as_message() if isinstance(error, InvalidInput) else error.message
            status = await self.count_failure(address, error)
            return await self._form(request, target=target, fault=text, status=status)
        return await self.begin(request, session, target)

    async def count_failure(self, address: str, error: Exception) -> int:
        """Count a refused try and return its status; servers that are away refuse nobody."""
        if isinstance(error, BackendFault) and error.status in _NO_ANSWER:
            return _UNAVAILABLE
        await self._parts.tries.failed(address)
        return _FORBIDDEN

    async def begin(self, request: Request, session: ConsoleSession, target: str) -> Response:
        """Begin a session with an id that nobody has seen, and go on to *target*."""
        old = request.cookies.get(guard.cookie_name(request), "")
        if old:
            await self._parts.sessions.delete(old)
        session_id = await self._parts.sessions.create(session)
        # The path may have a query already; `url` adds the prefix alone.
        answer = RedirectResponse(url("") + target, 303)
        answer.set_cookie(
            guard.cookie_name(request),
            session_id,
            httponly=True,
            secure=request.url.scheme == "https",
            samesite="lax",
            path="/",
        )
        return answer

    async def _made(self, request: Request, token: str, name: str) -> ConsoleSession:
        token = "".join(token.split())
        language = guard.language_of(request)
        if not token.isascii() or not token.isprintable():
            raise InvalidInput("token: only letters, digits and signs of ASCII can be sent")
        calls = ServiceCalls(self._parts.channels, token, language)
        made = await identification.session_for(
            calls, self._parts.sessions, token=token, name=name.strip(), now_s=time()
        )
        if made.development:
            made.name = text_limits.required("name", made.name, identity.NAME)
        return made

    async def _form(
        self, request: Request, *, target: str, fault: str = "", status: int = 200
    ) -> Response:
        language = guard.language_of(request)
        try:
            by_name = await self._needs_no_token()
        except BackendFault as error:
            by_name = False
            if error.status != "UNAUTHENTICATED":
                fault, status = fault or error.message, _UNAVAILABLE if status == 200 else status  # noqa: PLR2004
        text = self._parts.templates.render(
            "session/sign_in.html",
            language,
            {
                "by_name": by_name,
                "by_provider": bool(self._parts.settings.console_oidc_issuer),
                "fault": fault,
                "next": target,
                "theme": theme_of(request),
                "ended": request.query_params.get("ended", ""),
            },
        )
        return HTMLResponse(text, status)

    async def _needs_no_token(self) -> bool:
        settings = self._parts.settings
        if not settings.console_admin_target:
            # The servers have the same settings; asking would count as a refused request of theirs.
            return not settings.auth_enabled
        calls = ServiceCalls(self._parts.channels, "", catalogue.ENGLISH)
        return await identification.needs_no_token(calls)

    async def _session(self, request: Request) -> ConsoleSession | None:
        try:
            return await self._parts.sessions.load(
                request.cookies.get(guard.cookie_name(request), "")
            )
        except Unavailable:
            return None

    async def refused(self, request: Request, why: str, status: int) -> Response:
        """Show the form again, and why nobody was signed in."""
        return await self._form(request, target="/", fault=why, status=status)

    def set_scope(self, request: Request) -> None:
        """Let addresses begin with the prefix of a proxy."""
        set_scope(RequestScope(prefix=request.scope.get(PREFIX, "")))

    def next_of(self, path: str) -> str:
        """Return where to go after signing in: *path*, where it is one of ours."""
        return path if is_local_path(path) and not path.startswith("/sign-") else "/"


async def sign_out(visit: PageRequest) -> Response:
    """End this session, and that at the provider."""
    await visit.end_session()
    return await _signed_out(visit)


async def sign_out_everywhere(visit: PageRequest) -> Response:
    """End all sessions of whoever is signed in."""
    await visit.parts.sessions.delete_all(visit.session.name)
    return await _signed_out(visit)


async def choose(visit: PageRequest) -> Response:
    """Remember a language or a theme in the browser, and show the page again."""
    back = visit.field("back")
    answer = RedirectResponse(url("") + (back if is_local_path(back) else "/"), 303)
    for name, values in _CHOICES.items():
        value = visit.field(name)
        if value in values:
            answer.set_cookie(
                f"fanzha_{name}",
                value,
                max_age=_YEAR,
                secure=visit.http.url.scheme == "https",
                httponly=True,
                samesite="lax",
                path="/",
            )
    return answer


async def _signed_out(visit: PageRequest) -> Response:
    target = url("/sign-in", ended=True)
    provider, request = visit.parts.provider, visit.http
    if provider is not None and visit.session.id_token:
        back = f"{request.url.scheme}://{request.url.netloc}{url('/signed-out')}"
        hint = {"id_token_hint": visit.session.id_token, "post_logout_redirect_uri": back}
        elsewhere = await provider.sign_out_address()
        target = f"{elsewhere}?{urlencode(hint)}" if elsewhere else target
    answer = RedirectResponse(target, 303)
    answer.delete_cookie(
        guard.cookie_name(visit.http),
        path="/",
        secure=visit.http.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer


ROUTES = (
    PageRoute(path="/sign-out", view=sign_out, method="POST", needs=()),
    PageRoute(path="/sign-out-everywhere", view=sign_out_everywhere, method="POST", needs=()),
    PageRoute(path="/choose", view=choose, method="POST", needs=()),
)
"""What whoever is signed in may do on any page."""
