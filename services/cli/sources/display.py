"""Prints sources and their pulls."""

from __future__ import annotations

from collections.abc import Iterable

from fanzha.translation.catalogue import gettext
from fanzha.v1 import source_pb2 as pb
from services.cli._common.console import out
from services.cli._common.enum_words import enum_word, shown_word
from services.cli._common.plain_text import visible
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written

_UNITS = ((86_400, "d"), (3600, "h"), (60, "m"))


def show_sources(sources: Iterable[pb.SourceStatus]) -> None:
    """Print how sources stand."""
    table = RowTable()
    for head in ("source", "kind", "brings", "lag", "state", "last", "why"):
        table.add_column(gettext(head), prose=head == "why", right=head == "lag")
    found = False
    for one in sources:
        found = True
        table.add_row(
            one.name,
            one.kind,
            enum_word("brings", one.brings),
            span(one.lag_seconds),
            _state(one),
            written(one.last.at_ms) if one.HasField("last") else "",
            visible(one.last.why),
        )
    if not found:
        out.print(gettext("no source is known; set sources_file"))
        return
    table.print()


def show_pulls(pulls: Iterable[pb.SourcePull]) -> None:
    """Print pulls, a line each."""
    table = RowTable()
    for head in ("at", "outcome", "rows", "results", "change", "by", "sha256", "file", "why"):
        table.add_column(gettext(head), prose=head in {"why", "results"}, right=head == "rows")
    for one in pulls:
        results = ", ".join(
            f"{enum_word('pull_result', what.replace('_', ' '))} {rows:,}"
            for what, rows in sorted(one.results.items())
        )
        table.add_row(
            written(one.at_ms),
            shown_word(pb.PullOutcome, one.outcome),
            f"{one.rows:,}",
            results,
            str(one.change_id or ""),
            visible(one.by),
            one.sha256,
            visible(one.file),
            visible(one.why),
        )
    table.print()


def span(seconds: float) -> str:
    """Write a time span in its largest unit."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _state(one: pb.SourceStatus) -> str:
    words = []
    if one.late:
        words.append(gettext("late"))
    if one.held:
        words.append(gettext("{count} held", count=len(one.held)))
    if one.failures:
        words.append(gettext("{count} failures", count=one.failures))
    if one.last.outcome == pb.PULL_OUTCOME_REFUSED:
        words.append(shown_word(pb.PullOutcome, one.last.outcome))
    return ", ".join(words) or gettext("in order")
