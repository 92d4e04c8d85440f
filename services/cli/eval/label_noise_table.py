"""Shows how many labels look wrong, by group: `fanzha eval --label-noise`."""

from __future__ import annotations

from typing import Any

from fanzha.translation.catalogue import gettext
from services.cli._common.console import out
from services.cli._common.tables import RowTable


def show(found: Any) -> None:
    """Print a row for each group, the worst first, then all together."""
    out.print()
    out.print(
        gettext(
            "labels that the scores contradict; only for rows that the model did not learn from"
        )
    )
    table = RowTable()
    table.add_column(found["by"])
    for title in (
        gettext("rows"),
        gettext("fraud that looks legitimate"),
        gettext("legitimate that looks like fraud"),
        gettext("near-duplicates with both labels"),
        gettext("contradicted, %"),
    ):
        table.add_column(title, right=True)
    for one in (*found["groups"], {"group": gettext("all rows as one"), **found["all"]}):
        table.add_row(
            one["group"] or "–",
            f"{one['rows']:,}",
            f"{one['fraud_like_legitimate']:,}",
            f"{one['legitimate_like_fraud']:,}",
            f"{one['disputed']:,}",
            f"{100 * one['share']:.2f} ({100 * one['low']:.2f}–{100 * one['high']:.2f})",
        )
    table.print()
