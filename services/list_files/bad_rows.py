"""The lines of a list file that become no entry, as a CSV file to mend and import again."""

import io
from collections.abc import Callable

from fanzha.translation.message import localized
from fanzha.v1 import blocklist_pb2 as pb
from infra.csv_cells import SafeWriter
from services.list_files.upload import Upload

MOST_REPORTED = 20_000
"""Rows that a server tells one by one, and lines that are kept."""


def write(upload: Upload, answer: pb.ImportEntriesResponse, language: str) -> tuple[bytes, int]:
    """Return the file, in UTF-8 with a mark for spreadsheets, and how many lines it has.

    Reads the list file again for the texts of lines that the server refused.
    """
    told = {one.row: one for one in answer.problems}
    texts = dict(upload.file.texts(set(told)))
    rows: list[tuple[int, str, str, str]] = [
        (one.line, "invalid", localized(one.reason, language), one.text)
        for one in upload.reading.problems[:MOST_REPORTED]
    ]
    outcome: Callable[[int], str] = lambda number: (  # noqa: E731
        "refused" if number == pb.ROW_OUTCOME_REFUSED else "invalid"
    )
    rows += [
        (line, outcome(one.outcome), one.message, texts.get(line, "")) for line, one in told.items()
    ]
    file = io.StringIO(newline="")
    table = SafeWriter(file)
    table.writerow(("line", "sheet", "outcome", "message", "text"))
    for line, what, message, text in sorted(rows):
        sheet, row = upload.file.place(line)
        table.writerow((row, sheet, what, message, text))
    return file.getvalue().encode("utf-8-sig"), len(rows)
