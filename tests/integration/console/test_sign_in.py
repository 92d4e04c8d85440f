"""Signing in and out in a real browser, with tokens; who is not signed in sees nothing."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import ConsoleService, assert_accessible

pytestmark = pytest.mark.slow


def test_a_token_signs_in_and_the_page_asked_for_opens(
    browser: Browser, service: ConsoleService
) -> None:
    assert service.issuer is not None
    page = service.visitor(browser)

    page.goto("/settings")
    page.fill("[name=token]", service.issuer.token("editor", sub="wang"))
    page.click("form button.main")

    expect(page.locator("h1")).to_have_text("Settings")
    expect(page.locator(".menu summary")).to_have_text("wang")


def test_a_token_that_servers_refuse_does_not_sign_in(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.visitor(browser)

    page.goto("/sign-in")
    page.fill("[name=token]", "no.such.token")
    page.click("form button.main")

    expect(page.locator("[role=alert]")).to_contain_text("token")
    assert page.context.cookies() == []


def test_signing_out_ends_the_session_for_whoever_kept_the_cookie(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "li", "auditor")
    kept = page.context.cookies()

    page.click(".menu summary")
    page.click("text=Sign out >> nth=0")
    expect(page.locator("h1")).to_have_text("Sign in")
    page.context.add_cookies(kept)  # type: ignore[arg-type]
    page.goto("/settings")

    expect(page.locator("h1")).to_have_text("Sign in")


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
def test_sign_in_and_settings_are_accessible(
    browser: Browser, service: ConsoleService, language: str, theme: str
) -> None:
    visitor = service.visitor(browser, language=language, theme=theme)
    visitor.goto("/sign-in")
    assert_accessible(visitor)

    page = service.person(browser, "wang", "editor", language=language, theme=theme)
    page.goto("/settings")
    assert_accessible(page)
    page.keyboard.press("?")
    assert_accessible(page)
