"""`fanzha warnings robot measure`: how often the robot understands answers as people label them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext, language
from fanzha.translation.message import localized
from services.cli._common import files
from services.cli._common.console import fail, fault_text, out, print_json
from services.cli._common.enum_words import enum_word
from services.cli._common.options import AsJson
from services.cli._common.tables import RowTable

if TYPE_CHECKING:
    from typing import Any

    from services.warning.robot.meanings import AnswerReader
    from services.warning.robot.measurement import ReadingFigures, ReadingShare
    from services.warning.robot.script import Meaning

_File = Annotated[
    Path,
    typer.Argument(
        exists=True,
        dir_okay=False,
        help="TSV or CSV with columns text and label (paid, officer, stop, who, no, yes or other), "
        "or .gz.",
    ),
]
_GroupBy = Annotated[
    str, typer.Option("--group-by", help="Column to group answers by, such as source.")
]
_Words = Annotated[
    Path | None,
    typer.Option(
        "--words",
        exists=True,
        dir_okay=False,
        help="Words to try, in the form of meanings.toml. Empty: the shipped ones.",
    ),
]


def measure(
    file: _File, group_by: _GroupBy = "", words: _Words = None, as_json: AsJson = False
) -> None:
    """Measure how often answers are understood as you labelled them, with intervals.

    Label answers before you see how they are understood, and tune the words on other answers.
    """
    from services.warning.robot import measurement

    try:
        found = measurement.figures(_answers(file, group_by), _reader(words))
    except (InvalidInput, ValueError) as error:
        fail(localized(fault_text(error), language()))
    if as_json:
        print_json({group: _json(one) for group, one in found.items()})
        return
    for group, one in found.items():
        _show(group, one)
    if not found:
        fail(gettext("{file}: has no answers", file=file.name))


def _reader(words: Path | None) -> AnswerReader:
    from fanzha import toml_files
    from services.warning.robot import meanings

    if words is None:
        return meanings.shipped()
    return meanings.AnswerReader(toml_files.read_table(words), words.name)


def _answers(file: Path, group_by: str) -> Iterator[tuple[str, Meaning, str]]:
    from services.warning.robot import measurement

    with files.open_table(file, single_column="text") as table:
        for needed in filter(None, ("text", "label", group_by)):
            if needed not in table.columns:
                raise InvalidInput("{file}: has no column {column}", file=file.name, column=needed)
        for row in table.rows:
            group = row[group_by] if group_by else gettext("all")
            yield row["text"], measurement.label(row["label"]), group


def _show(group: str, one: ReadingFigures) -> None:
    from services.warning.robot.measurement import MEASURED

    out.print(
        gettext(
            "{group}: {rows:,} answers, {right} understood",
            group=group,
            rows=one.rows,
            right=_written(one.right),
        ),
        markup=False,
    )
    table = RowTable()
    for head in ("meaning", "recall", "precision", "read as"):
        table.add_column(gettext(head))
    for meaning in MEASURED:
        if one.recall(meaning).total or one.precision(meaning).total:
            others = ", ".join(f"{_word(read)} {count}" for read, count in one.read_as(meaning))
            figures = (one.recall(meaning), one.precision(meaning))
            table.add_row(_word(meaning), *map(_written, figures), others)
    table.print()


def _written(share: ReadingShare) -> str:
    if not share.total:
        return "–"
    low, high = share.interval
    return f"{share.count}/{share.total} ({low:.0%}–{high:.0%})"


def _json(one: ReadingFigures) -> dict[str, Any]:
    from services.warning.robot.measurement import MEASURED

    return {
        "rows": one.rows,
        "right": one.right.count,
        "meanings": {
            meaning.value: {
                "labelled": one.recall(meaning).total,
                "read": one.precision(meaning).total,
                "right": one.recall(meaning).count,
                "recall": list(one.recall(meaning).interval),
                "precision": list(one.precision(meaning).interval),
                "read_as": {read.value: count for read, count in one.read_as(meaning)},
            }
            for meaning in MEASURED
        },
    }


def _word(meaning: Meaning) -> str:
    return enum_word("meaning", meaning.value)


def add_to(app: typer.Typer) -> None:
    """Add this command to `fanzha warnings robot`."""
    app.command("measure")(measure)
