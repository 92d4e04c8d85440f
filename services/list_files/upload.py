"""Sends a list file to a server: lines to rows to messages, counting whatever is left out.

Reading and sending overlap, and nothing is kept but counts and the first problems, so a
file of ten million numbers needs no more memory here than a small one. Who wants a report of all
problems keeps those, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blocklists import entries as list_entries
from blocklists.importers import list_file, vocabulary
from blocklists.importers import rows as list_rows
from blocklists.importers.tables import spreadsheet_numbers
from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext_noop, language
from fanzha.translation.message import Message, localized
from fanzha.v1 import blocklist_pb2 as pb

ROWS_PER_MESSAGE = 4000
LONGEST_PATTERN = 16_384
"""Characters; what is longer is no pattern, and must not fill a message."""
SHOWN_PROBLEMS = 1000
MOST_PROBLEMS = 1_000_000
"""Kept for a report."""
JUDGED_LINES = 1000
"""Lines after which the share of those that cannot be read is judged."""
EXPIRED = gettext_noop("expires: already over, or beyond 2106")
_LACKS_ZERO = Message("may lack the leading 0 of a landline, which sheets drop")
_QUOTED = re.compile("(?:: |：)['\"]")
"""Begins what a reason quotes of its line."""
_NOTHING_SAID = (None, None, None, None, "", "", "", "", "", None, "")
_DAMAGED = "\ufffd"

# Our enums carry the numbers of the wire; generated stubs want their own type for each.
_wire: Callable[[Any], Any] = lambda member: member  # noqa: E731


@dataclass(slots=True)
class ReadProgress:
    """What has been read of a file so far."""

    rows: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    invalid: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    """What is to be told of rows that were sent."""
    noted: dict[str, list[int]] = field(default_factory=dict)
    """The first lines of each note."""
    problems: list[list_rows.BadLine] = field(default_factory=list)
    """The first lines that could not be read, or all of them, as was asked for."""
    error: Exception | None = None
    """What ended the reading too early."""


class Upload:
    """One file on its way to the server."""

    def __init__(
        self,
        path: Path,
        ways: list_file.ReadOptions,
        now_s: int,
        *,
        keep_all: bool = False,
        invalid_percent: int = 100,
        finished: Callable[[list_file.ListFile, ReadProgress], None] = lambda _file, _reading: None,
    ) -> None:
        """Open a file; *finished* may raise `InvalidInput` when all is read but not committed.

        Reading ends with `InvalidInput` when more than *invalid_percent* of its lines so far
        cannot be read.
        """
        self.file = list_file.ListFile(path, ways, now_s)
        self.reading = ReadProgress()
        self._now_s = now_s
        self._most_problems = MOST_PROBLEMS if keep_all else SHOWN_PROBLEMS
        self._invalid_percent = invalid_percent
        self._finished = finished
        self._last_damaged = 0
        self._table = self.file.format_ in list_file.TABLES

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def messages(
        self, header: pb.ImportHeader, advanced: Callable[[], None]
    ) -> Iterator[pb.ImportEntriesRequest]:
        """Write the header and all rows as messages; call *advanced* after each.

        A file that breaks off must not be imported by half: the error is kept, and raised
        so that the request fails.
        """
        yield pb.ImportEntriesRequest(header=header)
        try:
            for rows in self._messages():
                self.reading.rows += len(rows.rows) + sum(
                    run.patterns.count("\n") for run in rows.plain
                )
                self._judge()
                yield pb.ImportEntriesRequest(rows=rows)
                advanced()
            self._judge()
            self._finished(self.file, self.reading)
        except Exception as error:
            self.reading.error = error
            raise

    def _messages(self) -> Iterator[pb.ImportRows]:
        """Fill messages with rows, in the order of the file."""
        rows: list[pb.ImportRow] = []
        runs: list[pb.PlainRows] = []
        waiting = 0
        for item in self.file.items():
            if isinstance(item, list_rows.PlainRun):
                if rows or waiting >= ROWS_PER_MESSAGE:
                    yield pb.ImportRows(rows=rows, plain=runs)
                    rows, runs, waiting = [], [], 0
                runs.append(_run(item))
                waiting += item.rows
            elif (row := self._row(item)) is not None:
                # In a message runs come last, so what follows them goes into the next.
                if runs or waiting >= ROWS_PER_MESSAGE:
                    yield pb.ImportRows(rows=rows, plain=runs)
                    rows, runs, waiting = [], [], 0
                rows.append(row)
                waiting += 1
        if waiting:
            yield pb.ImportRows(rows=rows, plain=runs)

    def _row(self, item: list_rows.LineItem) -> pb.ImportRow | None:
        """Make a row; None, and it is counted why, where there is none."""
        if self.file.undecoded and self._damaged(item):
            return None
        if not isinstance(item, list_rows.ListRow) or len(item.pattern) > LONGEST_PATTERN:
            self._note(item)
            return None
        if (
            self._table
            and item.kind is list_entries.EntryKind.NUMBER
            and spreadsheet_numbers.may_lack_zero(item.pattern)
        ):
            self._remark(list_rows.RowNote(item.line, _LACKS_ZERO))
        # Most rows are a pattern and its kind; messages are slow to fill.
        if item[3:] == _NOTHING_SAID:
            return pb.ImportRow(line=item.line, pattern=item.pattern, kind=_wire(item.kind))
        return self._with_fields(item)

    def _with_fields(self, row: list_rows.ListRow) -> pb.ImportRow | None:
        try:
            expires_at_s = vocabulary.read_expiry(row.expires, self._now_s) if row.expires else 0
            review_at_s = vocabulary.read_review(row.review, self._now_s) if row.review else 0
        except InvalidInput as error:
            self._note(
                list_rows.BadLine(row.line, row.pattern, Message(error.message, **error.values))
            )
            return None
        return pb.ImportRow(
            line=row.line,
            pattern=row.pattern,
            kind=_wire(row.kind),
            action=_wire(row.action),
            direction=_wire(row.direction),
            fraud_type=_wire(row.fraud_type),
            source=_wire(row.source),
            reason=row.reason,
            legal_basis=row.legal_basis,
            expires_at_s=expires_at_s or 0,
            campaign=row.campaign,
            region=row.region,
            review_at_s=review_at_s,
            mode=_wire(row.mode),
            no_end=expires_at_s is None,
        )

    def _damaged(self, item: list_rows.LineItem) -> bool:
        """Tell whether an item has bytes in it that could not be read; once a line."""
        damaged = item.line in self.file.undecoded or (
            # A row may go on over several lines.
            isinstance(item, list_rows.ListRow)
            and any(_DAMAGED in text for text in item if type(text) is str)
        )
        if damaged and item.line != self._last_damaged:
            self._last_damaged = item.line
            text = (
                item.text if isinstance(item, list_rows.BadLine) else getattr(item, "pattern", "")
            )
            self._note(
                list_rows.BadLine(
                    item.line,
                    text,
                    Message("bytes that are not {encoding}", encoding=self.file.encoding),
                )
            )
        return damaged

    def _note(self, item: list_rows.LineItem) -> None:
        reading = self.reading
        if isinstance(item, list_rows.RowNote):
            self._remark(item)
            return
        if isinstance(item, list_rows.Ignored):
            reading.ignored[item.what] += 1
            return
        if isinstance(item, list_rows.ListRow):
            item = list_rows.BadLine(item.line, item.pattern[:100], Message("pattern: too long"))
        reason = localized(item.reason, language())
        reading.invalid[_QUOTED.split(reason)[0]] += 1
        if len(reading.problems) < self._most_problems:
            reading.problems.append(item)

    def _judge(self) -> None:
        invalid = self.reading.invalid.total()
        lines = self.reading.rows + invalid
        if lines >= JUDGED_LINES and invalid * 100 > self._invalid_percent * lines:
            first = self.reading.problems[0]
            raise InvalidInput(
                "{invalid:,} of the first {lines:,} lines cannot be read, more than {most} %: is "
                "it a list? Line {line}: {reason}",
                invalid=invalid, lines=lines, most=self._invalid_percent, line=first.line,
                reason=first.reason,
            )  # fmt: skip

    def _remark(self, note: list_rows.RowNote) -> None:
        self.reading.notes[note.what] += 1
        lines = self.reading.noted.setdefault(note.what, [])
        if len(lines) < 10:  # noqa: PLR2004 - as many examples as are shown
            lines.append(note.line)


def _run(item: list_rows.PlainRun) -> pb.PlainRows:
    return pb.PlainRows(first_line=item.line, patterns=item.patterns, kind=_wire(item.kind))
