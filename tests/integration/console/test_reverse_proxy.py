"""The console behind a real Envoy that ends TLS and serves it below a prefix."""

import ssl
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from services.auth import issuer
from tests.support.browser import ConsoleService, assert_no_faults, console_up, press
from tests.support.checkout import CHECKOUT
from tests.support.console_http import SECONDS
from tests.support.external_servers import started
from tests.support.reserved_ports import reserved_port

pytestmark = pytest.mark.slow
DOCUMENTED = (CHECKOUT / "examples" / "console-envoy.yaml").read_text()


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    """Run a console that trusts a proxy on this host."""
    folder = tmp_path_factory.mktemp("console")
    settings: dict[str, Any] = {
        "FANZHA_CONSOLE_TRUSTED_PROXIES": "127.0.0.1",
        "FANZHA_CONSOLE_NAMES": "console.bureau.example",
    }
    with console_up(folder, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def proxied(direct: ConsoleService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run Envoy before it; yield the address of the console behind the proxy."""
    folder = tmp_path_factory.mktemp("envoy")
    now = datetime.now(UTC)
    ours = issuer.authority("Test authority", now=now, days=2)
    serving = issuer.server(ours, ["localhost", "127.0.0.1"], now=now, days=2)
    serving.write(folder / "server.pem", folder / "server.key")
    port = reserved_port()
    text = DOCUMENTED.replace("port_value: 10443", f"port_value: {port}")
    text = text.replace("port_value: 7368", f"port_value: {direct.url.rpartition(':')[2]}")
    (folder / "envoy.yaml").write_text(text)
    command = [str(Path(sys.executable).parent / "envoy"), "-c", "envoy.yaml"]
    command += ["--concurrency", "1", "--base-id", str(port), "--log-level", "warning"]
    address = f"https://localhost:{port}/console"
    with started(command, folder, lambda: is_up(address)):
        yield address


def is_up(address: str) -> bool:
    try:
        with unverified() as client:
            return client.get(f"{address}/health").is_success
    except httpx.HTTPError:
        return False


def unverified() -> httpx.Client:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return httpx.Client(verify=context, trust_env=False, timeout=SECONDS)


def test_a_browser_signs_in_and_works_below_the_prefix(
    browser: Browser, direct: ConsoleService, proxied: str
) -> None:
    assert direct.issuer is not None
    page = browser.new_context(ignore_https_errors=True).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{proxied}/settings")
    page.fill("[name=token]", direct.issuer.token("editor", sub="wang"))
    page.click("form button.main")
    expect(page.locator("h1")).to_have_text("Settings")
    page.click("header button[name=theme]")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    press(page, "/")
    expect(page.locator("#palette-results [role=option]").first).to_be_visible()

    assert [one for one in asked if not one.startswith(proxied)] == []
    (cookie,) = (one for one in page.context.cookies() if "session" in one.get("name", ""))
    assert cookie.get("name", "").startswith("__Host-")
    assert (cookie.get("secure"), cookie.get("httpOnly")) == (True, True)
    assert_no_faults(page)


def test_answers_over_tls_say_that_they_must_be_but_on_loopback(proxied: str) -> None:
    with unverified() as client:
        named = client.get(f"{proxied}/sign-in", headers={"host": "console.bureau.example:443"})
        local = client.get(f"{proxied}/sign-in")

    assert "max-age" in named.headers["strict-transport-security"]
    # It would hold all other servers of this machine to HTTPS.
    assert "strict-transport-security" not in local.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-host": "evil.example"},
        {"host": "evil.example"},
    ],
)
def test_a_name_that_is_not_ours_is_refused_behind_the_proxy_too(
    direct: ConsoleService, headers: dict[str, str]
) -> None:
    answer = httpx.get(f"{direct.url}/sign-in", headers=headers, timeout=SECONDS)

    assert answer.status_code == httpx.codes.MISDIRECTED_REQUEST


def test_without_trusted_proxies_forwarded_headers_mean_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    headers = {
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
        "x-forwarded-prefix": "/evil",
    }
    with console_up(tmp_path_factory.mktemp("alone"), identities=False) as service:
        answer = httpx.get(f"{service.url}/settings", headers=headers, timeout=SECONDS)

    assert answer.headers["location"].startswith("/sign-in")
    assert "strict-transport-security" not in answer.headers
