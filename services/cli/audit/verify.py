"""`fanzha audit verify`: lets the service verify its log, or checks files without it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zipfile import is_zipfile

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import audit_pb2 as pb
from fanzha.v1 import audit_pb2_grpc
from services.cli._common.console import err, fail, fault_text, print_json, progress
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Target
from services.cli._common.server import ServerOf
from services.cli.audit import display

if TYPE_CHECKING:
    from services.audit.findings import ChainReport
    from services.audit.keys import PublicKeys

VERIFY_SECONDS = 600.0
"""Deadline of a verification by the service, which reads the whole log."""
server = ServerOf(lambda: audit_pb2_grpc.AuditServiceStub, deadline_seconds=VERIFY_SECONDS)


PublicKeyOption = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="Public key in PEM. Empty: key.pub beside the log, which proves nothing against "
        "someone who can replace both.",
    ),
]
AnchorsOption = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        help="Folder of the setting audit_anchor_dir: checkpoints in it that the log lacks "
        "show that its end was cut off. Only with FOLDER.",
    ),
]


def verify(
    where: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            metavar="[FILE|FOLDER]",
            help="A file of the log, the folder of all its files, or a ZIP file of evidence; read "
            "here, without a server. Empty: the service verifies its own log.",
        ),
    ] = None,
    public_key: PublicKeyOption = None,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Check hashes only, no signatures.")
    ] = False,
    anchors: AnchorsOption = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Check that no record was changed, removed, added or moved; status 1 when one was.

    The service compares its log with the copies of checkpoints in Redis, too, which shows a cut
    end, and records the result. Files are checked without it: nothing to trust but the key.
    """
    if anchors is not None and (where is None or not where.is_dir()):
        raise typer.BadParameter(gettext("only with FOLDER"), param_hint="--anchors")
    if where is None:
        if public_key or without_key:
            raise typer.BadParameter(gettext("only with FILE or FOLDER"), param_hint="--public-key")
        _verify_by_service(by, target, as_json=as_json)
    elif is_zipfile(where):
        _verify_evidence(where, public_key, as_json=as_json)
    else:
        _verify_files(where, public_key, anchors, without_key=without_key, as_json=as_json)


def _verify_by_service(by: str, target: str, *, as_json: bool) -> None:
    started = time.monotonic()
    answer = pb.VerifyLogResponse()
    with server(target) as stub, progress() as bar:
        task = bar.add_task(gettext("verifying"), total=None, note="")
        for told in stub.FollowVerification(
            pb.FollowVerificationRequest(author=by), timeout=VERIFY_SECONDS
        ):
            bar.update(task, total=told.bytes_total or None, completed=told.bytes_read)
            answer = told.result
    _tell(_report(answer), time.monotonic() - started, as_json=as_json)


def _report(answer: pb.VerifyLogResponse) -> ChainReport:
    from services.audit.findings import ChainProblem, ChainReport

    return ChainReport(
        problems=[
            ChainProblem(file=one.file, line=one.line, sequence=one.sequence, words=one.words)
            for one in answer.problems
        ],
        more_problems=answer.more_problems,
        files=answer.files,
        records=answer.records,
        checkpoints=answer.checkpoints,
        first_sequence=answer.first_sequence,
        last_sequence=answer.last_sequence,
        head=answer.head,
        covered_to=answer.covered_to,
        key_ids=set(answer.key_ids),
        copies=answer.copies,
        times_back=answer.times_back,
        bad_list_changes=answer.bad_list_changes,
    )


def _verify_files(
    where: Path,
    public_key: Path | None,
    anchors: Path | None,
    *,
    without_key: bool,
    as_json: bool,
) -> None:
    from services.audit import verifier

    paths = verifier.paths_of(where)
    if not paths:
        fail(
            gettext(
                "{where}: there is no audit log here, no file audit-YYYY-MM.jsonl", where=where
            ),
        )
    known = None if without_key else _keys(where, public_key)
    kept = _anchored(anchors, known) if anchors is not None else {}
    started = time.monotonic()
    with progress() as bar:
        total = sum(path.stat().st_size for path in paths)
        task = bar.add_task(gettext("checking"), total=total, note="")
        done: Callable[[int], None] = lambda size: bar.advance(task, size)  # noqa: E731
        report = verifier.verify(paths, known, copies=kept, whole=where.is_dir(), progress=done)
    _tell(report, time.monotonic() - started, as_json=as_json)


def _anchored(folder: Path, known: PublicKeys | None) -> dict[int, str]:
    """Return the hashes of the checkpoints in *folder*; end where there are none."""
    from services.audit.anchors import read_anchors

    found = read_anchors(folder, known)
    if found.unreadable or found.unsigned:
        err.print(
            gettext(
                "{folder}: {unreadable} lines are no checkpoints, {unsigned} are not signed by a "
                "key of the log; they count for nothing",
                folder=folder,
                unreadable=found.unreadable,
                unsigned=found.unsigned,
            )
        )
    if not found.hashes:
        fail(gettext("{folder}: there are no anchors here", folder=folder))
    return found.hashes


def _keys(where: Path, public_key: Path | None) -> PublicKeys:
    from services.audit import keys

    folder = where if where.is_dir() else where.parent
    path = public_key or keys.public_path(folder / keys.KEY_FILE)
    if not path.exists():
        fail(
            gettext(
                "no {path}: give --public-key, or --without-key to check hashes only", path=path
            ),
        )
    return _read_keys(path)


def _read_keys(path: Path) -> PublicKeys:
    from services.audit import keys

    try:
        return keys.read_public(path.read_text(), str(path))
    except ValueError as error:
        fail(fault_text(error))


def _verify_evidence(where: Path, public_key: Path | None, *, as_json: bool) -> None:
    from services.evidence_package.verifier import check

    checked = check(where, _read_keys(public_key) if public_key else None)
    if as_json:
        print_json(display.evidence_words(checked))
    else:
        display.show_evidence(checked)
    if not checked.good:
        raise typer.Exit(1)


def _tell(report: ChainReport, seconds: float, *, as_json: bool) -> None:
    if as_json:
        print_json(display.report_words(report))
    else:
        display.show_report(report, seconds)
    if not report.good:
        raise typer.Exit(1)
