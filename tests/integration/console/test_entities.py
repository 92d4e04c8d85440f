"""Entities in a real browser: registered, proposed, settled by one person, closed by another."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import ConsoleService, assert_accessible, console_up

pytestmark = pytest.mark.slow
HOSTILE = "<script>document.title='hit'</script>"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    with console_up(tmp_path_factory.mktemp("entities")) as running:
        yield running


def registered(page: Page, name: str) -> str:
    """Register an entity; return the path of its page."""
    page.goto("/entities/new")
    page.fill("[name=name]", name)
    page.fill("[name=cleanup]", "2026 online lending")
    page.fill("[name=hosts]", "loan.example\nm.loan.example")
    page.fill("[name=icp_records]", HOSTILE)
    page.click("main form button.main")
    expect(page.locator("main [role=status]").first).to_have_text("Registered.")
    return page.url


def test_an_entity_is_registered_its_entries_proposed_and_its_steps_settled(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor")
    path = registered(li, f"示例贷{HOSTILE}")
    assert "hit" not in li.title().split("·")[-1]
    assert_accessible(li)

    li.click("button:has-text('Show what would be proposed')")
    expect(li.locator("main")).to_contain_text("m.loan.example")
    li.click("button:has-text('Propose the entries')")
    expect(li.locator("main [role=status]").first).to_contain_text("Proposed as change")
    li.wait_for_load_state()
    steps = li.locator("ol.timeline > li:has(details)")
    count = steps.count()
    assert count
    for at in range(count):
        step = steps.nth(at)
        step.locator("summary").click()
        step.locator("[name=document]").fill("Order 7")
        step.locator("button:has-text('It is done')").click()
        # The notice of the step before may still be on the page.
        expect(step.locator("button:has-text('Open it again')")).to_be_attached()
        expect(li.locator("main [role=status]").first).to_have_text("The step is settled.")

    ma = service.person(browser, "ma", "approver")
    ma.on("dialog", lambda dialog: dialog.accept())
    ma.goto(path)
    ma.click("#close ~ form button.main")
    expect(ma.locator("main [role=status]").first).to_have_text("The entity is closed.")
    ma.goto("/entities?state=2")
    expect(ma.locator("tbody[data-rows] tr")).to_have_count(1)
    assert_accessible(ma)


def test_who_saves_an_entity_after_somebody_else_is_shown_both_versions(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor")
    path = registered(li, "示例贷两人")
    wu = service.person(browser, "wu", "editor", language="zh")
    li.goto(path + "/edit")
    wu.goto(path + "/edit")
    wu.fill("[name=hosts]", "loan.example\nlater.example")
    wu.fill("[name=legal_basis]", HOSTILE)
    wu.click("button:has-text('保存')")
    expect(wu.locator("main [role=status]").first).to_have_text("已保存。")

    li.fill("[name=hosts]", "loan.example\nm.loan.example\nmine.example")
    li.click("button:has-text('Save')")

    expect(li.locator("#both + p")).to_contain_text("Changed meanwhile by wu; now at revision 2.")
    both = li.locator("#both ~ div table")
    expect(both.locator("tbody tr")).to_have_count(2)
    expect(both.locator("tr:has-text('Host') td").last).to_have_text("later.example\nloan.example")
    expect(both.locator("tr:has-text('Legal basis') td").last).to_have_text(HOSTILE)
    expect(li.locator("[name=hosts]")).to_have_value("loan.example\nm.loan.example\nmine.example")
    assert_accessible(li)
    li.click("button:has-text('Save mine over theirs')")
    expect(li.locator("main [role=status]").first).to_have_text("Saved.")
    expect(li.locator("main")).to_contain_text("mine.example")


def test_it_is_found_by_a_part_of_a_host_in_chinese_and_dark(
    browser: Browser, service: ConsoleService
) -> None:
    registered(service.person(browser, "wang", "editor"), "示例贷二")
    reader = service.person(browser, "sun", "auditor", language="zh", theme="dark")

    reader.goto("/entities")
    reader.keyboard.press("s")
    reader.keyboard.type("loan.ex")
    reader.keyboard.press("Enter")
    reader.wait_for_url("**/entities?*q=*")

    expect(reader.locator("tbody[data-rows]")).to_contain_text("示例贷二")
    assert "loan" not in reader.url
    assert_accessible(reader)


def test_what_is_wrong_in_a_form_is_said_and_what_was_typed_stays(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "zhou", "editor")
    page.goto("/entities/new")
    page.fill("[name=name]", "示例贷三")
    page.fill("[name=cleanup]", "2026 online lending")
    page.fill("[name=hosts]", "no host")

    page.click("main form button.main")

    expect(page.locator("[role=alert]")).to_contain_text("identifiers[0]")
    expect(page.locator("[name=hosts]")).to_have_value("no host")
