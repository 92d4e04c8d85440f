"""`fanzha blocklist export`: the lists in a file, for us or for another system."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import IO, Annotated

import typer

from blocklists import entries as list_entries
from blocklists.exporters import forms, stix, writer
from blocklists.importers import vocabulary
from fanzha.translation.catalogue import gettext
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import decision_pb2
from infra import atomic_file
from services.cli._common import choices, files
from services.cli._common.console import err, fail, file_output, progress
from services.cli._common.enum_words import LazyTable
from services.cli._common.exit_status import ExitStatus
from services.cli._common.options import DEFAULT_TARGET, Target, enum
from services.cli.lists import entry_messages
from services.cli.lists.options import KindWord, kind, server
from services.cli.lists.options import mode as read_mode

_SIDES = LazyTable(lambda: {"from": list_entries.Direction.FROM, "to": list_entries.Direction.TO})

FormWord = Annotated[
    str,
    typer.Option(
        "--format",
        help="csv, domains or numbers, which can be imported again; rpz, unbound, rspamd, "
        "kamailio or stix, for other systems.",
    ),
]


_Action = Annotated[
    str,
    typer.Option(
        help="block or allow. Empty: both where the format can say both, else what is blocked "
        "and not allowed as well."
    ),
]
_Mode = Annotated[
    str, typer.Option(help="enforce or shadow; empty: both in csv, enforce in the others.")
]
_File = Annotated[
    Path | None,
    typer.Option("--out", help="File to write; of kamailio, the folder of its tables."),
]
_Zone = Annotated[str, typer.Option(help="rpz: name the zone will have, for the length of names.")]
_Side = Annotated[
    str, typer.Option(help="kamailio: which side of a call is asked about, from or to.")
]
_Tlp = Annotated[
    str, typer.Option(help="stix: how far it may be passed on: white, green, amber or red.")
]


def export(
    form: FormWord = "csv",
    kind_: KindWord = "",
    action: _Action = "",
    source: Annotated[str, typer.Option(help="Only what this source supplied.")] = "",
    mode: _Mode = "",
    file: _File = None,
    zone: _Zone = "rpz.fanzha",
    side: _Side = "from",
    tlp: _Tlp = "amber",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Export the lists as they are at one version; the export is recorded.

    All but csv hold what acts now: no expired entries, and no shadow entries unless asked for.
    """
    chosen = _form(form, action, file)
    wanted = enum(action, vocabulary.read_action, "--action")
    filters = {
        "kind": kind(kind_),
        "source": enum(source, vocabulary.read_source, "--source"),
        "mode": read_mode(mode),
    }
    context = forms.Context(
        version=0,
        now_s=int(time.time()),
        zone=zone.strip("."),
        side=_SIDES[choices.checked_word(side, _SIDES, "--side")],
        tlp=choices.checked_word(tlp, stix.TLP, "--tlp"),
        shadows=mode == "shadow",
    )
    request = pb.ExportEntriesRequest(action=wanted, **filters)
    with server(target) as stub:
        allows: Sequence[pb.ExportEntriesResponse] = ()
        if chosen.for_others and not wanted:
            # Whoever supplied what is asked for: the allow entry of anybody lifts it.
            allow = pb.ExportEntriesRequest(action=decision_pb2.ACTION_ALLOW)
            allows = list(stub.ExportEntries(allow))
            request.action = decision_pb2.ACTION_BLOCK
        _export(chosen, context, file, allows=allows, answers=stub.ExportEntries(request))


def _export(
    form: forms.ExportForm,
    context: forms.Context,
    file: Path | None,
    *,
    allows: Sequence[pb.ExportEntriesResponse],
    answers: Iterator[pb.ExportEntriesResponse],
) -> None:
    first = next(answers, None)
    rest = answers if first is None else chain([first], answers)
    context = replace(context, version=_version([*allows, *([] if first is None else [first])]))
    with _opened(_paths(form, context, file)) as opened:
        written = _write(form, context, opened, allows=allows, answers=rest)
    _say(written, context.version)


def _say(written: forms.ExportSummary, version: int) -> None:
    err.print(
        gettext("{rows} entries written, version {version}", rows=written.rows, version=version)
    )
    if written.narrowed:
        err.print(
            gettext(
                "{narrowed} of these without the names below, which belong to many",
                narrowed=written.narrowed,
            )
        )
    for reason, rows in written.left_out.items():
        err.print(gettext("{rows} {reason} left out", rows=rows, reason=gettext(reason)))


def _form(name: str, action: str, file: Path | None) -> forms.ExportForm:
    form = writer.FORMS[choices.checked_word(name, writer.FORMS, "--format")]
    if name == "stix" and action == "allow":
        raise typer.BadParameter(
            gettext("stix has indicators of what to block only"), param_hint="--action"
        )
    if form.tables and (file is None or file.is_file()):
        raise typer.BadParameter(
            gettext("{name} is several tables: name a folder", name=name), param_hint="--out"
        )
    if not form.tables and file is not None and file.is_dir():
        raise typer.BadParameter(gettext("{file} is a folder", file=file), param_hint="--out")
    if not form.tables:
        files.checked(file)
    return form


def _paths(form: forms.ExportForm, context: forms.Context, file: Path | None) -> list[Path]:
    if file is None or not form.tables:
        return [] if file is None else [file]
    file.mkdir(parents=True, exist_ok=True)
    return [file / table.name(context) for table in form.tables]


def _version(answers: Sequence[pb.ExportEntriesResponse]) -> int:
    versions = {answer.version for answer in answers}
    if len(versions) > 1:
        fail(
            gettext("the lists changed between two questions; try again"), status=ExitStatus.REFUSED
        )
    return versions.pop() if versions else 0


def _write(
    form: forms.ExportForm,
    context: forms.Context,
    files: Sequence[IO[str]],
    *,
    allows: Iterable[pb.ExportEntriesResponse],
    answers: Iterable[pb.ExportEntriesResponse],
) -> forms.ExportSummary:
    making = writer.Export(form, context, *files)
    making.lift(map(_entries, allows))
    with progress(bar=False) as bar:
        task = bar.add_task(gettext("writing"), total=None, note="")
        for answer in answers:
            making.add([_entries(answer)])
            bar.update(task, completed=making.written.rows)
    return making.close()


def _entries(answer: pb.ExportEntriesResponse) -> list[list_entries.Entry]:
    return list(map(entry_messages.read, answer.entries))


@contextmanager
def _opened(files: Sequence[Path]) -> Iterator[Sequence[IO[str]]]:
    """Open *files* to write, or standard output when there are none."""
    if not files:
        yield [file_output()]
        return
    # Beside them first: an export that breaks off must not look like a whole one.
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                atomic_file.replacing_text(file, beside=file.with_name(f"{file.name}.part"))
            )
            for file in files
        ]
