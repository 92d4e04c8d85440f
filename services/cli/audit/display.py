"""Shows audit records and the results of a check."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from fanzha.v1 import audit_pb2 as pb
from services.cli._common.console import wide
from services.cli._common.plain_text import one_line
from services.cli._common.time_arguments import written

if TYPE_CHECKING:
    from services.audit.findings import ChainReport
    from services.evidence_package.verifier import PackageCheck


def as_words(record: pb.AuditRecord) -> dict[str, Any]:
    """Write a record for JSON."""
    return {
        "sequence": record.sequence,
        "time": written(record.time_ms),
        "kind": record.kind,
        "actor": record.actor,
        "subject": record.subject,
        "details": dict(sorted(record.details.items())),
        "previous": record.previous,
        "hash": record.hash,
    }


def show(records: Sequence[pb.AuditRecord]) -> None:
    """Print records as a table."""
    table = Table(box=None, pad_edge=False)
    for name in ("sequence", "time", "kind", "actor", "subject", "details"):
        table.add_column(name, overflow="fold")
    for record in records:
        table.add_row(*map(one_line, _cells(record)))
    wide().print(table)


def row(record: pb.AuditRecord) -> str:
    """Write a record as one line."""
    sequence, *cells = _cells(record)
    return f"{sequence:>9} {'  '.join(cells)}"


def write(line: str) -> None:
    """Print a line unbuffered, for readers of a pipe, without control characters."""
    sys.stdout.write(f"{one_line(line)}\n")
    sys.stdout.flush()


def show_report(report: "ChainReport", seconds: float) -> None:
    """Print the result of a check."""
    for problem in report.problems:
        where = f"{problem.file}:{problem.line}" if problem.line else problem.file
        which = f" (sequence {problem.sequence})" if problem.sequence else ""
        write(f"{where}{which}: {problem.words}")
    if report.more_problems:
        write(f"and {report.more_problems} more problems")
    rate = report.records / seconds if seconds > 0 else 0.0
    write(
        f"{report.records:,} records, sequence {report.first_sequence} to {report.last_sequence}, "
        f"in {report.files} files, {report.checkpoints:,} checkpoints; {rate:,.0f} records/s"
    )
    write(f"head        {report.head or 'none'}")
    for line in _cover(report):
        write(line)
    write("WHOLE: nothing was changed, removed, added or moved" if report.good else "DAMAGED")


def report_words(report: "ChainReport") -> dict[str, Any]:
    """Return the result of a check for JSON."""
    return {
        "good": report.good,
        "problems": [
            {"file": one.file, "line": one.line, "sequence": one.sequence, "words": one.words}
            for one in report.problems
        ],
        "more_problems": report.more_problems,
        "files": report.files,
        "records": report.records,
        "checkpoints": report.checkpoints,
        "first_sequence": report.first_sequence,
        "last_sequence": report.last_sequence,
        "head": report.head,
        "covered_to": report.covered_to,
        "uncovered": report.uncovered,
        "key_ids": sorted(report.key_ids),
        "copies": report.copies,
        "times_back": report.times_back,
        "bad_list_changes": report.bad_list_changes,
    }


def show_evidence(checked: "PackageCheck") -> None:
    """Print the result of a check of evidence."""
    for problem in checked.problems:
        write(problem)
    manifest = checked.manifest
    for name in ("subject", "kind", "made_at", "made_by", "reason"):
        write(f"{name:<12}{manifest.get(name, '')}")
    write(f"{checked.files} files, {checked.records} audit records in the chain")
    if checked.key_id:
        own = "the key in the package itself: compare its id with one that you noted elsewhere"
        write(f"signed by   key {checked.key_id}{f', {own}' if checked.own_key else ''}")
    write("WHOLE: nothing was changed, removed or added" if checked.good else "DAMAGED")


def evidence_words(checked: "PackageCheck") -> dict[str, Any]:
    """Return the result of a check of evidence for JSON."""
    return {
        "good": checked.good,
        "problems": checked.problems,
        "manifest": dict(checked.manifest),
        "files": checked.files,
        "records": checked.records,
        "key_id": checked.key_id,
        "own_key": checked.own_key,
    }


def _cover(report: "ChainReport") -> list[str]:
    lines = []
    if report.key_ids:
        lines.append(f"signed by   key {', '.join(sorted(report.key_ids))}")
    if report.first_sequence > 1:
        lines.append(f"begins at   sequence {report.first_sequence}: what is before is elsewhere")
    if report.uncovered:
        last = report.last_sequence
        first = last - report.uncovered + 1
        which = f"records {first} to {last} are" if first < last else f"record {last} is"
        lines.append(
            f"{which} not covered by a checkpoint: had what follows the last checkpoint been cut "
            "off or written anew, this check could not tell"
        )
    if report.copies:
        lines.append(f"{report.copies:,} checkpoints agree with the copies in the store")
    else:
        lines.append(
            "the files alone do not show whether more records followed: let the service verify "
            "(without FILE or FOLDER), or compare with a head stored elsewhere"
        )
    if report.bad_list_changes:
        lines.append(
            f"{report.bad_list_changes:,} records say that a version of the lists was written past "
            "this log, or cannot be read: fanzha audit list --kind bad_list_change"
        )
    if report.times_back:
        lines.append(f"{report.times_back} records are older than the one before: a clock was set")
    return lines


def _cells(record: pb.AuditRecord) -> list[str]:
    details = (f"{name}={value}" for name, value in sorted(record.details.items()))
    return [
        str(record.sequence),
        written(record.time_ms),
        record.kind,
        record.actor,
        record.subject,
        " ".join(details),
    ]
