"""Reads a site's labelled examples, the files that `fanzha warnings examples export` writes.

Read strictly: a damaged row ends the training with its number, for a file that is wrong in one
place may be wrong in others. Valid rows that cannot be used for training are skipped, counted and
reported.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from classifiers.evaluation.labels import LabelKind, kind_of
from infra import csv_cells

DEFAULT_SOURCE = "cases"
KINDS = {
    "lost_money": LabelKind.FRAUD,
    "false_alarm": LabelKind.LEGITIMATE,
    "confirmed": LabelKind.FRAUD,
    "dismissed": LabelKind.LEGITIMATE,
}
"""Label that an outcome of a case, or a verdict, gives its decisions: docs/how-to/outcomes.md."""
SILENT = frozenset({"safe", "unreachable", "duplicate"})
"""Outcomes that give no label."""
NO_CONTENT = "without the text, link or caller: never logged, no longer kept, or not named"
UNREADABLE = "with a link that cannot be read"
SAYS_NOTHING = "of cases whose outcome says nothing: safe, unreachable, duplicate"
TWICE = "of a decision that stands there again, closed later"

_NEEDED = ("label", "group", "closed_at_ms")
_SOURCE = re.compile(r"[\w.-]{1,40}")
_LONGEST_FIELD = 2**24

Fields: TypeAlias = Mapping[str, str]
Content: TypeAlias = Callable[[Fields], str]
"""Makes of a row what a model learns from; empty where it cannot be read."""


class ExampleError(ValueError):
    """A file of examples is unusable; the message has place, error and remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingExample:
    """One row that can teach."""

    source: str
    is_fraud: bool
    content: str
    """The text or the link."""
    fields: Fields
    """All that the row holds."""
    group: str
    """The same for all of a campaign."""
    closed_at_ms: int

    @property
    def sender(self) -> str:
        """The number that called or texted, in files that name it."""
        return self.fields.get("sender", "")

    @property
    def category(self) -> str:
        """The kind of fraud, where known."""
        return self.fields.get("category", "")

    @property
    def month(self) -> str:
        """When its case was closed, ``2026-11``."""
        return f"{datetime.fromtimestamp(self.closed_at_ms / 1000, UTC):%Y-%m}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFile:
    """One file, as the card names it."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What can teach in some files, and what cannot."""

    rows: tuple[TrainingExample, ...]
    files: tuple[ExampleFile, ...]
    left_out: Counter[str]
    """Rows by why they cannot teach."""


def read(
    paths: Sequence[Path], column: str, content: Content, *, more: Mapping[str, str] | None = None
) -> Examples:
    """Read all files; each must have *column*, of which *content* is made.

    *more* are further columns that it must have, with the message for a missing one.
    """
    columns = {**dict.fromkeys((*_NEEDED, column), "there is no such column"), **(more or {})}
    files: list[ExampleFile] = []
    found: list[TrainingExample] = []
    left_out: Counter[str] = Counter()
    for path in paths:
        whole = path.read_bytes()
        digest = sha256(whole).hexdigest()
        if digest in {file.sha256 for file in files}:
            raise ExampleError(f"{path.name}: was given twice; give each file once")
        count = 0
        for number, fields in _rows(path, whole):
            count = number
            try:
                one = _example(fields, columns, column, content)
            except ValueError as error:
                raise ExampleError(f"{path.name}: row {number}: {error}") from error
            if isinstance(one, TrainingExample):
                found.append(one)
            else:
                left_out[one] += 1
        files.append(ExampleFile(name=path.name, sha256=digest, rows=count))
    rows = _last_labels(found)
    if len(rows) < len(found):
        left_out[TWICE] = len(found) - len(rows)
    return Examples(rows=tuple(rows), files=tuple(files), left_out=left_out)


