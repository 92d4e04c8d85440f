"""Refuses requests that another site makes a browser send (CSRF).

Three independent defences: cookies are SameSite=Lax, what changes something must come from a page
of ours by ``Sec-Fetch-Site`` or ``Origin``, and it must repeat the session's own token.
"""

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request

from services.console.session.model import ConsoleSession

FIELD = "csrf"
HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD"})


def from_here(request: Request) -> bool:
    """Return whether a page of this console sent *request*.

    Browsers say so in one of two headers; what sends neither is no browser, and has no cookies of
    one either.
    """
    site = request.headers.get("sec-fetch-site", "")
    if site:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin", "")
    return not origin or urlsplit(origin).netloc == request.url.netloc


def repeats(request: Request, form: FormData, session: ConsoleSession) -> bool:
    """Return whether *request* has the token of the session, in a header or in its form."""
    given = request.headers.get(HEADER) or form.get(FIELD) or ""
    return isinstance(given, str) and hmac.compare_digest(given.encode(), session.csrf.encode())
