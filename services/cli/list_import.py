"""`fanzha blocklist import`: a file in any of the field's formats, every line accounted for."""

import csv
import time
import zlib
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import grpc
import typer
from rich.table import Table

from blocklists.importers import words
from blocklists.importers.formats import Format
from fanzha.client import channels
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import blocklist_pb2_grpc
from services.cli.console import err, fail, one_sentence, out, print_json, progress
from services.cli.list_display import word
from services.cli.list_upload import Reading, Upload
from services.cli.list_words import (
    DEFAULT_TARGET,
    ActionWord,
    AsJson,
    Author,
    Campaign,
    DirectionWord,
    ExpectedVersion,
    Expires,
    FraudTypeWord,
    LegalBasis,
    ModeWord,
    Review,
    Target,
    enum,
    expiry,
    login,
)
from services.cli.list_words import mode as read_mode
from services.cli.list_words import review as read_review

_SHOWN_PROBLEMS = 10


def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The list; .gz too.")],
    form: Annotated[str, typer.Option("--format", help=f"auto, {', '.join(Format)}.")] = "auto",
    action: ActionWord = "block",
    fraud_type: FraudTypeWord = "",
    source: Annotated[
        str,
        typer.Option(
            help="Who supplied it: ministry, province, bureau, carrier or tech_company; "
            "empty: the file says."
        ),
    ] = "",
    expires: Expires = "",
    review: Review = "",
    mode: ModeWord = "",
    direction: DirectionWord = "both",
    reason: Annotated[str, typer.Option(help="Why.", show_default="name of the file")] = "",
    legal_basis: LegalBasis = "",
    campaign: Campaign = "",
    author: Author = "",
    expected_version: ExpectedVersion = None,
    dry_run: Annotated[bool, typer.Option(help="Report only, change nothing.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write lines that are refused or invalid to this file."),
    ] = None,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Import a list. What a row says outranks the options; bad rows never stop the others."""
    header = pb.ImportHeader(
        expected_version=expected_version,
        defaults=pb.Entry(
            action=enum(action, words.read_action, "--action"),
            direction=enum(direction, words.read_direction, "--direction"),
            fraud_type=enum(fraud_type, words.read_fraud_type, "--fraud-type"),
            source=enum(source, words.read_source, "--source"),
            **expiry(expires, int(time.time())),
            review_at_s=read_review(review, int(time.time())),
            mode=read_mode(mode),
            legal_basis=legal_basis,
            campaign=campaign,
        ),
        author=author or login(),
        reason=reason or file.name,
        dry_run=dry_run,
    )
    reading, answer, seconds = _send(file, _format(form), header, target)
    problems = sorted([*reading.problems, *((one.row, one.message) for one in answer.problems)])
    if report is not None:
        _write_report(report, problems)
    summary = _summary(file, reading, answer, seconds)
    if as_json:
        print_json(summary)
    else:
        _show(summary, problems, dry_run=dry_run)


def _format(name: str) -> Format | None:
    if name == "auto":
        return None
    if name not in set(Format):
        known = ", ".join(("auto", *Format))
        raise typer.BadParameter(f"{name!r} is none of {known}", param_hint="--format")
    return Format(name)


def _send(
    file: Path, form: Format | None, header: pb.ImportHeader, target: str
) -> tuple[Reading, pb.ImportEntriesResponse, float]:
    began = time.monotonic()
    try:
        upload = Upload(file, form, int(time.time()))
    except (OSError, EOFError, zlib.error) as error:
        fail(f"cannot read {file}: {error}")
    with one_sentence(target), channels.blocking(target) as channel, progress() as shown:
        stub = blocklist_pb2_grpc.BlocklistServiceStub(channel)
        task = shown.add_task(f"importing {file.name}", total=file.stat().st_size, note="")

        def advanced() -> None:
            rows = f"{upload.reading.rows:,} rows"
            shown.update(task, completed=upload.bytes_read, note=rows)

        try:
            answer = stub.ImportEntries(upload.messages(header, advanced))
        except grpc.RpcError:
            if upload.reading.error is not None:
                fail(f"cannot read {file}, nothing was imported: {upload.reading.error}")
            raise
        finally:
            upload.close()
    return upload.reading, answer, time.monotonic() - began


def _summary(
    file: Path, reading: Reading, answer: pb.ImportEntriesResponse, seconds: float
) -> dict[str, Any]:
    outcomes = Counter(
        {word(pb.RowOutcome, one.outcome, "ROW_OUTCOME_"): one.rows for one in answer.counts}
    )
    outcomes["invalid"] += reading.invalid.total()
    return {
        "file": file.name,
        "format": str(reading.format_),
        "version": answer.version,
        "lines": reading.lines,
        "ignored": dict(reading.ignored),
        "rows": reading.rows + reading.invalid.total(),
        **{name: outcomes[name] for name in ("added", "replaced", "duplicate", "refused")},
        "invalid": outcomes["invalid"],
        "terms_given": answer.terms_given,
        "unreadable_lines": dict(reading.invalid),
        "change_id": answer.change_id,
        "waits_because": list(answer.waits_because),
        "seconds": round(seconds, 3),
    }


def _show(summary: dict[str, Any], problems: list[tuple[int, str]], *, dry_run: bool) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name in ("rows", "added", "replaced", "duplicate", "refused", "invalid"):
        table.add_row(name, f"{summary[name]:,}")
    out.print(f"{summary['file']}: {summary['format']}, {summary['lines']:,} lines")
    out.print(table)
    for what, lines in summary["ignored"].items():
        out.print(f"not entries: {lines:,} × {what}", markup=False, soft_wrap=True)
    if summary["terms_given"]:
        given = f"{summary['terms_given']:,} rows ask for no end without a date of review"
        out.print(f"{given}: they end after the server's default term", soft_wrap=True)
    for line, message in problems[:_SHOWN_PROBLEMS]:
        out.print(f"line {line}: {message}", markup=False, soft_wrap=True)
    if len(problems) > _SHOWN_PROBLEMS:
        out.print(f"… {len(problems) - _SHOWN_PROBLEMS:,} more; --report FILE has them")
    done = "nothing changed, a dry run at" if dry_run else "the lists are at"
    if summary["waits_because"]:
        waits = f"change {summary['change_id']} waits for a second person"
        out.print(f"{waits}: {'; '.join(summary['waits_because'])}", markup=False, soft_wrap=True)
        done = "nothing changed yet, the lists are at"
    by = f", by change {summary['change_id']}" if summary["change_id"] else ""
    out.print(f"{done} version {summary['version']}{by}; {summary['seconds']:.1f} s")


def _write_report(path: Path, problems: list[tuple[int, str]]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("line", "message"), *problems])
    except OSError as error:
        err.print(f"[yellow]the report could not be written:[/] {error}")
