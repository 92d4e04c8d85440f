"""Options of `fanzha education`, and the words they take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import education_pb2 as pb
from fanzha.v1 import education_pb2_grpc, entity_pb2
from services.cli._common.choices import enum_number
from services.cli._common.enum_words import enum_word, shown_word
from services.cli._common.options import enum
from services.cli._common.server import ServerOf

server = ServerOf(lambda: education_pb2_grpc.EducationServiceStub)
OCCASIONS = ("month", "communities", "villages", "families", "schools", "companies")

CampaignId = Annotated[int, typer.Argument(min=1, help="Number of the campaign.")]
OccasionWord = Annotated[
    str, typer.Option("--occasion", help=f"What it is for: {', '.join(OCCASIONS)}; empty: none.")
]
FraudWord = Annotated[
    str,
    typer.Option("--fraud-type", help="Kind of fraud it is about, such as fake_loan; empty: any."),
]
FinancialWord = Annotated[
    str,
    typer.Option(
        "--financial-fraud",
        help="Or a kind of financial fraud: online_lending, illegal_fundraising, "
        "false_advertising, virtual_currency or recharge_rebate.",
    ),
]
RegionCode = Annotated[
    str, typer.Option("--region", help="Region, such as 3301; empty: the province.")
]
AgeBands = Annotated[
    list[str] | None,
    typer.Option("--age-band", help="Only this age band, such as 60+; may be repeated."),
]
Occupations = Annotated[
    list[str] | None, typer.Option("--occupation", help="Only this occupation; may be repeated.")
]
Areas = Annotated[
    list[str] | None,
    typer.Option("--area", help="Only this region, such as 330106; may be repeated."),
]
Groups = Annotated[
    list[str] | None,
    typer.Option("--group", help="Only this group of the table of groups; may be repeated."),
]
Text = Annotated[
    str, typer.Option("--text", help="The text to send; empty: the shipped one for its subject.")
]
Template = Annotated[
    str, typer.Option("--template", help="Name and version of your own text: NAME:VERSION.")
]
HoldOut = Annotated[
    int,
    typer.Option(
        "--hold-out", min=0, max=50, help="Percentage of recipients held out, as the control group."
    ),
]
OutcomeDays = Annotated[
    int,
    typer.Option("--outcome-days", min=1, max=180, help="Days before and after that are compared."),
]
Start = Annotated[
    str, typer.Option("--start", help="When it begins: 2h or 1d ahead, a date or a time.")
]
End = Annotated[str, typer.Option("--end", help="When it ends, given like --start.")]
DailyCap = Annotated[
    int, typer.Option("--daily-cap", min=1, help="Most people it is sent to per day.")
]
AnotherHoldOut = Annotated[
    int | None,
    typer.Option("--hold-out", min=0, max=50, help="Percentage of recipients held out."),
]
AnotherDailyCap = Annotated[
    int | None,
    typer.Option("--daily-cap", min=1, help="Most people it is sent to per day."),
]
StateWord = Annotated[
    str,
    typer.Option("--state", help="draft, approved, running, ended or stopped; empty: all."),
]
CsvFile = Annotated[
    Path | None, typer.Option("--csv", dir_okay=False, help="File for all figures, UTF-8.")
]


def occasion(text: str) -> Any:
    """Read an occasion; 0 for an empty one."""
    return enum_number(text, pb.EducationOccasion, "--occasion")


def state(text: str) -> Any:
    """Read a state; 0 for an empty one."""
    return enum_number(text, pb.EducationState, "--state")


def fraud_type(text: str) -> Any:
    """Read a kind of fraud; 0 for an empty one."""
    from blocklists.importers.vocabulary import read_fraud_type

    return enum(text, read_fraud_type, "--fraud-type")


def financial_fraud(text: str) -> Any:
    """Read a kind of financial fraud; 0 for an empty one."""
    return enum_number(text, entity_pb2.FinancialFraud, "--financial-fraud")


def write(campaign: pb.EducationCampaign, text: str, template: str) -> None:
    """Give a campaign a text of one's own; without one, what it has stays."""
    if not text:
        return
    name, _, version = template.rpartition(":")
    if not name or not version:
        raise typer.BadParameter(
            gettext("a text of your own has a name and a version, such as elders:1"),
            param_hint="--template",
        )
    campaign.text, campaign.template, campaign.template_version = text, name, version


def segment(*given: Sequence[str] | None) -> pb.EducationSegment:
    """Return who is meant: age bands, occupations, areas and groups."""
    found = pb.EducationSegment()
    mean(found, *given)
    return found


def mean(found: pb.EducationSegment, *given: Sequence[str] | None) -> None:
    """Replace the lists that are given, in this order; one empty text empties a list."""
    kept = (found.age_bands, found.occupations, found.areas, found.groups)
    for words, values in zip(kept, given, strict=True):
        if values is not None:
            words[:] = [one for one in values if one]


def occasion_word(number: int) -> str:
    """Return the word of an occasion, in the language of the user."""
    return shown_word(pb.EducationOccasion, number)


def state_word(number: int) -> str:
    """Return the word of a state."""
    return shown_word(pb.EducationState, number)


def person_word(name: str) -> str:
    """Return the word for what became of recipients, such as ``held_out``."""
    return enum_word("education_person", name.replace("_", " "))
