"""`fanzha audit`: shows the audit log, and checks its integrity."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import audit_pb2 as pb
from fanzha.v1 import audit_pb2_grpc
from infra import atomic_file
from infra.clock import now_ms
from services.cli._common import files
from services.cli._common.console import err, out, print_json, progress, say_following
from services.cli._common.options import DEFAULT_TARGET, After, AsJson, By, Limit, Target
from services.cli._common.server import ServerOf, read_pages, tell_more
from services.cli._common.time_arguments import Since, Until, moment, written
from services.cli.audit import display
from services.cli.audit.verify import verify

app = typer.Typer(
    no_args_is_help=True, help="Read the audit log, check its integrity, export evidence."
)
app.command()(verify)

server = ServerOf(lambda: audit_pb2_grpc.AuditServiceStub)
EVIDENCE_SECONDS = 600.0
"""Evidence reads the whole log."""
_POLL_SECONDS = 0.5

Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", help="Only this kind, such as change_applied; may be repeated."),
]
Actor = Annotated[str, typer.Option(help="Only actions of this person or system.")]
Subject = Annotated[
    str, typer.Option(help="Only actions on this, such as change:12 or the id of an entry.")
]
AsLines = Annotated[
    bool, typer.Option("--lines", help="Print the records as they stand in the log.")
]


@app.command("list")
def list_(
    kinds: Kinds = None,
    actor: Actor = "",
    subject: Subject = "",
    since: Since = "",
    until: Until = "",
    as_lines: AsLines = False,
    limit: Limit = 50,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show records, newest first."""
    now = now_ms()
    request = pb.ListRecordsRequest(
        kinds=kinds or [],
        actor=actor,
        subject=subject,
        since_ms=moment(since, now, "--since"),
        until_ms=moment(until, now, "--until"),
        page_token=after,
    )
    with server(target) as stub:
        records, answer = _some(stub, request, limit)
    if as_json:
        print_json([display.as_words(record) for record in records])
    elif as_lines:
        _write_lines(records)
    else:
        display.show(records)
        err.print(gettext("{records} shown", records=len(records)))
    tell_more(answer)


@app.command()
def tail(
    kinds: Kinds = None,
    actor: Actor = "",
    subject: Subject = "",
    count: Annotated[int, typer.Option(min=0, help="End after so many records; 0: never.")] = 0,
    last: Annotated[int, typer.Option(min=0, help="Begin with the last so many records.")] = 10,
    as_lines: AsLines = False,
    target: Target = DEFAULT_TARGET,
) -> None:
    """Follow the log, oldest first, and wait for more; Ctrl-C ends."""
    request = pb.ListRecordsRequest(kinds=kinds or [], actor=actor, subject=subject)
    shown = 0
    with server(target) as stub, suppress(KeyboardInterrupt):
        newest = stub.GetHead(pb.GetHeadRequest()).sequence
        records = _some(stub, request, last)[0] if last else []
        say_following()
        while True:
            for record in reversed(records):
                if count and shown == count:
                    return
                display.write(record.line.decode() if as_lines else display.row(record))
                newest, shown = max(newest, record.sequence), shown + 1
            if count and shown == count:
                return
            time.sleep(_POLL_SECONDS)
            request.after_sequence = newest
            records, _ = _some(stub, request, sys.maxsize)


@app.command()
def head(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show the head of the log: stored elsewhere, it proves later that nothing was changed."""
    with server(target) as stub:
        answer = stub.GetHead(pb.GetHeadRequest())
    checkpoint = answer.checkpoint
    if as_json:
        print_json(
            {
                "sequence": answer.sequence,
                "hash": answer.hash,
                "checkpoint": display.as_words(checkpoint),
                "uncovered": answer.uncovered,
                "key_id": answer.key_id,
                "public_key": answer.public_key,
            }
        )
        return
    out.print(gettext("sequence    {sequence}", sequence=answer.sequence))
    out.print(gettext("hash        {hash}", hash=answer.hash), soft_wrap=True)
    out.print(
        gettext(
            "checkpoint  {sequence}, {details}, {time_ms}",
            sequence=checkpoint.sequence,
            details=checkpoint.details["reason"],
            time_ms=written(checkpoint.time_ms),
        )
    )
    out.print(gettext("not covered {uncovered}", uncovered=answer.uncovered))
    out.print(gettext("key         {key_id}", key_id=answer.key_id))
    out.print(answer.public_key.strip(), soft_wrap=True)


@app.command()
def evidence(
    query: Annotated[str, typer.Argument(help="A number, sender, host, URL or fingerprint.")],
    reason: Annotated[
        str, typer.Option(help="Why, for the record, such as the number of a court's request.")
    ],
    file: Annotated[
        Path,
        typer.Option("--out", dir_okay=False, callback=files.fresh, help="ZIP file to write."),
    ],
    by: By = "",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Write all records about one number or host into a signed ZIP file.

    It holds entries, changes, decisions, appeals and audit records, with proof that these stood in
    the log; `fanzha audit verify FILE.zip` checks it. The export is recorded.
    """
    request = pb.ExportEvidenceRequest(query=query, author=by, reason=reason)
    # To a temporary file first, so that a broken transfer does not look complete.
    beside = file.with_name(f"{file.name}.part")
    with server(target) as stub, progress() as bar:
        task = bar.add_task(gettext("gathering"), total=None, note="")
        with atomic_file.replacing(file, beside=beside) as opened:
            for piece in stub.ExportEvidence(request, timeout=EVIDENCE_SECONDS):
                opened.write(piece.data)
                bar.update(task, total=piece.total_bytes, advance=len(piece.data))
    err.print(
        gettext("{file} written: {st_size:,} bytes", file=file, st_size=file.stat().st_size),
        soft_wrap=True,
    )


def _some(
    stub: Any, request: pb.ListRecordsRequest, limit: int
) -> tuple[list[pb.AuditRecord], pb.ListRecordsResponse]:
    """Return up to *limit* records, newest first, and the last answer."""
    unreadable = 0

    def call(request: pb.ListRecordsRequest) -> pb.ListRecordsResponse:
        nonlocal unreadable
        answer: pb.ListRecordsResponse = stub.ListRecords(request)
        unreadable += answer.unreadable
        return answer

    last_record = pb.ListRecordsRequest()
    last_record.CopyFrom(request)
    records, answer = read_pages(call, last_record, "records", limit=limit)
    if unreadable:
        err.print(
            gettext(
                "{unreadable} lines are no records: see fanzha audit verify", unreadable=unreadable
            )
        )
    return records, answer


def _write_lines(records: list[pb.AuditRecord]) -> None:
    for record in reversed(records):
        display.write(record.line.decode())
