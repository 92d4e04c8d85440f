"""Options of `fanzha incidents`, and the words they take."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import incident_pb2 as pb
from fanzha.v1 import incident_pb2_grpc
from infra.clock import now_ms
from services.cli._common.choices import enum_number
from services.cli._common.console import os_fault
from services.cli._common.options import enum
from services.cli._common.server import ServerOf
from services.cli._common.time_arguments import moment

server = ServerOf(lambda: incident_pb2_grpc.IncidentServiceStub)

IncidentId = Annotated[int, typer.Argument(min=1, help="Number of the incident.")]
LeadId = Annotated[int, typer.Argument(min=1, help="Number of the lead in its incident.")]
FraudWord = Annotated[
    str, typer.Option("--fraud-type", help="Kind of fraud, such as fake_loan or 虚假贷款.")
]
RegionCode = Annotated[
    str, typer.Option("--region", help="Region in charge, such as 3301; empty: the province.")
]
Summary = Annotated[str, typer.Option("--summary", help="What is known, in a few sentences.")]
Subjects = Annotated[
    list[str] | None,
    typer.Option("--subject", help="A number, sender, host, URL or fingerprint; may be repeated."),
]
Cases = Annotated[list[str] | None, typer.Option("--case", help="Id of a case; may be repeated.")]
Decisions = Annotated[
    list[str] | None,
    typer.Option("--decision", help="Number of a logged decision; may be repeated."),
]
Changes = Annotated[
    list[str] | None, typer.Option("--change", help="Number of a change; may be repeated.")
]
Entities = Annotated[
    list[str] | None, typer.Option("--entity", help="Number of an entity; may be repeated.")
]
Documents = Annotated[
    list[Path] | None,
    typer.Option(
        "--document",
        exists=True,
        dir_okay=False,
        help="A file: its name and SHA-256 are recorded, the file stays here; may be repeated.",
    ),
]
Cluster = Annotated[
    str,
    typer.Option(
        "--cluster", help="KIND:WHAT, as `clusters` lists it: its numbers are added, too."
    ),
]


def fraud_type(text: str) -> Any:
    """Read a kind of fraud."""
    from blocklists.importers.vocabulary import read_fraud_type

    return enum(text, read_fraud_type, "--fraud-type")


def stage(text: str, option: str = "STAGE") -> Any:
    """Read a stage; 0 for an empty one."""
    return enum_number(text, pb.IncidentStage, option)


def outcome(text: str) -> Any:
    """Read what came of a lead."""
    return enum_number(text, pb.LeadOutcome, "--outcome")


def cluster_kind(text: str) -> Any:
    """Read a kind of cluster."""
    return enum_number(text, pb.ClusterKind, "--kind")


def cluster(text: str, since: str) -> pb.ClusterReference | None:
    """Read KIND:WHAT; None for an empty one."""
    if not text:
        return None
    kind, colon, common = text.partition(":")
    if not colon or not common:
        raise typer.BadParameter(
            gettext("KIND:WHAT, as `clusters` lists it"), param_hint="--cluster"
        )
    return pb.ClusterReference(
        kind=cluster_kind(kind), common=common, since_ms=moment(since, now_ms(), "--since")
    )


def parts(
    subjects: Sequence[str] | None,
    cases: Sequence[str] | None,
    decisions: Sequence[str] | None,
    changes: Sequence[str] | None,
    entities: Sequence[str] | None,
    documents: Sequence[Path] | None,
    note: str = "",
) -> list[pb.IncidentPart]:
    """Return parts of all kinds, in the order of the options."""
    given = {
        pb.PART_KIND_SUBJECT: subjects,
        pb.PART_KIND_CASE: cases,
        pb.PART_KIND_DECISION: decisions,
        pb.PART_KIND_CHANGE: changes,
        pb.PART_KIND_ENTITY: entities,
    }
    named = [
        pb.IncidentPart(kind=kind, reference=value, note=note)
        for kind, values in given.items()
        for value in values or ()
    ]
    files = [
        pb.IncidentPart(
            kind=pb.PART_KIND_DOCUMENT, reference=file.name, sha256=_digest(file), note=note
        )
        for file in documents or ()
    ]
    return [*named, *files]


def _digest(file: Path) -> str:
    try:
        return sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {os_fault(error)}", param_hint="--document") from None
