from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from blocklists.entries import NO_END_S, Direction, EntryKind, EntryMode, Source
from blocklists.row_validation import (
    ENTRY_TEXT,
    CheckedRows,
    ProposedRows,
    RowDefaults,
    validate,
)
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from tests.support.builders import NINE_O_CLOCK_S
from tests.support.proposed_rows import proposed

DEFAULTS = RowDefaults(
    action=Action.BLOCK,
    source=Source.BUREAU,
    expires_s=NINE_O_CLOCK_S + 86_400,
    reason="weekly list",
    author="li",
)


def checked(rows: ProposedRows, defaults: RowDefaults = DEFAULTS) -> CheckedRows:
    return validate(rows, defaults, home=HomePlan(), now_s=NINE_O_CLOCK_S)


def outcomes(found: CheckedRows) -> list[tuple[int, RowOutcome]]:
    return [(problem.row, problem.outcome) for problem in found.problems]


def test_rows_become_entries_with_the_defaults_of_the_change() -> None:
    found = checked(proposed("170 0000 0001", "bank.example"))

    entry = found.table.entry(0)
    assert (entry.kind, entry.pattern, entry.action) == (
        EntryKind.NUMBER, "+8617000000001", Action.BLOCK,
    )  # fmt: skip
    assert (entry.source, entry.reason, entry.created_by) == (Source.BUREAU, "weekly list", "li")
    assert int(entry.created_at.timestamp()) == NINE_O_CLOCK_S
    assert int(entry.expires_at.timestamp()) == NINE_O_CLOCK_S + 86_400
    assert found.table.entry(1).pattern == "bank.example"


def test_fields_of_a_row_outrank_the_defaults() -> None:
    rows = proposed(
        "+8617000000001",
        actions=[Action.ALLOW], directions=[Direction.FROM], sources=[Source.CARRIER],
        fraud_types=[FraudType.FAKE_LOAN], reasons=["own"], legal_bases=["Art. 32"],
        campaigns=["spring"], authors=["wang"], expires_s=[NINE_O_CLOCK_S + 5],
    )  # fmt: skip

    entry = checked(rows).table.entry(0)

    assert (entry.action, entry.direction, entry.source) == (
        Action.ALLOW, Direction.FROM, Source.CARRIER,
    )  # fmt: skip
    assert (entry.fraud_type, entry.reason, entry.legal_basis, entry.campaign) == (
        FraudType.FAKE_LOAN, "own", "Art. 32", "spring",
    )  # fmt: skip
    assert entry.created_by == "wang"
    assert int(entry.expires_at.timestamp()) == NINE_O_CLOCK_S + 5


@pytest.mark.parametrize(
    ("column", "values", "word"),
    [
        ("patterns", ["??"], "pattern"),
        ("kinds", [9], "kind"),
        ("actions", [7], "action"),
        ("directions", [-1], "direction"),
        ("fraud_types", [99], "fraud_type"),
        ("sources", [6], "source"),
        ("expires_s", [NINE_O_CLOCK_S], "expires_at_s"),
        ("expires_s", [2**40], "expires_at_s"),
        ("modes", [3], "mode"),
        ("reviews_s", [NINE_O_CLOCK_S], "review_at_s"),
        ("no_ends", [True], "no_end"),
        ("regions", ["Zhejiang"], "region"),
        ("reasons", ["x" * (ENTRY_TEXT.max_characters + 1)], "reason"),
    ],
)
def test_a_bad_field_makes_its_row_invalid_and_no_other(
    column: str, values: Sequence[Any], word: str
) -> None:
    good = proposed("+8617000000001")
    rows = ProposedRows(
        **{
            name: [*(values if name == column else getattr(good, name)), getattr(good, name)[0]]
            for name in ProposedRows.__slots__
        }
    )

    found = checked(rows)

    assert outcomes(found) == [(0, RowOutcome.INVALID)]
    assert found.problems[0].message.startswith(f"{word}: ")
    assert found.rows.tolist() == [1]


def test_a_row_without_action_or_source_is_invalid() -> None:
    no_defaults = RowDefaults(expires_s=NINE_O_CLOCK_S + 1, author="li")

    assert outcomes(checked(proposed("+8617000000001"), no_defaults)) == [(0, RowOutcome.INVALID)]


def test_protected_patterns_of_every_kind_are_refused_with_the_reason() -> None:
    listed = ["110", "+86110", "9558*", "+86*", "www.gov.cn", "com.cn", "www.gov.cn/pay", "95588"]
    kinds = [*[0] * 7, EntryKind.SENDER]

    found = checked(proposed(*listed, kinds=kinds))

    assert outcomes(found) == [(row, RowOutcome.REFUSED) for row in range(8)]
    assert all(problem.message for problem in found.problems)
    assert len(found.table) == 0


