"""Decisions by keyboard alone, in both languages: found, opened, blocked, judged; no mouse."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.console.test_palette import ask
from tests.support.browser import ConsoleService, console_up, go, press
from tests.support.console_traffic import LOGGED_AT_ONCE, approve, decide_calls, is_blocked
from tests.support.processes import eventually

pytestmark = pytest.mark.slow
ABROAD = "+12025550{:03}"
WORDS = {
    "en": {"search": "search decisions", "waits": "waits for a second person"},
    "zh": {"search": "查询", "waits": "等待第二人"},
}
MOST_TABS = 60
"""Presses of Tab from one control to another, at most."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    with console_up(tmp_path_factory.mktemp("keyboard"), **LOGGED_AT_ONCE) as running:
        yield running


def focused_id(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || ''"))


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the control that matches the selector *wanted* has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"Tab never comes to {wanted}; it is on {focused_id(page)}")


def current_row(page: Page) -> int:
    """Return the place of the row that has the focus; -1 for none."""
    return int(
        page.evaluate(
            "[...document.querySelectorAll('[data-rows] > tr')]"
            ".findIndex((row) => row.contains(document.activeElement))"
        )
    )


def found_by_palette(page: Page, number: str, language: str) -> None:
    """Search for a number's decisions by the palette; arrows choose among what it offers."""

    def is_logged() -> bool:
        page.goto("/today")
        ask(page, number)
        chosen = page.locator("#palette-results [aria-selected=true]")
        for _ in range(page.locator("#palette-results [role=option]").count()):
            if WORDS[language]["search"] in chosen.inner_text():
                break
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/decisions?*key=*")
        return page.locator("[data-rows] tr").count() == 2

    eventually(is_logged)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_number_is_found_opened_and_blocked_without_a_mouse(
    browser: Browser, service: ConsoleService, language: str
) -> None:
    caller = ABROAD.format(301 if language == "en" else 302)
    second, _ = decide_calls(service, caller, caller)
    sun = service.person(browser, "sun", "editor", "auditor", language=language)
    sun.on("dialog", lambda dialog: dialog.accept())
    found_by_palette(sun, caller, language)

    sun.keyboard.press("j")
    assert current_row(sun) == 0
    sun.keyboard.press("j")
    assert current_row(sun) == 1
    sun.keyboard.press("k")
    assert current_row(sun) == 0
    sun.keyboard.press("j")
    sun.keyboard.press("Enter")
    sun.wait_for_url(f"**/decisions/{second.decision_id}")
    tab_to(sun, "form[action$='/whole'] button")
    sun.keyboard.press("Enter")
    sun.wait_for_url("**/whole")
    sun.keyboard.press("b")
    tab_to(sun, "#block-pattern")
    expect(sun.locator("#block-pattern")).to_have_value(caller)
    tab_to(sun, "#block-reason")
    sun.keyboard.type("three victims called <b>today</b>")
    tab_to(sun, "#block-basis")
    sun.keyboard.type("《反电信网络诈骗法》第十六条")
    sun.keyboard.press("Enter")

    notice = sun.locator("main .notice.good")
    expect(notice).to_contain_text(WORDS[language]["waits"])
    change = re.search(r"\d+", notice.inner_text())
    assert change is not None
    approve(service, int(change[0]))
    eventually(lambda: is_blocked(decide_calls(service, caller)[0]))
    tab_to(sun, ".actions a[href$='/decisions']")
    sun.keyboard.press("Enter")
    sun.wait_for_url("**/decisions")
    expect(sun.locator("[data-rows] tr").first).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hits_are_judged_without_a_mouse(
    browser: Browser, service: ConsoleService, language: str
) -> None:
    forged = "+861700000041{}"
    asked = decide_calls(service, *(forged.format(place) for place in range(3)))
    decisions = {str(one.decision_id) for one in asked}
    li = service.person(browser, "li", "editor", "approver", language=language)
    links = li.locator("[data-rows] a.mono")

    def waits() -> bool:
        li.goto("/today")
        go(li, "d")
        li.wait_for_url("**/decisions")
        tab_to(li, "a[href$='/decisions/pending']")
        li.keyboard.press("Enter")
        li.wait_for_url("**/decisions/pending")
        return decisions <= set(links.all_inner_texts())

    eventually(waits)
    before = links.all_inner_texts()
    li.keyboard.press("j")
    li.keyboard.press("j")
    assert current_row(li) == 1
    li.keyboard.press("c")
    expect(li.locator("main .notice.good")).to_be_visible()
    expect(links).to_have_text([before[0], *before[2:]])
    press(li, "j")
    li.keyboard.press("x")
    expect(links).to_have_text(before[2:])
