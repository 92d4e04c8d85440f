"""How much likelier the letters of a name are in malicious names."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.link import letter_odds
from classifiers.link.letter_odds import LEAST_NAMES, LetterOdds
from tests.support.url_column_oracle import LetterEvidence, letters

GOOD = [(f"library{letter}", False) for letter in "abcdefghijklmnopqrst"]
BAD = [(f"xq{number}zzk", True) for number in range(20)]
LEARNT = letter_odds.learn([*GOOD, *BAD])


def test_letters_of_malicious_names_are_above_zero_and_those_of_others_below() -> None:
    assert letters(LEARNT, "xq7zzk").total > 3
    assert letters(LEARNT, "librarian").total < -3


def test_what_is_familiar_has_likelier_letters() -> None:
    assert letters(LEARNT, "library").familiar > letters(LEARNT, "xq7zzk").familiar


def test_the_highest_stretch_shows_in_a_long_name_of_the_other_kind() -> None:
    found = letters(LEARNT, "librarylibraryxqzzk")

    assert found.total < 0
    assert found.highest > 2


def test_n_grams_of_few_names_have_no_figures_of_their_own() -> None:
    few = letter_odds.learn([("abc", True)] * (LEAST_NAMES - 1) + [("xyz", False)] * LEAST_NAMES)

    assert "ab" not in few.ratios
    assert few.ratios.keys() == few.legitimate.keys()
    assert "xy" in few.ratios


def test_a_longer_context_is_judged_before_a_shorter_one() -> None:
    odds = LetterOdds({"a": 1.0, "ba": -1.0, "$": 0.0}, {"a": -2.0, "ba": -2.0, "$": -2.0})

    assert letters(odds, "ba").total == -1.0
    assert letters(odds, "ca").total == 1.0


def test_unknown_letters_say_nothing_and_are_unfamiliar() -> None:
    found = letters(LetterOdds(), "ab")

    assert found[:2] == (0.0, 0.0)
    assert found.familiar == pytest.approx(-log(64))


def test_an_empty_name_has_no_evidence() -> None:
    assert letters(LEARNT, "") == LetterEvidence()


def test_equal_names_in_another_order_give_equal_figures() -> None:
    assert letter_odds.learn([*reversed(BAD), *reversed(GOOD)]) == LEARNT


@given(st.text(max_size=80))
def test_the_evidence_adds_up(name: str) -> None:
    found = letters(LEARNT, name)

    assert found.highest >= 0
    assert found.familiar <= 0
    assert abs(found.total) <= 20 * (len(name) + 1)
