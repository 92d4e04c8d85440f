"""`fanzha audit verify`: checks an audit log without a server."""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zipfile import is_zipfile

import typer

from services.cli._common.console import fail, one_sentence, print_json, progress
from services.cli._common.options import AsJson
from services.cli._common.stores import URL_HELP, given_url
from services.cli.audit import display

if TYPE_CHECKING:
    from services.audit.findings import ChainReport
    from services.audit.keys import PublicKeys


def verify(
    where: Annotated[
        Path,
        typer.Argument(
            exists=True,
            metavar="FILE|FOLDER",
            help="A file of the log, the folder of all its files, or a ZIP file of evidence.",
        ),
    ],
    public_key: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Public key in PEM. Empty: key.pub beside the log, which proves nothing against "
            "someone who can replace both.",
        ),
    ] = None,
    store: Annotated[
        str,
        typer.Option(
            callback=given_url,
            help=f"Redis with copies of the checkpoints: shows a cut end of the log{URL_HELP}",
        ),
    ] = "",
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Check hashes only, no signatures.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check that no record was changed, removed, added or moved; status 1 when one was.

    Needs no server. Each fault is shown with its file, line and sequence.
    """
    if is_zipfile(where):
        _verify_evidence(where, public_key, as_json=as_json)
        return
    from services.audit import verifier

    paths = verifier.paths_of(where)
    if not paths:
        fail(f"{where}: there is no audit log here, no file audit-YYYY-MM.jsonl", status=2)
    known = None if without_key else _keys(where, public_key)
    with one_sentence("the store"):
        copies = asyncio.run(_copies(store)) if store else {}
    started = time.monotonic()
    with progress() as bar:
        total = sum(path.stat().st_size for path in paths)
        task = bar.add_task("checking", total=total, note="")
        done: Callable[[int], None] = lambda size: bar.advance(task, size)  # noqa: E731
        report = verifier.verify(paths, known, copies=copies, whole=where.is_dir(), progress=done)
    _tell(report, time.monotonic() - started, as_json=as_json)


def _keys(where: Path, public_key: Path | None) -> "PublicKeys":
    from services.audit import keys

    folder = where if where.is_dir() else where.parent
    path = public_key or keys.public_path(folder / keys.KEY_FILE)
    if not path.exists():
        fail(f"no {path}: give --public-key, or --without-key to check hashes only", status=2)
    return _read_keys(path)


def _read_keys(path: Path) -> "PublicKeys":
    from services.audit import keys

    try:
        return keys.read_public(path.read_text(), str(path))
    except ValueError as error:
        fail(str(error), status=2)


async def _copies(url: str) -> Mapping[int, str]:
    from infra.redis.client import connect
    from services.audit.checkpoint_copies import CheckpointCopies

    client = connect(url)
    try:
        return {copy.sequence: copy.hash for copy in await CheckpointCopies(client).all()}
    finally:
        await client.aclose()


def _verify_evidence(where: Path, public_key: Path | None, *, as_json: bool) -> None:
    from services.evidence_package.verifier import check

    checked = check(where, _read_keys(public_key) if public_key else None)
    if as_json:
        print_json(display.evidence_words(checked))
    else:
        display.show_evidence(checked)
    if not checked.good:
        raise typer.Exit(1)


def _tell(report: "ChainReport", seconds: float, *, as_json: bool) -> None:
    if as_json:
        print_json(display.report_words(report))
    else:
        display.show_report(report, seconds)
    if not report.good:
        raise typer.Exit(1)
