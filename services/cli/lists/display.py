"""Shows entries and reports: tables for people, JSON and files for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import typer

from blocklists.exporters import plain
from fanzha.translation.catalogue import gettext
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import change_state_pb2, decision_pb2
from services.cli._common.confirmation import show_unreviewed
from services.cli._common.console import out
from services.cli._common.enum_words import LazyTable, enum_word, field_label, shown_word, wire_word
from services.cli._common.tables import FieldTable, RowTable
from services.cli._common.time_arguments import day, last_day, written
from services.cli.lists import entry_messages

_OF_FORMAT = LazyTable(
    lambda: {
        "domains": (pb.ENTRY_KIND_HOST,),
        "numbers": (pb.ENTRY_KIND_NUMBER, pb.ENTRY_KIND_RANGE),
    }
)

_ENUMS = {
    "type": "entry_kind",
    "action": "action",
    "direction": "direction",
    "fraud_type": "fraud_type",
    "source": "source",
    "mode": "entry_mode",
}
"""Columns with words of an enum, and its name."""


def action(number: int) -> str:
    """Write what an entry does: block or allow."""
    return shown_word(decision_pb2.Action, number)


def columns(entry: pb.Entry) -> tuple[str, ...]:
    """Write an entry as `CSV_COLUMNS`."""
    return plain.columns(entry_messages.read(entry))


def shown_columns(entry: pb.Entry) -> tuple[str, ...]:
    """Write an entry as `columns`, with its words in the language of the user."""
    cells = zip(plain.CSV_COLUMNS, columns(entry), strict=True)
    return tuple(enum_word(_ENUMS[name], cell) if name in _ENUMS else cell for name, cell in cells)


def is_bad(report: pb.RowReport) -> bool:
    """Return whether a row was refused or could not be read."""
    return report.outcome in (pb.ROW_OUTCOME_REFUSED, pb.ROW_OUTCOME_INVALID)


def show_facts(answer: pb.FindEntriesResponse) -> None:
    """Print why what was looked for is protected, and whether no entry matches it."""
    if answer.protected_because:
        out.print(
            gettext(
                "protected: {protected_because}",
                protected_because=answer.protected_because,
            ),
            markup=False,
            soft_wrap=True,
        )
    if not answer.entries:
        out.print(gettext("no entry matches, in version {version}", version=answer.version))


def exit_if_nothing(answer: pb.FindEntriesResponse) -> None:
    """End the command with status 1 where nothing was found."""
    if not answer.entries and not answer.protected_because:
        raise typer.Exit(1)


def show_entries(entries: Iterable[pb.Entry], now_s: int) -> None:
    """Print entries as a table."""
    table, entries = RowTable(), list(entries)
    regional = any(entry.region for entry in entries)
    for name in (
        *("pattern", "type", "action", "fraud type", "source", "ends", "review"),
        *("hits", "last hit", "id", *(["region"] if regional else []), "reason"),
    ):
        table.add_column(gettext(name), prose=name == "reason", right=name == "hits")
    for entry in entries:
        type_, pattern, action, direction, fraud_type, source, reason, *_ = shown_columns(entry)
        if entry.kind in _OF_FORMAT["numbers"] and entry.direction != pb.DIRECTION_BOTH:
            action = f"{action} {direction}"
        if entry.mode == pb.ENTRY_MODE_SHADOW:
            action = gettext("{action} (shadow)", action=action)
        over = gettext(" (over)") if entry.expires_at_s <= now_s else ""
        ends = enum_word("expiry", "never") if entry.no_end else last_day(entry.expires_at_s) + over
        late = gettext(" (overdue)") if 0 < entry.review_at_s <= now_s else ""
        review = last_day(entry.review_at_s) + late if entry.review_at_s else ""
        hits = f"{entry.hits:,}" if entry.HasField("hits") else "–"
        last_hit = day(entry.last_hit_at_s) if entry.last_hit_at_s else ""
        region = [entry.region] if regional else []
        table.add_row(pattern, type_, action, fraud_type, source, ends, review,
                      hits, last_hit, entry.entry_id, *region, reason)  # fmt: skip
    table.print()


def show_entry(entry: pb.Entry, now_s: int) -> None:
    """Print all there is to say of one entry, one thing a line."""
    table = FieldTable()
    over = gettext(" (over)") if entry.expires_at_s <= now_s else ""
    late = gettext(" (overdue)") if 0 < entry.review_at_s <= now_s else ""
    for name, value in zip(plain.CSV_COLUMNS, shown_columns(entry), strict=True):
        late_or_over = over if name == "expires" else late if name == "review" else ""
        table.add_row(field_label(name), (value or "–") + late_or_over)
    table.add_row(
        gettext("entered"),
        gettext(
            "{created_at_s} by {created_by}",
            created_at_s=written(entry.created_at_s * 1000),
            created_by=entry.created_by,
        ),
    )
    hits = (
        gettext("{hits:,}, about", hits=entry.hits)
        if entry.HasField("hits")
        else gettext("not counted")
    )
    table.add_row(gettext("hits"), hits)
    table.add_row(
        gettext("last hit"), written(entry.last_hit_at_s * 1000) if entry.last_hit_at_s else "–"
    )
    _show_cases(entry, table)
    table.add_row(gettext("id"), entry.entry_id)
    table.print()
    out.print()


def _show_cases(entry: pb.Entry, table: FieldTable) -> None:
    if entry.HasField("cases"):
        cases = entry.cases
        ended = gettext(
            "{confirmed} lost money, {false_alarms} false alarms",
            confirmed=cases.confirmed,
            false_alarms=cases.false_alarms,
        )
        table.add_row(
            gettext("cases"),
            gettext(
                "{ended}, {neither} neither; reliability {reliability:.2f}",
                ended=ended,
                neither=cases.neither,
                reliability=cases.reliability,
            ),
        )


def kind_word(number: int) -> str:
    """Write what a pattern is, as `--kind` takes it."""
    return wire_word(pb.EntryKind, number).removesuffix("_prefix")


def shown_kind(number: int) -> str:
    """Write what a pattern is, in the language of the user."""
    return enum_word("entry_kind", kind_word(number))


def show_reports(patterns: Sequence[str], reports: Sequence[pb.RowReport]) -> None:
    """Print what became of each pattern, and what it was taken for."""
    for report in reports:
        outcome = shown_word(pb.RowOutcome, report.outcome)
        why = f": {report.message}" if report.message else ""
        name = f" {report.entry_id}" if report.entry_id else ""
        given = patterns[report.row]
        kind = gettext(" as {kind}", kind=shown_kind(report.kind)) if report.kind else ""
        as_read = f" {report.pattern}" if kind and report.pattern != given else ""
        out.print(f"{given}  {outcome}{name}{kind}{as_read}{why}", markup=False, soft_wrap=True)


def show_request(answer: Any) -> None:
    """Tell what became of the change that was asked for: applied, or waiting."""
    if answer.change_state == change_state_pb2.CHANGE_STATE_PENDING:
        out.print(
            gettext(
                "change {change_id} waits for a second person; nothing changed yet",
                change_id=answer.change_id,
            )
        )
        for reason in answer.waits_because:
            out.print(f"    {reason}", markup=False, soft_wrap=True)
        return
    show_unreviewed(answer.unreviewed_risks)
    by = gettext(", by change {change_id}", change_id=answer.change_id) if answer.change_id else ""
    out.print(gettext("the lists are at version {version}{by}", version=answer.version, by=by))
