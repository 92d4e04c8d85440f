"""What holds of every page: accessible in both languages and themes, no failing script, keys."""

import pytest
from playwright.sync_api import Browser, expect

from services.auth.identity import Role
from services.console import app
from services.console.web.formats import ReaderFormats
from tests.support.browser import NARROW, ConsoleService, assert_accessible, go

pytestmark = pytest.mark.slow
ROLES = [role.value for role in Role]


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
def test_every_page_is_accessible_and_titled_in_the_readers_language(
    browser: Browser, service: ConsoleService, language: str, theme: str
) -> None:
    page = service.person(browser, "wang", *ROLES, language=language, theme=theme)
    formats = ReaderFormats(language)

    for one in app.PAGES:
        page.goto(one.path)

        expect(page.locator("nav.side [aria-current=page]")).to_have_text(
            formats.gettext(one.title)
        )
        expect(page.locator("html")).to_have_attribute(
            "lang", "zh-CN" if language == "zh" else "en"
        )
        assert_accessible(page)


def test_no_page_scrolls_sideways_on_a_telephone(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "wang", *ROLES, language="zh", viewport=NARROW)
    wide = {}

    for one in app.PAGES:
        page.goto(one.path)
        wide[one.name] = page.evaluate("document.documentElement.scrollWidth")

    assert {name: width for name, width in wide.items() if width > NARROW["width"]} == {}


def test_g_and_a_letter_open_each_page(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "wang", *ROLES)

    for one in app.PAGES:
        page.goto("/settings")
        go(page, one.key)
        page.wait_for_url(f"**{one.path}*")

    assert len({one.key for one in app.PAGES}) == len(app.PAGES)


def test_the_choice_of_language_and_theme_is_remembered(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "wang", "editor", language="zh")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")

    page.click("header button[name=language]")
    page.click("header button[name=theme]")

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/settings")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
