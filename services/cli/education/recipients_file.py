"""Reads the recipients of a campaign from a CSV file, a row a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from fanzha.errors import InvalidConfiguration
from fanzha.translation.catalogue import language
from fanzha.v1 import education_pb2 as pb
from services.cli._common.console import fail
from services.warning import csv_rows

REQUIRED = ("number", "consent_source", "consent_day")
OPTIONAL = ("region", "age_band", "occupation")
AT_ONCE = 2_000
"""Rows of one request."""
_LONGEST = 500
"""Characters of a cell that are sent; the server names what is too long."""

Rows: TypeAlias = "list[tuple[str, pb.EducationRecipient]]"


def batches(path: Path) -> Iterator[Rows]:
    """Yield rows with their places, ``file:line``; ends the command at what is no table."""
    batch: Rows = []
    try:
        for where, cells in csv_rows.rows(path, REQUIRED, OPTIONAL):
            kept = {name: cells.get(name, "")[:_LONGEST] for name in REQUIRED + OPTIONAL}
            batch.append((where, pb.EducationRecipient(**kept)))
            if len(batch) == AT_ONCE:
                yield batch
                batch = []
    except InvalidConfiguration as error:
        fail(error.translated(language()))
    if batch:
        yield batch
