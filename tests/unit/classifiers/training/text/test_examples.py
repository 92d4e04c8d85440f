"""A site's examples among the rows of the text model."""

from collections import Counter
from pathlib import Path
from random import Random
from string import ascii_lowercase

import pytest

from classifiers.training.examples import ExampleError
from classifiers.training.examples_split import ECHO
from classifiers.training.text import data as sms_data
from classifiers.training.text import examples
from classifiers.training.text.data import FRAUD, HAM, SPAM, TRAIN, VALIDATION, LabelledText
from classifiers.training.text.row_selection import RowSelection
from fanzha.fraud import FraudType
from tests.unit.classifiers.training.test_examples import a_file, a_row
from tests.unit.classifiers.training.text.test_data import a_folder


def campaign(number: int) -> str:
    """Return a text that is near to that of no other campaign."""
    chance = Random(number)
    return " ".join("".join(chance.sample(ascii_lowercase, 7)) for _ in range(8))


def rows_of(data: Path, *paths: Path) -> tuple[list[LabelledText], list[LabelledText]]:
    """Return the rows of the tables, and those of examples."""
    rows, site = examples.read(data, 1, 1, paths)
    own = [row for row in rows if row.source in site.sources]
    return rows[: len(rows) - len(own)], own


def test_examples_come_after_the_tables_and_change_nothing_of_them(tmp_path: Path) -> None:
    data = a_folder(tmp_path, "1\tfbs\tzh\tfraud\t\tg\ttext\n")
    path = a_file(tmp_path, a_row(category="fake_loan"), a_row(label="nonfraud", text="水费账单"))

    without, _ = examples.read(data, 1, 1, [])
    tables, (fraud, fine) = rows_of(data, path)

    assert tables == without == sms_data.read(data, 1, 1)
    assert fraud.fraud_type == FraudType.FAKE_LOAN
    assert [fraud.allowed[kind] for kind in (HAM, SPAM, FRAUD)] == [False, False, True]
    # An advert may be a false alarm, too.
    assert [fine.allowed[kind] for kind in (HAM, SPAM, FRAUD)] == [True, True, False]
    assert [sms_data.LANGUAGES[row.language] for row in (fraud, fine)] == ["en", "zh"]


def test_the_side_of_a_campaign_stays_when_the_file_grows(tmp_path: Path) -> None:
    data = a_folder(tmp_path)
    many = [a_row(text=campaign(n), group=f"g{n}", decision_id=n + 1) for n in range(120)]

    _, few = rows_of(data, a_file(tmp_path, *many[:40], name="few.csv"))
    _, all_ = rows_of(data, a_file(tmp_path, *reversed(many), name="all.csv"))

    sides = {row.text: row.split for row in all_}
    assert len(few) > 20
    assert all(sides.get(row.text, row.split) == row.split for row in few)
    assert Counter(sides.values()).keys() == {"train", "validation", "test"}


def test_a_near_duplicate_of_a_table_on_another_side_is_left_out_and_counted(
    tmp_path: Path,
) -> None:
    group = next(f"t{n}" for n in range(99) if _split(f"t{n}") != TRAIN)
    taught = next(f"e{n}" for n in range(99) if _split(f"e{n}") == TRAIN)
    data = a_folder(tmp_path, f"1\tfbs\ten\tfraud\t\t{group}\t{campaign(1)} pay now\n")
    path = a_file(tmp_path, a_row(text=f"{campaign(1)} pay soon", group=taught), a_row())

    rows, site = examples.read(data, 1, 1, [path])

    assert [row.text for row in rows if row.source == "cases"] == ["transfer to the safe account"]
    assert site.about["left_out"] == {ECHO: 1}


def test_examples_choose_nothing(tmp_path: Path) -> None:
    many = [a_row(text=campaign(n), group=f"g{n}", decision_id=n + 1) for n in range(60)]
    rows, site = examples.read(a_folder(tmp_path), 1, 1, [a_file(tmp_path, *many)])
    one = RowSelection(epochs=1)

    chosen = {row.source for row in rows if one.selects(row, site.sources)}
    held_out = {row.source for row in rows if row.split == VALIDATION}

    assert held_out == {"cases", sms_data.OWN}
    assert chosen == {sms_data.OWN}
    assert not any(
        RowSelection(left_out=(sms_data.OWN,), epochs=1).selects(row, site.sources) for row in rows
    )


def test_the_card_names_files_periods_and_labels(tmp_path: Path) -> None:
    path = a_file(
        tmp_path, a_row(), a_row(label="nonfraud", text="see you", closed_at_ms=86_400_000)
    )

    rows, site = examples.read(a_folder(tmp_path), 1, 1, [path])

    assert [file["name"] for file in site.about["files"]] == ["cases.csv"]
    assert {(one["closed"], one["label"]) for one in site.about["counts"]} == {
        ("2026-11", "fraud"),
        ("1970-01", "nonfraud"),
    }
    (data,) = site.data([row.source for row in rows])
    assert (data["source"], data["rows"]) == ("cases", 2)
    assert "not to be passed on" in str(data["licence"])


def test_the_name_of_a_table_is_no_name_for_examples(tmp_path: Path) -> None:
    with pytest.raises(ExampleError, match="'templates' is one of the tables"):
        rows_of(a_folder(tmp_path), a_file(tmp_path, a_row(source="templates")))


def _split(group: str) -> str:
    row = sms_data.labelled(
        source="cases", label="fraud", category="", group=group, text="", language="en"
    )
    return row.split
