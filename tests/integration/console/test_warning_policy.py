"""The warning policy in a browser: read, tried on cases, changed by two people, and undone."""

import pytest
from playwright.sync_api import Browser, Page, expect

from services.warning.policy.in_force import shipped
from tests.support.browser import ConsoleService, assert_accessible
from tests.support.processes import eventually

pytestmark = pytest.mark.slow
HOSTILE = "<script>alert(1)</script>"
STRICT = shipped().replace('version = "1"', 'version = "strict"').replace("high = 60", "high = 40")


def decide_waiting(page: Page) -> None:
    page.goto("/settings/warning-policy")
    page.locator("section[aria-labelledby=waiting] a").click()
    page.click("button[value=approve]")
    expect(page.locator(".notice.good")).to_contain_text("in force")


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
def test_the_policy_in_force_is_readable_and_accessible(
    browser: Browser, service: ConsoleService, language: str, theme: str
) -> None:
    page = service.person(browser, "wang", "operator", language=language, theme=theme)

    for path in ("", "/edit", "/versions/0"):
        page.goto(f"/settings/warning-policy{path}")
        expect(page.locator("main .notice.bad")).to_have_count(0)
        assert_accessible(page)
    page.goto("/settings/warning-policy")
    main = page.locator("#main")
    expect(main).to_contain_text({"en": "22:00–08:00 (UTC+8)", "zh": "免打扰时段"}[language])
    expect(main).to_contain_text({"en": "seconds spoken, at least: 60", "zh": "通话秒数"}[language])
    expect(main).to_contain_text({"en": "at most medium", "zh": "至多为中"}[language])


def test_two_people_change_the_policy_and_undo_it(
    browser: Browser, service: ConsoleService
) -> None:
    wang = service.person(browser, "wang", "operator")
    li = service.person(browser, "li", "approver")
    wang.goto("/settings/warning-policy")
    wang.keyboard.press("e")
    wang.fill("[name=document]", STRICT)
    wang.click("button[value=preview]")
    expect(wang.locator("#main")).to_contain_text("points.high")
    expect(wang.locator("section[aria-labelledby=preview]")).to_contain_text("Of 0 cases")
    assert_accessible(wang)
    wang.click("button[value=propose]")
    expect(wang.locator("#error-reason")).to_be_visible()
    wang.fill("[name=reason]", HOSTILE)
    wang.click("button[value=propose]")
    expect(wang.locator("#main")).to_contain_text(HOSTILE)
    expect(wang.locator("button[value=approve]")).to_have_count(0)

    li.goto("/today")
    expect(li.locator("#main")).to_contain_text("Warning policies to approve")
    decide_waiting(li)

    def followed() -> bool:
        wang.goto("/settings/warning-policy")
        shown = wang.locator("section[aria-labelledby=in-force]").inner_text()
        return "Policy strict, in force" in shown and "up to date" in shown

    eventually(followed)
    expect(wang.locator("#main")).to_contain_text("from 40 points")

    wang.goto("/settings/warning-policy/versions/0")
    wang.click("text=Propose to restore it")
    wang.fill("[name=reason]", "as before")
    wang.click("button[value=propose]")
    expect(wang.locator("h1")).to_contain_text("policy 1")
    decide_waiting(li)
    expect(li.locator("#main")).to_contain_text("from 60 points")


def test_a_faulty_policy_is_kept_and_explained(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "zhao", "operator")
    page.goto("/settings/warning-policy/edit")

    page.fill("[name=document]", STRICT.replace("medium = 30", "medium = 90"))
    page.click("button[value=compare]")

    expect(page.locator("#error-document")).to_contain_text("medium < high")
    expect(page.locator("[name=document]")).to_have_value(
        STRICT.replace("medium = 30", "medium = 90")
    )
    assert_accessible(page)
