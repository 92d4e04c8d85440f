"""`fanzha assessment tasks`: the lists of problems, tasks and responsibilities of member units."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import assessment_pb2 as pb
from infra.clock import now_ms
from services.cli._common.console import err, os_fault, out, print_json
from services.cli._common.json_words import as_dict
from services.cli._common.options import DEFAULT_TARGET, After, AsJson, By, Limit, Note, Target
from services.cli._common.plain_text import padded
from services.cli._common.server import read_pages, tell_more
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import ahead, day, written
from services.cli.assessment import options as words
from services.cli.assessment.options import TaskId, server

app = typer.Typer(
    no_args_is_help=True,
    help="Problems, tasks and responsibilities of member units: open, do, review.",
)
_PAGE = 500
_Title = Annotated[str, typer.Argument(help="What is owed.")]
_Due = Annotated[
    str, typer.Option("--due", help="By when: 30d, a date or a time; not for responsibilities.")
]
_StateWord = Annotated[
    str, typer.Option("--state", help="open, done, confirmed or dropped; empty: all.")
]
_Overdue = Annotated[bool, typer.Option("--overdue", help="Only those past their deadline.")]
_Document = Annotated[
    str, typer.Option("--document", help="What proves it: number or name of a document.")
]
_DocumentFile = Annotated[
    Path | None,
    typer.Option(
        "--file", exists=True, dir_okay=False, help="That document: its SHA-256 is recorded."
    ),
]


@app.command("open")
def open_(
    title: _Title,
    unit: words.UnitCode = "",
    kind: words.KindWord = "task",
    due: _Due = "",
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Open a task of a unit."""
    task = pb.UnitTask(
        kind=words.kind(kind),
        title=title,
        unit=unit,
        due_ms=ahead(due, now_ms(), "--due"),
        note=note,
    )
    with server(target) as stub:
        answer = stub.OpenUnitTask(pb.OpenUnitTaskRequest(task=task, by=by))
    _show(answer.task, as_json=as_json)
    if not answer.first:
        err.print(gettext("it was open already: nothing is changed"))


@app.command("list")
def list_(
    kind: words.KindWord = "",
    state: _StateWord = "",
    unit: words.UnitCode = "",
    overdue: _Overdue = False,
    limit: Limit = 50,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List tasks, the nearest deadline first."""
    request = pb.ListUnitTasksRequest(
        kind=words.kind(kind),
        state=words.state(state),
        unit=unit,
        overdue_only=overdue,
        page_token=after,
    )
    with server(target) as stub:
        found, answer = read_pages(stub.ListUnitTasks, request, "tasks", limit=limit, page=_PAGE)
    if as_json:
        print_json(as_dict(answer) | {"tasks": [as_dict(one) for one in found]})
        return
    _show_list(found)
    out.print(
        gettext("{total} tasks, {overdue} overdue", total=answer.total, overdue=answer.overdue)
    )
    tell_more(answer)


@app.command()
def show(task_id: TaskId, target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show a task and what happened to it."""
    with server(target) as stub:
        answer = stub.GetUnitTask(pb.GetUnitTaskRequest(task_id=task_id))
    _show(answer.task, as_json=as_json)


@app.command()
def done(
    task_id: TaskId,
    document: _Document = "",
    file: _DocumentFile = None,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Say that a task is done, with the document that proves it; another person confirms it."""
    request = pb.SettleUnitTaskRequest(
        task_id=task_id,
        document=document or (file.name if file else ""),
        document_sha256=_digest(file) if file else "",
        note=note,
        by=by,
    )
    with server(target) as stub:
        answer = stub.SettleUnitTask(request)
    _show(answer.task, as_json=as_json)


@app.command()
def drop(
    task_id: TaskId,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Drop a task, with a note that says why; it no longer counts."""
    request = pb.SettleUnitTaskRequest(task_id=task_id, drop=True, note=note, by=by)
    with server(target) as stub:
        answer = stub.SettleUnitTask(request)
    _show(answer.task, as_json=as_json)


@app.command()
def confirm(
    task_id: TaskId,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Confirm that a task is done, which another person reported."""
    _review(task_id, note, by, target, confirm=True, as_json=as_json)


@app.command("return")
def return_(
    task_id: TaskId,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Return a task whose proof is not enough; the note says why."""
    _review(task_id, note, by, target, confirm=False, as_json=as_json)


def _review(task_id: int, note: str, by: str, target: str, *, confirm: bool, as_json: bool) -> None:
    with server(target) as stub:
        known = stub.GetUnitTask(pb.GetUnitTaskRequest(task_id=task_id)).task
        request = pb.ReviewUnitTaskRequest(
            task_id=task_id, revision=known.revision, confirm=confirm, note=note, by=by
        )
        answer = stub.ReviewUnitTask(request)
    _show(answer.task, as_json=as_json)


def _show_list(found: Iterable[pb.UnitTask]) -> None:
    table = RowTable()
    for head in ("task", "list", "title", "unit", "state", "until", "overdue"):
        table.add_column(gettext(head), prose=head == "title")
    for one in found:
        table.add_row(
            str(one.task_id),
            words.kind_word(one.kind),
            one.title,
            one.unit,
            words.state_word(one.state),
            day(one.due_ms // 1000) if one.due_ms else "",
            gettext("overdue") if one.overdue else "",
        )
    table.print()


def _digest(file: Path) -> str:
    try:
        return sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {os_fault(error)}", param_hint="--file") from None


def _show(one: pb.UnitTask, *, as_json: bool) -> None:
    if as_json:
        print_json(one)
        return
    late = f", {gettext('overdue')}" if one.overdue else ""
    _line(gettext("task"), f"{one.task_id}, {one.title}")
    _line(gettext("list"), words.kind_word(one.kind))
    _line(gettext("unit"), one.unit)
    _line(gettext("state"), f"{words.state_word(one.state)}{late}")
    _line(gettext("until"), day(one.due_ms // 1000) if one.due_ms else "")
    _line(gettext("note"), one.note)
    _line(gettext("document"), ", ".join(filter(None, (one.document, one.document_sha256))))
    for event in one.events:
        note = f": {event.note}" if event.note else ""
        what = gettext(event.what)
        _line(
            written(event.at_ms), gettext("{what} by {by}{note}", what=what, by=event.by, note=note)
        )


def _line(name: str, text: str) -> None:
    if text:
        out.print(f"{padded(name, 16)} {text}", markup=False, soft_wrap=True)
