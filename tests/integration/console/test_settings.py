"""The Settings page: who has rights, the policy proposed and compared, the linter at work."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import ConsoleService, assert_accessible
from tests.support.console_http import http_person

pytestmark = pytest.mark.slow
TABS = ("identities", "sources", "policy", "policy/edit", "templates")
ROLES = ("editor", "auditor", "operator")


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
def test_every_tab_is_accessible(
    browser: Browser, service: ConsoleService, language: str, theme: str
) -> None:
    page = service.person(browser, "wang", *ROLES, language=language, theme=theme)

    for tab in TABS:
        page.goto(f"/settings/{tab}")
        expect(page.locator("main .notice.bad")).to_have_count(0)
        assert_accessible(page)


def test_whoever_called_is_listed_with_roles_and_time(
    browser: Browser, service: ConsoleService
) -> None:
    with http_person(service, "<b>zhao</b>", "dispatcher"):
        pass
    page = service.person(browser, "li", "auditor")

    page.goto("/settings/identities")

    row = page.locator("tr", has_text="<b>zhao</b>")
    expect(row).to_contain_text("dispatcher")
    expect(row).to_contain_text("+08:00")
    expect(page.locator("#main")).to_contain_text("https://login.bureau.example")


def test_the_linter_marks_what_no_warning_may_have_while_one_types(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "li", "operator")
    page.goto("/settings/templates")

    page.keyboard.press("e")
    page.keyboard.type("Please call 13800000000 <script>alert(1)</script>")

    expect(page.locator("#lint mark").first).to_be_visible()
    expect(page.locator("#lint")).to_contain_text("no number or short code but 110 and 96110")
    page.fill("#field-text", "Do not transfer money. Ask 96110.")
    expect(page.locator("#lint")).to_contain_text("nothing wrong")
    assert_accessible(page)


def test_a_policy_is_compared_before_it_is_proposed(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "wang", "editor")
    page.goto("/settings/policy")
    page.keyboard.press("e")
    page.fill("[name=document]", "[carrier.cmcc.call]\nthreshold = 0.97\n")
    page.click("text=Compare with what is in force")

    expect(page.locator("#main")).to_contain_text("cmcc")
    expect(page.locator(".diff-add").first).to_have_text("0.97")
    expect(page.locator("[name=document]")).to_have_value("[carrier.cmcc.call]\nthreshold = 0.97\n")
    assert_accessible(page)

    page.click("button[value=propose]")
    expect(page.locator("#error-reason")).to_be_visible()
    page.fill("[name=reason]", "fewer <i>false</i> blocks")
    with page.expect_response(lambda answer: "/settings/policy/edit" in answer.url) as answered:
        page.click("button[value=propose]")
    assert answered.value.status == 303
    page.wait_for_url("**/changes/*")


def test_a_policy_that_cannot_be_read_is_kept_and_explained(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "wang", "editor")
    page.goto("/settings/policy/edit")

    page.fill("[name=document]", "[cmcc.call\nthreshold")
    page.click("text=Compare with what is in force")

    expect(page.locator("#error-document")).to_be_visible()
    expect(page.locator("[name=document]")).to_have_value("[cmcc.call\nthreshold")
    assert_accessible(page)
