"""`fanzha changes`: change requests, over gRPC."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import change_pb2 as pb
from services.cli._common.confirmation import Confirm, call
from services.cli._common.console import out, print_json
from services.cli._common.json_words import as_dict
from services.cli._common.options import (
    DEFAULT_TARGET,
    After,
    AsJson,
    By,
    Limit,
    Note,
    Reason,
    Target,
)
from services.cli._common.server import read_pages, tell_more
from services.cli.changes import create, display, revert
from services.cli.changes.options import ChangeId, EmergencyWhy, StateWord, server, state
from services.cli.lists import display as list_display
from services.cli.lists.options import ExpectedVersion

app = typer.Typer(
    no_args_is_help=True,
    help="Changes to the lists: propose, preview, approve, apply, undo, compare.",
)
_PAGE = 200


@app.command("list")
def list_(
    state_: StateWord = "",
    mine: Annotated[bool, typer.Option("--mine", help="Only one's own.")] = False,
    waiting: Annotated[
        bool, typer.Option("--waiting-for-me", help="Only those that one could approve.")
    ] = False,
    limit: Limit = 50,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List changes: unconfirmed emergencies first, then the newest first."""
    selected: Any = state(state_)
    request = pb.ListChangesRequest(
        state=selected, page_token=after, mine=mine, waiting_for_me=waiting
    )
    with server(target) as stub:
        changes, answer = read_pages(stub.ListChanges, request, "changes", limit=limit, page=_PAGE)
    if as_json:
        print_json(as_dict(answer) | {"changes": [as_dict(change) for change in changes]})
        return
    display.show_header(answer)
    display.show_table(changes)
    tell_more(answer)


