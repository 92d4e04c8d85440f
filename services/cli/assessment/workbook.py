"""Writes an assessment as a workbook: a sheet of scores, and one of the numbers behind them."""

from __future__ import annotations

from typing import IO, Any

import openpyxl
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from fanzha.translation.catalogue import gettext
from fanzha.v1 import assessment_pb2 as pb
from infra.csv_cells import escaped
from services.cli.assessment.display import level_word, measure_word, told, unit_names

_FEN = 100
_WIDTH = 16


def write(file: IO[bytes], made: pb.MonthlyAssessment, known: pb.ListUnitsResponse) -> None:
    """Write the workbook."""
    book = openpyxl.Workbook()
    _scores(book.active, made, known)
    _measures(book.create_sheet(), made, known)
    book.save(file)


def _scores(sheet: Any, made: pb.MonthlyAssessment, known: pb.ListUnitsResponse) -> None:
    sheet.title = gettext("Scores")
    sheet.append([escaped(told(made))])
    heads = ("level", "rank", "unit", "score", "cases", "warned", "dissuaded", "lost, yuan",
             "tasks", "overdue")  # fmt: skip
    _head(sheet, [gettext(head) for head in heads])
    names, levels = unit_names(known), {one.code: one.level for one in known.units}
    for one in made.scores:
        sheet.append(
            [
                level_word(levels.get(one.unit, "")),
                one.rank or None,
                escaped(names.get(one.unit, one.unit)),
                one.score if one.HasField("score") else None,
                *(one.cases, one.warned, one.dissuaded, one.lost_fen / _FEN),
                *(one.tasks, one.overdue_tasks),
            ]
        )


def _measures(sheet: Any, made: pb.MonthlyAssessment, known: pb.ListUnitsResponse) -> None:
    sheet.title = gettext("Measures")
    _head(
        sheet, [gettext(head) for head in ("unit", "measure", "of", "reached", "share", "points")]
    )
    names = unit_names(known)
    for one in made.scores:
        for each in one.measures:
            sheet.append(
                [
                    escaped(names.get(one.unit, one.unit)),
                    measure_word(each.name),
                    each.of,
                    each.reached,
                    each.reached / each.of if each.of else None,
                    each.points if each.HasField("points") else None,
                ]
            )
            sheet.cell(sheet.max_row, 5).number_format = "0.0%"


def _head(sheet: Any, heads: list[str]) -> None:
    sheet.append(heads)
    for place in range(1, len(heads) + 1):
        sheet.cell(sheet.max_row, place).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTH
    sheet.freeze_panes = f"A{sheet.max_row + 1}"
