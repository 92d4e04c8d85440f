"""Shows what a model abstains from and puts up for review: a part of `fanzha eval`."""

from __future__ import annotations

from typing import Any

from fanzha.translation.catalogue import gettext
from services.cli._common.console import out
from services.cli._common.tables import RowTable

_SIDES = ("fraud", "legitimate")


def show(found: Any) -> None:
    """Print the band, and what of each side lies in it, by group."""
    out.print()
    out.print(
        gettext(
            "put up for review instead of blocked: scores from {low:.6g} to below {high:.6g}",
            low=found["from"],
            high=found["to"],
        )
    )
    table = RowTable()
    table.add_column(gettext("group"))
    for title in (
        gettext("fraud"),
        gettext("blocked"),
        gettext("review"),
        gettext("% review"),
        gettext("legitimate"),
        gettext("blocked"),
        gettext("review"),
        gettext("% review"),
    ):
        table.add_column(title, right=True)
    for name, one in (
        (gettext("all rows"), found),
        *((f"{one['by']} {one['group'] or '–'}", one) for one in found["slices"]),
    ):
        table.add_row(name, *(cell for side in _SIDES for cell in _cells(one.get(side))))
    table.print()


def _cells(side: Any) -> tuple[str, ...]:
    if side is None:
        return ("0", "–", "–", "–")
    share = "{share:.3f} ({low:.3f}–{high:.3f})".format(  # the form of the other tables
        **{name: 100 * side[name] for name in ("share", "low", "high")}
    )
    return (f"{side['rows']:,}", f"{side['blocked']:,}", f"{side['review']:,}", share)