@app.command()
def show(
    change_id: ChangeId,
    rows: Annotated[int, typer.Option(min=0, max=1000, help="Rows to show.")] = 10,
    offset: Annotated[int, typer.Option(min=0, help="The first row to show.")] = 0,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show a change: contents, state, history, and some rows."""
    with server(target) as stub:
        change = stub.GetChange(pb.GetChangeRequest(id=change_id)).change
        some = pb.ListChangeRowsResponse()
        if rows and change.rows_retained:
            selected = pb.ListChangeRowsRequest(id=change_id, offset=offset, limit=rows)
            some = stub.ListChangeRows(selected)
    if as_json:
        print_json({"change": change, "rows": some})
        return
    display.show(change)
    _show_rows(some, offset)


@app.command()
def submit(
    change_id: ChangeId,
    hold: Annotated[
        bool, typer.Option("--hold", help="Do not apply it, even where one person may.")
    ] = False,
    confirm: Confirm = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Submit a draft; applied at once where one person may, else pending."""
    request = pb.SubmitChangeRequest(id=change_id, author=by, apply=not hold)
    answer = call(
        server, target, lambda stub: stub.SubmitChange(request), request, confirm,
        doing=gettext("submitting change {change_id}", change_id=change_id),
    )  # fmt: skip
    _tell(answer, as_json=as_json)


@app.command()
def preview(change_id: ChangeId, target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Preview a change against the lists and the decision log as they are now."""
    with server(target, gettext("previewing change {change_id}", change_id=change_id)) as stub:
        answer = stub.PreviewChange(pb.PreviewChangeRequest(id=change_id))
    if as_json:
        print_json(answer)
        return
    display.show_preview(answer.preview)
    needed = gettext("needed") if answer.second_person_needed else gettext("not needed")
    out.print(
        gettext(
            "  a second person is {needed}: {second_person_reasons}",
            needed=needed,
            second_person_reasons="; ".join(answer.second_person_reasons),
        ),
        markup=False,
        soft_wrap=True,
    )


@app.command()
def approve(
    change_id: ChangeId,
    hold: Annotated[bool, typer.Option("--hold", help="Approve only; apply it later.")] = False,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Approve a pending change of another author, and apply it."""
    request = pb.ApproveChangeRequest(id=change_id, by=by, note=note, hold=hold)
    with server(target, gettext("approving change {change_id}", change_id=change_id)) as stub:
        _tell(stub.ApproveChange(request), as_json=as_json)


@app.command()
def reject(
    change_id: ChangeId,
    reason: Reason,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Reject a pending change, or withdraw one's own."""
    request = pb.RejectChangeRequest(id=change_id, by=by, reason=reason)
    with server(target) as stub:
        _tell(stub.RejectChange(request), as_json=as_json)


@app.command("return")
def return_(
    change_id: ChangeId,
    reason: Reason,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Return a pending change to its author, as a draft, saying what has to change."""
    request = pb.ReturnChangeRequest(id=change_id, by=by, reason=reason)
    with server(target) as stub:
        _tell(stub.ReturnChange(request), as_json=as_json)


@app.command()
def stale(change_id: ChangeId, target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show the rows of a draft whose entries others changed since; resolve them with `resolve`."""
    with server(target) as stub:
        answer = stub.ListStaleRows(pb.ListStaleRowsRequest(id=change_id))
    if as_json:
        print_json(answer)
        return
    for row in answer.rows:
        action = list_display.action(row.entry.action)
        out.print(f"{row.entry.pattern} {action}", markup=False, soft_wrap=True)
        for name, there, entry in (
            (gettext("was"), row.HasField("base"), row.base),
            (gettext("theirs"), row.HasField("theirs"), row.theirs),
            (gettext("mine"), row.HasField("mine"), row.mine),
        ):
            text = _contents(entry) if there else gettext("not there")
            out.print(f"    {name}: {text}", markup=False, soft_wrap=True)
    out.print(gettext("{rows} stale rows", rows=len(answer.rows)))


_Each = Annotated[list[str] | None, typer.Option(help="The rows of this pattern; may be repeated.")]


@app.command()
def resolve(
    change_id: ChangeId,
    mine: _Each = None,
    theirs: _Each = None,
    drop: _Each = None,
    rest: Annotated[
        str, typer.Option(help="All other stale rows: mine, theirs or drop; empty: none.")
    ] = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Say what becomes of the stale rows of a draft: kept, as others made them, or dropped."""
    chosen = {"mine": mine or [], "theirs": theirs or [], "drop": drop or []}
    if rest not in ("", *chosen):
        known = ", ".join(chosen)
        raise typer.BadParameter(
            gettext("{name!r} is none of {known}", name=rest, known=known), param_hint="--rest"
        )
    by_pattern = {pattern: word for word, patterns in chosen.items() for pattern in patterns}
    with server(target) as stub:
        found = stub.ListStaleRows(pb.ListStaleRowsRequest(id=change_id))
        request = pb.ResolveStaleRowsRequest(
            id=change_id, author=by, expected_version=found.version
        )
        for row in found.rows:
            if word := by_pattern.get(row.entry.pattern, rest):
                choice = pb.StaleChoice.Value(f"STALE_CHOICE_{word.upper()}")
                request.decisions.add(entry=row.entry, choice=choice)
        _tell(stub.ResolveStaleRows(request), as_json=as_json)


def _contents(entry: Any) -> str:
    shown = list_display.shown_columns(entry)
    return ", ".join(filter(None, shown[2:]))


@app.command()
def comment(
    change_id: ChangeId,
    text: Annotated[str, typer.Argument(help="What to say.")],
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Add a comment to the history of a change."""
    request = pb.CommentChangeRequest(id=change_id, by=by, text=text)
    with server(target) as stub:
        _tell(stub.CommentChange(request), as_json=as_json)


@app.command()
def apply(
    change_id: ChangeId,
    emergency: EmergencyWhy = "",
    expected_version: ExpectedVersion = None,
    confirm: Confirm = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Apply an approved change, or a pending one as an emergency."""
    request = pb.ApplyChangeRequest(
        id=change_id,
        by=by,
        expected_version=expected_version,
        emergency_why=emergency,
    )
    answer = call(
        server, target, lambda stub: stub.ApplyChange(request), request, confirm,
        doing=gettext("applying change {change_id}", change_id=change_id),
    )  # fmt: skip
    _tell(answer, as_json=as_json)


@app.command()
def confirm(
    change_id: ChangeId,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Confirm an emergency as a second person: its entries get their intended end."""
    request = pb.ConfirmEmergencyRequest(id=change_id, by=by, note=note)
    with server(target, gettext("confirming change {change_id}", change_id=change_id)) as stub:
        answer = stub.ConfirmEmergency(request)
    if as_json:
        print_json(answer)
        return
    display.show_line(answer.change)
    display.show_line(answer.confirmation)


app.command()(create.create)
app.command()(create.edit)
app.command()(revert.revert)
app.command()(revert.restore)
app.command()(revert.diff)


def _tell(answer: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        display.show_line(answer.change)


def _show_rows(some: pb.ListChangeRowsResponse, offset: int) -> None:
    shown = len(some.additions) + len(some.removals)
    if not shown:
        return
    out.print(
        gettext(
            "  rows {offset:,} to {offset_2:,} of {total:,}",
            offset=offset + 1,
            offset_2=offset + shown,
            total=some.total,
        )
    )
    for sign, entries in (("+", some.additions), ("-", some.removals)):
        for entry in entries:
            text = f"  {sign} {list_display.action(entry.action)} {entry.pattern}"
            out.print(text, markup=False, soft_wrap=True)
    for entry in some.before:
        text = gettext(
            "  was {action} {pattern}  {reason}",
            action=list_display.action(entry.action),
            pattern=entry.pattern,
            reason=entry.reason,
        )
        out.print(text, markup=False, soft_wrap=True)
