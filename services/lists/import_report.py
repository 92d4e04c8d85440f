"""The report on an import: counts by outcome, and the first rows of each.

Rows are columns here; their line numbers in the file are stored beside them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from blocklists.conflicts.findings import NO_RELATION, ConflictRelation, Conflicts
from blocklists.entries import Entry, EntryKind, entry_id
from blocklists.entry_table import EntryTable
from blocklists.row_validation import CheckedRows, RejectedRow
from blocklists.snapshot.delta import last_of_each
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.tables import Bools, Uint8s, Uint64s
from services.changes.change_context import SubmissionResult as Outcomes
from services.changes.report import ENFORCED, RequestSummary, RowReport, summarize_request

MAX_PROBLEMS = 20_000
DEFAULT_PROBLEMS = 1000
MAX_EXAMPLES = 1000
DEFAULT_INVALID_PERCENT = 20
JUDGED_ROWS = 1000
"""Rows after which the share of invalid ones is judged."""
_SHOWN_OUTCOMES = (RowOutcome.ADDED, RowOutcome.REPLACED, RowOutcome.DUPLICATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLimits:
    """How many rows are listed one by one; further ones are counted."""

    problems: int = DEFAULT_PROBLEMS
    examples: int = 0
    invalid_percent: int = DEFAULT_INVALID_PERCENT
    """Share of invalid rows that ends the import: such a file is no list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowConflict:
    """A row that contradicts an entry, or another row."""

    row: int
    relation: ConflictRelation
    entry: Entry | None
    """One of the entries it contradicts; None for another row."""
    entries: int
    other_row: int
    """0 for an entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """The result of an import."""

    version: int
    counts: Counter[RowOutcome]
    problems: Sequence[RejectedRow]
    conflict_counts: Counter[ConflictRelation] = field(default_factory=Counter)
    conflicts: Sequence[RowConflict] = ()
    examples: Sequence[RowReport] = ()
    repeated_rows: int = 0
    """Duplicates of later rows; 0 where no examples were requested."""
    names_not_compared: int = 0
    terms_given: int = 0
    """Permanent rows without a review date, which got the default term instead."""
    held_back: int = 0
    """Refused rows that would hit what many depend on, and were not confirmed."""
    kinds: Counter[EntryKind] = field(default_factory=Counter)
    """What the patterns of the other rows were taken for."""
    requested: RequestSummary | None = None
    """The change request; None when nothing would change, and for a dry run."""


class ImportReport:
    """The report on an import in progress."""

    def __init__(self, limits: RowLimits) -> None:
        self._limits = limits
        self._counts: Counter[RowOutcome] = Counter()
        self._problems: list[RejectedRow] = []
        self._first_invalid: RejectedRow | None = None
        self._lines: list[Uint64s] = []
        self._rows = 0
        self._terms_given = 0
        self._held_back = 0

    @property
    def problems(self) -> Sequence[RejectedRow]:
        """Return the first rows that are refused or invalid."""
        return self._problems

    def counted(self) -> Counter[RowOutcome]:
        """Return the number of refused and invalid rows."""
        return Counter(self._counts)

    def add(self, lines: Sequence[int], checked: CheckedRows, *, held_back: int = 0) -> None:
        """Add the outcome of rows; *lines* are their line numbers.

        *held_back* of the refused rows were so for their risks. Raises `InvalidInput` when too
        large a share of all rows so far is invalid.
        """
        self._held_back += held_back
        column = np.array(lines, np.uint64)
        self._terms_given += checked.terms_given
        self._lines.append(column[checked.rows])
        self._counts.update(problem.outcome for problem in checked.problems)
        for problem in checked.problems[: self._limits.problems - len(self._problems)]:
            self._problems.append(_in_file(problem, lines))
        if self._first_invalid is None:
            invalid = (one for one in checked.problems if one.outcome is RowOutcome.INVALID)
            first = next(invalid, None)
            self._first_invalid = None if first is None else _in_file(first, lines)
        self._rows += len(lines)
        self._judge()

    def refuse(self, reasons: Mapping[int, str]) -> None:
        """Count rows as refused that were added before as good ones, by their places there."""
        lines = np.concatenate([np.zeros(0, np.uint64), *self._lines])
        self._counts[RowOutcome.REFUSED] += len(reasons)
        left = max(self._limits.problems - len(self._problems), 0)
        for place in sorted(reasons)[:left]:
            line, why = int(lines[place]), reasons[place]
            self._problems.append(RejectedRow(row=line, outcome=RowOutcome.REFUSED, message=why))
        self._lines = [np.delete(lines, list(reasons))]

    def _judge(self) -> None:
        invalid, most = self._counts[RowOutcome.INVALID], self._limits.invalid_percent
        first = self._first_invalid
        if first and self._rows >= JUDGED_ROWS and invalid * 100 > most * self._rows:
            raise InvalidInput(
                "{invalid:,} of the first {rows:,} rows are invalid, more than {most} %: is it a "
                "list? The first is in line {line}: {message}",
                invalid=invalid, rows=self._rows, most=most, line=first.row, message=first.message,
            )  # fmt: skip

    def result(self, table: EntryTable, done: Outcomes) -> ImportResult:
        """Return the result, once the rows in *table* are compared with the lists."""
        lines = np.concatenate([np.zeros(0, np.uint64), *self._lines])
        numbers = np.bincount(done.diff.outcomes, minlength=len(RowOutcome) + 1).tolist()
        self._counts.update(
            {outcome: numbers[outcome] for outcome in RowOutcome if numbers[outcome]}
        )
        self._add_refused(done.diff.outcomes, lines)
        examples: list[RowReport] = []
        repeated = np.zeros(len(table), np.bool_)
        if self._limits.examples:
            # Repeated rows are duplicates; most imports have none and skip the sort.
            repeated[:] = (done.diff.outcomes == RowOutcome.DUPLICATE).any()
            repeated[last_of_each(table)] = False
            examples = self._examples(table, done.diff.outcomes, lines, repeated)
        conflicts = done.conflicts
        return ImportResult(
            version=done.version,
            counts=self._counts,
            problems=self._problems,
            conflict_counts=_conflict_counts(conflicts),
            conflicts=[
                _conflict(conflicts, int(row), lines, done.snapshot)
                for row in conflicts.rows[: self._limits.examples]
            ],
            examples=examples,
            repeated_rows=int(np.count_nonzero(repeated)),
            names_not_compared=conflicts.names_not_compared,
            terms_given=self._terms_given,
            held_back=self._held_back,
            kinds=_kinds(table),
            requested=summarize_request(done),
        )

    def _add_refused(self, outcomes: Uint8s, lines: Uint64s) -> None:
        """Add rows refused in the comparison with the lists."""
        left = max(self._limits.problems - len(self._problems), 0)
        for row in np.flatnonzero(outcomes == RowOutcome.REFUSED)[:left].tolist():
            line = int(lines[row])
            self._problems.append(
                RejectedRow(row=line, outcome=RowOutcome.REFUSED, message=ENFORCED)
            )

    def _examples(
        self, table: EntryTable, outcomes: Uint8s, lines: Uint64s, repeated: Bools
    ) -> list[RowReport]:
        most = self._limits.examples
        return [
            RowReport(
                row=int(lines[row]),
                outcome=outcome,
                entry_id=_entry_id(table, row),
                repeated_by=_repeated_by(table, row, lines) if repeated[row] else 0,
                pattern=table.pattern(row),
                kind=int(table.kinds[row]),
            )
            for outcome in _SHOWN_OUTCOMES
            for row in np.flatnonzero(outcomes == outcome)[:most].tolist()
        ]


def _kinds(table: EntryTable) -> Counter[EntryKind]:
    numbers = np.bincount(table.kinds, minlength=max(EntryKind) + 1).tolist()
    return Counter({kind: numbers[kind] for kind in EntryKind if numbers[kind]})


def _entry_id(table: EntryTable, row: int) -> str:
    kind, action = EntryKind(int(table.kinds[row])), Action(int(table.actions[row]))
    return entry_id(kind, table.pattern(row), action)


def _repeated_by(table: EntryTable, row: int, lines: Uint64s) -> int:
    """Return the line of a later equal row; slow, for the few rows that are listed."""
    same = table.keys == table.keys[row]
    for column in (table.kinds, table.digits, table.actions):
        same &= column == column[row]
    return int(lines[np.flatnonzero(same)[-1]])


def _conflict_counts(conflicts: Conflicts) -> Counter[ConflictRelation]:
    numbers = np.bincount(conflicts.relations, minlength=len(ConflictRelation) + 1).tolist()
    return Counter(
        {one: numbers[one] for one in ConflictRelation if numbers[one] and one != NO_RELATION}
    )


def _conflict(conflicts: Conflicts, row: int, lines: Uint64s, snapshot: Snapshot) -> RowConflict:
    relation, other = ConflictRelation(int(conflicts.relations[row])), int(conflicts.others[row])
    together = relation == ConflictRelation.TOGETHER
    return RowConflict(
        row=int(lines[row]),
        relation=relation,
        entry=None if together else snapshot.entry(other),
        entries=int(conflicts.counts[row]),
        other_row=int(lines[other]) if together else 0,
    )


def _in_file(problem: RejectedRow, lines: Sequence[int]) -> RejectedRow:
    return RejectedRow(row=lines[problem.row], outcome=problem.outcome, message=problem.message)
