"""`fanzha blocklist show`, `due`, `renew`, `promote`, `drop`: the life of entries."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from blocklists import entries as list_entries
from blocklists.importers import vocabulary
from fanzha.translation.catalogue import gettext, gettext_noop
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import change_pb2, change_state_pb2, decision_pb2
from services.cli._common.confirmation import Confirm, call
from services.cli._common.console import out, print_json
from services.cli._common.enum_words import LazyTable, shown_word
from services.cli._common.options import (
    DEFAULT_TARGET,
    After,
    AsJson,
    By,
    Limit,
    Reason,
    Target,
    Yes,
    enum,
    read,
)
from services.cli._common.server import read_pages, tell_more
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import day, last_day
from services.cli.changes import display
from services.cli.changes.options import server as change_server
from services.cli.lists import dead, removal
from services.cli.lists import display as list_display
from services.cli.lists.fingerprint import canonical
from services.cli.lists.options import (
    ExpectedVersion,
    Expires,
    KindWord,
    OneSource,
    Review,
    expiry,
    kind,
    server,
)
from services.cli.lists.options import review as read_review

_REASONS = LazyTable(
    lambda: {
        pb.DUE_REASON_ENDS: gettext_noop("ends"),
        pb.DUE_REASON_REVIEW: gettext_noop("review"),
        pb.DUE_REASON_REVIEW_OVERDUE: gettext_noop("review overdue"),
    }
)

Patterns = Annotated[list[str], typer.Argument(help="Patterns of shadow entries.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(show)
    app.command()(due)
    app.command()(renew)
    app.command()(dead.dead)
    app.command()(promote)
    app.command()(drop)


def show(
    query: Annotated[
        str, typer.Argument(help="A number, range, sender, host, URL or fingerprint.")
    ],
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show everything about the entries that match, most decisive first, shadows last.

    Ends with status 1 when there is none.
    """
    with server(target) as stub:
        answer = stub.FindEntries(pb.FindEntriesRequest(query=query))
    if as_json:
        print_json(answer)
    else:
        list_display.show_facts(answer)
        for entry in answer.entries:
            list_display.show_entry(entry, int(time.time()))
    list_display.exit_if_nothing(answer)


