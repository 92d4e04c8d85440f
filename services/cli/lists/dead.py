"""`fanzha blocklist dead`: entries that matched nothing for long, and their retirement."""

from __future__ import annotations

import time
from collections import Counter
from typing import Annotated, Any

import typer

from blocklists.importers import vocabulary
from fanzha.translation.catalogue import gettext
from fanzha.v1 import blocklist_pb2 as pb
from services.cli._common.console import out, print_json, progress
from services.cli._common.json_words import as_dict
from services.cli._common.options import DEFAULT_TARGET, After, AsJson, By, Limit, Target, enum
from services.cli._common.server import read_pages, tell_more
from services.cli._common.time_arguments import day
from services.cli.lists import display
from services.cli.lists.options import OneSource, server

_DAY_S = 86_400
_MOST_PROPOSED = 10_000
"""Removals of one change."""


def dead(
    days: Annotated[
        int, typer.Option(min=0, help="Days without a match; 0: as the server is set.")
    ] = 0,
    source: OneSource = "",
    propose: Annotated[
        bool,
        typer.Option("--propose", help="Propose to remove them, as one change request that waits."),
    ] = False,
    reason: Annotated[str, typer.Option(help="Why, with --propose.")] = "",
    by: By = "",
    limit: Limit = 100,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List entries that matched nothing for long; removes nothing by itself."""
    if propose and limit > _MOST_PROPOSED:
        raise typer.BadParameter(
            gettext("with --propose at most {most_proposed}", most_proposed=_MOST_PROPOSED),
            param_hint="--limit",
        )
    request = pb.ListDeadRequest(
        days=days, source=enum(source, vocabulary.read_source, "--source"), page_token=after
    )
    with server(target) as stub:
        entries, answer = _all_dead(stub, request, limit)
        proposed = None
        if propose and entries:
            why = reason or gettext("no match for {days} days", days=answer.days)
            proposed = _propose_removal(stub, entries, answer, by, why)
    if as_json:
        del answer.entries[:]
        answer.entries.extend(entries)
        print_json(as_dict(answer) | ({} if proposed is None else {"proposed": proposed}))
        return
    _show_dead(entries, answer)
    tell_more(answer)
    if proposed is not None:
        _tell_proposed(proposed)


def _all_dead(
    stub: Any, request: pb.ListDeadRequest, limit: int
) -> tuple[list[pb.Entry], pb.ListDeadResponse]:
    found = 0
    with progress() as shown:
        task = shown.add_task(gettext("looking for dead entries"), total=None, note="")

        def call(request: pb.ListDeadRequest) -> pb.ListDeadResponse:
            nonlocal found
            answer: pb.ListDeadResponse = stub.ListDead(request)
            found += len(answer.entries)
            note = gettext("{found:,} found", found=found)
            shown.update(task, completed=answer.examined, total=answer.total, note=note)
            return answer

        return read_pages(call, request, "entries", limit=limit)


def _propose_removal(
    stub: Any, entries: list[pb.Entry], found: pb.ListDeadResponse, author: str, reason: str
) -> pb.ProposeRetirementResponse:
    request = pb.ProposeRetirementRequest(
        entries=[
            pb.EntryRef(kind=one.kind, pattern=one.pattern, action=one.action) for one in entries
        ],
        days=found.days,
        author=author,
        reason=reason,
    )
    answer: pb.ProposeRetirementResponse = stub.ProposeRetirement(request)
    return answer


def _tell_proposed(answer: pb.ProposeRetirementResponse) -> None:
    outcomes = Counter(report.outcome for report in answer.entries)
    removed = outcomes[pb.ROW_OUTCOME_REMOVED]
    if not answer.change_id:
        out.print(gettext("none of them is dead any more: nothing is proposed"))
        return
    kept = (
        gettext("; {outcomes:,} stay", outcomes=outcomes.total() - removed)
        if outcomes.total() > removed
        else ""
    )
    waits = (
        gettext("a second person")
        if answer.waits_because
        else f"fanzha changes apply {answer.change_id}"
    )
    out.print(
        gettext(
            "change {change_id} proposes to remove {removed:,} entries{kept}; it waits for {waits}",
            change_id=answer.change_id,
            removed=removed,
            kept=kept,
            waits=waits,
        ),
        soft_wrap=True,
    )


def _show_dead(entries: list[pb.Entry], answer: pb.ListDeadResponse) -> None:
    since, now_s = answer.counted_since_s, int(time.time())
    if not since or since > now_s - answer.days * _DAY_S:
        counted = gettext("since {since}", since=day(since)) if since else gettext("not yet")
        out.print(
            gettext(
                "hits are counted {counted}: too short to call anything dead after {days} days",
                counted=counted,
                days=answer.days,
            ),
            soft_wrap=True,
        )
        return
    display.show_entries(entries, now_s)
    whole = "" if answer.examined == answer.total else gettext(" of {total:,}", total=answer.total)
    out.print(
        gettext(
            "{entries:,} matched nothing for {days} days; {examined:,}{whole} entries that "
            "old were looked at, version {version}",
            entries=len(entries),
            days=answer.days,
            examined=answer.examined,
            whole=whole,
            version=answer.version,
        ),
        soft_wrap=True,
    )
