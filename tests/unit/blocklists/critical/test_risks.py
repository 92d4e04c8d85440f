"""What block entries would hit, row by row, and which rows of an import are held back."""

import numpy as np
import pytest

from blocklists import row_validation
from blocklists.critical.held_rows import hold_back
from blocklists.critical.risks import RiskFinder
from blocklists.entries import EntryMode
from blocklists.row_validation import CheckedRows, ProposedRows, RowDefaults
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from fanzha.phone import HomePlan

FINDER = RiskFinder()


def checked(*patterns: str, action: int = Action.BLOCK, mode: int = 0) -> CheckedRows:
    defaults = RowDefaults(
        action=action, mode=mode or EntryMode.ENFORCE, source=1, expires_s=10, author="li"
    )
    proposed = ProposedRows(patterns=patterns)
    return row_validation.validate(proposed, defaults, home=HomePlan(), now_s=1)


def risks(*patterns: str, action: int = Action.BLOCK, mode: int = 0) -> list[tuple[int, str]]:
    found = FINDER.find(checked(*patterns, action=action, mode=mode).table)
    return [(risk.row, risk.text) for risk in found]


@pytest.mark.parametrize(
    ("pattern", "risk"),
    [
        ("icbc.com.cn", "icbc.com.cn (bank)"),
        ("https://www.qq.com/", "qq.com (messaging)"),
        ("baidu.com", "baidu.com (search)"),
        ("+86138*", "+86138* (100,000,000 subscribers)"),
        ("4008205555", "+864008205555 (bank)"),
        ("+86400820555*", "+864008205555 (bank)"),
        ("8.8.8.8", "8.8.8.8 (resolver)"),
    ],
)
def test_blocks_that_hit_critical_names_are_risks(pattern: str, risk: str) -> None:
    assert risks(pattern) == [(0, risk)]


@pytest.mark.parametrize(
    "pattern",
    ["qq.com/evil/", "prize.example", "+8613800138000", "+861700000*", "+864008205556", "Bank"],
)
def test_a_page_a_number_or_a_small_range_is_no_risk(pattern: str) -> None:
    assert risks(pattern) == []


def test_allow_and_shadow_entries_are_no_risk() -> None:
    assert risks("icbc.com.cn", "+86138*", action=Action.ALLOW) == []
    assert risks("icbc.com.cn", "+86138*", mode=EntryMode.SHADOW) == []


def test_risks_come_by_row_and_a_row_may_have_several() -> None:
    assert risks("baidu.com", "+8640082*", "x.example", "qq.com") == [
        (0, "baidu.com (search)"),
        (1, "+864008205555 (bank)"),
        (1, "+8640082* (100,000 subscribers)"),
        (3, "qq.com (messaging)"),
    ]


def test_rows_with_a_risk_are_held_back_unless_it_is_confirmed() -> None:
    rows = checked("prize.example", "qq.com", "110", "baidu.com", "x.example")

    held = hold_back(rows, FINDER, ["baidu.com (search)"])

    assert held.rows.tolist() == [0, 3, 4]
    assert [held.table.pattern(row) for row in range(3)] == [
        "prize.example", "baidu.com", "x.example",
    ]  # fmt: skip
    assert [problem.row for problem in held.problems] == [1, 2]
    assert held.problems[0].outcome is RowOutcome.REFUSED
    assert "it hits qq.com (messaging)" in held.problems[0].message


def test_an_import_without_risks_is_left_as_it_is() -> None:
    rows = checked(*(f"host{at}.example" for at in np.arange(100).tolist()))

    assert hold_back(rows, FINDER, []) is rows
