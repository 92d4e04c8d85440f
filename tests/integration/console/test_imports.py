"""Files imported in a browser: dropped, mapped, checked, with bad rows; approved by another."""

import base64
import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import ConsoleService, assert_accessible

pytestmark = pytest.mark.slow

HOSTILE = '"><img src=x onerror=alert(1)>.csv'


def drop(page: Page, name: str, content: bytes) -> None:
    """Drop a file on the page, as somebody does with a mouse."""
    page.goto("/lists/import")
    data = page.evaluate_handle(
        """([name, content]) => {
            const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], name));
            return data;
        }""",
        [name, base64.b64encode(content).decode()],
    )
    page.dispatch_event("form[data-drop]", "drop", {"dataTransfer": data})
    page.wait_for_url(re.compile("/lists/import/[^/]+$"))


def act(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator("progress")).to_have_count(0, timeout=60_000)


def a_sheet(rows: int) -> bytes:
    lines = ["涉案标识,原因,依据"]
    lines += [f"1700{number:07},冒充客服,第32条" for number in range(rows)]
    lines += ["110,报警,第32条", "号码待核,见附件,第32条", "=cmd|calc,公式,第32条"]
    return "\r\n".join(lines).encode("gb18030")


def test_a_gb18030_file_is_dropped_checked_imported_and_approved(
    browser: Browser, service: ConsoleService, tmp_path: Path
) -> None:
    li = service.person(browser, "li", "editor")

    drop(li, "province.csv", a_sheet(500))
    expect(li.locator(".heading")).to_contain_text("gb18030")
    li.select_option("[name=holds-0]", "number")
    li.select_option("[name=source]", "2")
    li.select_option("[name=fraud_type]", "1")
    assert_accessible(li)
    act(li, "Check without importing")

    expect(li.locator("#result")).to_contain_text("would do")
    expect(li.locator(".figures")).to_contain_text("500")
    expect(li.locator("main")).to_contain_text("110")
    with li.expect_download() as waiting:
        li.click("text=Download 3 bad rows")
    waiting.value.save_as(tmp_path / "bad.csv")
    with (tmp_path / "bad.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["line"] for row in rows] == ["502", "503", "504"]
    assert rows[2]["text"].startswith("'=cmd") or not rows[2]["text"].startswith("=")
    assert all(row["message"] for row in rows)

    act(li, "Import")
    expect(li.locator("main .notice.good")).to_contain_text("waits for a second person")
    expect(li.locator("form.card")).to_have_count(0)
    li.click("main .notice.good a")
    li.wait_for_url(re.compile("/changes/[0-9]+$"))
    wang = service.person(browser, "wang", "approver", language="zh", theme="dark")
    wang.goto(li.url)
    wang.once("dialog", lambda dialog: dialog.accept())
    wang.keyboard.press("y")
    expect(wang.locator("main .notice.good")).to_be_visible()
    assert_accessible(wang)


def test_a_hostile_name_and_hostile_cells_are_texts(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor")

    drop(li, HOSTILE, b"number,reason\n+8617000020001,<script>alert(1)</script>\n")

    expect(li.locator("h1")).to_contain_text("onerror=alert(1)")
    expect(li.locator("main")).to_contain_text("<script>alert(1)</script>")
    assert_accessible(li)


def test_a_mapping_is_remembered_for_the_next_file_of_the_source(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor")
    first, second = (f"标识甲,备忘\n+86170000300{one:02},x\n".encode() for one in (1, 2))

    drop(li, "a.csv", first)
    li.select_option("[name=holds-0]", "number")
    li.select_option("[name=source]", "4")
    li.check("[name=remember]")
    act(li, "Import")
    drop(li, "b.csv", second)
    li.select_option("[name=source]", "4")
    li.click("text=Look again")

    expect(li.locator("[name=holds-0]")).to_have_value("number")
    expect(li.locator("main tbody")).to_contain_text("+8617000030002")


def test_an_upload_is_its_owners_and_gone_once_it_is_deleted(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor")
    sun = service.person(browser, "sun", "editor")
    drop(li, "mine.csv", b"number\n+8617000040001\n")
    address = li.url

    answer = sun.goto(address)
    li.once("dialog", lambda dialog: dialog.accept())
    li.click("text=Delete the file")
    li.wait_for_url(re.compile("/lists/import$"))
    gone = li.goto(address)

    assert answer is not None
    assert gone is not None
    assert (answer.status, gone.status) == (404, 404)


def test_a_file_that_is_no_list_says_so_and_imports_nothing(
    browser: Browser, service: ConsoleService
) -> None:
    li = service.person(browser, "li", "editor")

    drop(li, "photo.xlsx", b"PK\x03\x04" + bytes(range(256)) * 20)

    expect(li.locator("[role=alert]")).to_be_visible()
