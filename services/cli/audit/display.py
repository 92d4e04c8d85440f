"""Shows audit records and the results of a check."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fanzha.translation.catalogue import gettext, language
from fanzha.translation.message import localized
from fanzha.v1 import audit_pb2 as pb
from services.cli._common.plain_text import one_line, padded
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written

if TYPE_CHECKING:
    from services.audit.findings import ChainReport
    from services.evidence_package.signed_archive import PackageCheck


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
    table = RowTable()
    for name in ("sequence", "time", "kind", "actor", "subject", "details"):
        table.add_column(gettext(name), prose=name == "details")
    for record in records:
        table.add_row(*map(one_line, _cells(record)))
    table.print()


def row(record: pb.AuditRecord) -> str:
    """Write a record as one line."""
    sequence, *cells = _cells(record)
    return f"{sequence:>9} {'  '.join(cells)}"


def write(line: str) -> None:
    """Print a line unbuffered, for readers of a pipe, without control characters."""
    sys.stdout.write(f"{one_line(line)}\n")
    sys.stdout.flush()


def show_report(report: ChainReport, seconds: float) -> None:
    """Print the result of a check."""
    for problem in report.problems:
        where = f"{problem.file}:{problem.line}" if problem.line else problem.file
        which = (
            gettext(" (sequence {sequence})", sequence=problem.sequence) if problem.sequence else ""
        )
        write(f"{where}{which}: {localized(problem.words, language())}")
    if report.more_problems:
        write(gettext("and {more_problems} more problems", more_problems=report.more_problems))
    rate = report.records / seconds if seconds > 0 else 0.0
    write(
        gettext(
            "{records:,} records, sequence {first_sequence} to {last_sequence}, in {files} "
            "files, {checkpoints:,} checkpoints; {rate:,.0f} records/s",
            records=report.records,
            first_sequence=report.first_sequence,
            last_sequence=report.last_sequence,
            files=report.files,
            checkpoints=report.checkpoints,
            rate=rate,
        )
    )
    write(gettext("head        {head}", head=report.head or gettext("none")))
    for line in _cover(report):
        write(line)
    write(
        gettext("WHOLE: nothing was changed, removed, added or moved")
        if report.good
        else gettext("DAMAGED")
    )


def report_words(report: ChainReport) -> dict[str, Any]:
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


def show_evidence(checked: PackageCheck) -> None:
    """Print the result of a check of evidence."""
    for problem in checked.problems:
        write(localized(problem, language()))
    manifest = checked.manifest
    for name in ("subject", "kind", "made_at", "made_by", "reason"):
        write(f"{padded(gettext(name), 12)}{manifest.get(name, '')}")
    write(
        gettext(
            "{files} files, {records} audit records in the chain",
            files=checked.files,
            records=checked.records,
        )
    )
    if checked.key_id:
        own = gettext(
            "the key in the package itself: compare its id with one that you noted elsewhere"
        )
        write(
            gettext(
                "signed by   key {key_id}{value}",
                key_id=checked.key_id,
                value=f", {own}" if checked.own_key else "",
            )
        )
    write(
        gettext("WHOLE: nothing was changed, removed or added")
        if checked.good
        else gettext("DAMAGED")
    )


def evidence_words(checked: PackageCheck) -> dict[str, Any]:
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


def _cover(report: ChainReport) -> list[str]:
    lines = []
    if report.key_ids:
        lines.append(
            gettext("signed by   key {key_ids}", key_ids=", ".join(sorted(report.key_ids)))
        )
    if report.first_sequence > 1:
        lines.append(
            gettext(
                "begins at   sequence {first_sequence}: what is before is elsewhere",
                first_sequence=report.first_sequence,
            )
        )
    if report.uncovered:
        last = report.last_sequence
        first = last - report.uncovered + 1
        which = (
            gettext("records {first} to {last} are", first=first, last=last)
            if first < last
            else gettext("record {last} is", last=last)
        )
        lines.append(
            gettext(
                "{which} not covered by a checkpoint: had what follows the last checkpoint "
                "been cut off or written anew, this check could not tell",
                which=which,
            )
        )
    lines.append(_compared(report))
    lines += _doubts(report)
    return lines


def _compared(report: ChainReport) -> str:
    if report.copies:
        return gettext(
            "{copies:,} checkpoints agree with the copies kept elsewhere", copies=report.copies
        )
    return gettext(
        "the files alone do not show whether more records followed: let the service verify "
        "(without FILE or FOLDER), or compare with a head stored elsewhere"
    )


def _doubts(report: ChainReport) -> list[str]:
    lines = []
    if report.bad_list_changes:
        lines.append(
            gettext(
                "{bad_list_changes:,} records say that a version of the lists was written past "
                "this log, or cannot be read: fanzha audit list --kind bad_list_change",
                bad_list_changes=report.bad_list_changes,
            )
        )
    if report.times_back:
        lines.append(
            gettext(
                "{times_back} records are older than the one before: a clock was set",
                times_back=report.times_back,
            )
        )
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
