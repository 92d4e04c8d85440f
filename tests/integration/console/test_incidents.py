"""Incidents in a real browser: opened, moved, a lead drafted by one person and sent by another."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.incidents import lead_package
from tests.support.browser import ConsoleService, assert_accessible, console_up

pytestmark = pytest.mark.slow
HOSTILE = "<script>document.title='hit'</script>"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    with console_up(tmp_path_factory.mktemp("incidents")) as running:
        yield running


def opened(page: Page, title: str) -> str:
    """Open an incident; return the path of its page."""
    page.goto("/incidents/new")
    page.fill("[name=title]", title)
    page.fill("[name=subjects]", "loan.example\n+8617000000123")
    page.fill("[name=summary]", HOSTILE)
    page.click("main form button.main")
    expect(page.locator("main [role=status]").first).to_have_text("It is open.")
    return page.url


def said(page: Page, text: str) -> None:
    expect(page.locator("main [role=status]").first).to_have_text(text)


def test_it_goes_through_its_stages_and_a_lead_is_handed_over(
    browser: Browser, service: ConsoleService, tmp_path: Path
) -> None:
    li = service.person(browser, "li", "editor")
    path = opened(li, f"假贷款{HOSTILE}")
    assert "hit" not in li.title().split("·")[-1]
    expect(li.locator("main")).not_to_contain_text("+8617000000123")
    assert_accessible(li)
    for _ in range(3):
        li.fill("#move-note", "done")
        li.click("button:has-text('Move it')")
        said(li, "It is moved.")
    li.click("summary:has-text('Draft a lead')")
    li.select_option("[name=department]", label="market regulation")
    li.fill("[name=purpose]", "look at the company")
    li.click("button:has-text('Draft the lead')")
    said(li, "The lead is drafted.")

    ma = service.person(browser, "ma", "approver")
    ma.on("dialog", lambda dialog: dialog.accept())
    ma.goto(path)
    ma.click("button:has-text('Hand it over')")
    said(ma, "The lead is handed over.")
    with ma.expect_download() as download:
        ma.click("a:has-text('Save the package')")
    download.value.save_as(tmp_path / "lead.zip")
    assert lead_package.check(tmp_path / "lead.zip", None).good

    li.goto(path)
    li.fill("#answer-1", "罚7号")
    li.select_option("#outcome-1", label="penalty")
    li.click("button:has-text('Record the answer')")
    said(li, "The answer is recorded.")
    ma.goto(path)
    ma.fill("#close-note", "penalty")
    ma.click("#close button")
    said(ma, "The incident is closed.")
    ma.goto("/incidents?stage=5")
    expect(ma.locator("tbody[data-rows] tr")).to_have_count(1)
    assert_accessible(ma)


def test_it_is_found_by_a_part_of_a_number_in_chinese_and_dark(
    browser: Browser, service: ConsoleService
) -> None:
    opened(service.person(browser, "wang", "editor"), "号码")
    reader = service.person(browser, "sun", "auditor", language="zh", theme="dark")

    reader.goto("/incidents")
    reader.keyboard.press("s")
    reader.keyboard.type("7000000123")
    reader.keyboard.press("Enter")
    reader.wait_for_url("**/incidents?*q=*")

    expect(reader.locator("tbody[data-rows]")).to_contain_text("号码")
    assert "7000000123" not in reader.url
    assert_accessible(reader)


def test_parts_come_and_go_and_what_is_wrong_is_said(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "zhou", "editor")
    opened(page, "零件")
    page.click("summary:has-text('Add more')")
    page.fill("[name=cases]", "none")
    page.click("button:has-text('Join it')")
    expect(page.locator("[role=alert]")).to_contain_text("none")

    first = page.locator("#parts ~ ul > li").first
    first.locator("summary").click()
    first.locator("[name=note]").fill("not one of them")
    first.locator("button").click()

    said(page, "It is removed.")
    expect(page.locator("#parts ~ ul > li")).to_have_count(1)


def test_clusters_are_shown_to_who_may_look_for_them(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "zhao", "editor")

    page.goto("/incidents/clusters?kind=2&days=30")

    expect(page.locator("nav [aria-current]").filter(has_text="30 days")).to_have_count(1)
    assert_accessible(page)
