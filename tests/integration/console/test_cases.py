"""The warning desk's day in a browser: county, city, two at one case, masking, hostile notes."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from fanzha.v1 import case_pb2 as pb
from tests.support.browser import ConsoleService, assert_accessible, press
from tests.support.console_cases import case_of, open_cases, person

pytestmark = pytest.mark.slow
ELSEWHERE = "340102"
HOSTILE = "<img src=x onerror=document.title='hit'><script>document.title='hit'</script>"


def dispatcher(browser: Browser, service: ConsoleService, name: str, region: str) -> Page:
    page = service.person(browser, name, "dispatcher", regions=[region])
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def opened(page: Page, case_id: str) -> Page:
    page.goto(f"/cases/{case_id}")
    expect(page.locator("h1")).to_have_text(f"Case {case_id}")
    return page


def test_a_countys_dispatcher_works_a_case_from_the_board_to_its_outcome_by_keyboard(
    browser: Browser, service: ConsoleService
) -> None:
    (case_id,) = open_cases(service, [101], region="110105")
    page = dispatcher(browser, service, "wang", "110105")
    page.goto("/cases")

    page.keyboard.press("o")
    expect(page.locator("h1")).to_have_text(f"Case {case_id}")
    press(page, "t")
    expect(page.locator("main [role=status]").first).to_have_text("The case is yours.")
    press(page, "m")
    page.keyboard.type("her son is with her")
    page.select_option("[name=evidence_kind]", label="account")
    page.fill("[name=evidence]", "6222 0000")
    page.select_option("[name=due]", label="4 h")
    page.keyboard.press("Enter")
    expect(page.locator(".timeline li").first).to_contain_text("her son is with her")
    press(page, "Escape")
    page.locator("h1").click()
    page.keyboard.press("e")
    page.select_option("[name=outcome]", label="lost money")
    page.fill("[name=lost]", "12,000.50")
    page.select_option("[name=lost_to_kind]", label="account")
    page.fill("[name=lost_to]", "6222 0000")
    page.keyboard.press("Enter")

    expect(page.locator(".heading")).to_contain_text("closed")
    case = case_of(service, case_id)
    assert (case.state, case.outcome) == (pb.CASE_STATE_CLOSED, pb.CASE_OUTCOME_LOST_MONEY)
    assert (case.officer, case.lost_fen) == ("wang", 1_200_050)
    expect(page.locator("main")).to_contain_text("¥12,000.50")
    assert_accessible(page)


def test_of_two_at_one_case_the_second_reads_and_changes_nothing(
    browser: Browser, service: ConsoleService
) -> None:
    (case_id,) = open_cases(service, [111])
    li = opened(dispatcher(browser, service, "li", "3405"), case_id)

    wang = opened(dispatcher(browser, service, "wang", "340503"), case_id)

    expect(li.locator("#claim")).to_contain_text("You have this case open")
    expect(wang.locator("#claim [role=alert]")).to_contain_text("li has this case open")
    expect(wang.locator("textarea[name=text]")).to_have_count(0)
    expect(wang.locator("summary:has-text('Close with an outcome')")).to_have_count(0)
    expect(wang.locator("#claim [role=alert]")).to_contain_text("it is free in")
    board = dispatcher(browser, service, "wang", "340503")
    board.goto("/cases/list")
    expect(board.locator("main")).to_contain_text("open: li")
    assert_accessible(wang)

    li.click("main button:has-text('Leave it to others')")

    # Its page asks every ten seconds whether the case is free.
    expect(wang.locator("#claim")).to_contain_text("You have this case open")
    expect(wang.locator("textarea[name=text]")).to_have_count(1)


def test_who_takes_a_case_over_has_it_and_the_other_is_refused(
    browser: Browser, service: ConsoleService
) -> None:
    (case_id,) = open_cases(service, [121])
    li = opened(dispatcher(browser, service, "li", "3405"), case_id)
    wang = opened(dispatcher(browser, service, "wang", "3405"), case_id)

    wang.click("main button:has-text('Open it all the same')")
    li.fill("textarea[name=text]", "I go on as if nothing had happened")
    li.click("main button:has-text('Add to the timeline')")

    expect(wang.locator("#claim")).to_contain_text("You have this case open")
    expect(li.locator("main [role=alert]").first).to_contain_text("wang has")
    wang.reload()
    expect(wang.locator(".timeline li").first).to_be_visible()
    expect(wang.locator("main")).not_to_contain_text("I go on as if nothing had happened")
    auditor = service.person(browser, "shen", "auditor")
    auditor.goto("/audit?kind=case_changed")
    expect(auditor.locator("main tbody")).to_contain_text("claim_taken_over")


def test_a_case_that_is_left_is_free_for_others(browser: Browser, service: ConsoleService) -> None:
    (case_id,) = open_cases(service, [131])
    li = opened(dispatcher(browser, service, "li", "3405"), case_id)

    li.click("main button:has-text('Leave it to others')")
    expect(li.locator("main [role=status]")).to_have_text("Others can open the case now.")
    wang = opened(dispatcher(browser, service, "wang", "3405"), case_id)

    expect(wang.locator("#claim")).to_contain_text("You have this case open")


def test_a_county_sees_its_cases_only(browser: Browser, service: ConsoleService) -> None:
    (mine,) = open_cases(service, [141])
    (other,) = open_cases(service, [142], region=ELSEWHERE)
    page = dispatcher(browser, service, "wang", "340503")

    page.goto("/cases/list")
    answer = page.goto(f"/cases/{other}")

    assert answer is not None
    assert answer.status == 404
    page.goto("/cases/list")
    addresses = [row.get_attribute("href") for row in page.locator("main tbody a").all()]
    assert f"/cases/{mine}" in addresses
    assert f"/cases/{other}" not in addresses
    answer = page.goto("/cases?region=3401")
    assert answer is not None
    assert answer.status == 403


def test_whole_numbers_take_a_reason_and_are_on_record(
    browser: Browser, service: ConsoleService
) -> None:
    (case_id,) = open_cases(service, [151])
    page = opened(dispatcher(browser, service, "wang", "3405"), case_id)
    whole = "+86 170 0000 0151"
    assert person(151).endswith("00151")
    masked = page.content()

    page.keyboard.press("u")
    page.fill("[name=why]", "to call her at once")
    page.click("main button:has-text('Show and record')")

    expect(page.locator(".big")).to_have_text(whole)
    assert person(151) not in masked
    assert whole not in masked
    assert person(151)[1:] not in page.url
    assert_accessible(page)
    auditor = service.person(browser, "shen", "auditor")
    auditor.goto("/audit?kind=case_read")
    row = auditor.locator("main tbody tr").filter(has_text="to call her at once")
    expect(row).to_contain_text("wang")
    expect(row).to_contain_text(f"case:{case_id}")
    assert person(151) not in auditor.content()


def test_a_citys_dispatcher_assigns_several_cases_at_once(
    browser: Browser, service: ConsoleService
) -> None:
    ids = open_cases(service, [161, 162, 163], region="320500")
    page = dispatcher(browser, service, "zhao", "3205")
    page.goto("/cases/list")

    for case_id in ids[:2]:
        page.check(f"input[value='{case_id}']")
    page.fill("[name=officer]", "wang")
    page.click("main button:has-text('Assign')")

    expect(page.locator("main [role=status]")).to_have_text("2 assigned, 0 refused")
    assert [case_of(service, one).officer for one in ids] == ["wang", "wang", ""]


def test_a_skipped_case_is_not_offered_again(browser: Browser, service: ConsoleService) -> None:
    (case_id,) = open_cases(service, [171], region="330108")
    page = dispatcher(browser, service, "wang", "330108")
    page.goto("/cases")
    page.keyboard.press("o")
    expect(page.locator("h1")).to_have_text(f"Case {case_id}")

    press(page, "x")
    page.fill("[name=skip_why]", "a relative of mine")
    page.click("main form button:has-text('Pass it over')")
    page.wait_for_url(re.compile(r"/cases$"))
    page.keyboard.press("o")

    expect(page.locator("main [role=status]").last).to_have_text("No case waits that is free.")


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(
    browser: Browser, service: ConsoleService
) -> None:
    (case_id,) = open_cases(service, [181])
    page = opened(dispatcher(browser, service, "wang", "3405"), case_id)
    page.keyboard.press("e")
    page.select_option("[name=outcome]", label="false alarm")
    page.fill("[name=duplicate_of]", "")
    page.click("main button:has-text('Close the case')")

    expect(page.locator("#error-reason")).to_contain_text("required for a false alarm")
    expect(page.locator("[name=outcome]")).to_have_value(str(int(pb.CASE_OUTCOME_FALSE_ALARM)))
    assert_accessible(page)
    page.select_option("[name=outcome]", label="lost money")
    page.fill("[name=lost]", "many")
    page.click("main button:has-text('Close the case')")
    expect(page.locator("#error-lost")).to_contain_text("no amount in yuan")
    assert case_of(service, case_id).state != pb.CASE_STATE_CLOSED


def test_hostile_notes_senders_and_evidence_are_text(
    browser: Browser, service: ConsoleService
) -> None:
    (case_id,) = open_cases(service, [191], sender="<b onclick=alert(1)>银行</b>")
    page = opened(dispatcher(browser, service, "wang", "3405"), case_id)

    page.fill("textarea[name=text]", HOSTILE)
    page.select_option("[name=evidence_kind]", label="account")
    page.fill("[name=evidence]", "<svg onload=alert(1)>")
    page.click("main button:has-text('Add to the timeline')")

    expect(page.locator(".timeline li").first).to_contain_text(HOSTILE)
    press(page, "u")
    page.fill("[name=why]", HOSTILE)
    page.click("main button:has-text('Show and record')")
    expect(page.locator("dl.facts").first).to_contain_text("<b onclick=alert(1)>银行</b>")
    expect(page.locator("dl.facts").first).to_contain_text("<svg onload=alert(1)>")
    expect(page.locator("main svg, main img, main b")).to_have_count(0)
    assert page.title() != "hit"
    assert_accessible(page)


def test_an_auditor_reads_a_case_masked_and_without_forms(
    browser: Browser, service: ConsoleService
) -> None:
    (case_id,) = open_cases(service, [201])
    wang = opened(dispatcher(browser, service, "wang", "3405"), case_id)
    wang.fill("textarea[name=text]", "her name is Zhang")
    wang.click("main button:has-text('Add to the timeline')")
    page = service.person(browser, "shen", "auditor", language="zh", theme="dark")

    page.goto(f"/cases/{case_id}")

    assert "Zhang" not in page.content()
    assert person(201) not in page.content()
    expect(page.locator("main form")).to_have_count(0)
    expect(page.locator("#script")).to_have_text("劝阻话术")
    assert_accessible(page)
    page.goto("/cases")
    expect(page.locator("main a[href*='mine=1']")).to_have_text("我的案件")


def test_outcomes_are_on_one_key_beside_the_script_and_the_dialogue(
    browser: Browser, service: ConsoleService
) -> None:
    (case_id,) = open_cases(service, [211], region="110106")
    page = opened(dispatcher(browser, service, "wang", "110106"), case_id)
    expect(page.locator("[aria-labelledby=dialogue]")).to_contain_text("has not answered the robot")
    expect(page.locator("[aria-labelledby=dialogue] dt").first).to_have_text("paid")
    assert_accessible(page)

    page.keyboard.press("3")
    page.fill("[name=said]", f"30000 {HOSTILE}")
    page.click("button:has-text('Hand it over now')")
    expect(page.locator("main [role=status]").first).to_have_text(
        "It goes to the stop-payment desk."
    )
    expect(page.locator(".timeline li").first).to_contain_text("30000 <img")
    page.fill("[name=receipt]", "ZF-1")
    page.click("button:has-text('Record it')")
    expect(page.locator("main [role=status]").first).to_have_text("The receipt is recorded.")
    expect(page.locator("[aria-labelledby=person]")).to_contain_text("ZF-1")
    press(page, "1")
    expect(page.locator(".heading")).to_contain_text("closed")

    case = case_of(service, case_id)
    assert (case.outcome, case.stop_payment_receipt) == (pb.CASE_OUTCOME_SAFE, "ZF-1")
    assert page.title() != "hit"
