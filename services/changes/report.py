"""The input of a change to the lists, and the report on each of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from blocklists import patterns, row_validation
from blocklists.entries import EntryKind, entry_id
from blocklists.row_validation import CheckedRows
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from fanzha.phone import HomePlan
from fanzha.tables import Uint8s
from fanzha.translation.message import Message
from infra import text_limits
from services.changes.change_context import SubmissionResult
from services.changes.diff import blocks_without_fraud_type
from services.changes.model import ChangeState

Identity: TypeAlias = tuple[EntryKind, str, Action]

NO_FRAUD_TYPE = Message("names no fraud type: it blocks, but its hits open no case and warn no one")
_WRITTEN = frozenset({RowOutcome.ADDED, RowOutcome.REPLACED})
ENFORCED = Message(
    "mode: a shadow entry cannot replace an enforcing one; remove that in the same change"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Refers to an entry. Kind 0 is derived from the pattern; action 0 matches either action."""

    kind: int
    pattern: str
    action: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReport:
    """The outcome of one row."""

    row: int
    outcome: RowOutcome
    entry_id: str = ""
    message: str = ""
    repeated_by: int = 0
    """For a duplicate that a later row repeats: the number of that row."""
    pattern: str = ""
    """The pattern in canonical form, of what may enter the lists."""
    kind: int = 0
    """What the pattern was taken for, as in the proto; 0 where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """The change request that was created."""

    change_id: int
    state: int
    """As `services.changes.model.ChangeState`."""
    waits_because: Sequence[str] = ()
    """Why it waits for a second person."""
    unreviewed_risks: Sequence[str] = ()
    """What it hits that its author confirmed and no second person reviewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateReport:
    """The result of a change."""

    version: int
    additions: Sequence[RowReport]
    removals: Sequence[RowReport]
    requested: RequestSummary | None = None
    """None when nothing would change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTerms:
    """Author, reason and expected version of a change."""

    author: str
    reason: str
    expected_version: int | None = None
    dry_run: bool = False
    confirmed_risks: tuple[str, ...] = ()
    """The risks that the author confirms."""
    may_replace: bool = True
    """Whether entries of other contents may be replaced."""
    leaves_out_beyond: bool = False
    """Whether rows of an import beyond the regions of its author are refused one by one, and the
    others go on; otherwise one such row refuses the change."""
    false_positive: bool = False
    """Whether the blocks that are removed were wrong."""

    def __post_init__(self) -> None:
        for name in ("author", "reason"):
            text_limits.required(name, getattr(self, name), row_validation.ENTRY_TEXT)


def resolve_references(
    removals: Sequence[Reference], home: HomePlan
) -> tuple[list[tuple[int, Identity]], dict[int, str]]:
    """Return the identities each reference matches, by row, and the errors by row."""
    kinds = np.array([one.kind if one.kind in set(EntryKind) else 0 for one in removals], np.uint8)
    read = patterns.read([one.pattern for one in removals], kinds, home)
    named = []
    for row, reference in enumerate(removals):
        if row not in read.errors:
            actions = (
                [Action(reference.action)] if reference.action in set(Action) else list(Action)
            )
            kind, text = EntryKind(int(read.kinds[row])), read.text(row)
            named += [(row, (kind, text, action)) for action in actions]
    return named, read.errors


def addition_reports(checked: CheckedRows, outcomes: Uint8s) -> list[RowReport]:
    """Report on each proposed row, in their order."""
    table = checked.table
    unnamed = blocks_without_fraud_type(table)
    reports = [
        RowReport(row=problem.row, outcome=problem.outcome, message=problem.message)
        for problem in checked.problems
    ]
    for place, (row, outcome) in enumerate(
        zip(checked.rows.tolist(), outcomes.tolist(), strict=True)
    ):
        kind, action = EntryKind(int(table.kinds[place])), Action(int(table.actions[place]))
        pattern = table.pattern(place)
        why = ENFORCED if outcome == RowOutcome.REFUSED else ""
        if unnamed[place] and outcome in _WRITTEN:
            why = NO_FRAUD_TYPE
        reports.append(
            RowReport(
                row=row,
                outcome=RowOutcome(outcome),
                entry_id=entry_id(kind, pattern, action),
                message=why,
                pattern=pattern,
                kind=kind,
            )
        )
    return sorted(reports, key=lambda report: report.row)


def removal_reports(
    named: Sequence[tuple[int, Identity]], found: Sequence[Identity], unreadable: dict[int, str]
) -> list[RowReport]:
    """Report on each reference, in their order."""
    reports = {
        row: RowReport(row=row, outcome=RowOutcome.INVALID, message=message)
        for row, message in unreadable.items()
    }
    for row, identity in named:
        if identity in found:
            reports[row] = RowReport(
                row=row, outcome=RowOutcome.REMOVED, entry_id=entry_id(*identity)
            )
        else:
            reports.setdefault(row, RowReport(row=row, outcome=RowOutcome.ABSENT))
    return [reports[row] for row in sorted(reports)]


def summarize_request(done: SubmissionResult) -> RequestSummary | None:
    """Return the request that was created; None for a dry run or an empty change."""
    record = done.record
    if record is None:
        return None
    second = record.second_person
    waits = record.state is ChangeState.PENDING and second is not None
    return RequestSummary(
        change_id=record.id,
        state=record.state,
        waits_because=second.reasons if waits and second else (),
        unreviewed_risks=record.unreviewed_risks,
    )
