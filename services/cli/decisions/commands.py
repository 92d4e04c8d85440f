"""`fanzha decisions`: ask the decision log which decisions were made, why, and how many."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import decision_log_pb2 as pb
from infra.clock import now_ms
from services.cli._common.console import err, out, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.time_arguments import Since, moment
from services.cli.decisions import archive_commands, display, live_commands, warehouse_commands
from services.cli.decisions.log_access import LogFolder, decision_log
from services.cli.decisions.options import (
    Carrier,
    Folder,
    Full,
    Home,
    Memory,
    ModelsDir,
    Offline,
    OfflineDataDir,
    conditions,
    member,
)

app = typer.Typer(
    no_args_is_help=True, help="Query the decision log: which decisions, why, and how many."
)

app.command()(live_commands.tail)
app.command()(live_commands.traffic)
app.add_typer(archive_commands.app, name="archive")
app.add_typer(warehouse_commands.app, name="warehouse")

_DATA_DIR = Path("data")
_PAGE = 1000


_Number = Annotated[
    str, typer.Option(help="A number, code or range such as +86170*, on either side.")
]


@app.command()
def find(
    number: _Number = "",
    sender: Annotated[str, typer.Option(help="Who called or sent; may be a name.")] = "",
    host: Annotated[str, typer.Option(help="A host, with all below it.")] = "",
    link: Annotated[str, typer.Option(help="A URL, by its beginning.")] = "",
    since: Since = "24h",
    channel: Annotated[str, typer.Option(help="call, text or link; empty: all.")] = "",
    action: Annotated[str, typer.Option(help="block or allow; empty: both.")] = "",
    reason: Annotated[str, typer.Option(help="Such as blocklisted or scored; empty: all.")] = "",
    carrier: Carrier = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most decisions shown.")] = 50,
    full: Full = False,
    target: Target = DEFAULT_TARGET,
    offline: Offline = False,
    folder: Folder = None,
    data_dir: OfflineDataDir = _DATA_DIR,
    home: Home = "86",
    memory: Memory = "1GB",
    as_json: AsJson = False,
) -> None:
    """Find logged decisions, newest first; status 1 when there is none.

    Of what was let through the log has a sample: how many decisions the found ones stand for is
    an estimate, and one that is not found may have been made. Asking about a number is on record.
    """
    request = pb.FindDecisionsRequest(
        since_ms=moment(since, now_ms(), "--since"),
        number=number, sender=sender, host=host, link=link, carrier=carrier,
        **conditions(channel, action, reason),
        unmasked=full,
    )  # fmt: skip
    files = LogFolder(folder=folder, data_dir=data_dir, home=home, memory=memory)
    with decision_log(target, files if offline else None) as log:
        first, found = _first_and_all(log, request, limit)
    _tell(first, list(map(display.as_row, found)), as_json=as_json)
    if not found:
        raise typer.Exit(1)


def _first_and_all(
    log: Any, request: pb.FindDecisionsRequest, limit: int
) -> tuple[pb.FindDecisionsResponse, list[pb.LoggedDecision]]:
    first = log.FindDecisions(_page(request, limit))
    found, request.page_token = list(first.decisions), first.next_page_token
    while request.page_token and len(found) < limit:
        answer = log.FindDecisions(_page(request, limit - len(found)))
        found += answer.decisions
        request.page_token = answer.next_page_token
    return first, found


def _tell(first: pb.FindDecisionsResponse, rows: list[dict[str, Any]], *, as_json: bool) -> None:
    for name in first.torn:
        err.print(gettext("torn, and left out: {name}", name=name), style="yellow")
    if as_json:
        facts = list(map(display.facts, rows))
        print_json({"total": first.total, "stand_for": first.events, "decisions": facts})
    elif rows:
        display.show_rows(rows)
        out.print(
            gettext(
                "{rows} shown of {total} logged; they stand for about {events}",
                rows=len(rows),
                total=first.total,
                events=first.events,
            )
        )
    else:
        out.print(gettext("no logged decision fits"))


@app.command()
def why(
    decision_id: Annotated[int, typer.Argument(min=1, max=2**64 - 1, help="Id of the decision.")],
    since: Since = "3650d",
    content: Annotated[
        bool,
        typer.Option(
            "--text",
            help="Show what the text said, where that is logged; for auditors and appeals "
            "officers, on record.",
        ),
    ] = False,
    full: Full = False,
    target: Target = DEFAULT_TARGET,
    offline: Offline = False,
    folder: Folder = None,
    data_dir: OfflineDataDir = _DATA_DIR,
    home: Home = "86",
    memory: Memory = "1GB",
    models_dir: ModelsDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell why a decision was what it was; status 1 when it is not logged.

    Shows the features the models saw and their weights, the lists, models and settings of that
    moment, and what would have led to another decision.
    """
    request = pb.GetDecisionRequest(
        decision_id=decision_id, since_ms=moment(since, now_ms(), "--since"),
        unmasked=full, with_content=content,
    )  # fmt: skip
    files = LogFolder(
        folder=folder, data_dir=data_dir, home=home, memory=memory, models_dir=models_dir
    )
    with decision_log(target, files if offline else None) as log:
        answer = log.GetDecision(request)
    if as_json:
        print_json(display.explained_json(answer))
    else:
        display.show_one(answer)


@app.command()
def stats(
    since: Since = "24h",
    by: Annotated[
        str,
        typer.Option(
            "--group-by",
            help="One to four of channel, action, reason, fraud_type, source, hour, ingress, "
            "list_version, model_version; with commas.",
        ),
    ] = "channel,action,reason",
    target: Target = DEFAULT_TARGET,
    offline: Offline = False,
    folder: Folder = None,
    data_dir: OfflineDataDir = _DATA_DIR,
    home: Home = "86",
    memory: Memory = "1GB",
    as_json: AsJson = False,
) -> None:
    """Count decisions, with bars. Events are estimates: what was let through is a sample."""
    names = [name.strip() for name in by.split(",") if name.strip()]
    request = pb.CountDecisionsRequest(since_ms=moment(since, now_ms(), "--since"))
    for name in names:
        request.by.append(member(pb.DecisionGrouping, "DECISION_GROUPING_", name, "--group-by"))
    files = LogFolder(folder=folder, data_dir=data_dir, home=home, memory=memory)
    with decision_log(target, files if offline else None) as log:
        answer = log.CountDecisions(request)
    if answer.cut:
        err.print(gettext("only the first {counts} are shown", counts=len(answer.counts)))
    if as_json:
        print_json(display.counts_json(answer.counts, names))
    elif answer.counts:
        display.show_counts(answer.counts, names)
    else:
        out.print(gettext("nothing is logged of the last {since}", since=since))


def _page(request: pb.FindDecisionsRequest, rows: int) -> pb.FindDecisionsRequest:
    request.page_size = min(rows, _PAGE)
    return request
