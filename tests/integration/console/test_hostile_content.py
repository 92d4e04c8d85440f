"""Scripts in names, reasons, notes, numbers and texts are text on every page that shows them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from services.auth.identity import Role
from services.console import app
from tests.support.browser import ConsoleService, assert_no_faults, console_up

pytestmark = pytest.mark.slow
ROLES = [role.value for role in Role]
SCRIPT = "<script>window.hacked=1</script>"
IMAGE = '"><img src=x onerror="window.hacked=1">'
PAYLOADS = (SCRIPT, IMAGE, "javascript:window.hacked=1", "{{ 7*7 }}", "'-window.hacked=1-'")
NAME = f"wang {IMAGE}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    """Run a service whose lists, changes, decisions and appeals have scripts in every text."""
    with console_up(tmp_path_factory.mktemp("hostile"), identities=False) as running:
        fanzha = running.running.fanzha
        for place, payload in enumerate(PAYLOADS):
            number = f"+86170000007{place:02}"
            fanzha(
                *("blocklist", "add", number, "--source", "bureau", "--reason", payload),
                *("--legal-basis", payload, "--by", NAME, "--campaign", payload),
            )
            fanzha(
                *("blocklist", "add", f"evil{place}.example", "--source", "bureau"),
                *("--reason", payload, "--legal-basis", payload, "--by", NAME),
            )
            for command in (
                ("call", "--from", number, "--to", "+8619900000001"),
                ("sms", "--from", "+8617000000888", "--to", "+8619900000001", payload),
                ("link", f"http://evil{place}.example/{payload}"),
            ):
                fanzha("check", *command, check=False)
        yield running


def assert_unhacked(page: Page) -> None:
    assert page.evaluate("window.hacked") is None
    assert page.locator("#main script, #main img[src=x]").count() == 0
    assert page.locator("#main [href^='javascript:']").count() == 0
    assert_no_faults(page)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_page_runs_what_others_wrote(
    browser: Browser, service: ConsoleService, language: str
) -> None:
    page = service.person(browser, NAME, language=language)
    seen = 0

    for one in app.PAGES:
        page.goto(one.path)
        assert_unhacked(page)
        inside = page.locator(f"#main [data-rows] a[href^='{one.path}/']")
        addresses = [link.get_attribute("href") for link in inside.all()[:4]]
        for address in addresses:
            page.goto(address or "")
            assert_unhacked(page)
            seen += 1

    assert seen > 0


def test_words_of_a_form_come_back_as_text(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, NAME)
    page.goto("/settings/policy/edit")

    page.fill("[name=document]", f"</textarea>{SCRIPT}")
    page.fill("[name=reason]", IMAGE)
    page.click("button[value=compare]")

    assert page.input_value("[name=document]") == f"</textarea>{SCRIPT}"
    assert page.input_value("[name=reason]") == IMAGE
    assert_unhacked(page)


@pytest.mark.parametrize("path", ["/decisions", "/lists", "/changes", "/settings/policy"])
def test_a_query_that_is_invented_is_text_or_refused(
    browser: Browser, service: ConsoleService, path: str
) -> None:
    page = service.person(browser, NAME)

    for name in ("after", "page", "key", "kind", "q", "period", "tab", "language"):
        page.goto(f"{path}?{name}=%22%3E%3Cimg%20src%3Dx%20onerror%3D%22window.hacked%3D1%22%3E")

        assert_unhacked(page)
        assert page.locator("h1").inner_text() != "The service failed", (path, name)
