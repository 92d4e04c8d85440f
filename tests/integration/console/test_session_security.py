"""What attackers try on sessions and forms: each is refused, over real HTTP."""

import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from services.console.session.try_limit import MOST_TRIES, WINDOW_SECONDS
from tests.support.browser import ConsoleService, console_up
from tests.support.console_http import SECONDS, http_person

pytestmark = pytest.mark.slow
COOKIE = "fanzha_session"
SEE_OTHER, FORBIDDEN = httpx.codes.SEE_OTHER, httpx.codes.FORBIDDEN


@pytest.fixture
def visitor(service: ConsoleService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=SECONDS) as client:
        yield client


def token(service: ConsoleService, name: str = "wang") -> dict[str, str]:
    assert service.issuer is not None
    return {"token": service.issuer.token("editor", sub=name)}


def test_signing_in_never_adopts_a_session_that_somebody_planted(
    service: ConsoleService, visitor: httpx.Client
) -> None:
    visitor.cookies.set(COOKIE, "planted-by-an-attacker", domain="127.0.0.1")

    visitor.post("/sign-in", data=token(service))

    issued = [one.value for one in visitor.cookies.jar if one.name == COOKIE]
    assert "planted-by-an-attacker" not in issued
    with httpx.Client(
        base_url=service.url, cookies={COOKIE: "planted-by-an-attacker"}, timeout=SECONDS
    ) as other:
        assert other.get("/settings").status_code == SEE_OTHER


def test_signing_in_again_ends_the_session_before(
    service: ConsoleService, visitor: httpx.Client
) -> None:
    visitor.post("/sign-in", data=token(service))
    before = visitor.cookies[COOKIE]
    visitor.post("/sign-in", data=token(service, "li"))

    with httpx.Client(base_url=service.url, cookies={COOKIE: before}, timeout=SECONDS) as other:
        assert other.get("/settings").status_code == SEE_OTHER


def test_scripts_and_other_sites_get_no_cookie(
    service: ConsoleService, visitor: httpx.Client
) -> None:
    answer = visitor.post("/sign-in", data=token(service))

    flags = answer.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=lax" in flags
    assert "path=/" in flags


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({}, {}),
        ({"csrf": "invented"}, {}),
        ({}, {"x-csrf-token": "invented"}),
    ],
)
def test_a_form_without_the_token_of_the_session_changes_nothing(
    service: ConsoleService, fields: dict[str, str], headers: dict[str, str]
) -> None:
    with http_person(service, "wang", "editor") as person:
        answer = person.client.post("/sign-out", data=fields, headers=headers)

        assert answer.status_code == FORBIDDEN
        assert person.get("/settings").status_code == httpx.codes.OK


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_the_token(
    service: ConsoleService, headers: dict[str, str]
) -> None:
    with http_person(service, "wang", "editor") as person:
        fields = {"csrf": person.csrf()}

        assert (
            person.client.post("/sign-out", data=fields, headers=headers).status_code == FORBIDDEN
        )
        assert person.get("/settings").status_code == httpx.codes.OK


def test_the_token_of_another_session_is_refused(service: ConsoleService) -> None:
    with http_person(service, "wang", "editor") as wang, http_person(service, "li", "editor") as li:
        answer = wang.client.post("/sign-out", data={"csrf": li.csrf()})

        assert answer.status_code == FORBIDDEN


def test_another_site_cannot_sign_a_browser_in(
    service: ConsoleService, visitor: httpx.Client
) -> None:
    answer = visitor.post("/sign-in", data=token(service), headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == FORBIDDEN
    assert COOKIE not in visitor.cookies


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::ffff:8.8.8.8]"])
def test_foreign_host_names_are_refused(
    service: ConsoleService, visitor: httpx.Client, host: str
) -> None:
    answer = visitor.get("/sign-in", headers={"host": host})

    assert answer.status_code == httpx.codes.MISDIRECTED_REQUEST


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "/\t/evil.example", "evil"],
)
def test_signing_in_leads_to_no_other_site(
    service: ConsoleService, visitor: httpx.Client, target: str
) -> None:
    answer = visitor.post("/sign-in", data={**token(service), "next": target})

    assert answer.headers["location"] == "/"


