"""What is learned from and what is measured on stay apart, whatever a site adds."""

from collections.abc import Sequence

from classifiers.training import examples_split
from classifiers.training.examples import TrainingExample
from classifiers.training.examples_split import DISPUTED, OUTVOTED, SAME, NearDuplicates

LONG = "your parcel is held at the depot pay the small fee before tonight or it goes back"
NEAR = "your parcel is held at the depot pay the small fee before midnight or it goes back"
OTHER = "the meeting of the gardening club moves to the hall next door bring your own chair"
NOTHING: dict[str, Sequence[str]] = {"train": [], "test": []}


def said(*labels: bool, groups: str = "aaaaaaaaaa") -> list[TrainingExample]:
    return [
        TrainingExample(
            source="cases", is_fraud=label, content="x", fields={}, group=group, closed_at_ms=1
        )
        for label, group in zip(labels, groups, strict=False)
    ]


def test_near_duplicates_are_found_and_short_texts_when_they_are_the_same() -> None:
    near = NearDuplicates([LONG, "ok"])

    assert near.among([NEAR, OTHER, "ok", "no", LONG]).tolist() == [True, False, True, False, True]
    assert NearDuplicates([]).among([LONG]).tolist() == [False]


def test_the_same_counts_once_in_a_campaign() -> None:
    remaining, left_out = examples_split.agreed(
        said(True, True, True, groups="aab"), ["x", "x", "x"]
    )

    assert remaining == [0, 2]
    assert left_out == {SAME: 1}


def test_three_in_four_settle_what_is_fraud_in_one_case_and_harmless_in_another() -> None:
    groups = "abcdefgh"
    settled = examples_split.agreed(said(True, True, False, True, groups=groups), ["x"] * 4)
    open_ = examples_split.agreed(said(True, True, False, groups=groups), ["x"] * 3)

    assert settled == ([0, 1, 3], {OUTVOTED: 1})
    assert open_ == ([], {DISPUTED: 3})


def test_where_sides_meet_the_later_one_gives_way() -> None:
    remaining = examples_split.without_echoes(
        [NEAR, LONG, OTHER], ["", "", ""], ["test", "train", "test"], NOTHING
    )

    assert remaining == [1, 2]


def test_a_sender_is_on_one_side_and_unnamed_ones_are_not_the_same() -> None:
    remaining = examples_split.without_echoes(
        ["a", "b", "c", "d"],
        ["+86170", "+86170", "", ""],
        ["train", "test", "train", "test"],
        NOTHING,
    )

    assert remaining == [0, 2, 3]


def test_an_example_near_to_a_row_of_the_tables_on_another_side_gives_way() -> None:
    tables = {"train": [OTHER], "test": [LONG]}

    assert examples_split.without_echoes([NEAR], [""], ["train"], tables) == []
    assert examples_split.without_echoes([NEAR], [""], ["test"], tables) == [0]
