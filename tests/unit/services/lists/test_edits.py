"""An edit says some fields of an entry anew; the others stay, and a wrong one stops no other."""

from dataclasses import replace
from typing import Any

import pytest

from blocklists.entries import Direction, Source
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from services.changes.report import Reference
from services.lists.edits import Edit, EditResult, apply_edits
from tests.support.builders import NINE_O_CLOCK_S, an_entry

NUMBER, HOST = an_entry("+8617000000001"), an_entry("prize.example")
THERE = Snapshot.build(3, [NUMBER, HOST, an_entry("both.example"),
                           an_entry("both.example", Action.ALLOW)])  # fmt: skip


def an_edit(pattern: str, action: int = 0, **fields: Any) -> Edit:
    return Edit(entry=Reference(kind=0, pattern=pattern, action=action), fields=fields)


def read(*edits: Edit) -> EditResult:
    return apply_edits(THERE, edits, HomePlan(), now_s=NINE_O_CLOCK_S)


def test_absent_fields_stay_unchanged() -> None:
    found = read(an_edit("17000000001", reason="better words"))

    assert list(found.entries) == [replace(NUMBER, reason="better words")]


def test_all_fields_can_be_edited() -> None:
    found = read(
        an_edit(
            "+8617000000001", direction=2, fraud_type=5, source=4, legal_basis="an order",
            campaign="autumn", expires_s=NINE_O_CLOCK_S + 60, review_at_s=NINE_O_CLOCK_S + 30,
        )
    )  # fmt: skip

    [entry] = found.entries
    assert (entry.direction, entry.fraud_type) == (Direction.TO, FraudType(5))
    assert (entry.source, entry.legal_basis, entry.campaign) == (
        Source.CARRIER, "an order", "autumn",
    )  # fmt: skip
    assert entry.expires_at.timestamp() == NINE_O_CLOCK_S + 60
    assert entry.review_at is not None
    assert (entry.created_by, entry.created_at) == (NUMBER.created_by, NUMBER.created_at)


def test_a_direction_is_ignored_for_a_host() -> None:
    assert read(an_edit("prize.example", direction=1)).entries[0].direction == Direction.BOTH


@pytest.mark.parametrize(
    ("edit", "outcome", "why"),
    [
        (an_edit("absent.example", reason="x"), RowOutcome.ABSENT, "does not exist"),
        (an_edit("??", reason="x"), RowOutcome.INVALID, "pattern"),
        (an_edit("both.example", reason="x"), RowOutcome.INVALID, "action: required"),
        (an_edit("prize.example", source=9), RowOutcome.INVALID, "source: unknown number"),
        (an_edit("prize.example", reason="x" * 1001), RowOutcome.INVALID, "at most 1000"),
        (
            an_edit("prize.example", expires_s=NINE_O_CLOCK_S),
            RowOutcome.INVALID,
            "must be in the future",
        ),
        (an_edit("prize.example", review_at_s=1), RowOutcome.INVALID, "must be in the future"),
    ],
)
def test_an_impossible_edit_is_reported_and_stops_no_other(
    edit: Edit, outcome: RowOutcome, why: str
) -> None:
    found = read(edit, an_edit("+8617000000001", reason="fine"))

    [problem] = found.problems
    assert (problem.row, problem.outcome) == (0, outcome)
    assert why in problem.message
    assert list(found.rows) == [1]


def test_one_of_two_entries_is_edited_when_it_is_named() -> None:
    [entry] = read(an_edit("both.example", int(Action.ALLOW), reason="x")).entries

    assert (entry.action, entry.reason) == (Action.ALLOW, "x")
