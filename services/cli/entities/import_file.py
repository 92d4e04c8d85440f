"""Reads the entities of a CSV file: a row each, identifiers separated by blanks or semicolons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import entity_pb2 as pb
from services.cli._common import files
from services.cli._common.console import fail
from services.cli.entities import options

REQUIRED = ("name", "kind", "financial_fraud")
COLUMNS = {
    "hosts": "hosts",
    "numbers": "numbers",
    "senders": "senders",
    "apps": "apps",
    "icp_records": "records",
    "custodians": "custodians",
    "payment_channels": "payment_channels",
}
"""Columns of identifiers, and the arguments of `options.identifiers` that they are."""
_BETWEEN = re.compile(r"\s*[;；]\s*")


def read(path: Path, cleanup: str) -> Iterator[tuple[int, pb.Entity | str]]:
    """Yield line numbers, and the entity of each line or why it is none.

    A file without the columns that are required ends the command.
    """
    with files.open_table(path, single_column="name") as table:
        if missing := [name for name in REQUIRED if name not in table.columns]:
            fail(gettext("{file}: no column {names}", file=str(path), names=", ".join(missing)))
        for line, row in enumerate(table.rows, start=2):
            try:
                yield line, _entity(row, cleanup)
            except typer.BadParameter as error:
                column = str(error.param_hint).lstrip("-").replace("-", "_")
                yield line, f"{column}: {error.message}"


def _entity(row: Mapping[str, str], cleanup: str) -> pb.Entity:
    given = {
        argument: [one for one in _BETWEEN.split(row.get(column, "").strip()) if one]
        for column, argument in COLUMNS.items()
    }
    return pb.Entity(
        name=row["name"],
        kind=options.entity_kind(row["kind"]),
        financial_fraud=options.financial_fraud(row["financial_fraud"]),
        cleanup=row.get("cleanup", "").strip() or cleanup,
        legal_basis=row.get("legal_basis", ""),
        region=row.get("region", "").strip(),
        identifiers=options.identifiers(**given, credit_code=row.get("credit_code", "").strip()),
    )
