"""Tasks and scores of units in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import ConsoleService, assert_accessible, console_up

pytestmark = pytest.mark.slow
HOSTILE = "<script>document.title='hit'</script>"
UNITS = """
[all]
name = "全省"
level = "province"

[hefei]
name = "合肥市"
level = "city"
region = "3401"
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    folder = tmp_path_factory.mktemp("assessment")
    (folder / "units.toml").write_text(UNITS)
    with console_up(folder, FANZHA_ASSESSMENT_UNITS_FILE=str(folder / "units.toml")) as running:
        yield running


def test_a_task_is_opened_done_and_confirmed_by_another_person(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor")
    li.goto("/assessment")
    li.click("summary:has-text('Open a task')")
    li.select_option("[name=unit]", label="合肥市")
    li.fill("[name=title]", f"清理{HOSTILE}")
    li.fill("[name=due]", "2099-01-01")
    li.click("button:has-text('Open the task')")
    expect(li.locator("main [role=status]").first).to_have_text("The task is open.")
    assert "hit" not in li.title().split("·")[-1]
    assert_accessible(li)
    li.fill("[name=document]", "Report 7")
    li.click("button:has-text('It is done')")
    expect(li.locator("main [role=status]").first).to_have_text("The task is done.")

    ma = service.person(browser, "ma", "approver")
    ma.goto(li.url)
    ma.click("button:has-text('Confirm it')")
    expect(ma.locator("main [role=status]").first).to_have_text("The task is confirmed.")
    ma.goto("/assessment?state=2")
    expect(ma.locator("tbody[data-rows] tr")).to_have_count(0)
    ma.goto("/assessment?state=3&kind=2")
    expect(ma.locator("tbody[data-rows] tr")).to_have_count(1)


def test_a_task_without_a_deadline_is_refused_and_what_was_typed_stays(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "zhou", "editor")
    page.goto("/assessment")
    page.click("summary:has-text('Open a task')")
    page.fill("[name=title]", "值守")

    page.click("button:has-text('Open the task')")

    expect(page.locator("[role=alert]")).to_contain_text("deadline")
    expect(page.locator("[name=title]")).to_have_value("值守")


def test_a_past_month_is_published_once_in_chinese_and_dark(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "wang", "approver", language="zh", theme="dark")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/assessment/scores/2026-01")
    expect(page.locator("tbody[data-rows] tr")).to_have_count(2)
    assert_accessible(page)

    page.click("main form.card button.main")

    expect(page.locator("main [role=status]").first).to_be_visible()
    expect(page.locator("main form.card")).to_have_count(0)
    page.goto("/assessment/scores")
    assert_accessible(page)


def test_a_month_that_is_none_is_said(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "sun", "auditor")

    page.goto("/assessment/scores/2026-13")

    expect(page.locator("[role=alert]")).to_contain_text("2026-13")
