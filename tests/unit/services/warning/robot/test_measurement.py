"""How often answers are understood, counted."""

import tomllib
from typing import Any

import pytest

from fanzha.errors import InvalidInput
from services.warning.robot import meanings, measurement
from services.warning.robot.script import Meaning
from tests.support.checkout import CHECKOUT

OWN: dict[str, dict[str, list[str]]] = tomllib.loads(
    (CHECKOUT / "tests/cases/replies.toml").read_text(encoding="utf-8")
)


def test_recall_precision_and_confusion_are_counted_by_group() -> None:
    answers = [
        ("我转了", Meaning.PAID, "a"),
        ("zhuan le", Meaning.PAID, "a"),
        ("是的", Meaning.YES, "a"),
        ("退订", Meaning.NO, "a"),
        ("退订", Meaning.STOP, "b"),
    ]

    found = measurement.figures(answers, meanings.shipped())

    assert list(found) == ["a", "b"]
    one = found["a"]
    assert (one.rows, one.right.count) == (4, 2)
    assert (one.recall(Meaning.PAID).count, one.recall(Meaning.PAID).total) == (1, 2)
    assert one.precision(Meaning.STOP).total == 1
    assert one.read_as(Meaning.PAID) == [(Meaning.OTHER, 1)]
    assert one.recall(Meaning.OTHER).count == 1
    low, high = found["b"].recall(Meaning.STOP).interval
    assert 0.2 < low < high == 1.0


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(InvalidInput, match="none of"):
        measurement.label("maybe")


@pytest.mark.parametrize("language", sorted(OWN))
def test_who_says_that_they_paid_is_heard_and_who_says_they_did_not_is_not(language: str) -> None:
    answers: list[Any] = [
        (text, measurement.label(word), language)
        for word, texts in OWN[language].items()
        for text in texts
    ]

    one = measurement.figures(answers, meanings.shipped())[language]

    paid = one.recall(Meaning.PAID)
    assert paid.count >= 0.95 * paid.total
    assert one.precision(Meaning.PAID).total == paid.count
    assert one.right.count >= 0.95 * one.rows
