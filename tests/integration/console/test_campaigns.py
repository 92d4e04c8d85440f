"""Campaigns in a real browser: found, shown with its graph, listed, counted, and warned about."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from fanzha.client import Client, Login, Options, Text
from tests.support.browser import ConsoleService, assert_accessible, console_up
from tests.support.processes import eventually

pytestmark = pytest.mark.slow
HOST = "school-news.example"
BODY = (
    "各位家长请注意，本周六上午九点在学校礼堂召开家长会，请准时参加，会议安排与签到方式见 "
    "http://{host}/n/{number}"
)
FRAUD_HOST = "cheap-watches.example"
FRAUD = "内部渠道，名表手机三折直发，先付定金，看货 http://{host}/n/{number}"
PEOPLE, TEXTS = 30, 1500


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    """Run a service that logs all, and let many people get nearly the same text."""
    with console_up(
        tmp_path_factory.mktemp("campaigns"),
        warnings=True,
        FANZHA_BULK_TEXTS="256",
        FANZHA_DECISION_LOG_ALLOWED_ONE_IN="1",
        FANZHA_DECISION_LOG_FLUSH_SECONDS="0.5",
    ) as running:
        _send(running)
        yield running


def _send(service: ConsoleService) -> None:
    assert service.issuer is not None
    token = service.issuer.token("carrier", sub="gateway")
    login = Login(token=token)
    with Client(service.running.interception, Options(timeout=60.0), login=login) as client:
        client.wait_until_ready(30)
        texts = [
            Text(
                sender=f"+8617000008{number % 5:03}",
                receiver=f"+8617000009{number % PEOPLE:03}",
                body=BODY.format(host=HOST, number=number),
            )
            for number in range(TEXTS)
        ]
        # More of these, so that this campaign is the first one listed.
        texts += [
            Text(
                sender=f"+8617000008{number % 5:03}",
                receiver=f"+8617000009{number % PEOPLE:03}",
                body=FRAUD.format(host=FRAUD_HOST, number=f"{number:06x}"),
            )
            for number in range(3 * TEXTS)
        ]
        for start in range(0, len(texts), 250):
            client.decide_texts(texts[start : start + 250])


def first_campaign(page: Page) -> str:
    """Return the address of the largest campaign, once there is one."""

    def found() -> str:
        page.goto("/campaigns")
        link = page.locator("main tbody th a").first
        return (link.get_attribute("href") or "") if link.count() else ""

    address = ""

    def there() -> bool:
        nonlocal address
        address = found()
        return bool(address)

    eventually(there)
    return address


def test_a_campaign_is_found_and_its_graph_filled(
    browser: Browser, service: ConsoleService
) -> None:
    chen = service.person(browser, "chen", "auditor")

    def drawn() -> bool:
        # The first report may come before all was sent, when another campaign is the largest.
        chen.goto(first_campaign(chen))
        return (
            chen.locator("svg.graph .node").count() > 2
            and chen.locator("main table", has_text=FRAUD_HOST).count() > 0
        )

    eventually(drawn)

    rows = chen.locator("main table tbody tr")
    assert chen.locator(".node").count() >= rows.count() + 1
    expect(chen.locator("main table")).to_contain_text(FRAUD_HOST)
    assert "+86170000080" not in chen.locator("main").inner_text()
    assert_accessible(chen)
    chen.locator(f'svg.graph a[aria-label*="{FRAUD_HOST[:10]}"]').focus()
    chen.keyboard.press("Enter")
    chen.wait_for_url(f"**/campaigns/link/{FRAUD_HOST}")


def test_whole_numbers_are_shown_to_auditors_who_ask(
    browser: Browser, service: ConsoleService
) -> None:
    chen = service.person(browser, "chen", "auditor")
    chen.goto(first_campaign(chen))
    chen.on("dialog", lambda dialog: dialog.accept())

    chen.click('form[action$="/whole"] button')
    chen.wait_for_load_state()

    expect(chen.locator("main")).to_contain_text("+86 170 0000 80")


def test_an_editor_proposes_it_and_fields_are_kept_where_one_is_missing(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor")
    li.goto(first_campaign(li))
    li.fill("#field-reason", "<script>alert(1)</script> 群众举报")
    li.evaluate("document.querySelectorAll('[required]').forEach(one => one.required = false)")

    li.click("section[aria-labelledby=list] button.main")
    expect(li.locator("#error-legal_basis")).to_be_visible()
    expect(li.locator("#field-reason")).to_have_value("<script>alert(1)</script> 群众举报")
    li.fill("#field-legal_basis", "《反电信网络诈骗法》第二十二条")
    li.click("section[aria-labelledby=list] button.main")

    expect(li.locator("main .notice.good")).to_contain_text("Change 1")


def test_an_operator_counts_the_people_then_warns_them(
    browser: Browser, service: ConsoleService
) -> None:
    sun = service.person(browser, "sun", "operator", language="zh")
    sun.on("dialog", lambda dialog: dialog.accept())

    def counted() -> bool:
        sun.goto(f"/campaigns/link/{HOST}")
        sun.click('form[action$="/count"] button')
        sun.wait_for_load_state()
        # None is there before the log is.
        return sun.locator("[data-persons]").all_inner_texts() == [str(PEOPLE)]

    eventually(counted)
    sun.click('form[action$="/backfill"] button.main')
    sun.wait_for_url("**/campaigns")

    expect(sun.locator("main .notice.good")).to_contain_text(str(PEOPLE))
    expect(sun.locator("section[aria-labelledby=running] tbody tr")).to_have_count(1)
    assert_accessible(sun)


def test_numbers_stay_out_of_the_address(browser: Browser, service: ConsoleService) -> None:
    sun = service.person(browser, "sun", "operator")
    sun.goto("/campaigns")

    sun.fill("#campaign-subject", "+86 170 0000 8001")
    sun.keyboard.press("Enter")
    sun.wait_for_url("**/campaigns/seen/*")

    assert "8001" not in sun.url
    sun.click('form[action$="/suspects"] button')
    expect(sun.locator("section[aria-labelledby=confirm] dl")).to_be_visible()
    assert_accessible(sun)
