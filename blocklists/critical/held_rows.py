"""Holds back the rows of an import that would hit what many depend on.

A list of a hundred thousand names is not to fail because one of them is everybody's search engine,
nor to block it unseen: such rows are refused, each with its risk, and the others are imported.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from blocklists.critical.risks import RiskFinder
from blocklists.row_validation import CheckedRows, RejectedRow
from blocklists.store.changes import RowOutcome
from fanzha.translation.message import Message


def hold_back(checked: CheckedRows, risks: RiskFinder, confirmed: Collection[str]) -> CheckedRows:
    """Return *checked* with the rows rejected that have a risk not among *confirmed*."""
    held: dict[int, list[str]] = {}
    for risk in risks.find(checked.table):
        if risk.text not in confirmed:
            held.setdefault(risk.row, []).append(risk.text)
    if not held:
        return checked
    stay = np.setdiff1d(np.arange(len(checked.rows)), list(held))
    rejected = [
        RejectedRow(
            row=int(checked.rows[place]),
            outcome=RowOutcome.REFUSED,
            message=Message(
                "held back, for it hits {risks}: confirm that to import it", risks=", ".join(texts)
            ),
        )
        for place, texts in held.items()
    ]
    return replace(
        checked,
        table=checked.table.take(stay),
        rows=checked.rows[stay],
        problems=sorted([*checked.problems, *rejected], key=lambda problem: problem.row),
    )
