from pathlib import Path

import pytest

from classifiers import bundles
from classifiers.card import CARD
from services.console.models import cards
from services.decision.model_kinds import ModelKind

HOSTILE = "<script>alert(1)</script>"


@pytest.mark.parametrize("kind", list(ModelKind))
def test_the_shipped_cards_are_shown_in_sections(kind: ModelKind) -> None:
    folder: Path = bundles.newest(bundles.SHIPPED, kind.folder)

    found = cards.sections((folder / CARD).read_text())

    titles = [one.title for one in found]
    assert titles[0] == ""
    assert len(titles) == len(set(titles)) > 1
    names = dict(found[0].rows)
    assert "threshold" in names


def test_nested_values_have_their_path() -> None:
    data = '[[data]]\nname = "x"\n[[data]]\nname = "y"'
    text = f"a = 1\n[test]\nrecall = 0.25\nby = {{k = [1, 2]}}\n{data}"

    found = {one.title: list(one.rows) for one in cards.sections(text)}

    assert found[""] == [("a", "1")]
    assert found["test"] == [("recall", "0.25"), ("by.k", "1, 2")]
    assert found["data"] == [("1.name", "x"), ("2.name", "y")]


@pytest.mark.parametrize("text", [HOSTILE, "a = ", "a" * 100_000, "[" * 5000])
def test_what_is_no_card_is_shown_as_text_and_cut(text: str) -> None:
    (section,) = cards.sections(text)

    assert len(section.rows[0][1]) <= 300


def test_long_lists_and_many_values_are_counted() -> None:
    many = "\n".join(f"k{number} = {number}" for number in range(500))

    (section,) = cards.sections(f"[t]\n{many}")

    assert (len(section.rows), section.left_out) == (cards.MOST_ROWS, 500 - cards.MOST_ROWS)
    (listed,) = cards.sections(f"a = {list(range(100))}")
    assert listed.rows[0][1].endswith("(100)")
