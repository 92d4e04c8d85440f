"""`fanzha decisions`: ask the decision log which decisions were made, why, and how many."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.phone import HomePlan
from fanzha.tables import Channel
from infra.clock import now_ms
from services.cli._common.console import as_dict, err, fail, one_sentence, out, print_json, progress
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.stores import DEFAULT_DATA_DIR, DataDir

app = typer.Typer(
    no_args_is_help=True, help="Ask the decision log: which decisions, why, and how many."
)

DECISIONS = "decisions"
_SPAN = re.compile(r"([1-9][0-9]{0,5})\s*(m|h|d)")
_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LOOK_UP_SECONDS = 3.0

Folder = Annotated[
    Path | None,
    typer.Option(
        envvar="FANZHA_DECISION_LOG_DIR",
        help="Folder of the decision log.",
        show_default="decisions, in the data folder",
    ),
]
Since = Annotated[str, typer.Option(help="How far back: 30m, 24h, 7d.")]
Full = Annotated[bool, typer.Option("--full", help="Show whole numbers and links.")]
Memory = Annotated[
    str,
    typer.Option(
        envvar="FANZHA_DECISION_LOG_QUERY_MEMORY", help="Memory for the question, such as 1GB."
    ),
]
Home = Annotated[
    str, typer.Option(envvar="FANZHA_HOME_COUNTRY", help="Country code of the numbering plan.")
]


@app.command()
def find(
    number: Annotated[
        str, typer.Option(help="A number, code or range such as +86170*, on either side.")
    ] = "",
    sender: Annotated[str, typer.Option(help="Who called or sent; may be a name.")] = "",
    host: Annotated[str, typer.Option(help="A host, with all below it.")] = "",
    link: Annotated[str, typer.Option(help="A URL, by its beginning.")] = "",
    since: Since = "24h",
    channel: Annotated[str, typer.Option(help="call, text or link; empty: all.")] = "",
    action: Annotated[str, typer.Option(help="block or allow; empty: both.")] = "",
    reason: Annotated[str, typer.Option(help="Such as blocklisted or scored; empty: all.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most decisions shown.")] = 50,
    full: Full = False,
    folder: Folder = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    home: Home = "86",
    memory: Memory = "1GB",
    as_json: AsJson = False,
) -> None:
    """Find logged decisions, newest first; status 1 when there is none.

    Of what was let through the log has a sample: how many decisions the found ones stand for is
    an estimate, and one that is not found may have been made.
    """
    from fanzha.decisions import Action, Reason
    from services.cli.decisions import display
    from services.decision_log.conditions import Conditions

    wanted = Conditions(
        since_ms=now_ms() - span_ms(since),
        number=number,
        sender=sender,
        host=host,
        link=link,
        channel=_member(Channel, channel, "--channel"),
        action=_member(Action, action, "--action"),
        reason=_member(Reason, reason, "--reason"),
        limit=limit,
    )
    with _log(folder, data_dir, home, memory) as log, one_sentence("the decision log"):
        found = log.find(wanted)
    for path in found.torn:
        err.print(f"torn, and left out: {path.name}", style="yellow")
    if as_json:
        rows = [display.facts(row, full=full) for row in found.rows]
        print_json({"total": found.total, "stand_for": found.events, "decisions": rows})
    elif found.rows:
        display.show_rows(found.rows, full=full)
        out.print(
            f"{len(found.rows)} shown of {found.total} logged; they stand for about {found.events}"
        )
    else:
        out.print("no logged decision fits")
    if not found.rows:
        raise typer.Exit(1)


@app.command()
def why(
    decision_id: Annotated[int, typer.Argument(min=1, help="Id of the decision.")],
    since: Since = "3650d",
    content: Annotated[
        bool, typer.Option("--text", help="Show what the text said, where that is logged.")
    ] = False,
    full: Full = False,
    folder: Folder = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    home: Home = "86",
    memory: Memory = "1GB",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Tell why a decision was what it was; status 1 when it is not logged.

    The entry behind it is asked of list administration, where that can be reached and the entry
    still exists. Words are in Chinese and English.
    """
    from services.cli.decisions import display
    from services.decision_log import explanation

    since_ms = max(0, now_ms() - span_ms(since))
    with (
        _log(folder, data_dir, home, memory) as log,
        one_sentence("the decision log"),
        progress() as bar,
    ):
        task = bar.add_task("looking through days", total=None, note="")
        row = log.why(
            decision_id,
            since_ms=since_ms,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )
        asks = content and row is not None and row["channel"] == Channel.TEXT.name
        said = log.content(decision_id, row["decided_at_ms"]) if asks and row else None
    if row is None:
        fail(
            f"decision {decision_id} is not logged. What is blocked is logged until it is too old; "
            "of what was let through, a sample."
        )
    entry = _entry(row, target)
    if not as_json:
        display.show_one(row, entry, content=said, full=full)
        return
    sentence, shadow = explanation.why(row), explanation.would_have(row)
    print_json(
        {
            "decision": display.facts(row, full=full),
            "entry": entry,
            "why": {"zh": sentence.chinese, "en": sentence.english},
            **({"shadow": {"zh": shadow.chinese, "en": shadow.english}} if shadow else {}),
            **({"text": said["body"]} if said else {}),
        }
    )


