"""Errors are sorted into kinds that add up, whatever the rules."""

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from classifiers.training.error_kinds import counts
from classifiers.training.error_kinds.counts import FRAUD, LEGITIMATE, REST

MASKS = arrays(np.bool_, 12)


@given(MASKS, MASKS, MASKS, arrays(np.float32, 12, elements=st.floats(0, 1, width=32)))
def test_kinds_add_up_to_all_rows_and_all_errors(
    one: npt.NDArray[np.bool_],
    other: npt.NDArray[np.bool_],
    frauds: npt.NDArray[np.bool_],
    scores: npt.NDArray[np.float32],
) -> None:
    rules = {"one": one, "other": other}

    lines = counts.count({FRAUD: rules, LEGITIMATE: rules}, frauds, scores, 0.75, 0.5)

    def total(label: str, key: str) -> int:
        return sum(int(str(line[key])) for line in lines if line["label"] == label)

    blocked, asked = scores >= 0.75, (scores >= 0.5) & (scores < 0.75)
    assert total(FRAUD, "rows") == frauds.sum()
    assert total(FRAUD, "wrong") == (frauds & ~blocked).sum()
    assert total(FRAUD, "review") == (frauds & asked).sum()
    assert total(LEGITIMATE, "rows") == (~frauds).sum()
    assert total(LEGITIMATE, "wrong") == (~frauds & blocked).sum()
    assert total(LEGITIMATE, "review") == (~frauds & asked).sum()


def test_a_row_is_of_the_first_kind_that_holds() -> None:
    every = np.ones(3, np.bool_)
    rules = {"first": np.array([True, False, False]), "second": np.array([True, True, False])}

    lines = counts.count({FRAUD: rules, LEGITIMATE: rules}, every, np.zeros(3, np.float32), 0.5)

    assert [(line["kind"], line["rows"]) for line in lines] == [
        ("first", 1),
        ("second", 1),
        (REST, 1),
    ]


def test_a_score_that_is_missing_blocks_nothing() -> None:
    rules: dict[str, counts.Rules] = {FRAUD: {}, LEGITIMATE: {}}

    lines = counts.count(rules, np.array([True]), np.array([np.nan], np.float32), 0.5)

    assert lines == [{"label": FRAUD, "kind": REST, "rows": 1, "wrong": 1}]


def test_the_section_shows_the_kind_with_most_errors_first() -> None:
    lines = [
        {"label": FRAUD, "kind": "few", "rows": 10, "wrong": 1, "review": 0},
        {"label": FRAUD, "kind": "many", "rows": 10, "wrong": 4, "review": 3},
    ]

    text = counts.section(lines, "rules.py")

    assert text.index("| many | 10 | 4 | 40.0% | 3 |") < text.index("| few | 10 | 1 | 10.0% | 0 |")
    assert "`rules.py`" in text
    assert "Legitimate rows that are blocked" not in text


def test_a_card_without_kinds_has_no_section() -> None:
    assert counts.section([], "rules.py") == ""
