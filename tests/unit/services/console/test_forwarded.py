"""What is believed of forwarded headers: only what a listed proxy says."""

from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from fanzha.errors import InvalidConfiguration
from services.console.web.forwarded import PREFIX, ForwardedRequests, TrustedProxies
from services.settings.settings import Settings

SETTINGS = Settings(
    console_trusted_proxies="127.0.0.1, 10.0.0.0/8", console_names="console.bureau.example"
)


async def seen(client: str, **headers: str) -> dict[str, Any]:
    """Return the scope that pages see, or nothing where the request is refused."""
    found: dict[str, Any] = {}

    async def page(scope: Scope, _receive: Receive, _send: Send) -> None:
        found.update(scope)

    async def send(_message: Any) -> None:
        pass

    async def receive() -> Any:
        return {"type": "http.request"}

    written = {"host": "127.0.0.1:7368"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "client": (client, 1),
        "headers": [(name.encode(), value.encode()) for name, value in written.items()],
    }
    await ForwardedRequests(page, settings=SETTINGS)(scope, receive, send)
    return found


async def test_a_listed_proxy_says_how_the_browser_asked() -> None:
    scope = await seen(
        "10.1.2.3",
        x_forwarded_proto="https",
        x_forwarded_host="console.bureau.example",
        x_forwarded_for="203.0.113.9, 198.51.100.7, 10.0.0.1",
        x_forwarded_prefix="/console/",
    )

    assert scope["scheme"] == "https"
    assert scope["client"] == ("198.51.100.7", 0)
    assert dict(scope["headers"])[b"host"] == b"console.bureau.example"
    assert scope[PREFIX] == "/console"


async def test_whoever_is_not_listed_says_nothing() -> None:
    scope = await seen(
        "192.0.2.1", x_forwarded_proto="https", x_forwarded_for="1.1.1.1", x_forwarded_prefix="/a"
    )

    assert (scope["scheme"], scope["client"], scope[PREFIX]) == ("http", ("192.0.2.1", 1), "")


@pytest.mark.parametrize(
    "prefix", ["//evil.example", "evil", "/a?b", '/"><script>', "/" + "a" * 200]
)
async def test_a_prefix_that_is_no_plain_path_is_none(prefix: str) -> None:
    assert (await seen("127.0.0.1", x_forwarded_prefix=prefix))[PREFIX] == ""


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("console.bureau.example", True),
        ("CONSOLE.bureau.example:443", True),
        ("localhost:7368", True),
        ("[::1]:7368", True),
        ("127.9.9.9", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
async def test_only_our_names_are_served(host: str, is_ours: bool) -> None:
    assert bool(await seen("192.0.2.1", host=host)) == is_ours


def test_a_network_that_cannot_be_read_ends_the_start() -> None:
    with pytest.raises(InvalidConfiguration, match="console_trusted_proxies"):
        TrustedProxies("10.0.0.0/8, bureau")
