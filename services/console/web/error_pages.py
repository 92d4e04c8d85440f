"""Pages of what went wrong: they say what happened and what to do next."""

import logging
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from infra.safe_traceback import kind_and_places
from services.auth import whole_province
from services.console.backend.faults import BackendFault
from services.console.web import role_table
from services.console.web.page_request import ConsoleParts, PageRequest, theme_of

logger = logging.getLogger(__name__)

_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 409,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "NOT_FOUND": 404,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 503,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
    "UNIMPLEMENTED": 501,
}
_TITLES = {
    400: gettext_noop("The service refused this request"),
    403: gettext_noop("You may not do this"),
    404: gettext_noop("This does not exist"),
    409: gettext_noop("Something else changed first"),
    500: gettext_noop("The service failed"),
    501: gettext_noop("This service is older than the console"),
    503: gettext_noop("The service cannot be reached now"),
    504: gettext_noop("The service took too long"),
}
_ADVICE = {
    400: gettext_noop("Go back, correct what it names, and send it again."),
    403: gettext_noop("Ask an administrator for the role, or somebody who has it to do this."),
    404: gettext_noop("It may have been removed, or the link is incomplete."),
    409: gettext_noop("Reload the page, look at what changed, and decide again."),
    500: gettext_noop("Try again; if it happens again, tell the operator the time below."),
    501: gettext_noop("Tell the operator; both are installed together."),
    503: gettext_noop("Nothing was changed. Wait a moment and try again."),
    504: gettext_noop("It may still be at work: look before you try again."),
}
_ALL_REGIONS = gettext_noop("Ask somebody of the province, whose identity has no region.")


async def of_fault(visit: PageRequest, fault: BackendFault) -> Response:
    """Answer with what a call of the service failed with."""
    return await _page(visit, _STATUS.get(fault.status, 500), fault.message)


async def not_allowed(visit: PageRequest, methods: Sequence[str]) -> Response:
    """Answer with the role that it takes, or that it is about all regions."""
    missing = [one for one in methods if not visit.may(one)]
    if (beyond := _beyond_regions(visit, missing)) is not None:
        return await _page(visit, 403, beyond, advice=_ALL_REGIONS)
    takes = [role.value for role in role_table.roles_of(missing)]
    return await _page(
        visit,
        403,
        Message("{method} takes another role", method=", ".join(missing)),
        takes=sorted(takes),
    )


def _beyond_regions(visit: PageRequest, missing: Sequence[str]) -> Message | None:
    """Return what is refused to somebody for their regions, where they have the roles for it."""
    whole = [whole_province.METHODS.get(f"/fanzha.v1.{one}") for one in missing]
    held, allowed = set(visit.session.roles), role_table.roles_of(missing)
    if not visit.session.regions or held.isdisjoint(one.value for one in allowed):
        return None
    found = next((one for one in whole if one is not None), None)
    if found is None:
        return None
    return Message(
        "{name} has the scope {scope}, and {what} is of all regions",
        name=visit.session.name,
        scope=", ".join(visit.session.regions),
        what=found,
    )


async def forged(visit: PageRequest) -> Response:
    """Answer a form that did not come from a page of this session."""
    return await _page(
        visit, 403, Message("This form is not of your session. Open the page again, and send it.")
    )


async def unexpected(visit: PageRequest, error: Exception) -> Response:
    """Answer for a fault of the console itself; the log has its place, and no values."""
    logger.error("unexpected at %s: %s", visit.http.scope["route"].path, kind_and_places(error))
    return await _page(visit, 500, "")


async def no_such_page(visit: PageRequest) -> Response:
    """Answer for an address that is none of ours."""
    return await _page(visit, 404, Message("There is no page at this address."))


def without_session(
    parts: ConsoleParts, request: Request, status: int, message: str, language: str = "en"
) -> Response:
    """Answer whoever is not signed in, or cannot be known."""
    values = {**_values(status, message), "status": status, "theme": theme_of(request)}
    return HTMLResponse(parts.templates.render("plain_error.html", language, values), status)


async def _page(
    visit: PageRequest,
    status: int,
    message: str,
    *,
    takes: Sequence[str] = (),
    advice: str = "",
) -> Response:
    values = {**_values(status, message), "takes": takes}
    if advice:
        values["advice"] = Message(advice)
    if visit.is_part:
        return await visit.show("error_part.html", status=status, **values)
    return await visit.show("error.html", status=status, **values)


def _values(status: int, message: str) -> dict[str, Any]:
    return {
        "title": Message(_TITLES.get(status, _TITLES[500])),
        "message": message,
        "advice": Message(_ADVICE.get(status, _ADVICE[500])),
    }
