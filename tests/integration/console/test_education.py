"""Educational campaigns in a real browser: drafted, previewed, approved by another, stopped."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import ConsoleService, assert_accessible, console_up

pytestmark = pytest.mark.slow
HOSTILE = "<script>document.title='hit'</script>"
HEADER = "number,region,consent_source,consent_day\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    with console_up(tmp_path_factory.mktemp("education")) as running:
        yield running


def drafted(page: Page, name: str, text: str = "") -> None:
    """Fill in the form of a campaign that begins in a month, and send it."""
    first = datetime.now(UTC).date() + timedelta(days=30)
    page.goto("/education/new")
    page.fill("[name=name]", name)
    page.select_option("[name=about]", label="fake loan")
    page.fill("[name=text]", text)
    page.fill("[name=start]", first.isoformat())
    page.fill("[name=end]", (first + timedelta(days=30)).isoformat())
    page.click("button:has-text('Draft the campaign')")


def test_a_campaign_is_drafted_loaded_previewed_and_approved_by_another_person(
    browser: Browser, service: ConsoleService, tmp_path: Path
) -> None:
    li = service.person(browser, "li", "operator")
    drafted(li, f"宣传{HOSTILE}")
    expect(li.locator("main [role=status]").first).to_have_text("Drafted.")
    assert "hit" not in li.title().split("·")[-1]
    people = tmp_path / "people.csv"
    rows = [f"1700000{at:04},330106,营业厅,2026-01-02" for at in range(20)]
    rows += ["17000009999,330106,,", "=cmd,330106,营业厅,2026-01-02"]
    people.write_text(HEADER + "\n".join(rows), "gb18030")

    li.set_input_files("[name=file]", people)
    li.click("button:has-text('Load the file')")
    loaded = li.locator("main section[role=status]")
    expect(loaded).to_contain_text("20 recipients, 1 without consent, 1 rows cannot be read")
    expect(loaded).to_contain_text("23: number")
    li.click("button:has-text('Show whom it would reach')")
    expect(li.locator("#preview ~ dl")).to_contain_text("SMS")
    assert_accessible(li)

    ma = service.person(browser, "ma", "approver")
    ma.on("dialog", lambda dialog: dialog.accept())
    ma.goto(li.url.removesuffix("/preview"))
    ma.click("button:has-text('Approve the campaign')")
    expect(ma.locator("main [role=status]").first).to_have_text("The campaign is approved.")
    ma.fill("#field-why", "a wrong text")
    ma.click("button:has-text('Stop the campaign for good')")
    expect(ma.locator("main [role=status]").first).to_have_text("The campaign is stopped.")
    ma.goto("/education?state=5")
    expect(ma.locator("tbody[data-rows] tr:has-text('script')")).to_have_count(1)
    assert_accessible(ma)


def test_what_is_refused_is_said_and_what_was_typed_stays(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "zhou", "operator")

    drafted(page, "链接", "请看 www.learn.example")

    expect(page.locator("[role=alert]")).to_contain_text("no link")
    expect(page.locator("[name=name]")).to_have_value("链接")
    page.fill("[name=text]", "")
    page.click("button:has-text('Draft the campaign')")
    page.click("button:has-text('Load the file')")
    own = page.locator("button:has-text('Approve the campaign')")
    page.on("dialog", lambda dialog: dialog.accept())
    own.click()
    expect(page.locator("[role=alert]")).to_contain_text("had a hand")


def test_a_draft_is_edited_and_what_is_wrong_is_said_at_its_field(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "qian", "operator")
    drafted(page, "改稿")
    was = page.locator(".card p.text").first.inner_text()
    page.click("a:has-text('Edit the draft')")
    expect(page.locator("[name=text]")).to_have_value("")
    expect(page.locator("main")).to_contain_text(was)

    page.fill("[name=text]", "请看 www.learn.example")
    page.fill("[name=hold_out]", "1x")
    page.click("button:has-text('Save')")
    expect(page.locator("#error-hold_out")).to_contain_text("is no number")
    page.fill("[name=hold_out]", "20")
    page.click("button:has-text('Save')")
    expect(page.locator("#error-text")).to_contain_text("no link")
    expect(page.locator("[name=text]")).to_have_attribute("aria-invalid", "true")
    assert_accessible(page)

    page.fill("[name=text]", "")
    page.select_option("[name=about]", value="financial:1")
    page.fill("[name=age_bands]", "60+，50-59")
    page.click("button:has-text('Save')")
    expect(page.locator("main [role=status]").first).to_have_text("Saved.")
    facts = page.locator("#known ~ dl")
    expect(facts).to_contain_text("60+, 50-59")
    expect(facts).to_contain_text("20 %")
    expect(page.locator(".card p.text").first).not_to_have_text(was)


def test_who_saves_a_draft_after_somebody_else_is_shown_both_versions(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "operator")
    drafted(li, "两人")
    wu = service.person(browser, "wu", "operator", language="zh")
    address = li.url + "/edit"
    li.goto(address)
    wu.goto(address)
    wu.fill("[name=daily_cap]", "2000")
    wu.fill("[name=occupations]", HOSTILE)
    wu.click("button:has-text('保存')")
    expect(wu.locator("main [role=status]").first).to_have_text("已保存。")

    li.fill("[name=daily_cap]", "3000")
    li.click("button:has-text('Save')")

    expect(li.locator("[role=alert]")).to_contain_text("at 2, not 1")
    both = li.locator("#both ~ div table")
    expect(both.locator("tr:has-text('Most people a day') td")).to_have_text(["3000", "2000"])
    expect(both.locator("tr:has-text('Occupations') td")).to_have_text(["–", HOSTILE])
    expect(both.locator("tbody tr")).to_have_count(2)
    expect(li.locator("[name=daily_cap]")).to_have_value("3000")
    assert_accessible(li)
    li.click("button:has-text('Save mine over theirs')")
    expect(li.locator("#known ~ dl")).to_contain_text("3,000")
    expect(li.locator("#history ~ ol li")).to_have_count(3)


def test_a_draft_that_was_stopped_meanwhile_keeps_what_was_typed_and_offers_no_save(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "operator")
    drafted(li, "已停")
    address = li.url
    li.goto(address + "/edit")
    ma = service.person(browser, "ma", "approver", language="zh")
    ma.goto(address)
    expect(ma.locator("main")).not_to_contain_text("编辑草稿")
    ma.fill("#field-why", "x")
    ma.click("button.danger")
    ma.wait_for_selector("main [role=status]")

    li.fill("[name=text]", "typed for long")
    li.click("button:has-text('Save')")

    expect(li.locator("main")).to_contain_text("no draft any more")
    expect(li.locator("[name=text]")).to_have_value("typed for long")
    expect(li.locator("main button.main")).to_have_count(0)
    assert_accessible(li)


def test_a_dispatcher_records_an_event_in_chinese_and_dark(
    browser: Browser, service: ConsoleService
) -> None:
    drafted(service.person(browser, "wang", "operator"), "五进")
    page = service.person(browser, "sun", "dispatcher", language="zh", theme="dark")
    page.goto("/education")
    page.click("tbody[data-rows] th a:first-child")
    page.click("details.action summary")
    page.fill("[name=place]", "示例社区")
    page.fill("[name=day]", "2026-01-02")
    page.fill("[name=people]", "80")

    page.click("details.action button.main")

    expect(page.locator("#events ~ ul")).to_contain_text("示例社区")
    expect(page.locator("main")).not_to_contain_text("Approve")
    assert_accessible(page)
