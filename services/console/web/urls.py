"""Addresses of pages: below the prefix of a proxy, and never with personal data in them."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from services.console.web.request_scope import scope


def url(path: str, /, **query: object) -> str:
    """Return the address of *path* with a query; empty values and None are left out.

    Numbers, names and texts of people do not belong into it: addresses are kept in histories and
    logs. Keep such words in the session (`PageRequest.remember`), or POST them.
    """
    pairs = [
        (name, one)
        for name, value in query.items()
        for one in (value if isinstance(value, list | tuple) else [value])
        if one not in (None, "", False)
    ]
    text = urlencode([(name, "1" if one is True else str(one)) for name, one in pairs])
    return scope().prefix + quote(path, safe="/:@-._~!$&'()*+,;=") + (f"?{text}" if text else "")


def changed(path: str, query: Mapping[str, object], **changes: object) -> str:
    """Return the address of *path* with *query*, some of which changes: of a filter, or a tab."""
    return url(path, **{**query, **changes})


def is_local_path(path: str) -> bool:
    """Return whether *path* is one of this console: what a link after signing in may lead to."""
    return (
        path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and path.isprintable()
        and "\\" not in path
    )