def test_signing_out_everywhere_ends_all_sessions_of_one_person(service: ConsoleService) -> None:
    with (
        http_person(service, "zhao", "editor") as here,
        http_person(service, "zhao", "editor") as there,
        http_person(service, "qian", "editor") as other,
    ):
        here.post("/sign-out-everywhere", {})

        assert there.get("/settings").status_code == SEE_OTHER
        assert other.get("/settings").status_code == httpx.codes.OK


def test_bodies_beyond_the_limit_are_refused(
    service: ConsoleService, visitor: httpx.Client
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"token=" + b"a" * 2**16

    declared = visitor.post("/sign-in", data={"token": "a" * 3 * 2**20})
    kind = {"content-type": "application/x-www-form-urlencoded"}
    try:
        streamed = visitor.post("/sign-in", content=endless(), headers=kind).status_code
    except httpx.WriteError:  # it hung up before all was sent
        streamed = httpx.codes.REQUEST_ENTITY_TOO_LARGE

    assert declared.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    # The reader of forms has a limit for one field, too.
    assert streamed in {httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE}


def test_pages_are_kept_by_no_cache_and_framed_by_nobody(service: ConsoleService) -> None:
    with http_person(service, "wang", "editor") as person:
        headers = person.get("/settings").headers

    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"


def test_many_failed_tries_are_slowed_down(tmp_path_factory: pytest.TempPathFactory) -> None:
    with console_up(tmp_path_factory.mktemp("tries")) as service:
        # Tries are counted anew every five minutes: of two addresses one is within such a window.
        for address in ("127.0.0.2", "127.0.0.3"):
            window = time.time() // WINDOW_SECONDS
            transport = httpx.HTTPTransport(local_address=address)
            with httpx.Client(
                base_url=service.url, transport=transport, timeout=SECONDS
            ) as visitor:
                tries = [visitor.post("/sign-in", data={"token": "no"}) for _ in range(MOST_TRIES)]
                refused = visitor.post("/sign-in", data=token(service))
            if time.time() // WINDOW_SECONDS == window:
                break

    assert {one.status_code for one in tries} == {FORBIDDEN}
    assert refused.status_code == httpx.codes.TOO_MANY_REQUESTS


def test_servers_that_cannot_be_asked_count_as_no_failed_try(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    nobody = "127.0.0.1:1"
    with (
        console_up(tmp_path_factory.mktemp("away"), FANZHA_CONSOLE_ADMIN_TARGET=nobody) as service,
        httpx.Client(base_url=service.url, timeout=SECONDS) as visitor,
    ):
        tries = [visitor.post("/sign-in", data=token(service)) for _ in range(MOST_TRIES + 1)]

    assert {one.status_code for one in tries} == {httpx.codes.SERVICE_UNAVAILABLE}


def test_the_log_has_no_token_and_no_words_of_a_search(service: ConsoleService) -> None:
    words = "+8617000000987"
    sent = token(service)
    with httpx.Client(base_url=service.url, timeout=SECONDS) as visitor:
        visitor.post("/sign-in", data=sent)
    with http_person(service, "wang", "editor") as person:
        person.post("/palette", {"words": words})

    log = (service.running.folder / "up.log").read_text()
    assert sent["token"][-40:] not in log
    assert words[-11:] not in log


def test_a_page_of_another_site_cannot_act_in_a_signed_in_browser(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "wang", "editor")
    form = f'<form method="post" action="{service.url}/sign-out"><button>go</button></form>'
    page.route(
        "http://evil.example/", lambda route: route.fulfill(body=form, content_type="text/html")
    )

    page.goto("http://evil.example/")
    page.click("button")

    page.goto(f"{service.url}/settings")
    expect(page.locator("h1")).to_have_text("Settings")
