"""Stands before every view: who is signed in, may they, and did a page of ours send it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fanzha.errors import InvalidInput, Unavailable
from fanzha.translation.catalogue import known_language
from fanzha.translation.negotiation import HEADER, accepted_language
from services.console.backend.faults import BackendFault
from services.console.session import csrf
from services.console.web import error_pages
from services.console.web.forwarded import PREFIX
from services.console.web.page_request import ConsoleParts, PageRequest
from services.console.web.pages import ConsolePage, PageRoute
from services.console.web.request_scope import RequestScope, set_scope
from services.console.web.urls import url

COOKIE = "fanzha_session"
LANGUAGE_COOKIE = "fanzha_language"
_FORM_FIELDS = 2000
_SIGN_IN = "/sign-in"


def cookie_name(request: Request) -> str:
    """Return the name of the session's cookie: over HTTPS, browsers hold it to this host."""
    return f"__Host-{COOKIE}" if request.url.scheme == "https" else COOKIE


def language_of(request: Request) -> str:
    """Return the language that the reader chose, or else that of the browser."""
    chosen = known_language(request.cookies.get(LANGUAGE_COOKIE, ""))
    return chosen or accepted_language([(HEADER, request.headers.get(HEADER, ""))])


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedView:
    """One route of a page, as an endpoint of Starlette."""

    page: ConsolePage
    route: PageRoute
    parts: ConsoleParts

    async def __call__(self, request: Request) -> Response:
        """Answer a request, or say why not."""
        language = language_of(request)
        prefix = request.scope.get(PREFIX, "")
        set_scope(RequestScope(prefix=prefix))
        session_id = request.cookies.get(cookie_name(request), "")
        try:
            session = await self.parts.sessions.load(session_id)
        except Unavailable as error:
            return error_pages.without_session(self.parts, request, 503, error.as_message())
        if session is None:
            return to_sign_in(request)
        set_scope(RequestScope(prefix=prefix, csrf=session.csrf))
        form = FormData()
        visit = PageRequest(
            request,
            parts=self.parts,
            session=session,
            session_id=session_id,
            language=language,
            form=form,
            page=self.page,
        )
        if request.method not in csrf.SAFE:
            form = await request.form(max_fields=_FORM_FIELDS)
            visit.form = form
            if not csrf.from_here(request) or not csrf.repeats(request, form, session):
                return await error_pages.forged(visit)
        needed = self.page.methods_of(self.route)
        if not session.may(*needed):
            return await error_pages.not_allowed(visit, needed)
        try:
            return await answered(self.route.view, visit)
        finally:
            await form.close()


async def answered(
    view: Callable[[PageRequest], Awaitable[Response]],
    visit: PageRequest,
) -> Response:
    """Return what *view* answers, or the page of what went wrong."""
    try:
        return await view(visit)
    except BackendFault as fault:
        if fault.status == "UNAUTHENTICATED":
            # The token has expired, or was revoked: the session is worth nothing any more.
            await visit.end_session()
            return to_sign_in(visit.http)
        return await error_pages.of_fault(visit, fault)
    except Unavailable as error:
        return await error_pages.of_fault(visit, BackendFault("UNAVAILABLE", str(error)))
    except InvalidInput as error:
        text = error.translated(visit.language)
        return await error_pages.of_fault(visit, BackendFault("INVALID_ARGUMENT", text))
    except HTTPException:
        raise
    except Exception as error:  # a fault of ours: the reader gets a page, the log its place
        return await error_pages.unexpected(visit, error)


def to_sign_in(request: Request) -> Response:
    """Send the browser to sign in, and then back to where it was."""
    here = request.url.path if request.method == "GET" else ""
    if here and request.url.query:
        here += f"?{request.url.query}"
    target = url(_SIGN_IN, next=here)
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"hx-redirect": url(_SIGN_IN)})
    if "text/event-stream" in request.headers.get("accept", ""):
        return Response(status_code=401)
    return RedirectResponse(target, 303)
