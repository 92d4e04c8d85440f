"""The audit log in a browser: searched, verified with progress, evidence taken out."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import ConsoleService, assert_accessible, console_up
from tests.support.processes import run

pytestmark = pytest.mark.slow
NUMBER = "+12025550171"
HOSTILE = "<img src=x onerror=document.title='hit'>"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    with console_up(tmp_path_factory.mktemp("audit")) as running:
        assert running.issuer is not None
        done = run(
            *("blocklist", "add", NUMBER, "--reason", HOSTILE, "--source", "carrier"),
            FANZHA_ADMIN_TARGET=running.running.admin,
            FANZHA_TOKEN=running.issuer.token("editor", sub="wang"),
        )
        assert not done.returncode, done.stderr
        yield running


def auditor(browser: Browser, service: ConsoleService, **look: Any) -> Page:
    return service.person(browser, "shen", "auditor", **look)


def test_records_are_found_by_who_what_and_subject_and_no_name_stands_in_the_address(
    browser: Browser, service: ConsoleService
) -> None:
    page = auditor(browser, service)
    page.goto("/audit")

    page.select_option("[name=kind]", "request_submitted")
    page.fill("[name=actor]", "wang")
    page.fill("[name=subject]", "change:1")
    page.click("main .filters button")

    page.wait_for_url("**/audit?kind=request_submitted&q=*")
    expect(page.locator("main tbody tr")).to_have_count(1)
    expect(page.locator("main tbody tr")).to_contain_text(HOSTILE)
    expect(page.locator("[name=actor]")).to_have_value("wang")
    assert "wang" not in page.url
    assert page.title() != "hit"
    assert_accessible(page)
    page.fill("[name=actor]", "nobody else")
    page.click("main .filters button")
    expect(page.locator("main .empty")).to_contain_text("No record matches.")


@pytest.mark.parametrize(("language", "whole"), [("en", "The log is whole."), ("zh", "日志完整")])
def test_the_log_is_verified_once_for_each_request(
    browser: Browser, service: ConsoleService, language: str, whole: str
) -> None:
    page = auditor(browser, service, language=language)
    page.goto("/audit")

    page.keyboard.press("v")
    expect(page.locator("[data-live=result]")).to_contain_text(whole)
    assert_accessible(page)
    page.reload()

    expect(page.locator("main .empty")).to_be_visible()
    page.goto("/audit?kind=log_verified")
    expect(page.locator("main tbody tr").first).to_contain_text(": whole")


def test_evidence_is_taken_out_signed_and_on_record(
    browser: Browser, service: ConsoleService, tmp_path: Path
) -> None:
    page = auditor(browser, service)
    page.goto("/audit")
    page.keyboard.press("e")
    page.fill("[name=query]", NUMBER)
    page.fill("[name=reason]", "request 2026-114 of a court")

    with page.expect_download() as download:
        page.click("form.card button.main")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)

    verified = subprocess.run(
        [sys.executable, "-m", "services", "audit", "verify", file],
        check=False,
        capture_output=True,
        text=True,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert NUMBER[1:] not in page.url
    page.goto("/audit?kind=exported")
    expect(page.locator("main tbody tr").first).to_contain_text("request 2026-114 of a court")
    assert NUMBER not in page.content()


def test_evidence_about_nothing_says_so_and_keeps_what_was_typed(
    browser: Browser, service: ConsoleService
) -> None:
    page = auditor(browser, service)
    page.goto("/audit/evidence")
    page.fill("[name=query]", "+12025550199")
    page.fill("[name=reason]", "a question")

    page.click("form.card button.main")

    expect(page.locator("#error-query")).to_contain_text("Nothing is on record")
    expect(page.locator("[name=reason]")).to_have_value("a question")
    assert_accessible(page)


def test_people_of_a_county_are_told_that_the_log_and_models_are_of_all_regions(
    browser: Browser, service: ConsoleService
) -> None:
    roles = ("auditor", "operator")
    page = service.person(browser, "zhou", *roles, regions=["330106"])

    page.goto("/models")
    models = page.locator("main").inner_text()
    forms = page.locator("main form").count()
    answer = page.goto("/audit")

    assert "This is about all regions" in models
    assert forms == 0
    assert answer is not None
    assert answer.status == 403
    told = page.locator("main")
    expect(told).to_contain_text("zhou has the scope 330106, and the audit log is of all regions")
    expect(told).to_contain_text("Ask somebody of the province")
    expect(told).not_to_contain_text("Ask an administrator for the role")
