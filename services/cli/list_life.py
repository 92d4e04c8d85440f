"""`fanzha blocklist due`, `dead`, `promote`, `drop`, `show`: the life of entries."""

import time
from collections import Counter
from typing import Annotated, Any

import typer
from rich.table import Table

from blocklists.importers import words
from fanzha.v1 import blocklist_pb2 as pb
from services.cli import list_display
from services.cli.console import out, print_json, progress
from services.cli.fingerprint import canonical
from services.cli.list_server import DEADLINE_SECONDS, as_dict, server
from services.cli.list_words import (
    DEFAULT_TARGET,
    AsJson,
    Author,
    ExpectedVersion,
    KindWord,
    Reason,
    Target,
    enum,
    kind,
    login,
    read,
)

_PAGE = 1000
_DAY_S = 86_400
_MOST_PROPOSED = 10_000
"""Removals of one change."""
_REASONS = {
    pb.DUE_REASON_ENDS: "ends",
    pb.DUE_REASON_REVIEW: "review",
    pb.DUE_REASON_REVIEW_OVERDUE: "review overdue",
}

OneSource = Annotated[str, typer.Option("--source", help="Only what this source supplied.")]
Patterns = Annotated[list[str], typer.Argument(help="Patterns of shadow entries.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(show)
    app.command()(due)
    app.command()(dead)
    app.command()(promote)
    app.command()(drop)


def show(
    query: Annotated[
        str, typer.Argument(help="A number, range, sender, host, URL or fingerprint.")
    ],
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show everything about the entries that match, most decisive first, shadows last."""
    with server(target) as stub:
        answer = stub.FindEntries(pb.FindEntriesRequest(query=query), timeout=DEADLINE_SECONDS)
    if as_json:
        print_json(as_dict(answer))
        return
    if answer.protected_because:
        out.print(f"protected: {answer.protected_because}", markup=False, soft_wrap=True)
    if not answer.entries:
        out.print(f"no entry matches, in version {answer.version}")
    for entry in answer.entries:
        list_display.show_entry(entry, int(time.time()))


def due(
    within: Annotated[str, typer.Option(help="How far to look ahead, such as 14d.")] = "14d",
    source: OneSource = "",
    limit: Annotated[int, typer.Option(min=1, help="Most entries shown.")] = 100,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List entries that end or must be reviewed soon, the earliest first."""
    now_s = int(time.time())
    until = read(within, lambda text: words.read_expiry(text, now_s), "--within")
    if until is None:
        raise typer.BadParameter("a term such as 14d", param_hint="--within")
    request = pb.ListDueRequest(
        within_s=until - now_s, source=enum(source, words.read_source, "--source")
    )
    entries: list[pb.DueEntry] = []
    with server(target) as stub:
        while True:
            request.page_size = min(limit - len(entries), _PAGE)
            answer = stub.ListDue(request, timeout=DEADLINE_SECONDS)
            entries += answer.entries
            request.page_token = answer.next_page_token
            if not request.page_token or len(entries) >= limit:
                break
    if as_json:
        del answer.entries[:]
        answer.entries.extend(entries)
        print_json(as_dict(answer))
        return
    _show_due(entries, answer, more=bool(request.page_token))


def dead(
    days: Annotated[
        int, typer.Option(min=0, help="Days without a match; 0: as the server is set.")
    ] = 0,
    source: OneSource = "",
    limit: Annotated[int, typer.Option(min=1, help="Most entries listed.")] = 100,
    propose: Annotated[
        bool,
        typer.Option("--propose", help="Propose to remove them, as one change request that waits."),
    ] = False,
    reason: Annotated[str, typer.Option(help="Why, with --propose.")] = "",
    author: Author = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List entries that matched nothing for long; removes nothing by itself."""
    if propose and limit > _MOST_PROPOSED:
        raise typer.BadParameter(f"with --propose at most {_MOST_PROPOSED}", param_hint="--limit")
    request = pb.ListDeadRequest(days=days, source=enum(source, words.read_source, "--source"))
    with server(target) as stub:
        entries, answer = _all_dead(stub, request, limit)
        proposed = None
        if propose and entries:
            why = reason or f"no match for {answer.days} days"
            proposed = _propose_removal(stub, entries, answer, author or login(), why)
    if as_json:
        del answer.entries[:]
        answer.entries.extend(entries)
        print_json(as_dict(answer) | ({} if proposed is None else {"proposed": as_dict(proposed)}))
        return
    _show_dead(entries, answer)
    if proposed is not None:
        _tell_proposed(proposed)


def promote(
    patterns: Patterns,
    reason: Reason,
    kind_: KindWord = "",
    author: Author = "",
    expected_version: ExpectedVersion = None,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Let shadow entries enforce from now on; status 1 where there is none."""
    _resolve(patterns, reason, kind_, author, expected_version, target, as_json, drop=False)


def drop(
    patterns: Patterns,
    reason: Reason,
    kind_: KindWord = "",
    author: Author = "",
    expected_version: ExpectedVersion = None,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Remove shadow entries, and nothing that enforces; status 1 where there is none."""
    _resolve(patterns, reason, kind_, author, expected_version, target, as_json, drop=True)


def _resolve(
    patterns: list[str],
    reason: str,
    kind_: str,
    author: str,
    expected_version: int | None,
    target: str,
    as_json: bool,
    *,
    drop: bool,
) -> None:
    patterns = canonical(patterns, kind(kind_))
    request = pb.ResolveShadowsRequest(
        expected_version=expected_version,
        entries=[pb.EntryRef(kind=kind(kind_), pattern=pattern) for pattern in patterns],
        drop=drop,
        author=author or login(),
        reason=reason,
    )
    with server(target) as stub:
        answer = stub.ResolveShadows(request, timeout=DEADLINE_SECONDS)
    if as_json:
        print_json(as_dict(answer))
    else:
        list_display.show_reports(patterns, answer.entries)
        list_display.show_request(answer)
    wanted = pb.ROW_OUTCOME_REMOVED if drop else pb.ROW_OUTCOME_REPLACED
    if any(report.outcome != wanted for report in answer.entries):
        raise typer.Exit(1)


def _all_dead(
    stub: Any, request: pb.ListDeadRequest, limit: int
) -> tuple[list[pb.Entry], pb.ListDeadResponse]:
    entries: list[pb.Entry] = []
    with progress() as shown:
        task = shown.add_task("looking for dead entries", total=None, note="")
        while True:
            request.page_size = min(limit - len(entries), _PAGE)
            answer = stub.ListDead(request, timeout=DEADLINE_SECONDS)
            entries += answer.entries
            note = f"{len(entries):,} found"
            shown.update(task, completed=answer.looked_at, total=answer.total, note=note)
            request.page_token = answer.next_page_token
            if not request.page_token or len(entries) >= limit:
                return entries, answer


def _propose_removal(
    stub: Any, entries: list[pb.Entry], found: pb.ListDeadResponse, author: str, reason: str
) -> pb.ProposeRetirementResponse:
    request = pb.ProposeRetirementRequest(
        expected_version=found.version,
        entries=[
            pb.EntryRef(kind=one.kind, pattern=one.pattern, action=one.action) for one in entries
        ],
        days=found.days,
        author=author,
        reason=reason,
    )
    answer: pb.ProposeRetirementResponse = stub.ProposeRetirement(request, timeout=DEADLINE_SECONDS)
    return answer


def _tell_proposed(answer: pb.ProposeRetirementResponse) -> None:
    outcomes = Counter(report.outcome for report in answer.entries)
    removed = outcomes[pb.ROW_OUTCOME_REMOVED]
    if not answer.change_id:
        out.print("none of them is dead any more: nothing is proposed")
        return
    kept = f"; {outcomes.total() - removed:,} stay" if outcomes.total() > removed else ""
    waits = (
        "a second person" if answer.waits_because else f"fanzha changes apply {answer.change_id}"
    )
    out.print(f"change {answer.change_id} proposes to remove {removed:,} entries{kept}; it waits "
              f"for {waits}", soft_wrap=True)  # fmt: skip


def _show_due(entries: list[pb.DueEntry], answer: pb.ListDueResponse, *, more: bool) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("due", "why", "pattern", "action", "source", "hits", "last hit", "reason"):
        table.add_column(name, overflow="fold", justify="right" if name == "hits" else "left")
    for one in entries:
        entry = one.entry
        _, pattern, action, _, _, source, reason, *_ = list_display.columns(entry)
        action += " (shadow)" if entry.mode == pb.ENTRY_MODE_SHADOW else ""
        last = list_display.day(entry.last_hit_at_s) if entry.last_hit_at_s else ""
        table.add_row(list_display.day(one.due_at_s), _REASONS[one.reason], pattern, action,
                      source, f"{entry.hits:,}", last, reason)  # fmt: skip
    list_display.wide().print(table)
    for count in answer.counts:
        source = list_display.word(pb.Source, count.source, "SOURCE_")
        out.print(f"{count.entries:>12,} {source}: {_REASONS[count.reason]}")
    total = sum(count.entries for count in answer.counts)
    rest = f"{len(entries)} of {total:,} shown" if more else f"{total:,} due"
    out.print(f"{rest}; {answer.ended:,} have ended and are still listed; version {answer.version}")


def _show_dead(entries: list[pb.Entry], answer: pb.ListDeadResponse) -> None:
    since, now_s = answer.counted_since_s, int(time.time())
    if not since or since > now_s - answer.days * _DAY_S:
        counted = f"since {list_display.day(since)}" if since else "not yet"
        out.print(f"hits are counted {counted}: too short to call anything dead after "
                  f"{answer.days} days", soft_wrap=True)  # fmt: skip
        return
    list_display.show_entries(entries, now_s)
    whole = "" if answer.looked_at == answer.total else f" of {answer.total:,}"
    out.print(
        f"{len(entries):,} matched nothing for {answer.days} days; {answer.looked_at:,}{whole} "
        f"entries that old were looked at, version {answer.version}",
        soft_wrap=True,
    )
