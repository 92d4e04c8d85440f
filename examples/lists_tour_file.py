"""The sheet of the tour: a CSV in GB18030 with Chinese columns, as a province sends it."""

import csv
from pathlib import Path

FIRST = 17_000_100_000
LISTED = f"+86{FIRST + 1}"
BAD_ROWS = 37
_BAD = ("不详", "号码待核", "17000A00000", "1700010000X", "详见附件")
_COLUMNS = ("号码", "原因", "有效期", "诈骗类型")


def write_list(file: Path, rows: int) -> None:
    """Write *rows* lines: numbers, `BAD_ROWS` that are none, and one that is protected."""
    every = rows // (BAD_ROWS + 1)
    bad = {every * place: _BAD[place % len(_BAD)] for place in range(1, BAD_ROWS + 1)}
    with file.open("w", encoding="gb18030", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(_COLUMNS)
        for row in range(rows):
            number = "110" if row == rows // 2 + 1 else bad.get(row, str(FIRST + row))
            writer.writerow((number, "群众举报，已核实", "2027-12-31", "虚假贷款"))
