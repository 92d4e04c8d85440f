"""A change to the lists from file to undo, by five people in five browsers, as in the tour."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.console.test_imports import a_sheet, act, drop
from tests.integration.console.test_lists import approve, change_of, propose, search
from tests.support.browser import ConsoleService, console_up

pytestmark = pytest.mark.slow

APPEALED = "+8617000000123"


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    with console_up(tmp_path_factory.mktemp("bureau")) as running:
        yield running


def with_note(page: Page, note: str, button: str) -> None:
    page.fill("[name=note]", note)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=button, exact=True).click()


def imports_a_sheet(li: Page) -> str:
    drop(li, "province.csv", a_sheet(300))
    li.select_option("[name=holds-0]", "number")
    li.select_option("[name=source]", "2")
    li.select_option("[name=fraud_type]", "1")
    act(li, "Import")
    address = change_of(li)
    expect(li.locator("main")).to_contain_text("only a second person can approve it")
    expect(li.locator("main")).to_contain_text("110 is a protected number")
    return address


def a_range_is_rejected(li: Page, wang: Page) -> None:
    propose(li, "+861700099*", reason="numbers that were never assigned")
    wang.goto(change_of(li))
    with_note(wang, "some of them are assigned since June", "Reject")
    expect(wang.locator(".heading")).to_contain_text("rejected")


def an_emergency_is_confirmed(li: Page, wang: Page) -> None:
    propose(li, "+8617000990001", reason="calls victims right now")
    urgent = change_of(li)
    with_note(li, "three victims already, no approver on duty", "Apply as an emergency")
    expect(li.locator("main")).to_contain_text("Its entries end unless a second person confirms")
    wang.goto("/changes?tab=all")
    expect(wang.locator("main .notice.bad")).to_contain_text("three victims already")
    wang.goto(urgent)
    wang.click("text=Confirm the emergency")
    expect(wang.locator("main")).to_contain_text("Confirmed by wang")


def an_appeal_lifts_a_block(sun: Page, zhao: Page, li: Page) -> None:
    sun.goto("/appeals/new")
    sun.fill("[name=pattern]", APPEALED)
    sun.fill("[name=appellant]", "Ms Lin")
    sun.fill("[name=contact]", "lin@mail.example")
    sun.fill("[name=grounds]", "I have had this number since May")
    sun.click("form.card button.main")
    expect(sun.locator("h1")).not_to_contain_text("Hand in")
    zhao.goto("/appeals/1")
    zhao.on("dialog", lambda dialog: dialog.accept())
    zhao.keyboard.press("t")
    decision = zhao.locator("form[action$='/decide']")
    decision.locator("[name=reason]").fill("it was assigned anew in May")
    decision.locator("button.main").click()
    expect(decision).to_have_count(0)
    search(li, APPEALED)
    expect(li.locator("main")).to_contain_text("No entry passes this filter")


def the_sheet_is_taken_back(imported: str, li: Page, wang: Page) -> None:
    li.goto(imported)
    li.fill("[name=note]", "the province withdrew the sheet")
    li.click("text=Undo…")
    expect(li.locator("main")).to_contain_text("It would remove 299 entries")
    li.click("text=Propose to undo it")
    li.wait_for_url(re.compile("/changes/[0-9]+$"))
    approve(wang, li.url)
    li.goto(imported)
    expect(li.locator(".heading")).to_contain_text("reverted")


def test_a_change_goes_from_file_to_undo_by_five_people(
    browser: Browser, bureau: ConsoleService
) -> None:
    li = bureau.person(browser, "li", "editor")
    wang = bureau.person(browser, "wang", "approver")
    sun = bureau.person(browser, "sun", "carrier", carrier="unicom")
    zhao = bureau.person(browser, "zhao", "appeals_officer")
    chen = bureau.person(browser, "chen", "auditor")

    imported = imports_a_sheet(li)
    approve(wang, imported)
    search(li, "110")
    expect(li.locator("main")).to_contain_text("nothing may block it")
    a_range_is_rejected(li, wang)
    an_emergency_is_confirmed(li, wang)
    an_appeal_lifts_a_block(sun, zhao, li)
    the_sheet_is_taken_back(imported, li, wang)

    chen.goto("/audit")
    chen.keyboard.press("v")
    expect(chen.locator("[data-live=result]")).not_to_be_empty(timeout=60_000)
    chen.goto("/audit")
    for name in ("li", "wang", "zhao"):
        expect(chen.locator("main table").first).to_contain_text(name)
