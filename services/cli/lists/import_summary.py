"""What an import did or would do, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from blocklists.importers import list_file
from blocklists.importers import rows as list_rows
from fanzha.translation.catalogue import gettext, language
from fanzha.translation.message import localized
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import change_state_pb2, decision_pb2
from services.cli._common.enum_words import shown_word, wire_word
from services.cli.lists.display import kind_word
from services.list_files import upload

EXAMPLES = 10
"""Rows of each sort that are shown."""
_OUTCOMES = ("added", "replaced", "duplicate", "refused")


class LineProblem(NamedTuple):
    """A line that becomes no entry."""

    line: int
    outcome: str
    message: str
    text: str = ""
    """As it stands in the file, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSummary:
    """One file, and what the server said of it."""

    name: str
    file: list_file.ListFile
    reading: upload.ReadProgress
    answer: pb.ImportEntriesResponse
    seconds: float
    dry_run: bool
    remembered: dict[str, str]
    """Columns whose contents were known from an earlier file, and what they hold."""

    @property
    def outcomes(self) -> Counter[str]:
        """Rows by what became of them."""
        found = Counter({_outcome(one.outcome): one.rows for one in self.answer.counts})
        found["invalid"] += self.reading.invalid.total()
        return found

    @property
    def expired(self) -> int:
        """Rows that have ended already; they are among the invalid."""
        return self.reading.invalid[gettext(upload.EXPIRED)]

    @property
    def conflicting(self) -> int:
        """Rows that contradict an entry or another row."""
        return sum(one.rows for one in self.answer.conflict_counts)

    def problems(self) -> list[LineProblem]:
        """Return the lines that become no entry, as far as they were told one by one."""
        ours = (_problem(bad) for bad in self.reading.problems)
        theirs = (
            LineProblem(one.row, _outcome(one.outcome), one.message) for one in self.answer.problems
        )
        return sorted([*ours, *theirs])

    @property
    def problems_not_told(self) -> int:
        """Lines that become no entry, and are not among `problems`."""
        bad = self.outcomes["refused"] + self.outcomes["invalid"]
        return bad - len(self.reading.problems) - len(self.answer.problems)

    def place(self, line: int) -> str:
        """Write where a line is."""
        sheet, row = self.file.place(line)
        return (
            gettext("sheet {sheet!r} row {row}", sheet=sheet, row=row)
            if sheet
            else gettext("line {row}", row=row)
        )

    @property
    def taken(self) -> int:
        """Rows that are in the lists now, or would be."""
        return sum(self.outcomes[name] for name in ("added", "replaced", "duplicate"))

    def as_dict(self) -> dict[str, Any]:
        """Return everything, for programs."""
        outcomes = self.outcomes
        return {
            "file": self.name,
            "format": str(self.file.format_),
            "encoding": self.file.encoding,
            "sheets": self.file.sheets,
            "hidden_sheets": self.file.hidden_sheets,
            "version": self.answer.version,
            "lines": self.file.lines,
            "columns": self._columns(),
            "remembered_columns": self.remembered,
            "ignored": dict(self.reading.ignored),
            "rows": self.reading.rows + self.reading.invalid.total(),
            **{name: outcomes[name] for name in _OUTCOMES},
            "invalid": outcomes["invalid"],
            "expired": self.expired,
            "repeated": self.answer.repeated_rows,
            "kinds": {kind_word(one.kind): one.rows for one in self.answer.kinds},
            "terms_given": self.answer.terms_given,
            "change_id": self.answer.change_id,
            "change_state": wire_word(change_state_pb2.ChangeState, self.answer.change_state),
            "waits_because": list(self.answer.waits_because),
            "conflicting": self.conflicting,
            "conflicts": {
                wire_word(pb.ConflictRelation, one.relation): one.rows
                for one in self.answer.conflict_counts
            },
            "names_not_compared": self.answer.names_not_compared,
            "unreadable_lines": dict(self.reading.invalid),
            "undecoded_lines": len(self.file.undecoded),
            "notes": dict(self.reading.notes),
            "examples": self._examples(),
            "seconds": round(self.seconds, 3),
        }

    def _columns(self) -> list[dict[str, Any]]:
        return [
            {
                "sheet": header.sheet,
                "line": header.line,
                "used": dict(header.layout.used),
                "not_used": list(header.layout.unused),
                "ignored": list(header.layout.ignored),
            }
            for header in self.file.headers
        ]

    def _examples(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for one in self.answer.examples:
            told = {
                **self._at(one.row),
                "kind": kind_word(one.kind),
                "pattern": one.pattern,
                "entry_id": one.entry_id,
            }
            if one.repeated_by:
                told["repeated_by"] = self._at(one.repeated_by)
            found.setdefault(_outcome(one.outcome), []).append(told)
        for problem in self.problems():
            some = found.setdefault(problem.outcome, [])
            if len(some) < EXAMPLES:
                some.append({**self._at(problem.line), "message": problem.message})
        for conflict in self.answer.conflicts:
            some = found.setdefault("conflicting", [])
            some.append({**self._at(conflict.row), "message": conflict_text(self, conflict)})
        return found

    def _at(self, line: int) -> dict[str, Any]:
        sheet, row = self.file.place(line)
        return {"sheet": sheet, "line": row} if sheet else {"line": row}


def conflict_text(done: ImportSummary, one: pb.RowConflict) -> str:
    """Say what a row contradicts."""
    entry = one.entry
    action = shown_word(decision_pb2.Action, entry.action)
    named = gettext(
        "the {action} entry {pattern} ({entry_id})",
        action=action,
        pattern=entry.pattern,
        entry_id=entry.entry_id,
    )
    if one.relation == pb.CONFLICT_RELATION_SAME:
        return gettext("{named} says the opposite; allow wins", named=named)
    if one.relation == pb.CONFLICT_RELATION_WIDER:
        return gettext("an exception from {named}", named=named)
    if one.relation == pb.CONFLICT_RELATION_NARROWER:
        if one.entries == 1:
            return gettext("{named} within it stays", named=named)
        return gettext(
            "{entries:,} {action} entries within it stay, such as {pattern}",
            entries=one.entries,
            action=action,
            pattern=entry.pattern,
        )
    return gettext("{other_row} says the opposite; allow wins", other_row=done.place(one.other_row))


def texts_of(done: ImportSummary, problems: Iterable[LineProblem]) -> list[LineProblem]:
    """Add what stands in the file to problems that do not have it; reads the file anew."""
    problems = list(problems)
    wanted = {problem.line for problem in problems}
    texts = dict(done.file.texts(wanted))
    return [problem._replace(text=texts.get(problem.line, problem.text)) for problem in problems]


def _problem(bad: list_rows.BadLine) -> LineProblem:
    return LineProblem(bad.line, "invalid", localized(bad.reason, language()), bad.text)


def _outcome(number: int) -> str:
    return wire_word(pb.RowOutcome, number)
