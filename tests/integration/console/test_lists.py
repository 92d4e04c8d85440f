"""Lists and the change inbox in a browser: found, added, changed, approved by a second person."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import NARROW, ConsoleService, assert_accessible, go

pytestmark = pytest.mark.slow

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def propose(page: Page, patterns: str, *, reason: str = "case 17") -> None:
    page.goto("/lists/add")
    page.fill("[name=patterns]", patterns)
    page.select_option("[name=source]", "3")
    page.select_option("[name=fraud_type]", "1")
    page.fill("[name=reason]", reason)
    page.click("form.card button.main")


def listed(
    browser: Browser, service: ConsoleService, patterns: str, *, reason: str = "case 17"
) -> Page:
    """List patterns: li proposes them and wang approves, as their impact is not known yet."""
    li = service.person(browser, "li", "editor")
    propose(li, patterns, reason=reason)
    address = change_of(li)
    wang = service.person(browser, "wang", "approver")
    approve(wang, address)
    return li


def approve(page: Page, address: str) -> None:
    page.goto(address)
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("text=Approve and apply")
    expect(page.locator("main .notice.good")).to_contain_text("is applied")


def change_of(page: Page) -> str:
    page.click("main .notice a")
    page.wait_for_url(re.compile("/changes/[0-9]+$"))
    return page.url


def search(page: Page, words: str) -> None:
    page.goto("/lists")
    page.fill("#words", words)
    page.press("#words", "Enter")
    page.wait_for_url(re.compile("q="))


def test_an_entry_is_added_found_edited_and_its_history_tells_it(
    browser: Browser, service: ConsoleService
) -> None:
    li = listed(browser, service, "+8617000010001")

    search(li, "+86170000100")
    assert "170000" not in li.url
    li.click("tbody th a")
    expect(li.locator("h1")).to_contain_text("+86 170 0001 0001")
    li.wait_for_load_state()
    address = li.url
    li.keyboard.press("e")
    li.fill("[name=legal_basis]", "Art. 32")
    li.fill("[name=reason]", "named at last")
    li.click("form.card button.main")
    expect(li.locator("#rows ~ .scroll")).to_contain_text("Art. 32")
    li.goto(address)

    expect(li.locator("#history ~ ol")).to_contain_text("named at last")
    expect(li.locator("#history ~ ol ins").first).to_contain_text("Art. 32")
    expect(li.locator("#history ~ ol")).to_contain_text("approved by wang")
    assert "17000010001" not in address
    assert_accessible(li)


def test_a_range_waits_and_only_a_second_person_approves_it(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor", "approver")
    wang = service.person(browser, "wang", "approver")
    propose(li, "+861700020*", reason="never assigned")
    address = change_of(li)

    expect(li.locator("main")).to_contain_text("only a second person can approve it")
    expect(li.locator("text=Approve and apply")).to_have_count(0)
    wang.goto("/changes")
    wang.click("tbody th a")
    wang.wait_for_load_state()  # Keys work once the script has run.
    assert wang.url == address
    wang.on("dialog", lambda dialog: dialog.accept())
    wang.keyboard.press("y")

    expect(wang.locator("main .notice.good")).to_contain_text("is applied")
    expect(wang.locator("#events ~ ol")).to_contain_text("approved")
    assert_accessible(wang)


def test_an_author_who_forges_the_approval_is_refused_by_the_server(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor", "approver")
    propose(li, "+861700021*")
    address = change_of(li)

    li.evaluate(
        """address => {
            const form = document.querySelector("#do ~ form");
            form.action = address + "/approve";
            form.requestSubmit();
        }""",
        address,
    )

    expect(li.locator("[role=alert]")).to_contain_text("second person")
    li.goto(address)
    expect(li.locator(".heading")).to_contain_text("pending")


def test_of_two_reviewers_at_once_the_second_sees_what_the_first_did(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor")
    wang, sun = (service.person(browser, name, "approver") for name in ("wang", "sun"))
    propose(li, "+861700022*")
    address = change_of(li)
    for page in (wang, sun):
        page.goto(address)
        page.on("dialog", lambda dialog: dialog.accept())

    wang.click("text=Approve and apply")
    expect(wang.locator("main .notice.good")).to_contain_text("is applied")
    sun.fill("[name=note]", "not assigned?")
    sun.click("button:has-text('Reject')")

    expect(sun.locator("[role=alert]")).to_contain_text("Somebody was faster")
    expect(sun.locator(".heading")).to_contain_text("applied")
    expect(sun.locator("[name=note]")).to_have_value("not assigned?")


def test_a_reviewer_asks_for_changes_and_comments_are_kept(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor")
    wang = service.person(browser, "wang", "approver")
    propose(li, "+861700023*")
    address = change_of(li)

    wang.goto(address)
    wang.fill("[name=note]", HOSTILE)
    wang.keyboard.press("Tab")
    wang.click("button:has-text('Comment')")
    wang.fill("[name=note]", "name the order")
    wang.click("text=Request changes")
    li.goto("/changes?tab=mine&state=draft")
    li.click("tbody th a")

    expect(li.locator("#events ~ ol")).to_contain_text("name the order")
    expect(li.locator("#events ~ ol")).to_contain_text(HOSTILE)
    expect(li.locator("button:has-text('Submit')")).to_be_visible()
    assert_accessible(li)


def test_110_is_refused_and_the_page_says_why(browser: Browser, service: ConsoleService) -> None:
    li = service.person(browser, "li", "editor")

    propose(li, "110\n+8617000010110")

    expect(li.locator("tbody tr").first).to_contain_text("protected")
    search(li, "110")
    expect(li.locator("main")).to_contain_text("nothing may block it")


def test_all_entries_of_a_filter_are_changed_after_their_number_is_shown(
    browser: Browser, service: ConsoleService
) -> None:
    numbers = "\n".join(f"+86170003{number:05}" for number in range(60))
    li = listed(browser, service, numbers)
    search(li, "+86170003")
    expect(li.locator(".heading")).to_contain_text("60 of")

    li.keyboard.press("b")
    li.select_option("[name=what]", "legal_basis")
    li.fill("[name=legal_basis]", "Order 7")
    li.fill("[name=reason]", "audit")
    li.click("form.card button.main")
    expect(li.locator("[role=status]")).to_contain_text("60 entries are meant")
    li.on("dialog", lambda dialog: dialog.accept())
    li.click("form.card button.main")

    expect(li.locator("main .notice.good")).to_contain_text("60 entries were changed")
    expect(li.locator(".heading")).to_contain_text("+60")
    expect(li.locator("#rows ~ .scroll")).to_contain_text("Order 7")


def test_keys_alone_lead_from_the_list_to_an_entry(
    browser: Browser, service: ConsoleService
) -> None:
    li = listed(browser, service, "keys.example\nkeyboard.example")

    li.goto("/settings")
    go(li, "l")
    li.wait_for_url(re.compile("/lists$"))
    li.keyboard.press("s")
    li.keyboard.type("key")
    li.keyboard.press("Enter")
    li.wait_for_url(re.compile("q="))
    li.keyboard.press("j")
    li.keyboard.press("Enter")

    expect(li.locator("h1")).to_contain_text("key")
    expect(li.locator("#facts")).to_be_visible()


def test_hostile_texts_of_entries_are_texts(browser: Browser, service: ConsoleService) -> None:
    li = listed(browser, service, "hostile.example", reason=HOSTILE)

    search(li, "hostile.example")
    expect(li.locator("tbody").first).to_contain_text("<script>alert(1)")
    assert_accessible(li)


def test_a_role_that_may_not_change_sees_no_way_to(
    browser: Browser, service: ConsoleService
) -> None:
    chen = service.person(browser, "chen", "auditor")

    chen.goto("/lists")
    expect(chen.locator("main >> text=Add entries")).to_have_count(0)
    chen.goto("/lists/add")

    expect(chen.locator("main")).to_contain_text("editor")


@pytest.mark.parametrize(("language", "theme"), [("zh", "dark"), ("en", "light")])
def test_lists_and_changes_are_accessible_on_a_small_screen(
    browser: Browser, service: ConsoleService, language: str, theme: str
) -> None:
    li = service.person(browser, "li", "editor", language=language, theme=theme, viewport=NARROW)

    for path in ("/lists", "/lists?only=not-approved", "/lists/add", "/changes?tab=all"):
        li.goto(path)
        assert_accessible(li)


def test_a_stale_draft_takes_theirs_row_by_row(browser: Browser, service: ConsoleService) -> None:
    li = listed(browser, service, "+8617000050001")
    wang = service.person(browser, "wang", "approver", "editor")
    search(li, "+8617000050001")
    li.click("tbody th a")
    entry = li.url
    propose(li, "+8617000050001\n+861700005*", reason="mine")
    li.check("[name=replace]")
    li.click("form.card button.main")
    draft = change_of(li)
    wang.goto(draft)
    wang.fill("[name=note]", "name the order")
    wang.click("text=Request changes")
    wang.goto(f"{entry}/edit")
    wang.fill("[name=legal_basis]", "Order 7")
    wang.fill("[name=reason]", "named")
    wang.click("form.card button.main")
    wang.wait_for_url(re.compile("/changes/[0-9]+$"))

    li.goto(draft)
    expect(li.locator("#stale ~ form")).to_contain_text("Order 7")
    assert_accessible(li)
    li.check("[name=choice-0][value='2']")
    li.click("#stale ~ form button.main")

    expect(li.locator("main .notice.good")).to_contain_text("based on the lists as they are now")
    expect(li.locator("#stale")).to_have_count(0)
    expect(li.locator("#rows ~ .scroll")).to_contain_text("Order 7")


def test_a_county_sees_its_entries_with_their_region_and_another_does_not(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor", "approver", regions=["330106"])
    chen = service.person(browser, "chen", "editor", regions=["3302"])
    wang = service.person(browser, "wang", "approver", regions=["3301"])
    propose(li, "county.example", reason="case 21")
    address = change_of(li)
    expect(li.locator("#what ~ dl")).to_contain_text("330106")

    chen.goto(address)
    expect(chen.locator("main")).to_contain_text("there is no change")
    approve(wang, address)
    wang.goto("/lists")
    wang.click("text=More filters")
    wang.fill("[name=region]", "3301")
    wang.press("[name=region]", "Enter")
    wang.wait_for_url(re.compile("q="))
    expect(wang.locator("tbody tr", has_text="county.example")).to_contain_text("330106")
    assert_accessible(wang)
    search(chen, "county")
    expect(chen.locator("main")).not_to_contain_text("case 21")
