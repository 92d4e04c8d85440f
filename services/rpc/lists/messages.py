"""Converts messages of lists to columns, and entries to messages.

The only loops over rows here; an import of ten million rows holds the objects of one
message at a time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from blocklists.entries import Entry, EntryKind, EntryMode, Source
from blocklists.entry_table import EntryTable
from blocklists.queries import EntryFilter
from blocklists.row_validation import ProposedRows, RejectedRow, RowDefaults
from blocklists.snapshot.findings import Finding
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.translation.negotiation import for_caller
from fanzha.v1 import blocklist_pb2 as pb
from services.auth import identity
from services.changes.report import RequestSummary, RowReport
from services.lists.critical import CriticalAnswer
from services.lists.hit_counter import NO_HITS, EntryHitSummary
from services.lists.lifecycle import name_of
from services.warning.outcomes.reliability import OutcomeTally

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


def proposed(entries: Sequence[pb.Entry]) -> ProposedRows:
    """Read entries to add; the server sets the time of entry."""
    return ProposedRows(
        patterns=[entry.pattern for entry in entries],
        kinds=[entry.kind for entry in entries],
        actions=[entry.action for entry in entries],
        directions=[entry.direction for entry in entries],
        fraud_types=[entry.fraud_type for entry in entries],
        sources=[entry.source for entry in entries],
        expires_s=[entry.expires_at_s for entry in entries],
        reasons=[entry.reason for entry in entries],
        legal_bases=[entry.legal_basis for entry in entries],
        campaigns=[entry.campaign for entry in entries],
        regions=[entry.region for entry in entries],
        authors=[_said_author(entry) for entry in entries],
        modes=[entry.mode for entry in entries],
        reviews_s=[entry.review_at_s for entry in entries],
        no_ends=[entry.no_end for entry in entries],
    )


def proposed_rows(message: pb.ImportRows) -> Iterator[tuple[list[int], ProposedRows]]:
    """Read rows of an import and their line numbers, in order."""
    if message.rows:
        yield _with_fields(message.rows)
    if message.plain:
        yield _plain(message.plain)


def _plain(runs: Sequence[pb.PlainRows]) -> tuple[list[int], ProposedRows]:
    lines: list[int] = []
    kinds: list[int] = []
    patterns: list[str] = []
    for run in runs:
        *some, rest = run.patterns.split("\n")
        if rest:
            raise InvalidInput(
                "rows.plain.patterns: each ends with a line feed, also the last: {rest!r}",
                rest=rest[:100],
            )
        lines += range(run.first_line, run.first_line + len(some))
        kinds += [run.kind] * len(some)
        patterns += some
    return lines, ProposedRows(patterns=patterns, kinds=kinds)


def _with_fields(messages: Sequence[pb.ImportRow]) -> tuple[list[int], ProposedRows]:
    rows = list(messages)
    return [row.line for row in rows], ProposedRows(
        patterns=[row.pattern for row in rows],
        kinds=[row.kind for row in rows],
        actions=[row.action for row in rows],
        directions=[row.direction for row in rows],
        fraud_types=[row.fraud_type for row in rows],
        sources=[row.source for row in rows],
        expires_s=[row.expires_at_s for row in rows],
        reasons=[row.reason for row in rows],
        legal_bases=[row.legal_basis for row in rows],
        campaigns=[row.campaign for row in rows],
        regions=[row.region for row in rows],
        authors=[""] * len(rows),
        modes=[row.mode for row in rows],
        reviews_s=[row.review_at_s for row in rows],
        no_ends=[row.no_end for row in rows],
    )


def defaults(message: pb.Entry, ours: RowDefaults) -> RowDefaults:
    """Read the defaults of rows, over the general ones."""
    return replace(
        ours,
        kind=message.kind,
        action=message.action,
        direction=message.direction or ours.direction,
        fraud_type=message.fraud_type,
        source=message.source,
        expires_s=message.expires_at_s or ours.expires_s,
        reason=message.reason or ours.reason,
        legal_basis=message.legal_basis,
        campaign=message.campaign,
        region=message.region or ours.region,
        author=_said_author(message) or ours.author,
        mode=message.mode or ours.mode,
        review_s=message.review_at_s,
        no_end=message.no_end,
    )


def entry_filter(kind: int, action: int, source: int, mode: int = 0) -> EntryFilter:
    """Read a filter; an unknown kind, action or source is an error, not an empty answer."""
    for name, number, known in (
        ("kind", kind, EntryKind),
        ("action", action, Action),
        ("source", source, Source),
        ("mode", mode, EntryMode),
    ):
        if number and number not in set(known):
            raise InvalidInput("{name}: unknown number {number}", name=name, number=number)
    return EntryFilter(kind=kind, action=action, source=source, mode=mode)


def report(row: RowReport | RejectedRow) -> pb.RowReport:
    """Write the outcome of a row."""
    if isinstance(row, RejectedRow):
        return pb.RowReport(
            row=row.row, outcome=_wire(row.outcome), message=for_caller(row.message)
        )
    return pb.RowReport(
        row=row.row,
        outcome=_wire(row.outcome),
        entry_id=row.entry_id,
        message=for_caller(row.message),
        repeated_by=row.repeated_by,
        pattern=row.pattern,
        kind=_wire(row.kind),
    )


def entries(
    tables: Sequence[EntryTable], hits: Mapping[str, EntryHitSummary] | None = None
) -> list[pb.Entry]:
    """Write entries, with their *hits* where those are known."""
    return [entry(table.entry(row), hits) for table in tables for row in range(len(table))]


def requested(one: RequestSummary | None) -> dict[str, Any]:
    """Write the change request that was made, as fields of an answer."""
    if one is None:
        return {}
    return {
        "change_id": one.change_id,
        "change_state": _wire(one.state),
        "waits_because": map(for_caller, one.waits_because),
        "unreviewed_risks": one.unreviewed_risks,
    }


def entry(one: Entry, hits: Mapping[str, EntryHitSummary] | None = None) -> pb.Entry:
    """Write one entry; an entry that *hits* lacks has none."""
    counted = None if hits is None else hits.get(name_of(one), NO_HITS)
    return pb.Entry(
        entry_id=one.entry_id,
        kind=_wire(one.kind),
        pattern=one.pattern,
        action=_wire(one.action),
        direction=_wire(one.direction),
        fraud_type=_wire(one.fraud_type),
        source=_wire(one.source),
        reason=one.reason,
        legal_basis=one.legal_basis,
        created_by=one.created_by,
        created_at_s=int(one.created_at.timestamp()),
        expires_at_s=int(one.expires_at.timestamp()),
        campaign=one.campaign,
        region=one.region,
        approved_by=one.approved_by,
        mode=_wire(one.mode),
        review_at_s=int(one.review_at.timestamp()) if one.review_at else 0,
        no_end=not one.ends,
        hits=None if counted is None else counted.times,
        last_hit_at_s=0 if counted is None else counted.last_s,
    )


def cases(tally: OutcomeTally) -> pb.CaseOutcomes:
    """Write the outcomes of cases."""
    return pb.CaseOutcomes(
        confirmed=tally.confirmed,
        false_alarms=tally.false,
        neither=tally.uninformative,
        reliability=tally.reliability,
    )


def _said_author(entry: pb.Entry) -> str:
    """Return the author of an entry; an authenticated caller cannot name another."""
    return entry.created_by if identity.current().development else ""


def findings(found: Sequence[Finding]) -> list[pb.ListFinding]:
    """Write findings about versions of the lists."""
    return [
        pb.ListFinding(
            version=one.version,
            kind=pb.ListFindingKind.Value(f"LIST_FINDING_KIND_{one.kind.name}"),
            # It may name entries.
            why="" if identity.current().regions else for_caller(one.why),
            rows=one.rows,
            skipped=one.skipped,
        )
        for one in found
    ]


def critical(found: CriticalAnswer) -> pb.ListCriticalResponse:
    """Write critical names and numbers."""
    return pb.ListCriticalResponse(
        items=[
            pb.CriticalItem(
                pattern=item.pattern,
                category=item.category,
                owner=item.owner,
                source=item.source,
                checked=item.checked,
                users_below=item.users_below,
                own=item.own,
            )
            for item in found.items
        ],
        risks=found.risks,
        range_subscribers_limit=found.range_limit,
    )