def _example(
    fields: Fields, columns: Mapping[str, str], column: str, content: Content
) -> TrainingExample | str:
    """Read a row; return why it cannot teach where it is whole and cannot."""
    for name, why in columns.items():
        if name not in fields:
            raise ValueError(f"{name}: {why}")
    if fields.get("outcome") in SILENT:
        return SAYS_NOTHING
    kind = _kind(fields)
    if not fields["group"]:
        raise ValueError("group: empty; one for each campaign keeps it on one side of the split")
    source = fields.get("source") or DEFAULT_SOURCE
    if _SOURCE.fullmatch(source) is None:
        raise ValueError(f"source: up to 40 letters, digits, '_', '.' or '-', not {source!r}")
    closed_at_ms = _time(fields["closed_at_ms"])
    if not fields[column].strip():
        return NO_CONTENT
    given = content(fields)
    if not given:
        return UNREADABLE
    return TrainingExample(
        source=source,
        is_fraud=kind is LabelKind.FRAUD,
        content=given,
        fields=fields,
        group=fields["group"],
        closed_at_ms=closed_at_ms,
    )


def _kind(fields: Fields) -> LabelKind:
    kind, outcome = kind_of(fields["label"]), fields.get("outcome", "")
    if kind not in KINDS.values():
        raise ValueError(f"label: fraud or nonfraud, not {fields['label']!r}")
    if outcome and outcome not in KINDS:
        raise ValueError(f"outcome: {', '.join([*KINDS, *sorted(SILENT)])}, not {outcome!r}")
    if outcome and KINDS[outcome] is not kind:
        raise ValueError(f"label: {fields['label']!r} contradicts the outcome {outcome}")
    return kind


def _time(text: str) -> int:
    try:
        found = int(text)
        datetime.fromtimestamp(found / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        found = 0
    if found <= 0:
        raise ValueError(f"closed_at_ms: milliseconds since 1970, not {text!r}")
    return found


def _last_labels(found: Sequence[TrainingExample]) -> list[TrainingExample]:
    """Keep the last label of each decision; files may overlap, cases may be reopened."""
    last: dict[str, int] = {}
    for place, one in enumerate(found):
        decision = one.fields.get("decision_id", "")
        key = decision or f"row {place}"
        if key not in last or found[last[key]].closed_at_ms <= one.closed_at_ms:
            last[key] = place
    return [found[place] for place in sorted(last.values())]


def _rows(path: Path, whole: bytes) -> Iterator[tuple[int, Fields]]:
    """Yield the number of each row, from 1, and its fields."""
    try:
        text = whole.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = whole.count(b"\n", 0, error.start) + 1
        raise ExampleError(f"{path.name}: line {line}: is not UTF-8") from error
    if path.suffix == ".csv":
        yield from _csv_rows(path.name, text)
    elif path.suffix == ".jsonl":
        yield from _json_rows(path.name, text)
    else:
        raise ExampleError(f"{path.name}: a name that ends in .csv or .jsonl, as the export writes")


def _csv_rows(name: str, text: str) -> Iterator[tuple[int, Fields]]:
    csv.field_size_limit(_LONGEST_FIELD)
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        header = next(lines, [])
        for number, cells in enumerate(filter(None, lines), 1):
            if len(cells) != len(header):
                raise ExampleError(
                    f"{name}: row {number}: {len(cells)} fields, where the header has {len(header)}"
                )
            yield number, dict(zip(header, map(csv_cells.unescaped, cells), strict=True))
    except csv.Error as error:
        raise ExampleError(f"{name}: row {number + 1}: {error}") from error


def _json_rows(name: str, text: str) -> Iterator[tuple[int, Fields]]:
    # Only a line feed ends a row: a message may hold what else ends lines.
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise ExampleError(f"{name}: row {number}: is not JSON: {error}") from error
        if not isinstance(fields, dict):
            raise ExampleError(f"{name}: row {number}: an object is wanted, one a line")
        yield number, {key: "" if value is None else str(value) for key, value in fields.items()}
