"""Criteria of entries on the command line, as `list`, `count` and the bulk commands take them."""

from __future__ import annotations

from typing import Annotated

import typer

from blocklists.importers import vocabulary
from fanzha.translation.catalogue import gettext
from fanzha.v1 import blocklist_pb2 as pb
from services.cli._common.enum_words import wire_word
from services.cli._common.options import enum
from services.cli.lists.options import kind
from services.cli.lists.options import mode as read_mode

_CONDITION = "ENTRY_CONDITION_"

AnyAction = Annotated[str, typer.Option("--action", help="block or allow; empty: both.")]
AnySource = Annotated[str, typer.Option("--source", help="Only what this source supplied.")]
AnyMode = Annotated[str, typer.Option("--mode", help="enforce or shadow; empty: both.")]
Starts = Annotated[
    str,
    typer.Option(
        "--pattern",
        help="Only patterns that begin so, such as +86170 or bank; '*.example': names that end so.",
    ),
]
OneFraudType = Annotated[
    str,
    typer.Option("--fraud-type", help="Only this kind of fraud; none: entries that name none."),
]
BasisPart = Annotated[
    str, typer.Option("--legal-basis", help="Only where the legal basis contains this.")
]
OneCampaign = Annotated[str, typer.Option("--campaign", help="Only of this named operation.")]
OfRegion = Annotated[
    str,
    typer.Option(
        "--region",
        help="Only of this region and those in it, such as 3301; none: of the whole province.",
    ),
]
EnteredBy = Annotated[str, typer.Option("--entered-by", help="Only what this person entered.")]
Conditions = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        help="Only entries that are ended, ends-soon, no-end, review-overdue, no-legal-basis, "
        "no-fraud-type, not-approved, no-hits or hits; may be repeated: all of it holds.",
    ),
]


def criteria(
    kind_: str,
    action: str,
    source: str,
    mode: str,
    *,
    pattern: str,
    fraud_type: str,
    legal_basis: str,
    campaign: str,
    region: str,
    entered_by: str,
    only: list[str] | None,
) -> pb.EntryCriteria:
    """Read the options."""
    one = pb.EntryCriteria(
        kind=kind(kind_),
        action=enum(action, vocabulary.read_action, "--action"),
        source=enum(source, vocabulary.read_source, "--source"),
        mode=read_mode(mode),
        pattern=pattern,
        legal_basis=legal_basis,
        campaign=campaign,
        region=region,
        created_by=entered_by,
        conditions=[condition(word) for word in only or ()],
    )
    if fraud_type == "none":
        one.fraud_type = 0  # type: ignore[assignment]
    elif fraud_type:
        one.fraud_type = enum(fraud_type, vocabulary.read_fraud_type, "--fraud-type")
    return one


def condition(word: str) -> pb.EntryCondition.ValueType:
    """Read ``--only``."""
    name = _CONDITION + word.strip().upper().replace("-", "_")
    if name not in dict(pb.EntryCondition.items()) or name.endswith("UNSPECIFIED"):
        known = ", ".join(map(condition_word, pb.EntryCondition.values()[1:]))
        raise typer.BadParameter(
            gettext("{name!r} is none of {known}", name=word, known=known), param_hint="--only"
        )
    return pb.EntryCondition.Value(name)


def condition_word(number: int) -> str:
    """Write a condition as ``--only`` takes it."""
    return wire_word(pb.EntryCondition, number).replace("_", "-")
