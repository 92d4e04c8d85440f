"""`fanzha warnings entries`: list entries that led to cases, and how these ended."""

from __future__ import annotations

from typing import Any

from fanzha.translation.catalogue import gettext
from fanzha.v1 import warning_operations_pb2 as pb
from services.cli._common.console import out, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, Limit, Target
from services.cli._common.server import MOST_ROWS
from services.cli._common.tables import RowTable
from services.cli.warnings.operations_server import server


def entries(
    limit: Limit = 50,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show list entries whose cases were closed, those of the lowest reliability first.

    The reliability is 0.5 without informative cases: docs/how-to/outcomes.md. The totals of each
    list source follow. An entry without a pattern has no informative case yet, or list
    administration has not processed it.
    """
    with server(target) as stub:
        request = pb.ListEntryOutcomesRequest(limit=min(limit, MOST_ROWS))
        found = stub.ListEntryOutcomes(request)
    by_source = sorted(found.by_source.items())
    if as_json:
        lists = {name: _figures(figures) for name, figures in by_source}
        shown = list(map(_as_words, found.entries))
        print_json({"total": found.total, "entries": shown, "lists": lists})
        return
    if not found.entries:
        out.print(gettext("no case of a list entry was closed"))
        return
    table = RowTable()
    for head in (
        *("entry", "pattern", "source", "lost", "false", "neither", "reliability", "request"),
    ):
        table.add_column(gettext(head))
    for one in found.entries:
        request_shown = (
            gettext("change {proposed_removal}", proposed_removal=one.proposed_removal)
            if one.proposed_removal
            else ""
        )
        table.add_row(one.entry_id, one.pattern, one.source, *_columns(one.figures), request_shown)
    table.print()
    out.print(gettext("{entries} of {total} shown", entries=len(found.entries), total=found.total))
    _show_lists(by_source)


def _show_lists(by_source: Any) -> None:
    for name, figures in by_source:
        lost, false, neither, reliability = _columns(figures)
        out.print(
            gettext(
                "{name}: {lost} lost, {false} false, {neither} neither, reliability {reliability}",
                name=name,
                lost=lost,
                false=false,
                neither=neither,
                reliability=reliability,
            )
        )


def _columns(figures: pb.OutcomeFigures) -> tuple[str, str, str, str]:
    counts = (figures.confirmed, figures.false_alarms, figures.neither)
    lost, false, neither = map(str, counts)
    return lost, false, neither, f"{figures.reliability:.2f}"


def _figures(figures: pb.OutcomeFigures) -> dict[str, object]:
    return {
        "cases": dict(sorted(figures.cases.items())),
        "reliability": round(figures.reliability, 4),
    }


def _as_words(one: pb.EntryOutcomes) -> dict[str, object]:
    return {
        "entry_id": one.entry_id,
        "kind": one.kind,
        "pattern": one.pattern,
        "source": one.source,
        **_figures(one.figures),
        "proposed_removal": one.proposed_removal,
    }
