"""Models in a browser: cards, a model that two people let decide, and thresholds with impact."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from classifiers import bundles
from services.decision.model_kinds import ModelKind
from tests.support.browser import ConsoleService, assert_accessible, console_up
from tests.support.console_traffic import LOGGED_AT_ONCE, approve, decide_calls
from tests.support.processes import eventually

pytestmark = pytest.mark.slow
BY_TWO = {"FANZHA_MODEL_SECOND_PERSON": "by_identity"}
ABROAD = "+12025550100"
BEFORE, NEWEST = bundles.versions(None, ModelKind.LINK.folder)[-2:]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    settings = {**LOGGED_AT_ONCE, **BY_TWO}
    with console_up(tmp_path_factory.mktemp("models"), **settings) as running:
        decide_calls(running, ABROAD, ABROAD)
        yield running


def links_section(page: Page) -> str:
    page.goto("/models")
    return page.locator("section[aria-labelledby=kind-link]").inner_text()


def links_on_today(page: Page) -> str:
    """Return what Today says of the model of links: which version decides."""
    page.goto("/today")
    name = page.locator("dt", has_text="Model: link")
    return name.locator("xpath=following-sibling::dd[1]").inner_text()


def test_a_model_decides_once_a_second_person_approves(
    browser: Browser, service: ConsoleService
) -> None:
    wang = service.person(browser, "wang", "operator")
    li = service.person(browser, "li", "approver")
    eventually(lambda: f"{NEWEST} decides" in links_section(wang))
    assert links_on_today(wang).split()[0] == NEWEST
    wang.goto("/models")

    section = wang.locator("section[aria-labelledby=kind-link]")
    section.get_by_text("Change what decides").click()
    expect(section.get_by_text("Let it decide now")).to_have_count(0)
    wang.select_option("#version-link", BEFORE)
    wang.fill("#reason-link", "<b>it</b> blocks too much")
    section.get_by_text("Ask a second person to let it decide").click()
    expect(wang.locator(".notice.good")).to_contain_text("waits")
    expect(wang.locator("section[aria-labelledby=waiting]")).to_contain_text("<b>it</b>")
    expect(wang.locator("button[value=approve]")).to_have_count(0)

    li.goto("/models")
    li.click("button[value=approve]")

    expect(li.locator(".notice.good")).to_contain_text("Approved")
    eventually(lambda: f"{BEFORE} decides" in links_section(li))
    expect(li.locator("section[aria-labelledby=decided]")).to_contain_text("li")
    for page in (wang, li):
        assert links_on_today(page).split()[0] == BEFORE

    wang.on("dialog", lambda dialog: dialog.accept())
    wang.goto("/models")
    section.get_by_text("Change what decides").click()
    section.get_by_text("Roll back").click()
    eventually(lambda: f"{NEWEST} decides" in links_section(wang))


def test_a_threshold_is_changed_by_two_people_who_see_its_impact(
    browser: Browser, service: ConsoleService
) -> None:
    zhao = service.person(browser, "zhao", "editor")
    zhao.goto("/models/thresholds")

    zhao.select_option("#field-channel", "call")
    zhao.fill("#field-threshold", "0.01")
    zhao.click("text=Who would be decided otherwise?")
    expect(zhao.locator("section[aria-labelledby=impact]")).to_contain_text("logged decisions")
    expect(zhao.locator("section[aria-labelledby=policy]")).to_contain_text("No carrier has one")
    zhao.fill("#field-reason", "a wave of calls from abroad")
    zhao.click("text=Make the change request")

    notice = zhao.locator(".notice.good")
    expect(notice).to_contain_text("waits for a second person")
    approve(service, int(re.findall(r"Change (\d+)", notice.inner_text())[0]))
    zhao.goto("/models/thresholds")
    expect(zhao.locator("section[aria-labelledby=policy]")).to_contain_text("threshold = 0.01")


def test_a_wrong_threshold_is_said_beside_its_field(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "zhao", "editor")
    page.goto("/models/thresholds")

    page.fill("#field-threshold", "7")
    page.click("text=Make the change request")

    expect(page.locator("#error-threshold")).to_contain_text("up to 1")
    expect(page.locator("#error-reason")).to_be_visible()
    expect(page.locator("#field-threshold")).to_have_value("7")


def test_the_shadow_is_set_and_ended(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "wang", "operator")
    page.goto("/models")
    section = page.locator("section[aria-labelledby=kind-call]")

    section.get_by_text("Change what decides").click()
    page.select_option("#shadow-call", index=1)
    page.fill("#share-call", "100")
    section.get_by_text("Set the shadow").click()

    expect(section).to_contain_text("in the shadow, 100% of traffic")
    expect(section).to_contain_text("It has scored nothing yet.")
    eventually(lambda: _compared(page, service) > 0)
    assert_accessible(page)
    section.get_by_text("Change what decides").click()
    page.select_option("#shadow-call", "")
    section.get_by_text("Set the shadow").click()
    expect(section).not_to_contain_text("in the shadow, 100%")


def _compared(page: Page, service: ConsoleService) -> int:
    """Decide a call, and return how many the page says the shadow has decided alike."""
    decide_calls(service, ABROAD)
    page.goto("/models")
    rows = page.get_by_role("row", name="have decided the same")
    return int(rows.locator("td").first.inner_text()) if rows.count() else 0


def test_readers_see_cards_and_may_change_nothing(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "qian", "auditor")
    page.goto("/models")
    expect(page.locator("main")).not_to_contain_text("Change what decides")

    page.locator("section[aria-labelledby=kind-text] tbody a").first.click()

    expect(page.locator("h1")).to_contain_text("Card of")
    expect(page.locator("main")).to_contain_text("threshold")


@pytest.mark.parametrize(
    ("language", "theme", "word"), [("en", "light", "Trained"), ("zh", "dark", "训练日期")]
)
def test_all_views_are_accessible_in_both_languages(
    browser: Browser, service: ConsoleService, language: str, theme: str, word: str
) -> None:
    roles = ("editor", "operator")
    page = service.person(browser, "zheng", *roles, language=language, theme=theme)
    for path in (f"/models/link/card/{NEWEST}", "/models/thresholds", "/models"):
        page.goto(path)
        assert_accessible(page)
    expect(page.locator("main")).to_contain_text(word)
    page.set_viewport_size({"width": 390, "height": 844})
    assert_accessible(page)
