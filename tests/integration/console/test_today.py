"""The Today page in a browser: real traffic in figures, live, and what waits by role."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import ConsoleService, assert_accessible, console_up
from tests.support.console_traffic import LOGGED_AT_ONCE, decide_calls
from tests.support.processes import eventually

pytestmark = pytest.mark.slow
FORGED, ABROAD = "+8617000000123", "+12025550100"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    with console_up(tmp_path_factory.mktemp("today"), **LOGGED_AT_ONCE) as running:
        decide_calls(running, FORGED, FORGED, ABROAD)
        yield running


def with_traffic(page: Page, address: str = "/today") -> Page:
    """Open the page, once the log has the first decisions."""

    def counts() -> bool:
        page.goto(address)
        return page.locator(".figure").count() > 0

    eventually(counts)
    return page


def blocks(page: Page) -> int:
    row = page.locator("tr", has_text="implausible")
    return int(row.locator("td.number").inner_text().replace(",", ""))


def test_figures_are_those_of_the_decisions_and_go_on_live(
    browser: Browser, service: ConsoleService
) -> None:
    page = with_traffic(service.person(browser, "wang", "operator"))
    # Those that came with the service may reach the log one after the other.
    eventually(lambda: blocks(page) >= 2)
    before = blocks(page)
    address = page.url

    decide_calls(service, FORGED)

    eventually(lambda: blocks(page) == before + 1)
    assert page.url == address
    expect(page.locator("[data-live-state]")).to_contain_text("Live")
    expect(page.locator("[data-chart] svg")).to_be_visible()


def test_the_chart_is_a_table_too_and_stays_open(browser: Browser, service: ConsoleService) -> None:
    page = with_traffic(service.person(browser, "wang", "operator"), "/today?period=1h")

    page.click("text=The same as a table")
    page.locator("h1").click()

    def calls() -> list[int]:
        cells = page.locator("[data-live=traffic] details tbody td:nth-child(2)")
        return [int(text.replace(",", "")) for text in cells.all_inner_texts()]

    eventually(lambda: sum(calls()) >= 3)
    before = calls()
    decide_calls(service, ABROAD)

    eventually(lambda: calls() != before)
    expect(page.locator("[data-live=traffic] details")).to_have_attribute("open", "")


@pytest.mark.parametrize(
    ("roles", "waits", "not_"),
    [
        (("approver",), "Changes to approve", "Suspected hits to judge"),
        (("appeals_officer",), "Appeals", "Entries that end"),
        (("editor", "operator"), "Suspected hits to judge", "Changes to approve"),
    ],
)
def test_what_waits_depends_on_the_roles(
    browser: Browser, service: ConsoleService, roles: tuple[str, ...], waits: str, not_: str
) -> None:
    page = service.person(browser, "li", *roles)
    page.goto("/today")

    expect(page.locator("[data-live=waiting]")).to_contain_text(waits)
    expect(page.locator("[data-live=waiting]")).not_to_contain_text(not_)


@pytest.mark.parametrize("role", ["carrier", "source", "dispatcher"])
def test_who_may_not_count_traffic_sees_no_page(
    browser: Browser, service: ConsoleService, role: str
) -> None:
    page = service.person(browser, "wu", role)

    answer = page.goto("/today")

    assert answer is not None
    assert answer.status == 403


@pytest.mark.parametrize(
    ("language", "theme", "word"), [("en", "light", "Waits for me"), ("zh", "dark", "待我处理")]
)
def test_the_page_is_accessible_in_both_languages(
    browser: Browser, service: ConsoleService, language: str, theme: str, word: str
) -> None:
    roles = ("editor", "operator", "auditor")
    page = with_traffic(service.person(browser, "zheng", *roles, language=language, theme=theme))
    expect(page.locator("main")).to_contain_text(word)
    assert_accessible(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert_accessible(page)
