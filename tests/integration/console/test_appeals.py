"""Appeals in a browser: blocked, appealed, decided, and the next call rings."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import ConsoleService, assert_accessible, console_up
from tests.support.console_traffic import LOGGED_AT_ONCE, decide_calls, is_blocked
from tests.support.processes import eventually, run

pytestmark = pytest.mark.slow
HOSTILE = "<script>document.title='hit'</script>"
NUMBER = "+12025550{:03}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    logged_at_once: dict[str, Any] = dict(LOGGED_AT_ONCE)
    with console_up(tmp_path_factory.mktemp("appeals"), **logged_at_once) as running:
        yield running


def block(service: ConsoleService, number: str) -> None:
    """List a number: an editor proposes, another person approves."""
    reason = ("--reason", "three victims", "--legal-basis", "Order 7", "--source", "carrier")
    kind = ("--fraud-type", "fake_loan")
    added = _fanzha(service, "editor", "wang", "blocklist", "add", number, *reason, *kind)
    change = next(word for word in added.split() if word.isdecimal() and int(word) < 1000)
    _fanzha(service, "approver", "ma", "changes", "approve", change)
    eventually(lambda: is_blocked(decide_calls(service, number)[0]))


def _fanzha(service: ConsoleService, role: str, name: str, *arguments: str) -> str:
    assert service.issuer is not None
    done = run(
        *arguments,
        FANZHA_TARGET=service.running.interception,
        FANZHA_ADMIN_TARGET=service.running.admin,
        FANZHA_TOKEN=service.issuer.token(role, sub=name),
    )
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


def officer(browser: Browser, service: ConsoleService, name: str, **look: Any) -> Page:
    page = service.person(browser, name, "appeals_officer", **look)
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def handed_in(page: Page, number: str, *, appellant: str = "Zhang San", document: str = "") -> str:
    """Hand in an appeal against an entry; return the path of its file."""
    page.goto("/appeals/new")
    page.fill("[name=pattern]", number)
    page.fill("[name=appellant]", appellant)
    page.fill("[name=contact]", "zhang@company.example")
    page.fill("[name=grounds]", f"our customer service {HOSTILE}")
    if document:
        content = b"<script>document.title='hit'</script>"
        page.set_input_files(
            "[name=documents]", {"name": document, "mimeType": "text/html", "buffer": content}
        )
    page.click("form.card button.main")
    expect(page.locator("#receipt")).to_be_visible()
    path = page.locator(".actions a").get_attribute("href")
    assert path is not None
    return path


def test_a_wrong_block_is_appealed_upheld_and_the_next_call_rings(
    browser: Browser, service: ConsoleService
) -> None:
    number = NUMBER.format(101)
    block(service, number)
    path = handed_in(officer(browser, service, "zhou"), number)
    wu = officer(browser, service, "wu")
    wu.goto(path)

    wu.keyboard.press("t")
    expect(wu.locator("main [role=status]").first).to_have_text("You review this appeal.")
    wu.fill("[name=reason]", "the number is that of a bank's customer service")
    wu.keyboard.press("Tab")
    wu.locator("h1").click()
    wu.keyboard.press("v")
    expect(wu.locator("#draft")).to_be_visible()
    assert is_blocked(decide_calls(service, number)[0])
    wu.click("main form button.main:has-text('Decide')")

    def is_lifted() -> bool:
        # Where workers take longer than the request waits for them, a later look says it.
        wu.goto(path)
        return "Lifted in" in wu.locator("main").inner_text()

    eventually(is_lifted)
    expect(wu.locator("main")).to_contain_text("on 1 workers, with version")
    assert not is_blocked(decide_calls(service, number)[0])
    assert_accessible(wu)


def test_a_rejection_needs_a_remedy_and_its_notice_is_read_before_in_both_languages(
    browser: Browser, service: ConsoleService
) -> None:
    number = NUMBER.format(111)
    block(service, number)
    path = handed_in(officer(browser, service, "zhou"), number)
    wu = officer(browser, service, "wu", language="zh", theme="dark")
    wu.goto(path)
    wu.keyboard.press("t")
    wu.wait_for_selector("[name=outcome]")

    wu.select_option("[name=outcome]", "4")
    wu.fill("[name=reason]", "三名受害人举报")
    wu.click("main form button.main")
    expect(wu.locator("#error-remedy")).to_be_visible()
    expect(wu.locator("[name=reason]")).to_have_value("三名受害人举报")
    wu.fill("[name=remedy]", "可依法提起行政诉讼")
    wu.fill("[name=documents_required]", "服务合同")
    wu.click("main button:has-text('预览通知书')")
    expect(wu.locator(".notice-text[lang=zh-CN]")).to_contain_text("可依法提起行政诉讼")
    expect(wu.locator(".notice-text[lang=en]")).to_contain_text("MEASURE MAINTAINED")
    assert_accessible(wu)
    wu.click("main form button.main")

    expect(wu.locator(".heading")).to_contain_text("驳回")
    assert is_blocked(decide_calls(service, number)[0])
    wu.click("main button:has-text('起草应送达的通知书')")
    wu.click("main button:has-text('记录：已送达中文版')")
    expect(wu.locator(".timeline").last).to_contain_text("通知书已送达")


def test_a_document_is_a_file_to_save_whatever_it_is_called_and_holds(
    browser: Browser, service: ConsoleService
) -> None:
    number = NUMBER.format(121)
    block(service, number)
    name = "licence <b>&x.html"
    page = officer(browser, service, "zhou")
    path = handed_in(page, number, document=name)
    page.goto(path)
    link = page.locator("a[download]")
    expect(link).to_have_text(name)
    assert_accessible(page)

    address = link.get_attribute("href")
    assert address is not None
    answer = page.request.get(address)
    with page.expect_download() as download:
        link.click()

    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''licence")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert download.value.path().read_bytes() == b"<script>document.title='hit'</script>"
    assert page.title() != "hit"


def test_who_entered_the_block_may_not_decide_and_is_told_why(
    browser: Browser, service: ConsoleService
) -> None:
    number = NUMBER.format(131)
    block(service, number)
    path = handed_in(officer(browser, service, "zhou"), number)
    page = officer(browser, service, "zhou")
    page.goto(path)

    page.keyboard.press("t")
    page.fill("[name=reason]", "I said so")
    page.click("main form button.main:has-text('Decide')")

    expect(page.locator("main [role=alert]").first).to_contain_text("another officer must decide")
    assert is_blocked(decide_calls(service, number)[0])


def test_the_queue_finds_a_number_that_never_stands_in_the_address(
    browser: Browser, service: ConsoleService
) -> None:
    number = NUMBER.format(141)
    block(service, number)
    page = officer(browser, service, "zhou")
    path = handed_in(page, number)
    page.goto("/appeals")

    page.fill("[name=pattern]", number)
    page.keyboard.press("Enter")

    page.wait_for_url("**/appeals?q=*")
    expect(page.locator("main tbody a")).to_have_count(1)
    assert page.locator("main tbody a").get_attribute("href") == path
    assert number[1:] not in page.url
    assert number not in page.locator("main tbody").inner_text()


def test_an_auditor_reads_an_appeal_masked_and_decides_nothing(
    browser: Browser, service: ConsoleService
) -> None:
    number = NUMBER.format(151)
    block(service, number)
    path = handed_in(officer(browser, service, "zhou"), number, appellant="Ouyang Nana")
    page = service.person(browser, "shen", "auditor")

    page.goto(path)

    assert "Ouyang" not in page.content()
    assert number not in page.content()
    expect(page.locator("main form")).to_have_count(0)
    assert_accessible(page)