def due(
    within: Annotated[str, typer.Option(help="How far to look ahead, such as 14d.")] = "14d",
    source: OneSource = "",
    limit: Limit = 100,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List entries that end or must be reviewed soon, the earliest first."""
    now_s = int(time.time())
    until = read(within, lambda text: vocabulary.read_expiry(text, now_s), "--within")
    if until is None:
        raise typer.BadParameter(gettext("a term such as 14d"), param_hint="--within")
    request = pb.ListDueRequest(
        within_s=until - now_s,
        source=enum(source, vocabulary.read_source, "--source"),
        page_token=after,
    )
    with server(target) as stub:
        entries, answer = read_pages(stub.ListDue, request, "entries", limit=limit)
    if as_json:
        del answer.entries[:]
        answer.entries.extend(entries)
        print_json(answer)
    else:
        _show_due(entries, answer, more=bool(answer.next_page_token))
    tell_more(answer)


def renew(
    patterns: Annotated[list[str], typer.Argument(help="Patterns of entries.")],
    reason: Reason,
    expires: Expires = "",
    review: Review = "",
    action: Annotated[str, typer.Option(help="block or allow; empty: whichever there is.")] = "",
    kind_: KindWord = "",
    confirm: Confirm = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Give entries another end or review date, after a person reviewed them."""
    if not expires and not review:
        raise typer.BadParameter(gettext("say when: --expires, --review or both"))
    now_s = int(time.time())
    dates: dict[str, Any] = {}
    if expires:
        dates["expires_at_s"] = expiry(expires, now_s).get("expires_at_s", list_entries.NO_END_S)
    if review:
        dates["review_at_s"] = read_review(review, now_s)
    patterns = canonical(patterns, kind(kind_))
    which = {"kind": kind(kind_), "action": enum(action, vocabulary.read_action, "--action")}
    edits = [change_pb2.EntryEdit(pattern=pattern, **which, **dates) for pattern in patterns]
    request = change_pb2.CreateChangeRequest(
        contents=change_pb2.ChangeContents(edits=edits, reason=reason),
        author=by,
        go_to=change_state_pb2.CHANGE_STATE_APPLIED,
    )
    answer = call(
        change_server, target, lambda stub: stub.CreateChange(request), request, confirm,
        doing=gettext("renewing"),
    )  # fmt: skip
    if as_json:
        print_json(answer)
    else:
        list_display.show_reports(patterns, answer.additions)
        display.show_line(answer.change)
    if any(one.outcome != pb.ROW_OUTCOME_REPLACED for one in answer.additions):
        raise typer.Exit(1)


def promote(
    patterns: Patterns,
    reason: Reason,
    kind_: KindWord = "",
    expected_version: ExpectedVersion = None,
    confirm: Confirm = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Let shadow entries enforce from now on; status 1 where there is none."""
    request = _resolution(patterns, reason, kind_, by, expected_version)
    _resolve(request, target, confirm, as_json=as_json)


def drop(
    patterns: Patterns,
    reason: Reason,
    kind_: KindWord = "",
    expected_version: ExpectedVersion = None,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Remove shadow entries, and nothing that enforces; status 1 where there is none."""
    request = _resolution(patterns, reason, kind_, by, expected_version)
    request.drop = True
    removal.agree_to(target, request.entries, yes=yes, shadows=True)
    _resolve(request, target, None, as_json=as_json)


def _resolution(
    patterns: list[str], reason: str, kind_: str, by: str, expected_version: int | None
) -> pb.ResolveShadowsRequest:
    found = kind(kind_)
    return pb.ResolveShadowsRequest(
        expected_version=expected_version,
        entries=[pb.EntryRef(kind=found, pattern=one) for one in canonical(patterns, found)],
        author=by,
        reason=reason,
    )


def _resolve(
    request: pb.ResolveShadowsRequest,
    target: str,
    confirm: list[str] | None,
    *,
    as_json: bool,
) -> None:
    answer = call(server, target, lambda stub: stub.ResolveShadows(request), request, confirm)
    if as_json:
        print_json(answer)
    else:
        list_display.show_reports([one.pattern for one in request.entries], answer.entries)
        list_display.show_request(answer)
    wanted = pb.ROW_OUTCOME_REMOVED if request.drop else pb.ROW_OUTCOME_REPLACED
    if any(report.outcome != wanted for report in answer.entries):
        raise typer.Exit(1)


def _show_due(entries: list[pb.DueEntry], answer: pb.ListDueResponse, *, more: bool) -> None:
    table = RowTable()
    for name in ("due", "why", "pattern", "action", "source", "hits", "last hit", "reason"):
        table.add_column(gettext(name), prose=name in ("why", "reason"), right=name == "hits")
    for one in entries:
        entry = one.entry
        _, pattern, action, _, _, source, reason, *_ = list_display.shown_columns(entry)
        action += gettext(" (shadow)") if entry.mode == pb.ENTRY_MODE_SHADOW else ""
        last = day(entry.last_hit_at_s) if entry.last_hit_at_s else ""
        why = gettext(_REASONS[one.reason])
        table.add_row(last_day(one.due_at_s), why, pattern, action, source,
                      f"{entry.hits:,}", last, reason)  # fmt: skip
    table.print()
    for count in answer.counts:
        source = shown_word(decision_pb2.Source, count.source)
        out.print(f"{count.entries:>12,} {source}: {gettext(_REASONS[count.reason])}")
    total = sum(count.entries for count in answer.counts)
    rest = (
        gettext("{entries} of {total:,} shown", entries=len(entries), total=total)
        if more
        else gettext("{total:,} due", total=total)
    )
    out.print(
        gettext(
            "{rest}; {ended:,} have ended and are still listed; version {version}",
            rest=rest,
            ended=answer.ended,
            version=answer.version,
        )
    )
