"""Reads files of reports: a table as CSV or XLSX, or a JSON object a line.

Reporters leave this module hashed: the name or number in the file goes no further. Errors name the
field and never quote it.
"""

import csv
import hmac
import json
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, NamedTuple

from blocklists.importers import files
from blocklists.importers.tables import workbook
from blocklists.importers.tables.csv_table import delimiter_of
from blocklists.importers.vocabulary import FRAUD_TYPES
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.phone import UNREADABLE, HomePlan
from services.sources.reports import schemas
from services.sources.reports.rules import ReportRules
from services.warning.intake.parser import WarningParser
from services.warning.model import MeansKind
from services.warning.outcomes import loss_means
from services.warning.outcomes.loss_means import ProposedEntry

AHEAD_MS = 5 * 60_000
"""Tolerated clock difference."""
_CHINA = timezone(timedelta(hours=8))
_MOST_CELL = 4096
_REPORTER_BYTES = 16
_MEANS = {"number": MeansKind.CALLER, "sender": MeansKind.SENDER, "link": MeansKind.LINK}
_FIRST_MS = 10**11
"""1973 in milliseconds since 1970; a smaller number is in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserReport:
    """What one person reported."""

    reporter: str
    """A keyed hash."""
    subject: ProposedEntry
    """What a list entry would name."""
    reported_at_ms: int
    fraud_type: FraudType


class ReportRow(NamedTuple):
    """One row of a file."""

    line: int
    report: UserReport | InvalidInput


class ReportReader:
    """Reads the rows of files, with reporters hashed by *key*."""

    def __init__(self, key: bytes, home: HomePlan, *, now_ms: Callable[[], int]) -> None:
        self._key = key
        self._home = home
        self._now_ms = now_ms
        self._parser = WarningParser(home, now_ms=now_ms, max_age_hours=0)

    def rows(self, path: Path, rules: ReportRules) -> Iterator[ReportRow]:
        """Read a file; `InvalidInput` for one that is none, or whose rest cannot be read."""
        try:
            with path.open("rb") as file:
                start = file.read(4)
                file.seek(0)
                if start in (workbook.ZIP, workbook.OLD_WORKBOOK):
                    yield from self._sheets(file, rules)
                else:
                    yield from self._text(file, rules)
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidInput("file: cannot be read: {error}", error=error) from error

    def _sheets(self, file: IO[bytes], rules: ReportRules) -> Iterator[ReportRow]:
        rows = workbook.plain_rows(file)
        for _, sheet in groupby(rows, key=itemgetter(0)):
            yield from self._table(((number, cells) for _, number, cells in sheet), rules)

    def _text(self, file: IO[bytes], rules: ReportRules) -> Iterator[ReportRow]:
        lines = files.lines(file)
        numbered = enumerate(lines, 1)
        first = next(((number, line) for number, line in numbered if line.strip()), None)
        if first is None:
            raise InvalidInput("file: has no rows")
        if first[1].lstrip().startswith("{"):
            yield from self._objects(first, numbered, rules)
            return
        delimiter = delimiter_of(first[1])
        cells = ((number, _cells(line, delimiter)) for number, line in numbered if line.strip())
        header = _cells(first[1], delimiter) or []
        yield from self._table([(first[0], header)], rules, cells)

    def _table(
        self,
        rows: Iterable[tuple[int, Sequence[str] | None]],
        rules: ReportRules,
        rest: Iterable[tuple[int, Sequence[str] | None]] = (),
    ) -> Iterator[ReportRow]:
        """Read the rows below a header, the first row that is not empty."""
        header: list[str] = []
        layout: Mapping[str, str] = {}
        for part in (rows, rest):
            for number, cells in part:
                if cells is not None and not any(cells):
                    continue
                if not layout:
                    header = [one.strip() for one in cells or ()]
                    layout = schemas.layout(rules.schema, rules.columns, header)
                elif cells is None or len(cells) > len(header):
                    wrong = InvalidInput("row: does not fit the first line")
                    yield ReportRow(number, wrong)
                else:
                    fields = dict(zip(header, cells, strict=False))
                    yield self._row(number, fields, layout)

    def _objects(
        self,
        first: tuple[int, str],
        rest: Iterable[tuple[int, str]],
        rules: ReportRules,
    ) -> Iterator[ReportRow]:
        for part in ([first], rest):
            for number, line in part:
                if line.strip():
                    yield self._object(number, line, rules)

    def _object(self, number: int, line: str, rules: ReportRules) -> ReportRow:
        try:
            value: Any = json.loads(line)
        except (ValueError, RecursionError):
            return ReportRow(number, InvalidInput("row: not JSON"))
        if not isinstance(value, dict):
            return ReportRow(number, InvalidInput("row: not an object"))
        fields = {
            name: "" if one is None else str(one)
            for name, one in value.items()
            if one is None or (isinstance(one, str | int) and not isinstance(one, bool))
        }
        try:
            layout = schemas.layout(rules.schema, rules.columns, list(fields))
        except InvalidInput:
            return ReportRow(number, InvalidInput("row: has no reporter, time or subject"))
        return self._row(number, fields, layout)

    def _row(self, number: int, fields: Mapping[str, str], layout: Mapping[str, str]) -> ReportRow:
        found = {name: fields.get(column, "").strip() for name, column in layout.items()}
        if any(len(text) > _MOST_CELL for text in found.values()):
            return ReportRow(number, InvalidInput("row: a field is too long"))
        try:
            return ReportRow(number, self._report(found))
        except InvalidInput as error:
            return ReportRow(number, error)

    def _report(self, found: Mapping[str, str]) -> UserReport:
        if not found["reporter"]:
            raise InvalidInput("reporter: required")
        kind = next((name for name in schemas.SUBJECTS if found.get(name)), None)
        if kind is None:
            raise InvalidInput("number, sender or link: required")
        return UserReport(
            reporter=self._hash(found["reporter"]),
            subject=self._subject(kind, found[kind]),
            reported_at_ms=self._time(found["reported_at"]),
            fraud_type=FRAUD_TYPES.get(
                found.get("category", "").lower().replace("-", "_"), FraudType.UNSPECIFIED
            ),
        )

    def _subject(self, field: str, text: str) -> ProposedEntry:
        entry = loss_means.entry_for(self._parser.means(_MEANS[field], text))
        if entry is None:
            raise InvalidInput("{field}: nothing that a list can name", field=field)
        return entry

    def _hash(self, reporter: str) -> str:
        """Hash a reporter; a number, however it is written, is one person."""
        key = self._home.number_key(reporter)
        plain = unicodedata.normalize("NFKC", reporter).casefold()
        name = plain if key == UNREADABLE else str(key)
        return hmac.new(self._key, name.encode(), sha256).hexdigest()[: 2 * _REPORTER_BYTES]

    def _time(self, text: str) -> int:
        try:
            if text.isascii() and text.isdecimal() and len(text) <= 15:  # noqa: PLR2004 - milliseconds
                at_ms = int(text) if int(text) >= _FIRST_MS else int(text) * 1000
            else:
                at = datetime.fromisoformat(text.replace("/", "-"))
                at_ms = int((at if at.tzinfo else at.replace(tzinfo=_CHINA)).timestamp() * 1000)
        except (ValueError, OverflowError):
            raise InvalidInput("reported_at: no time") from None
        if not _FIRST_MS <= at_ms <= self._now_ms() + AHEAD_MS:
            raise InvalidInput("reported_at: in the future, or long ago")
        return at_ms


def _cells(line: str, delimiter: str) -> list[str] | None:
    """Read the cells of a line; None if it is no CSV."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
