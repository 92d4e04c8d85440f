"""A request by a person who is signed in, and the ways to answer it."""

import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from services.console.backend.calls import ServiceCalls
from services.console.backend.channels import BackendChannels
from services.console.backend.faults import BackendFault
from services.console.imports.store import ImportStore
from services.console.session.model import ConsoleSession
from services.console.session.provider import OpenIdProvider
from services.console.session.store import SessionStore
from services.console.session.try_limit import TryLimit
from services.console.web import event_stream
from services.console.web.form_numbers import MOST_UINT64, whole_number
from services.console.web.formats import ReaderFormats
from services.console.web.pages import ConsolePage
from services.console.web.sealed_links import SealedLinks
from services.console.web.template_engine import TemplateEngine
from services.console.web.urls import url
from services.settings.settings import Settings

_REMEMBERED = 20
"""Searches that a session keeps; the oldest go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleParts:
    """What all requests share."""

    settings: Settings
    pages: tuple[ConsolePage, ...]
    templates: TemplateEngine
    sessions: SessionStore
    tries: TryLimit
    channels: BackendChannels
    links: SealedLinks
    imports: ImportStore
    provider: OpenIdProvider | None = None
    """Where people sign in; None: with tokens of their own."""


class PageRequest:
    """One request; `calls` asks the service in the name of whoever is signed in."""

    def __init__(
        self,
        http: Request,
        *,
        parts: ConsoleParts,
        session: ConsoleSession,
        session_id: str,
        language: str,
        form: FormData,
        page: ConsolePage | None = None,
    ) -> None:
        self.http = http
        self.parts = parts
        self.session = session
        self.language = language
        self.form = form
        """What was sent; empty for GET."""
        self.page = page
        self.calls = ServiceCalls(parts.channels, session.token, language)
        self._session_id = session_id

    @property
    def query(self) -> QueryParams:
        """The query of the address."""
        return self.http.query_params

    @property
    def formats(self) -> ReaderFormats:
        """How values are written for the reader."""
        return self.parts.templates.formats(self.language)

    @property
    def is_part(self) -> bool:
        """Whether htmx asks for a part of the page."""
        return self.http.headers.get("hx-request") == "true"

    def path(self, name: str) -> str:
        """Return a part of the path, such as the id in ``/lists/{entry_id}``."""
        return str(self.http.path_params[name])

    def path_number(self, name: str) -> int:
        """Return a number in the path; one that no field of 64 bits holds is NOT_FOUND."""
        found = whole_number(self.path(name), most=MOST_UINT64)
        if found is None:
            raise BackendFault("NOT_FOUND", "")
        return found

    def field(self, name: str) -> str:
        """Return a field of the form, trimmed; empty where it is not there, or is a file."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def may(self, *methods: str) -> bool:
        """Return whether whoever is signed in may call these methods."""
        return self.session.may(*methods)

    async def show(self, template: str, /, *, status: int = 200, **values: Any) -> Response:
        """Answer with a template; messages that waited to be shown once are shown."""
        shown = self.session.data.pop("messages", []) if not self.is_part else []
        if shown:
            await self._keep()
        text = self.parts.templates.render(
            template,
            self.language,
            {**self._values(), "messages": shown, "status": status, **values},
        )
        return HTMLResponse(text, status)

    async def redirect(self, path: str, /, *, message: str = "", **query: Any) -> Response:
        """Answer a POST: the browser goes on to *path*, which shows *message* once."""
        if message:
            text = self.formats.localized(message)
            self.session.data["messages"] = [*self.session.data.get("messages", []), text]
            await self._keep()
        return RedirectResponse(url(path, **query), 303)

    def json(self, value: Any) -> Response:
        """Answer a script of ours."""
        return JSONResponse(value)

    def events(self, parts: AsyncIterator[tuple[str, str]]) -> Response:
        """Answer with Server-Sent Events: pairs of a name and data, until the reader leaves."""
        return event_stream.response(parts, until_s=self.session.ends_at_s)

    def part(self, template: str, /, **values: Any) -> str:
        """Return a template as text, for an event."""
        return self.parts.templates.render(template, self.language, {**self._values(), **values})

    async def remember(self, what: Mapping[str, Any]) -> str:
        """Keep words of a search in the session; return the key for the address.

        Numbers, names and texts are searched this way: they must not be in addresses.
        """
        kept: dict[str, Any] = self.session.data.setdefault("remembered", {})
        for key, words in kept.items():
            if words == what:
                return key
        key = secrets.token_urlsafe(6)
        kept[key] = dict(what)
        while len(kept) > _REMEMBERED:
            del kept[next(iter(kept))]
        await self._keep()
        return key

    def remembered(self, key: str) -> dict[str, Any]:
        """Return what was kept under *key*; empty where it is forgotten, or another's."""
        found: dict[str, Any] = self.session.data.get("remembered", {}).get(key, {})
        return found

    async def keep(self, name: str, value: Any) -> None:
        """Keep a small value in the session, such as the id of an upload."""
        self.session.data[name] = value
        await self._keep()

    def kept(self, name: str) -> Any:
        """Return a value of `keep`; None where there is none."""
        return self.session.data.get(name)

    async def end_session(self) -> None:
        """Sign out."""
        await self.parts.sessions.delete(self._session_id)

    async def _keep(self) -> None:
        await self.parts.sessions.save(self._session_id, self.session)

    def _values(self) -> dict[str, Any]:
        return {
            "request": self,
            "session": self.session,
            "page": self.page,
            "pages": [one for one in self.parts.pages if one.is_open_to(self.session)],
            "may": self.session.may,
            "theme": theme_of(self.http),
            "path": self.http.scope.get("console_path", self.http.url.path),
        }


def theme_of(request: Request) -> str:
    """Return ``light``, ``dark``, or ``auto``: as the system has it."""
    theme = request.cookies.get("fanzha_theme", "")
    return theme if theme in {"light", "dark"} else "auto"
