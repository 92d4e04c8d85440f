"""Documents, notices and the report of `fanzha appeals`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import appeal_pb2 as pb
from infra import atomic_file
from infra.clock import now_ms
from services.cli._common.console import err, fail, os_fault, out, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, LanguageWord, Target
from services.cli._common.time_arguments import Since, Until, moment
from services.cli.appeals import display
from services.cli.appeals import options as words
from services.cli.appeals.options import AppealId, server


def document(
    appeal_id: AppealId,
    sha256: Annotated[str, typer.Argument(help="SHA-256 of the document, see `appeals show`.")],
    file: Annotated[Path, typer.Option("--out", dir_okay=False, help="File to write.")],
    target: Target = DEFAULT_TARGET,
) -> None:
    """Write a submitted document to a file; the audit log records the access."""
    request = pb.GetDocumentRequest(appeal_id=appeal_id, sha256=sha256)
    with server(target) as stub:
        answer = stub.GetDocument(request)
    try:
        atomic_file.write(file, answer.document.content)
    except OSError as error:
        fail(f"{file}: {os_fault(error)}")
    err.print(gettext("{content} bytes written", content=len(answer.document.content)))


_Kind = Annotated[
    str,
    typer.Option(
        help="restriction, receipt, upheld, rejected or overdue; empty: what fits the appeal."
    ),
]
_Decision = Annotated[
    int, typer.Option(min=0, help="Without an appeal: the decision that blocked.")
]
_Pattern = Annotated[
    str, typer.Option(help="Without an appeal: number, sender, host or URL that is blocked.")
]
_Delivered = Annotated[bool, typer.Option("--delivered", help="Record that it was delivered.")]
_Draft = Annotated[
    str, typer.Option(help="Write it as if the appeal were decided so: upheld or rejected.")
]
_DraftReason = Annotated[str, typer.Option(help="Of a draft: why it would be decided so.")]
_DraftRemedy = Annotated[str, typer.Option(help="Of a draft: how one may complain further.")]
_DraftDocuments = Annotated[str, typer.Option(help="Of a draft: documents needed.")]
_File = Annotated[Path | None, typer.Option("--out", dir_okay=False, help="File to write; UTF-8.")]


def notice(
    appeal_id: Annotated[int, typer.Argument(min=0, help="The appeal; 0: none yet.")] = 0,
    kind: _Kind = "",
    decision: _Decision = 0,
    pattern: _Pattern = "",
    delivered: _Delivered = False,
    draft: _Draft = "",
    reason: _DraftReason = "",
    remedy: _DraftRemedy = "",
    documents: _DraftDocuments = "",
    file: _File = None,
    by: By = "",
    language: LanguageWord = "zh",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Write a statutory notice, in Chinese or English."""
    if not appeal_id and not decision and not pattern:
        fail(gettext("give an appeal, --decision or --pattern"))
    with server(target) as stub:
        if appeal_id:
            decided = _draft(draft, reason, remedy, documents) if draft else None
            request = pb.WriteNoticeRequest(
                appeal_id=appeal_id,
                kind=words.notice_kind(kind),
                language=words.language(language),
                delivered=delivered,
                by=by,
                draft=decided,
            )
            answer: Any = stub.WriteNotice(request)
        else:
            about = pb.WriteRestrictionNoticeRequest(
                decision_id=decision, pattern=pattern, language=words.language(language)
            )
            answer = stub.WriteRestrictionNotice(about)
    _hand_out(answer, file)


def _draft(outcome: str, reason: str, remedy: str, documents: str) -> pb.NoticeDraft:
    return pb.NoticeDraft(
        outcome=words.outcome(outcome),
        reason=reason,
        remedy=remedy,
        documents_required=documents,
    )


def _hand_out(answer: Any, file: Path | None) -> None:
    """Print a notice, or write it to a file."""
    if file is None:
        out.print(answer.text, markup=False, soft_wrap=True)
        return
    try:
        atomic_file.write(file, answer.text)
    except OSError as error:
        fail(f"{file}: {os_fault(error)}")
    err.print(gettext("{template_version} written", template_version=answer.template_version))


def report(
    since: Since = "",
    until: Until = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Count appeals received in a period; show the durations of decisions and lifts."""
    request = pb.GetAppealReportRequest(
        since_ms=moment(since, now_ms(), "--since"), until_ms=moment(until, now_ms(), "--until")
    )
    with server(target) as stub:
        answer = stub.GetAppealReport(request)
    if as_json:
        print_json(answer)
    else:
        display.show_report(answer)
