"""One campaign from its texts to warnings, by two people in two browsers.

A first wave reads as an invitation and reaches people; the second is fraud in plain words, which
the model blocks or marks. What they have in common is the link.
"""

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, Page, expect

from fanzha.client import Answer, Client, Login, Options, Text
from fanzha.v1 import decision_pb2
from tests.integration.console.test_lists import approve
from tests.support.browser import ConsoleService, assert_accessible, console_up
from tests.support.console_traffic import LOGGED_AT_ONCE
from tests.support.processes import eventually

pytestmark = pytest.mark.slow
HOST = "parent-meeting.example"
INVITATION = "各位家长，周六上午九点在学校礼堂召开家长会，安排见 http://{host}/n/{number}"
FRAUD = (
    "【客服中心】您的账户存在异常，将影响征信，请立即登录 http://{host}/n/{number} "
    "注销校园贷账户，否则后果自负"
)
SENDERS = [f"+861700000700{number}" for number in range(5)]
REACHED, SUSPECTED = 12, 600


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    with console_up(
        tmp_path_factory.mktemp("campaign-story"),
        warnings=True,
        **LOGGED_AT_ONCE,
        FANZHA_BULK_TEXTS="256",
    ) as running:
        yield running


def sent(service: ConsoleService, body: str, count: int) -> Sequence[Answer]:
    """Send *count* texts of five senders to as many people."""
    assert service.issuer is not None
    login = Login(token=service.issuer.token("carrier", sub="gateway"))
    texts = [
        Text(
            sender=SENDERS[number % len(SENDERS)],
            receiver=f"+8617000009{number:03}",
            body=body.format(host=HOST, number=f"{number:04x}"),
        )
        for number in range(count)
    ]
    options = Options(timeout=60.0)
    with Client(service.running.interception, options, login=login) as client:
        client.wait_until_ready(30)
        parts = [texts[at : at + 200] for at in range(0, count, 200)]
        return [one for part in parts for one in client.decide_texts(part)]


def is_suspected(one: Answer) -> bool:
    """Whether the model blocked the text, or marked it for review."""
    by_score = one.reason == decision_pb2.REASON_SCORED
    return (by_score and one.action == decision_pb2.ACTION_BLOCK) or (
        one.reason == decision_pb2.REASON_REVIEW
    )


def opened_from_the_list(sun: Page) -> None:
    """Find the campaign, and follow its graph to the link that its texts share."""

    def is_blocked_campaign() -> bool:
        sun.goto("/campaigns")
        link = sun.locator("main tbody th a").first
        if not link.count():
            return False
        link.click()
        sun.wait_for_url("**/campaigns/text/*")
        return sun.locator("svg.graph .node").count() > 2

    eventually(is_blocked_campaign)
    table = sun.locator("main table tbody")
    expect(table).to_contain_text(HOST)
    assert sun.locator(".node").count() >= table.locator("tr").count()
    table.locator("a", has_text=HOST).click()
    sun.wait_for_url(f"**/campaigns/link/{HOST}")
    expect(sun.locator("svg.graph .node").nth(2)).to_be_attached()


def hits_counted(sun: Page) -> dict[str, int]:
    section = sun.locator("section[aria-labelledby=confirm]")
    section.get_by_role("button", name="Count them").click()
    facts = section.locator("dl")
    expect(facts).to_be_visible()
    sun.wait_for_load_state()
    names, values = facts.locator("dt").all_inner_texts(), facts.locator("dd").all_inner_texts()
    return {name: int(value.replace(",", "")) for name, value in zip(names, values, strict=True)}


def suspected_hits_are_confirmed(sun: Page, suspected: int) -> None:
    def all_counted() -> bool:
        sun.goto("/campaigns")
        sun.fill("#campaign-subject", SENDERS[0])
        sun.keyboard.press("Enter")
        sun.wait_for_url("**/campaigns/seen/*")
        return hits_counted(sun)["Hits"] == suspected

    eventually(all_counted)
    section = sun.locator("section[aria-labelledby=confirm]")
    sun.select_option("#confirm-kind", value=str(int(decision_pb2.FRAUD_TYPE_FAKE_CREDIT)))
    section.get_by_role("button", name=f"Confirm {suspected:,} hits").click()
    expect(sun.locator("main .notice.good")).to_contain_text(f"{suspected:,} hits are confirmed")
    again = hits_counted(sun)
    assert again["Hits"] == 0
    assert again["Confirmed before"] == suspected


def an_entry_is_proposed(sun: Page) -> None:
    sun.goto(f"/campaigns/link/{HOST}")
    sun.fill("#field-reason", "texts that threaten with credit records")
    sun.fill("#field-legal_basis", "《反电信网络诈骗法》第二十二条")
    sun.get_by_role("button", name="Propose the change").click()
    expect(sun.locator("main .notice.good")).to_contain_text("waits for a second person")


def a_second_person_approves(wang: Page) -> None:
    wang.goto("/changes")
    wang.locator("main [data-rows] a").first.click()
    wang.wait_for_url("**/changes/*")
    expect(wang.locator("main")).to_contain_text(HOST)
    expect(wang.locator("main")).to_contain_text("texts that threaten with credit records")
    approve(wang, wang.url)


def people_are_counted_then_warned(sun: Page) -> None:
    sun.goto(f"/campaigns/link/{HOST}")
    expect(sun.locator("form[action$='/backfill']")).to_have_count(0)
    sun.get_by_role("button", name="Count the people").click()
    expect(sun.locator("[data-persons]")).to_have_text(str(REACHED))
    assert_accessible(sun)
    sun.get_by_role("button", name=f"Warn {REACHED} people").click()
    sun.wait_for_url("**/campaigns")
    expect(sun.locator("main .notice.good")).to_contain_text(f"{REACHED} people are being warned")
    expect(sun.locator("section[aria-labelledby=running] tbody tr")).to_contain_text("sun")


def test_a_campaign_goes_from_suspicion_to_warnings_by_two_people(
    browser: Browser, service: ConsoleService
) -> None:
    let_through = sent(service, INVITATION, REACHED)
    assert {one.action for one in let_through} == {decision_pb2.ACTION_ALLOW}
    by_model = sent(service, FRAUD, SUSPECTED)
    suspected = sum(is_suspected(one) for one in by_model[:: len(SENDERS)])
    assert suspected == SUSPECTED / len(SENDERS)
    sun = service.person(browser, "sun", "operator", "editor")
    sun.on("dialog", lambda dialog: dialog.accept())
    wang = service.person(browser, "wang", "approver")

    opened_from_the_list(sun)
    suspected_hits_are_confirmed(sun, suspected)
    an_entry_is_proposed(sun)
    a_second_person_approves(wang)

    def is_blocked_by_the_entry() -> bool:
        (one,) = sent(service, INVITATION, 1)
        return one.action == decision_pb2.ACTION_BLOCK and (
            one.reason == decision_pb2.REASON_BLOCKLISTED
        )

    eventually(is_blocked_by_the_entry)
    people_are_counted_then_warned(sun)
