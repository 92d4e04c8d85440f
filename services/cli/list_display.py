"""Shows entries and reports: tables for people, JSON and files for programs."""

import csv
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import IO, Any, Protocol

from rich.console import Console
from rich.table import Table

from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import decision_pb2
from services.cli.console import out

CSV_COLUMNS = (
    "type", "pattern", "action", "direction", "fraud_type", "source", "reason", "legal_basis",
    "expires", "campaign",
)  # fmt: skip
_TYPES = {
    pb.ENTRY_KIND_NUMBER: "number",
    pb.ENTRY_KIND_RANGE: "range",
    pb.ENTRY_KIND_SENDER: "sender",
    pb.ENTRY_KIND_HOST: "host",
    pb.ENTRY_KIND_URL_PREFIX: "url",
    pb.ENTRY_KIND_FINGERPRINT: "fingerprint",
}
_OF_FORMAT = {
    "domains": (pb.ENTRY_KIND_HOST,),
    "numbers": (pb.ENTRY_KIND_NUMBER, pb.ENTRY_KIND_RANGE),
}


_PIPE_WIDTH = 300


class _Enum(Protocol):
    def Name(self, number: Any) -> str: ...  # noqa: N802 - protobuf's name


def word(enum: _Enum, number: int, prefix: str) -> str:
    """Write the member of a wire enum as a word; empty for the unspecified one."""
    return enum.Name(number).removeprefix(prefix).lower() if number else ""


def columns(entry: pb.Entry) -> tuple[str, ...]:
    """Write an entry as the columns of a CSV file that can be imported again."""
    return (
        _TYPES[entry.kind],
        entry.pattern,
        word(decision_pb2.Action, entry.action, "ACTION_"),
        word(pb.Direction, entry.direction, "DIRECTION_"),
        word(decision_pb2.FraudType, entry.fraud_type, "FRAUD_TYPE_"),
        word(pb.Source, entry.source, "SOURCE_"),
        entry.reason,
        entry.legal_basis,
        datetime.fromtimestamp(entry.expires_at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        entry.campaign,
    )


def show_entries(entries: Iterable[pb.Entry], now_s: int) -> None:
    """Print entries as a table."""
    table = Table(box=None, pad_edge=False)
    for name in ("pattern", "type", "action", "fraud type", "source", "ends", "id", "reason"):
        table.add_column(name, overflow="fold")
    for entry in entries:
        type_, pattern, action, direction, fraud_type, source, reason, *_ = columns(entry)
        if entry.kind in _OF_FORMAT["numbers"] and direction != "both":
            action = f"{action} {direction}"
        ends = datetime.fromtimestamp(entry.expires_at_s, UTC).date().isoformat()
        over = " (over)" if entry.expires_at_s <= now_s else ""
        table.add_row(pattern, type_, action, fraud_type, source, ends + over,
                      entry.entry_id, reason)  # fmt: skip
    # Into a pipe or file, nothing is folded: what reads it looks for whole patterns.
    wide = out if out.is_terminal else Console(width=_PIPE_WIDTH, highlight=False)
    wide.print(table)


def show_reports(patterns: Sequence[str], reports: Sequence[pb.RowReport]) -> None:
    """Print what became of each pattern."""
    for report in reports:
        outcome = word(pb.RowOutcome, report.outcome, "ROW_OUTCOME_")
        why = f": {report.message}" if report.message else ""
        name = f" {report.entry_id}" if report.entry_id else ""
        out.print(f"{patterns[report.row]}  {outcome}{name}{why}", markup=False, soft_wrap=True)


def write_export(
    batches: Iterable[Sequence[pb.Entry]], form: str, file: IO[str]
) -> tuple[int, int]:
    """Write entries to *file*; return how many, and how many the format has no place for."""
    written = left_out = 0
    table = csv.writer(file, lineterminator="\n")
    if form == "csv":
        table.writerow(CSV_COLUMNS)
    for entries in batches:
        if form == "csv":
            table.writerows(map(columns, entries))
            written += len(entries)
            continue
        kinds = _OF_FORMAT[form]
        fitting = [entry.pattern for entry in entries if entry.kind in kinds]
        file.writelines(f"{pattern}\n" for pattern in fitting)
        written += len(fitting)
        left_out += len(entries) - len(fitting)
    return written, left_out


def standard_output() -> IO[str]:
    """Return where exports go without a file."""
    return sys.stdout
