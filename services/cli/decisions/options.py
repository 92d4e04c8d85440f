"""Options of `fanzha decisions`, and the words they take."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import decision_pb2
from services.cli._common import channel_words

Full = Annotated[
    bool,
    typer.Option(
        "--full", help="Show whole numbers and links; for auditors and appeals officers, on record."
    ),
]
Carrier = Annotated[str, typer.Option(help="A carrier, as its identity names it.")]
Offline = Annotated[
    bool,
    typer.Option("--offline", help="Ask no server: read the log in a folder of this host."),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        envvar="FANZHA_DECISION_LOG_DIR",
        help="With --offline: folder of the decision log.",
        show_default="decisions, in the data folder",
    ),
]
OfflineDataDir = Annotated[
    Path, typer.Option(envvar="FANZHA_DATA_DIR", help="With --offline: the data folder.")
]
Memory = Annotated[
    str,
    typer.Option(
        envvar="FANZHA_DECISION_LOG_QUERY_MEMORY",
        help="With --offline: memory for the question, such as 1GB.",
    ),
]
Home = Annotated[
    str,
    typer.Option(
        envvar="FANZHA_HOME_COUNTRY", help="With --offline: country code of the numbering plan."
    ),
]

ModelsDir = Annotated[
    Path | None,
    typer.Option(
        envvar="FANZHA_MODELS_DIR",
        help="With --offline: folder of model bundles.",
        show_default="those of the package",
    ),
]


def member(kind: Any, prefix: str, word: str, option: str) -> Any:
    """Read the word of an enum of the wire, such as ``block``; 0 for an empty one."""
    if not word:
        return 0
    known = {name.removeprefix(prefix).lower(): number for name, number in kind.items() if number}
    if word.lower() not in known:
        raise typer.BadParameter(
            gettext("one of {known}; not {word!r}", known=", ".join(known), word=word),
            param_hint=option,
        )
    return known[word.lower()]


def conditions(channel: str, action: str, reason: str) -> dict[str, Any]:
    """Read the words of three options as fields of a request."""
    word = channel_words.canonical(channel)
    return {
        "channel": member(decision_pb2.Channel, "CHANNEL_", word, "--channel"),
        "action": member(decision_pb2.Action, "ACTION_", action, "--action"),
        "reason": member(decision_pb2.Reason, "REASON_", reason, "--reason"),
    }
