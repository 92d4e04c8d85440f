"""Decisions in a browser: found, followed live, explained, judged, and acted upon."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import ConsoleService, assert_accessible, console_up, press
from tests.support.console_traffic import CALLEE, LOGGED_AT_ONCE, approve, decide_calls, is_blocked
from tests.support.processes import eventually

pytestmark = pytest.mark.slow
FORGED = "+8617000000123"
"""A number of the home country that calls from abroad: blocked as implausible."""
ABROAD = "+12025550{:03}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    with console_up(tmp_path_factory.mktemp("decisions"), **LOGGED_AT_ONCE) as running:
        yield running


def decided(service: ConsoleService, page: Page, caller: str) -> int:
    """Ask about a call, and wait until its decision is in the log."""
    (decision,) = decide_calls(service, caller)

    def is_logged() -> bool:
        answer = page.goto(f"/decisions/{decision.decision_id}")
        return answer is not None and answer.ok

    eventually(is_logged)
    return decision.decision_id


def searched(page: Page, party: str) -> list[str]:
    """Search by a number or name, and return the ids that are shown."""
    page.goto("/decisions")
    page.fill("[name=party]", party)
    page.keyboard.press("Enter")
    page.wait_for_url("**/decisions?*key=*")
    return page.locator("[data-rows] a.mono").all_inner_texts()


def approved(service: ConsoleService, page: Page) -> None:
    """Let a second person approve the change that the page says is waiting."""
    notice = page.locator(".notice.good")
    expect(notice).to_contain_text("waits for a second person")
    approve(service, int(re.findall(r"Change (\d+)", notice.inner_text())[0]))


def test_a_number_is_found_and_never_in_the_address(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "wang", "auditor")
    caller = ABROAD.format(100)
    decision = decided(service, page, caller)

    found = searched(page, caller)

    assert found == [str(decision)]
    assert caller[1:] not in page.url
    assert caller not in page.locator("[data-rows]").inner_text()
    expect(page.locator("[name=party]")).to_have_value(caller)


def test_a_decision_id_opens_the_decision(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "wang", "operator")
    decision = decided(service, page, FORGED)

    page.goto("/decisions")
    page.fill("[name=party]", str(decision))
    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_have_text(f"Decision {decision}")
    expect(page.locator("main")).to_contain_text("What would change it")
    expect(page.locator("main")).to_contain_text("implausible")


def test_filters_are_in_the_address(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "wang", "operator")
    decided(service, page, FORGED)
    decided(service, page, ABROAD.format(101))

    page.goto("/decisions?action=block&reason=implausible&carrier=cmcc")

    actions = page.locator("[data-rows] td:nth-child(6)").all_inner_texts()
    assert actions
    assert set(actions) == {"block"}
    page.goto("/decisions?carrier=other")
    expect(page.locator(".empty")).to_contain_text("No logged decision fits")


def test_the_tail_shows_decisions_while_traffic_runs(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "wang", "operator")
    page.goto("/decisions/live")
    expect(page.locator("[data-live-state]")).to_contain_text("Connected")
    rows = page.locator("[data-live=rows] tr")

    def has_come() -> bool:
        # The tail begins some time after the page: what comes before is not its business.
        decide_calls(service, FORGED, ABROAD.format(102))
        page.wait_for_timeout(300)
        return rows.count() >= 2

    eventually(has_come)
    expect(page.locator("[data-live=count]")).to_contain_text("shown")
    expect(rows.first).to_contain_text("cmcc")
    assert FORGED not in rows.first.inner_text()
    assert_accessible(page)


def test_whoever_may_sees_whole_numbers_and_others_are_not_asked(
    browser: Browser, service: ConsoleService
) -> None:
    auditor = service.person(browser, "zhao", "auditor")
    operator = service.person(browser, "qian", "operator")
    decision = decided(service, auditor, FORGED)
    operator.goto(f"/decisions/{decision}")

    auditor.on("dialog", lambda dialog: dialog.accept())
    auditor.click("text=Show whole numbers")

    expect(auditor.locator("main")).to_contain_text("+86 170 0000 0123")
    expect(operator.locator("main")).not_to_contain_text("Show whole numbers")
    expect(operator.locator("main")).not_to_contain_text("170 0000")


def test_a_block_from_a_decision_blocks_the_next_call(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "sun", "editor", "auditor")
    caller = ABROAD.format(103)
    decided(service, page, caller)
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("text=Show whole numbers")
    page.wait_for_url("**/whole")

    page.keyboard.press("b")
    expect(page.locator("#block-pattern")).to_have_value(caller)
    page.fill("#block-reason", "reported by three victims")
    page.fill("#block-basis", "Anti-Telecom Fraud Law, article 16")
    page.click("text=Ask to block")

    approved(service, page)
    eventually(lambda: is_blocked(decide_calls(service, caller)[0]))


def test_a_snooze_lets_a_party_through_until_it_ends(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "sun", "editor", "auditor")
    forged = "+8617000000124"
    decided(service, page, forged)
    assert is_blocked(decide_calls(service, forged)[0])

    page.click("text=Snooze for this party")
    page.fill("#snooze-pattern", forged)
    page.fill("#snooze-reason", "roaming customer, known to the bureau")
    page.select_option("#snooze-hours", "1")
    page.click("text=Ask to snooze")

    approved(service, page)
    eventually(lambda: not is_blocked(decide_calls(service, forged)[0]))


def test_what_was_typed_stays_where_the_service_refuses_it(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "sun", "editor", "auditor")
    decided(service, page, FORGED)

    page.keyboard.press("b")
    page.fill("#block-pattern", "110")
    page.fill("#block-reason", "<script>alert(1)</script>")
    page.fill("#block-basis", "none")
    page.click("text=Ask to block")

    expect(page.locator("[role=alert]")).to_be_visible()
    expect(page.locator("#block-pattern")).to_have_value("110")
    expect(page.locator("#block-reason")).to_have_value("<script>alert(1)</script>")
    assert_accessible(page)


def test_suspected_hits_are_confirmed_and_dismissed_by_keys(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "li", "editor", "approver")
    decisions = {str(decided(service, page, FORGED)) for _ in range(2)}
    links = page.locator("[data-rows] a.mono")

    def waits() -> bool:
        # None that others asked for comes after these.
        page.goto("/decisions/pending")
        return decisions <= set(links.all_inner_texts())

    eventually(waits)
    confirmed, dismissed = links.nth(0).inner_text(), links.nth(1).inner_text()

    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.locator(".notice.good")).to_contain_text("Confirmed")
    expect(links.first).to_have_text(dismissed)
    press(page, "j")
    assert confirmed not in links.all_inner_texts()
    page.keyboard.press("x")

    expect(page.locator(".notice.good")).to_contain_text("Dismissed")
    page.wait_for_load_state()
    assert dismissed not in links.all_inner_texts()


def test_an_appeal_is_opened_from_a_blocked_decision(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "zhou", "appeals_officer")
    decided(service, page, FORGED)

    page.click("text=Open an appeal")
    page.fill("#field-appellant", "Example Trading Ltd")
    page.fill("#field-contact", "office@trading.example")
    page.fill("#field-grounds", "The number is ours, and roams.")
    page.click("text=Open the appeal")

    expect(page.locator(".notice.good")).to_contain_text("Appeal")


@pytest.mark.parametrize("role", ["editor", "dispatcher", "carrier", "source"])
def test_others_see_neither_link_nor_page(
    browser: Browser, service: ConsoleService, role: str
) -> None:
    page = service.person(browser, "wu", role)

    answer = page.goto("/decisions")

    assert answer is not None
    assert answer.status == 403
    assert page.locator("nav.side >> text=Decisions").count() == 0


def test_a_reader_without_the_roles_cannot_post_an_act(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "wu", "operator")
    decision = decided(service, page, FORGED)
    token = page.locator("meta[name=csrf]").get_attribute("content") or ""

    answer = page.request.post(
        f"{service.url}/decisions/{decision}/block",
        form={"pattern": FORGED, "reason": "r", "legal_basis": "l"},
        headers={"x-csrf-token": token, "origin": service.url},
    )

    assert answer.status == 403


@pytest.mark.parametrize(
    ("language", "theme", "word"), [("en", "light", "Decided at"), ("zh", "dark", "判定时间")]
)
def test_all_views_are_accessible_in_both_languages(
    browser: Browser, service: ConsoleService, language: str, theme: str, word: str
) -> None:
    roles = ("editor", "auditor", "appeals_officer")
    page = service.person(browser, "zheng", *roles, language=language, theme=theme)
    decision = decided(service, page, FORGED)
    for path in ("", "/live", "/pending", f"/{decision}"):
        page.goto(f"/decisions{path}")
        assert_accessible(page)
    page.goto("/decisions")
    expect(page.locator("thead")).to_contain_text(word)
    page.set_viewport_size({"width": 390, "height": 844})
    assert_accessible(page)


def test_the_callee_finds_the_same_decisions(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "wang", "auditor")
    decision = decided(service, page, ABROAD.format(104))

    assert str(decision) in searched(page, CALLEE)
