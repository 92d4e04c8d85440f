"""The palette by keyboard: pages, commands, entries; what is typed never reaches an address."""

from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import ConsoleService, assert_accessible

pytestmark = pytest.mark.slow


def ask(page: Page, words: str) -> None:
    page.keyboard.press("/")
    expect(page.locator("#palette")).to_be_visible()
    sent = f"words={quote_plus(words)}&"
    with page.expect_response(lambda answer: sent in (answer.request.post_data or "")):
        page.keyboard.type(words)


def test_the_palette_opens_a_page_by_keyboard_alone(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "wang", "editor")
    page.goto("/no-such-page")

    ask(page, "Setti")
    assert_accessible(page)
    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_have_text("Settings")


def test_control_k_opens_it_and_escape_closes_it(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "wang", "editor")

    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#palette")).to_be_hidden()


def test_a_command_is_carried_out(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "wang", "editor")

    ask(page, "Sign out")
    expect(page.locator("#palette-results [aria-selected=true]")).to_contain_text("Sign out")
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_contain_text("You are signed out.")


def test_what_is_typed_is_in_no_address(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "wang", "editor", "auditor")
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))

    ask(page, "+8617000000321")

    assert addresses
    assert [one for one in addresses if "17000000321" in one] == []


def test_hostile_words_are_text(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "wang", "editor")

    ask(page, "<img src=x onerror=alert(1)>")

    expect(page.locator("#palette-results")).to_have_text("Nothing found.")
    assert_accessible(page)
