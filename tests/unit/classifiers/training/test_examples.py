"""How a site's labelled examples are read for training."""

import csv
import json
from pathlib import Path

import pytest

from classifiers.training import examples, examples_card
from classifiers.training.examples import ExampleError, Examples
from infra.csv_cells import SafeWriter
from services.cli.warnings import example_export
from services.warning.outcomes.examples import LabelledDecision as Exported
from services.warning.outcomes.examples import as_row

NOVEMBER_MS = 1_795_000_000_000


def a_row(**fields: object) -> dict[str, object]:
    """Return a row as the export writes it."""
    label = fields.get("label", "fraud")
    known = {"fraud": "lost_money", "nonfraud": "false_alarm"}
    values = {
        "label": label,
        "outcome": known.get(str(label), "lost_money"),
        "group": "g1",
        "closed_at_ms": NOVEMBER_MS,
        "retained": "text",
        "text": "transfer to the safe account",
    }
    return as_row(Exported(**(values | fields)))  # type: ignore[arg-type]


def a_file(folder: Path, *rows: dict[str, object], name: str = "cases.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as lines:
        if path.suffix == ".jsonl":
            lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        else:
            table = csv.DictWriter(lines, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    return path


def read(*paths: Path) -> Examples:
    return examples.read(paths, "text", lambda fields: fields["text"])


@pytest.mark.parametrize("suffix", sorted(example_export.SUFFIXES))
def test_exported_examples_are_read(suffix: str, tmp_path: Path) -> None:
    texts = 'first line\nsecond, "quoted"\u2028 line'
    path = a_file(tmp_path, a_row(text=texts), a_row(label="nonfraud"), name=f"cases{suffix}")

    found = read(path)

    assert [one.is_fraud for one in found.rows] == [True, False]
    assert found.rows[0].content == texts
    assert {one.source for one in found.rows} == {"cases"}
    assert {one.month for one in found.rows} == {"2026-11"}
    assert [(one.name, one.rows) for one in found.files] == [(path.name, 2)]


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "-50% today", "'=x", "'x'", "+8617000000123"]
)
def test_a_text_that_a_spreadsheet_would_calculate_is_read_as_it_was(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "cases.csv"
    names = list(a_row())
    with path.open("w", encoding="utf-8", newline="") as lines:
        table = SafeWriter(lines)
        table.writerow(names)
        table.writerow([a_row(text=text)[name] for name in names])

    assert read(path).rows[0].content == text
    assert f",{text}," not in path.read_text() or text in ("'x'", "+8617000000123")


def test_unusable_examples_are_omitted_and_counted(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        a_row(),
        a_row(text="", retained="decision"),
        a_row(text=" ", retained="gone"),
        a_row(outcome="safe"),
    )

    found = read(path)
    site = examples_card.summed(found, found.rows, [True], found.left_out - found.left_out)

    assert len(found.rows) == 1
    assert found.left_out == {examples.NO_CONTENT: 2, examples.SAYS_NOTHING: 1}
    assert examples_card.lines(site.about) == [
        "examples: cases.csv (4 rows): 1 rows to learn from, 0 only measured",
        f"examples: 2 rows left out, {examples.NO_CONTENT}",
        f"examples: 1 rows left out, {examples.SAYS_NOTHING}",
    ]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"label": "spam"}, "label: fraud or nonfraud, not 'spam'"),
        ({"outcome": "false_alarm"}, "label: 'fraud' contradicts the outcome false_alarm"),
        ({"outcome": "lost"}, "outcome: lost_money, false_alarm, confirmed, dismissed"),
        ({"group": ""}, "group: empty"),
        ({"closed_at_ms": "yesterday"}, "closed_at_ms: milliseconds since 1970, not 'yesterday'"),
        ({"closed_at_ms": 10**30}, "closed_at_ms: milliseconds since 1970"),
        ({"source": "a|b"}, "source: up to 40 letters"),
    ],
)
@pytest.mark.parametrize("suffix", sorted(example_export.SUFFIXES))
def test_a_damaged_row_is_refused_with_its_number(
    damage: dict[str, object], said: str, suffix: str, tmp_path: Path
) -> None:
    path = a_file(tmp_path, a_row(), a_row(text=""), a_row(**damage), name=f"cases{suffix}")

    with pytest.raises(ExampleError) as refused:
        read(path)

    assert f"cases{suffix}: row 3: {said}" in str(refused.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fraud,lost_money,g1", "cases.csv: row 2: 3 fields, where the header has 5"),
        ('fraud,lost_money,g1,1795000000000,"cut', "cases.csv: row 2: "),
    ],
)
def test_a_row_that_is_cut_is_refused_with_its_number(line: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    whole = "fraud,lost_money,g1,1795000000000,pay now"
    path.write_text(f"label,outcome,group,closed_at_ms,text\n{whole}\n{line}\n")

    with pytest.raises(ExampleError) as refused:
        read(path)

    assert said in str(refused.value)


def test_a_row_that_is_no_json_is_refused_with_its_number(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_row(), name="cases.jsonl")
    path.write_text(path.read_text() + '{"label": "fra')

    with pytest.raises(ExampleError, match="row 2: is not JSON"):
        read(path)


def test_a_file_without_a_column_another_kind_of_file_and_one_given_twice_are_refused(
    tmp_path: Path,
) -> None:
    bare = tmp_path / "bare.csv"
    bare.write_text("label,text\nfraud,pay now\n")
    sheet = tmp_path / "cases.xlsx"
    sheet.write_bytes(b"PK")
    latin = tmp_path / "latin.csv"
    latin.write_bytes(b"label,text\nfraud,caf\xe9\n")
    good = a_file(tmp_path, a_row())
    copy = a_file(tmp_path, a_row(), name="copy.csv")

    for paths, message in (
        ([bare], "bare.csv: row 1: group: there is no such column"),
        ([sheet], "cases.xlsx: a name that ends in .csv or .jsonl"),
        ([latin], "latin.csv: line 2: is not UTF-8"),
        ([good, copy], "copy.csv: was given twice"),
    ):
        with pytest.raises(ExampleError) as refused:
            read(*paths)
        assert message in str(refused.value)


def test_of_a_decision_in_two_files_the_latest_outcome_counts(tmp_path: Path) -> None:
    first = a_file(tmp_path, a_row(decision_id=7), a_row(decision_id=8), name="first.csv")
    again = a_row(decision_id=7, label="nonfraud", closed_at_ms=NOVEMBER_MS + 1)

    found = read(first, a_file(tmp_path, again, name="again.csv"))

    assert [(one.fields["decision_id"], one.is_fraud) for one in found.rows] == [
        ("8", True),
        ("7", False),
    ]
    assert found.left_out == {examples.TWICE: 1}
