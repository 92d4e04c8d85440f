"""Signing in at a real provider of OpenID Connect; servers verify the provider's own token."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import ConsoleService, assert_no_faults
from tests.support.openid_provider import console_with_provider
from tests.support.processes import eventually

pytestmark = pytest.mark.slow
ROLES = {"wang": ["editor"], "li": ["auditor", "approver"], "nobody": []}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    with console_with_provider(tmp_path_factory.mktemp("provider"), ROLES) as running:
        yield running


def sign_in(page: Page, name: str) -> None:
    begin(page, name)
    page.click("button[type=submit]")


def begin(page: Page, name: str) -> None:
    """Sign in at the provider, up to its last question."""
    page.goto("/settings")
    page.click("text=Sign in at your organization")
    page.fill("[name=login]", name)
    page.fill("[name=password]", "any")
    page.click("button[type=submit]")
    expect(page.locator("[name=login]")).to_have_count(0)


def test_the_roles_are_those_of_the_providers_token(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.visitor(browser)

    sign_in(page, "li")

    expect(page.locator("h1")).to_have_text("Settings")
    expect(page.locator(".menu summary")).to_have_text("li")
    expect(page.locator("main")).to_contain_text("approver, auditor")
    assert_no_faults(page)


def test_signing_out_signs_out_at_the_provider_too(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.visitor(browser)
    sign_in(page, "wang")

    page.click(".menu summary")
    page.click("text=Sign out >> nth=0")
    page.click("button[value=yes]")
    expect(page.locator("main")).to_contain_text("You are signed out.")
    page.click("text=Sign in at your organization")

    expect(page.locator("[name=login]")).to_be_visible()


def test_who_refuses_at_the_provider_is_not_signed_in(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.visitor(browser)
    page.goto("/sign-in/provider")

    page.click("text=Cancel")

    expect(page.locator("[role=alert]")).to_contain_text("the provider refused the sign-in")
    page.goto("/settings")
    expect(page.locator("h1")).to_have_text("Sign in")


def test_a_sign_in_ends_once(browser: Browser, service: ConsoleService) -> None:
    first, second = service.visitor(browser), service.visitor(browser)
    answers: list[str] = []
    first.on("request", lambda request: answers.append(request.url))
    sign_in(first, "li")
    expect(first.locator("h1")).to_have_text("Settings")
    (answer,) = (one for one in answers if "/sign-in/callback" in one)

    for page in (first, second):
        page.goto(answer)

        expect(page.locator("[role=alert]")).to_contain_text("was not begun here")


def test_a_browser_that_did_not_begin_a_sign_in_cannot_end_it(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.visitor(browser)
    begin(page, "li")

    page.context.clear_cookies(name="fanzha_signing_in")
    page.click("button[type=submit]")

    expect(page.locator("[role=alert]")).to_contain_text("another browser began this sign-in")


def test_an_invented_state_or_code_signs_nobody_in(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.visitor(browser)

    page.goto("/sign-in/callback?state=invented&code=invented")
    expect(page.locator("[role=alert]")).to_contain_text("was not begun here")

    with page.expect_request("**/auth?*") as sent:
        page.goto("/sign-in/provider")
    asked = parse_qs(urlsplit(sent.value.url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["nonce"][0] != asked["state"][0]
    page.goto(f"/sign-in/callback?state={asked['state'][0]}&code=invented")

    expect(page.locator("[role=alert]")).to_contain_text("the provider refused the sign-in")


def test_a_person_without_a_role_is_told_which_one_it_takes(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.visitor(browser)

    sign_in(page, "nobody")

    expect(page.locator(".menu summary")).to_have_text("nobody")


def test_a_session_ends_with_the_providers_token(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("short")
    # Servers accept a token ten seconds longer, for clocks that differ; until then the page comes.
    with console_with_provider(folder, ROLES, seconds=10) as service:
        page = service.visitor(browser)
        sign_in(page, "wang")
        expect(page.locator(".menu summary")).to_have_text("wang")

        expect(page.locator("h1")).to_have_text("Settings")
        page.wait_for_timeout(19_000)

        def ended() -> bool:
            page.wait_for_timeout(500)
            page.goto("/settings")
            return page.locator("h1").inner_text() == "Sign in"

        eventually(ended)