@app.command()
def stats(
    since: Since = "24h",
    by: Annotated[
        str,
        typer.Option(
            "--group-by",
            help="One or more of channel, action, reason, fraud_type, source, hour, ingress, "
            "list_version, model_version; with commas.",
        ),
    ] = "channel,action,reason",
    folder: Folder = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    home: Home = "86",
    memory: Memory = "1GB",
    as_json: AsJson = False,
) -> None:
    """Count decisions, with bars. Events are estimates: what was let through is a sample."""
    from services.cli.decisions import display

    since_ms = now_ms() - span_ms(since)
    names = [name.strip() for name in by.split(",") if name.strip()]
    with _log(folder, data_dir, home, memory) as log, one_sentence("the decision log"):
        counts = log.stats(since_ms, names)
    if as_json:
        print_json(
            [
                dict(zip(names, count.values, strict=True))
                | {"events": count.events, "logged": count.rows}
                for count in counts
            ]
        )
    elif counts:
        display.show_counts(counts, names)
    else:
        out.print(f"nothing is logged of the last {since}")


def span_ms(word: str) -> int:
    """Read how far back, in milliseconds; a wrong word is a usage error."""
    match = _SPAN.fullmatch(word.strip())
    if match is None:
        raise typer.BadParameter(f"such as 30m, 24h or 7d, not {word!r}", param_hint="--since")
    return int(match[1]) * _UNIT_MS[match[2]]


@contextmanager
def _log(folder: Path | None, data_dir: Path, home: str, memory: str) -> Iterator[Any]:
    """Open the log; without one, end the command."""
    from services.decision_log.query import DecisionQuery

    place = folder or data_dir / DECISIONS
    if not place.is_dir():
        fail(f"there is no decision log in {place}", status=2)
    yield DecisionQuery(place, HomePlan(home), memory=memory)


def _member(kind: Any, word: str, option: str) -> Any:
    if not word:
        return None
    known = {member.name.lower(): member for member in kind}
    if word.lower() not in known:
        raise typer.BadParameter(f"one of {', '.join(known)}; not {word!r}", param_hint=option)
    return known[word.lower()]


def _entry(row: Mapping[str, Any], target: str) -> dict[str, Any] | None:
    """Ask list administration for the entry behind a decision; None when it cannot tell."""
    if not row.get("entry_id"):
        return None
    import grpc

    from fanzha.client import LoginError, channels
    from fanzha.v1 import blocklist_pb2 as pb
    from fanzha.v1 import blocklist_pb2_grpc

    try:
        with channels.blocking(target) as channel:
            stub = blocklist_pb2_grpc.BlocklistServiceStub(channel)
            request = pb.FindEntriesRequest(query=row["pattern"])
            answer = stub.FindEntries(request, timeout=_LOOK_UP_SECONDS)
    except grpc.RpcError as error:
        code = error.code().name if hasattr(error, "code") else "unknown"
        err.print(f"list administration at {target} was not asked about the entry: {code}")
        return None
    except LoginError as error:
        err.print(f"list administration was not asked about the entry: {error}")
        return None
    for entry in answer.entries:
        if entry.entry_id == row["entry_id"]:
            shown = as_dict(entry)
            names = ("source", "legal_basis", "reason", "created_by", "campaign", "expires_at_s")
            return {name: shown[name] for name in names if shown[name] not in {"", "0"}}
    err.print("the entry is no longer on the lists")
    return None
