"""Shows which threshold holds a promise, and in which groups: `fanzha eval --promise`."""

from __future__ import annotations

from typing import Any

from classifiers.evaluation import budget
from fanzha.translation.catalogue import gettext, gettext_noop
from services.cli._common.console import out
from services.cli._common.tables import RowTable

_PROMISES = {
    "confident": gettext_noop("held"),
    "expected": gettext_noop("on average"),
    "pooled": gettext_noop("together only"),
    "none": gettext_noop("too few"),
}


def show(found: Any) -> None:
    """Print the threshold, and for each group what is known of it."""
    out.print()
    out.print(_sentence(found), soft_wrap=True)
    table = RowTable()
    table.add_column(gettext("group"))
    for title in (
        gettext("rows"),
        gettext("near-duplicates as one"),
        gettext("blocked"),
        gettext("at most, %"),
        gettext("threshold alone"),
    ):
        table.add_column(title, right=True)
    table.add_column(gettext("promise"))
    for one in found["groups"]:
        against = gettext(", and contradicted") if one["contradicted"] else ""
        table.add_row(
            _group(one["group"]),
            f"{one['rows']:,}",
            f"{one['clusters']:,}",
            f"{one['blocked_clusters']:,}",
            f"{100 * one['upper']:.4f}",
            f"{one['own_threshold']:.6g}" if "own_threshold" in one else "–",
            gettext(_PROMISES[one["promise"]]) + against,
        )
    table.print()


def _sentence(found: Any) -> str:
    rate, group = 100 * found["rate"], _group(found["decided_by"])
    if "threshold" not in found:
        return gettext("no threshold keeps {rate:g} % of {group}", rate=rate, group=group)
    return gettext(
        "threshold that blocks at most {rate:g} % of legitimate rows in each group held, with "
        "{confidence:g} % confidence: {threshold:.6g}, decided by {group}; a group needs "
        "{needed:,} rows that are no near-duplicates",
        rate=rate,
        confidence=100 * found["confidence"],
        threshold=found["threshold"],
        group=group,
        needed=found["needed"],
    )


def _group(name: str) -> str:
    return gettext(name) if name in {budget.TOGETHER, budget.ALL} else name or "–"