def test_every_written_form_of_a_protected_number_is_refused() -> None:
    listed = ["+8657196110", "0571 96110", "+110", "０５７１－９６１１０", "86110*", "+86571961*"]
    senders = ["①①⓪", "tel:110", "１１０", "+8610 95588"]
    kinds = [*[0] * len(listed), *[EntryKind.SENDER] * len(senders)]

    found = checked(proposed(*listed, *senders, "11O", kinds=[*kinds, EntryKind.SENDER]))

    assert outcomes(found) == [(row, RowOutcome.REFUSED) for row in range(len(kinds))]
    assert found.table.entry(0).pattern == "11O"


def test_an_allow_entry_may_name_the_protected_but_not_a_whole_country() -> None:
    found = checked(proposed("110", "www.gov.cn", "+86*", actions=[Action.ALLOW] * 3))

    assert found.rows.tolist() == [0, 1]
    assert outcomes(found) == [(2, RowOutcome.REFUSED)]


def test_only_numbers_and_ranges_have_a_direction() -> None:
    rows = proposed("+8617000000001", "Bank", "bank.example", directions=[Direction.TO] * 3)

    assert checked(rows).table.directions.tolist() == [
        Direction.TO, Direction.BOTH, Direction.BOTH,
    ]  # fmt: skip


def test_no_rows_are_no_entries() -> None:
    found = checked(proposed())

    assert len(found.table) == 0
    assert not found.problems


def test_a_row_may_have_no_end_if_it_is_reviewed() -> None:
    review_s = NINE_O_CLOCK_S + 90 * 86_400
    rows = proposed("+8617000000001", no_ends=[True], reviews_s=[review_s])

    entry = checked(rows).table.entry(0)

    assert not entry.ends
    assert entry.review_at is not None
    assert int(entry.review_at.timestamp()) == review_s


def test_no_end_needs_no_review_where_set() -> None:
    rows = proposed("+8617000000001", no_ends=[True])

    found = checked(rows, replace(DEFAULTS, no_end_needs_review=False))

    assert not found.table.entry(0).ends


def test_an_import_gives_the_default_term_where_a_review_is_missing() -> None:
    rows = proposed("+8617000000001", "+8617000000002", no_ends=[True, False])

    found = checked(rows, replace(DEFAULTS, gives_term=True))

    assert found.table.expires_s.tolist() == [DEFAULTS.expires_s] * 2
    assert found.terms_given == 1


def test_the_largest_expiry_means_no_end() -> None:
    rows = proposed("+8617000000001", expires_s=[NO_END_S], reviews_s=[NINE_O_CLOCK_S + 1])

    assert not checked(rows).table.entry(0).ends


def test_a_default_review_and_mode_hold_for_rows_that_do_not_say() -> None:
    review_s = NINE_O_CLOCK_S + 5
    defaults = replace(DEFAULTS, mode=EntryMode.SHADOW, review_s=review_s)
    rows = proposed("+8617000000001", "+8617000000002", modes=[0, EntryMode.ENFORCE])

    found = checked(rows, defaults)

    assert found.table.modes.tolist() == [EntryMode.SHADOW, EntryMode.ENFORCE]
    assert {one.review_at_s for one in found.table.provenance} == {review_s}


def test_an_allow_entry_cannot_be_a_shadow() -> None:
    rows = proposed("+8617000000001", actions=[Action.ALLOW], modes=[EntryMode.SHADOW])

    assert outcomes(checked(rows)) == [(0, RowOutcome.INVALID)]


def test_a_block_without_a_kind_of_fraud_gets_that_of_its_source() -> None:
    defaults = replace(DEFAULTS, fraud_types_of={Source.CARRIER: FraudType.FAKE_LOAN})
    rows = proposed(
        *("+8617000000001", "+8617000000002", "+8617000000003", "+8617000000004"),
        sources=[Source.CARRIER, Source.BUREAU, Source.CARRIER, Source.CARRIER],
        fraud_types=[0, 0, FraudType.ROMANCE, 0],
        actions=[Action.BLOCK, Action.BLOCK, Action.BLOCK, Action.ALLOW],
    )

    assert checked(rows, defaults).table.fraud_types.tolist() == [
        *(FraudType.FAKE_LOAN, FraudType.UNSPECIFIED, FraudType.ROMANCE, FraudType.UNSPECIFIED)
    ]


def test_a_number_that_cannot_exist_is_invalid_whatever_kind_is_given() -> None:
    listed = ["+861700000000123", "+8617000000001", "+99912345678", "110110", "95588"]

    found = checked(proposed(*listed, kinds=[0, 0, EntryKind.NUMBER, 0, 0]))

    assert outcomes(found)[:2] == [(0, RowOutcome.INVALID), (2, RowOutcome.INVALID)]
    assert found.problems[0].message == "pattern: no number has this form: +861700000000123"
