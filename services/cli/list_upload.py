"""Sends a list file to a server: lines to rows to messages, counting whatever is left out.

Reading and sending overlap, and nothing is kept but counts and the first problems, so a
file of ten million numbers needs no more memory here than a small one.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from blocklists.importers import files, formats, words
from blocklists.importers.formats import Format
from blocklists.importers.rows import BadLine, Ignored, Item, Row
from fanzha.errors import InvalidInput
from fanzha.v1 import blocklist_pb2 as pb

ROWS_PER_MESSAGE = 4000
LONGEST_PATTERN = 16_384
"""Characters; what is longer is no pattern, and must not fill a message."""
MOST_PROBLEMS = 1000
_NOTHING_SAID = (None, None, None, None, "", "", "", "", "", None)

# Our enums carry the numbers of the wire; generated stubs want their own type for each.
_wire: Callable[[Any], Any] = lambda member: member  # noqa: E731


@dataclass(slots=True)
class Reading:
    """What has been read of a file so far."""

    format_: Format
    lines: int = 0
    rows: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    invalid: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[int, str]] = field(default_factory=list)
    """The first lines that could not be read, with the reason."""
    error: Exception | None = None
    """What ended the reading too early."""


class Upload:
    """One file on its way to the server."""

    def __init__(self, path: Path, wanted: Format | None, now_s: int) -> None:
        self._path = path
        self._now_s = now_s
        self._file: IO[bytes] = path.open("rb")
        self._lines = files.lines(self._file)
        try:
            self._head = list(itertools.islice(self._lines, formats.HEAD_LINES))
        except BaseException:
            self._file.close()
            raise
        self.reading = Reading(wanted or formats.detect(self._head, path.name))

    @property
    def bytes_read(self) -> int:
        """How far in the file, compressed or not, the reading is."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def messages(
        self, header: pb.ImportHeader, advanced: Callable[[], None]
    ) -> Iterator[pb.ImportEntriesRequest]:
        """Write the header and all rows as messages; call *advanced* after each.

        A file that breaks off must not be imported by half: the error is kept, and raised
        so that the request fails.
        """
        yield pb.ImportEntriesRequest(header=header)
        try:
            rows = self._rows()
            while some := list(itertools.islice(rows, ROWS_PER_MESSAGE)):
                self.reading.rows += len(some)
                yield pb.ImportEntriesRequest(rows=pb.ImportRows(rows=some))
                advanced()
        except Exception as error:
            self.reading.error = error
            raise

    def _rows(self) -> Iterator[pb.ImportRow]:
        read = formats.READERS[self.reading.format_]
        for item in read(self._counted()):
            if type(item) is Row and len(item.pattern) <= LONGEST_PATTERN:
                # Most rows are a pattern and its kind; messages are slow to fill.
                if item[3:] == _NOTHING_SAID:
                    yield pb.ImportRow(line=item.line, pattern=item.pattern, kind=_wire(item.kind))
                elif (row := self._with_fields(item)) is not None:
                    yield row
            else:
                self._note(item)

    def _with_fields(self, row: Row) -> pb.ImportRow | None:
        try:
            expires_at_s = words.read_expiry(row.expires, self._now_s) if row.expires else 0
            review_at_s = words.read_review(row.review, self._now_s) if row.review else 0
        except InvalidInput as error:
            self._note(BadLine(row.line, row.pattern, str(error)))
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
            review_at_s=review_at_s,
            mode=_wire(row.mode),
            no_end=expires_at_s is None,
        )

    def _note(self, item: Item) -> None:
        reading = self.reading
        if isinstance(item, Ignored):
            reading.ignored[item.what] += 1
            return
        reason = item.reason if isinstance(item, BadLine) else "pattern: too long"
        reading.invalid[reason.partition(": '")[0]] += 1
        if len(reading.problems) < MOST_PROBLEMS:
            reading.problems.append((item.line, reason))

    def _counted(self) -> Iterator[str]:
        # Counted in steps: one count per line would cost as much as reading it.
        yield from self._head
        self.reading.lines = len(self._head)
        for line in self._lines:
            self.reading.lines += 1
            yield line
