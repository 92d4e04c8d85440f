"""Page tokens of all lists: opened before a handler runs, and sealed into its response.

A method is a paged list when its request has a field ``page_token`` and its response
``next_page_token``. Its handler sees and returns a position; clients see a token that works for the
same query only, see `infra.paging`. The query is the method with all fields of the request but
these: the page size, which may change from page to page; and bounds of time, which a client that
writes them as ages computes anew for each page, and which do not move a position.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from google.protobuf import descriptor_pool

from infra.paging import PageTokens

FREE_FIELDS = ("page_token", "page_size", "since_ms", "until_ms", "due_before_ms")

PAGE_KEY = "fanzha:page_key"
"""Redis key of the key that all processes of one store share."""

PageKey = Callable[[], Awaitable[bytes]]


def process_key() -> PageKey:
    """Return a key that only this process has: its tokens end with it."""
    key = secrets.token_bytes(32)

    async def get() -> bytes:
        return key

    return get


def is_paged(path: str) -> bool:
    """Tell whether a method, as ``/service/method``, is a paged list."""
    name = path.removeprefix("/").replace("/", ".")
    try:
        method: Any = descriptor_pool.Default().FindMethodByName(name)
    except KeyError:
        return False
    return (
        "page_token" in method.input_type.fields_by_name
        and "next_page_token" in method.output_type.fields_by_name
    )


def with_tokens(path: str, serve: Any, key: PageKey) -> Any:
    """Return the handler *serve* of a paged list with tokens instead of positions."""

    async def call(request: Any, context: Any) -> Any:
        query = _query(path, request)
        if request.page_token:
            request.page_token = PageTokens(await key()).open(request.page_token, query)
        response = await serve(request, context)
        if response.next_page_token:
            tokens = PageTokens(await key())
            response.next_page_token = tokens.seal(response.next_page_token, query)
        return response

    return call


def _query(path: str, request: Any) -> bytes:
    rest = type(request)()
    rest.CopyFrom(request)
    for field in FREE_FIELDS:
        if field in rest.DESCRIPTOR.fields_by_name:
            rest.ClearField(field)
    return path.encode() + b"\0" + bytes(rest.SerializeToString(deterministic=True))
