"""The palette by keyboard: pages, commands, entries; what is typed never reaches an address."""

import re
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support import processes
from tests.support.browser import ConsoleService, assert_accessible

pytestmark = pytest.mark.slow


def ask(page: Page, words: str) -> None:
    page.keyboard.press("/")
    expect(page.locator("#palette")).to_be_visible()
    sent = f"words={quote_plus(words)}&"
    with page.expect_response(lambda answer: sent in (answer.request.post_data or "")):
        page.keyboard.type(words)
    # The answer begins before what it says is shown.
    expect(page.locator("#palette-results")).to_have_attribute("aria-busy", "false")


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


def command(service: ConsoleService, name: str, *words: str, roles: tuple[str, ...]) -> str:
    """Run ``fanzha`` with the token of *name*; return what it prints."""
    assert service.issuer is not None
    done = processes.run(
        *words,
        FANZHA_ADMIN_TARGET=service.running.admin,
        FANZHA_TOKEN=service.issuer.token(*roles, sub=name),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_a_number_leads_to_can_be_opened(browser: Browser, service: ConsoleService) -> None:
    number = "+86 170 0000 0654"
    roles = ("editor", "approver", "auditor", "appeals_officer", "operator", "dispatcher")
    page = service.person(browser, "wang", *roles)
    entry = ("blocklist", "add", "+8617000000654", "--source", "bureau", "--reason", "a test")
    proposed = command(service, "wang", *entry, roles=roles)
    change = re.search(r"change (\d+) waits", proposed)
    assert change is not None
    command(service, "zhao", "changes", "approve", change[1], roles=roles)
    opened = []

    for what in ("list entry", "search decisions"):
        page.goto("/settings")
        ask(page, number)
        page.locator("#palette-results [role=option]", has_text=what).click()
        page.wait_for_url(lambda address: "/settings" not in address)
        opened.append(page.url)
        expect(page.locator("#main .notice.bad")).to_have_count(0)

    assert [one for one in opened if "654" in one] == []


def test_the_number_of_a_change_request_leads_to_it(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "li", "editor")
    page.goto("/settings/policy/edit")
    page.fill("[name=document]", "[carrier.cmcc.call]\nthreshold = 0.96\n")
    page.fill("[name=reason]", "a test")
    page.click("button[value=propose]")
    page.wait_for_url("**/changes/*")
    number = page.url.rpartition("/")[2]
    page.goto("/settings")

    ask(page, number)
    page.locator("#palette-results [role=option]", has_text="change request").click()

    page.wait_for_url(f"**/changes/{number}")
    expect(page.locator("#main")).to_contain_text("a test")


def test_hostile_words_are_text(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "wang", "editor")

    ask(page, "<img src=x onerror=alert(1)>")

    expect(page.locator("#palette-results")).to_have_text("Nothing found.")
    assert_accessible(page)
