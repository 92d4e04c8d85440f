"""Sources of lists in a real browser: what is held is seen, and taken by someone with a reason."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import ConsoleService, assert_accessible, console_up
from tests.support.processes import PATIENCE_SECONDS

pytestmark = pytest.mark.slow
SOURCES = """
[sources.ministry]
kind = "folder"
address = "{folder}"
brings = "entries"
source = "ministry"
every = "10s"
settle = "1s"
least_rows = 2
"""
PATIENCE_MS = PATIENCE_SECONDS * 1000


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    folder = tmp_path_factory.mktemp("drop")
    file = tmp_path_factory.mktemp("sources") / "sources.toml"
    file.write_text(SOURCES.format(folder=folder))
    drop(folder, "<b>one.csv", "号码\n+8617000000701\n")
    up = tmp_path_factory.mktemp("up")
    with console_up(up, FANZHA_SOURCES_FILE=str(file)) as running:
        yield running


def drop(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    os.utime(folder / name, (1000, 1000))


def test_a_held_file_is_seen_and_taken_with_a_reason(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "li", "editor")
    page.goto("/lists")
    page.click("text=Sources")
    expect(page.locator("tbody[data-rows] tr")).to_have_count(1)
    assert_accessible(page)
    page.click("tbody a")
    held = page.locator("h2:has-text('A file is held')")
    for _ in range(120):
        if held.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(held).to_have_count(1)
    expect(page.locator("main")).to_contain_text("fewer than 2")
    assert_accessible(page)

    page.on("dialog", lambda dialog: dialog.accept())
    page.fill("[name=reason]", "a single number is right today")
    page.click("button:has-text('Take it')")
    expect(page.locator("main [role=status]").first).to_have_text("It is pulled soon.")
    for _ in range(120):
        if not page.locator("h2:has-text('A file is held')").count():
            break
        page.wait_for_timeout(1000)
        page.reload()

    expect(page.locator("tbody[data-rows] tr")).to_have_count(2)
    expect(page.locator("tbody[data-rows]")).to_contain_text("added 1")


def test_an_auditor_reads_and_is_offered_nothing(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "ma", "auditor", language="zh", theme="dark")
    page.goto("/lists/sources/ministry")

    expect(page.locator("h1")).to_have_text("ministry")
    expect(page.locator("form button:has-text('立即拉取')")).to_have_count(0)
    assert_accessible(page)
