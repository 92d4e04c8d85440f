"""Options of `fanzha entities`, and the words they take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import entity_pb2 as pb
from fanzha.v1 import entity_pb2_grpc
from services.cli._common.choices import enum_number
from services.cli._common.enum_words import enum_word, shown_word
from services.cli._common.server import ServerOf

server = ServerOf(lambda: entity_pb2_grpc.EntityServiceStub)

EntityId = Annotated[int, typer.Argument(min=1, help="Number of the entity.")]
StepName = Annotated[
    str, typer.Argument(help="Name of the step, such as icp_cancelled; `show` lists them.")
]
KindWord = Annotated[str, typer.Option("--kind", help="company, platform or app.")]
FraudWord = Annotated[
    str,
    typer.Option(
        "--financial-fraud",
        help="online_lending, illegal_fundraising, false_advertising, virtual_currency or "
        "recharge_rebate.",
    ),
]
Cleanup = Annotated[str, typer.Option("--cleanup", help="Clean-up campaign that it belongs to.")]
Basis = Annotated[
    str,
    typer.Option("--legal-basis", help="Legal basis; by default that of the kind of fraud."),
]
RegionCode = Annotated[
    str, typer.Option("--region", help="Region in charge, such as 3301; empty: the province.")
]
Hosts = Annotated[list[str] | None, typer.Option("--host", help="A host; may be repeated.")]
Numbers = Annotated[
    list[str] | None, typer.Option("--number", help="A telephone number; may be repeated.")
]
Senders = Annotated[
    list[str] | None, typer.Option("--sender", help="A sender of texts; may be repeated.")
]
Apps = Annotated[
    list[str] | None, typer.Option("--app", help="The package of an app; may be repeated.")
]
Records = Annotated[
    list[str] | None, typer.Option("--icp-record", help="An ICP record; may be repeated.")
]
Custodians = Annotated[
    list[str] | None,
    typer.Option("--custodian", help="Custodian of customers' money; may be repeated."),
]
PaymentChannels = Annotated[
    list[str] | None,
    typer.Option("--payment-channel", help="Payment channel that it uses; may be repeated."),
]
CreditCode = Annotated[
    str, typer.Option("--credit-code", help="Unified social credit code of the company.")
]


def entity_kind(text: str) -> Any:
    """Read ``--kind``."""
    return enum_number(text, pb.EntityKind, "--kind")


def financial_fraud(text: str) -> Any:
    """Read ``--financial-fraud``."""
    return enum_number(text, pb.FinancialFraud, "--financial-fraud")


def state(text: str) -> Any:
    """Read ``--state``."""
    return enum_number(text, pb.EntityState, "--state")


def identifier_kind(text: str) -> Any:
    """Read the kind of an identifier."""
    return enum_number(text, pb.IdentifierKind, "kind")


def identifiers(
    hosts: Sequence[str] | None = None,
    numbers: Sequence[str] | None = None,
    senders: Sequence[str] | None = None,
    apps: Sequence[str] | None = None,
    records: Sequence[str] | None = None,
    custodians: Sequence[str] | None = None,
    payment_channels: Sequence[str] | None = None,
    credit_code: str = "",
) -> list[pb.EntityIdentifier]:
    """Return identifiers of all kinds, in the order of the options."""
    given = {
        pb.IDENTIFIER_KIND_HOST: hosts,
        pb.IDENTIFIER_KIND_NUMBER: numbers,
        pb.IDENTIFIER_KIND_SENDER: senders,
        pb.IDENTIFIER_KIND_APP: apps,
        pb.IDENTIFIER_KIND_ICP_RECORD: records,
        pb.IDENTIFIER_KIND_CUSTODIAN: custodians,
        pb.IDENTIFIER_KIND_PAYMENT_CHANNEL: payment_channels,
        pb.IDENTIFIER_KIND_CREDIT_CODE: [credit_code] if credit_code else None,
    }
    return [
        pb.EntityIdentifier(kind=kind, value=value)
        for kind, values in given.items()
        for value in values or ()
    ]


def kind_word(number: int) -> str:
    """Return the word of a kind of entity, in the language of the user."""
    return shown_word(pb.EntityKind, number)


def fraud_word(number: int) -> str:
    """Return the word of a kind of financial fraud."""
    return shown_word(pb.FinancialFraud, number)


def state_word(number: int) -> str:
    """Return the word of a state of an entity."""
    return shown_word(pb.EntityState, number)


def step_word(name: str) -> str:
    """Return the name of a step for people, with the one that they type where it differs."""
    word = enum_word("exit_step", name.replace("_", " "))
    if word == name.replace("_", " "):
        return name
    return gettext("{name} ({word})", name=word, word=name)


def step_state_word(number: int) -> str:
    """Return the word of a state of a step."""
    if not number:
        return gettext("open")
    return shown_word(pb.ExitStepState, number)


def identifier_word(number: int) -> str:
    """Return the word of a kind of identifier."""
    return shown_word(pb.IdentifierKind, number)
