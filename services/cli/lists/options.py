"""Options of `fanzha blocklist`, and the words they take."""

from typing import Annotated, Any

import typer

from blocklists.importers import vocabulary
from fanzha.v1 import blocklist_pb2_grpc
from services.cli._common.options import enum, read
from services.cli._common.server import ServerOf

server = ServerOf(lambda: blocklist_pb2_grpc.BlocklistServiceStub)

ActionWord = Annotated[str, typer.Option("--action", help="block or allow.")]
KindWord = Annotated[
    str,
    typer.Option(
        "--kind",
        help="number, range, sender, host, url or fingerprint; empty: by the pattern.",
    ),
]
DirectionWord = Annotated[
    str,
    typer.Option(
        "--direction", help="Which side of a call or text a number acts on: from, to or both."
    ),
]
FraudTypeWord = Annotated[
    str,
    typer.Option(
        "--fraud-type", help="Kind of fraud, such as fake_loan or 虚假贷款; may be empty."
    ),
]
SourceWord = Annotated[
    str,
    typer.Option(
        "--source", help="Who supplied it: ministry, province, bureau, carrier or tech_company."
    ),
]
Replace = Annotated[
    bool, typer.Option("--replace", help="Replace entries of other contents; a terminal asks.")
]
Expires = Annotated[
    str,
    typer.Option(
        help="When it ends: 30d, 2026-12-31, or never, which needs --review; empty: after the "
        "server's default term."
    ),
]
Review = Annotated[
    str,
    typer.Option(
        "--review",
        help="When somebody must look whether it is still needed: 90d, 2026-12-31; empty: at its "
        "end.",
    ),
]
ModeWord = Annotated[
    str,
    typer.Option(
        "--mode",
        help="enforce, or shadow: only count what it would have blocked, and change no decision.",
    ),
]
OneSource = Annotated[str, typer.Option("--source", help="Only what this source supplied.")]
LegalBasis = Annotated[str, typer.Option(help="The law or order behind it.")]
Campaign = Annotated[str, typer.Option(help="Named operation it belongs to.")]
Region = Annotated[
    str,
    typer.Option(
        help="Code of the region in charge, such as 3301; empty: yours, if you have one region, "
        "else the whole province.",
    ),
]
FalsePositive = Annotated[
    bool,
    typer.Option(
        "--false-positive",
        help="What is removed was wrong, not only old: its warnings are withdrawn or corrected, "
        "their cases closed as false alarms, and its source loses reliability.",
    ),
]
ExpectedVersion = Annotated[
    int | None, typer.Option(help="Change nothing unless the lists are at this version.")
]


def kind(word: str) -> Any:
    """Read ``--kind``."""
    return {"number": 1, "range": 2}.get(word) or enum(word, vocabulary.read_kind, "--kind")


def expiry(word: str, now_s: int) -> dict[str, Any]:
    """Read ``--expires`` as the fields of an entry; none for the default term."""
    if not word:
        return {}
    end = read(word, lambda text: vocabulary.read_expiry(text, now_s), "--expires")
    return {"no_end": True} if end is None else {"expires_at_s": end}


def review(word: str, now_s: int) -> int:
    """Read ``--review``; 0 for none."""
    return read(word, lambda text: vocabulary.read_review(text, now_s), "--review") or 0


def mode(word: str) -> Any:
    """Read ``--mode``; 0 for an empty word."""
    return enum(word, vocabulary.read_mode, "--mode")
