"""Converts messages of imports: the limits in a header, and the report."""

from collections.abc import Callable
from typing import Any

from fanzha.errors import InvalidInput
from fanzha.v1 import blocklist_pb2 as pb
from services.lists.import_report import (
    DEFAULT_INVALID_PERCENT,
    DEFAULT_PROBLEMS,
    MAX_EXAMPLES,
    MAX_PROBLEMS,
    ImportResult,
    RowConflict,
    RowLimits,
)
from services.rpc.lists import messages

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


def row_limits(header: pb.ImportHeader) -> RowLimits:
    """Read how many rows are to be reported one by one."""
    for name, number, most in (
        ("most_problems", header.most_problems, MAX_PROBLEMS),
        ("most_examples", header.most_examples, MAX_EXAMPLES),
        ("max_invalid_percent", header.max_invalid_percent, 100),
    ):
        if number > most:
            raise InvalidInput(
                "{name}: at most {most}, not {number}", name=name, most=most, number=number
            )
    return RowLimits(
        problems=header.most_problems or DEFAULT_PROBLEMS,
        examples=header.most_examples,
        invalid_percent=header.max_invalid_percent or DEFAULT_INVALID_PERCENT,
    )


def response(done: ImportResult) -> pb.ImportEntriesResponse:
    """Write the report."""
    return pb.ImportEntriesResponse(
        version=done.version,
        counts=[
            pb.OutcomeCount(outcome=_wire(outcome), rows=rows)
            for outcome, rows in sorted(done.counts.items())
        ],
        problems=map(messages.report, done.problems),
        conflict_counts=[
            pb.ConflictCount(relation=_wire(relation), rows=rows)
            for relation, rows in sorted(done.conflict_counts.items())
        ],
        conflicts=map(_conflict, done.conflicts),
        examples=map(messages.report, done.examples),
        repeated_rows=done.repeated_rows,
        names_not_compared=done.names_not_compared,
        terms_given=done.terms_given,
        held_back=done.held_back,
        kinds=[
            pb.KindCount(kind=_wire(kind), rows=rows) for kind, rows in sorted(done.kinds.items())
        ],
        **messages.requested(done.requested),
    )


def _conflict(one: RowConflict) -> pb.RowConflict:
    return pb.RowConflict(
        row=one.row,
        relation=_wire(one.relation),
        entry=None if one.entry is None else messages.entry(one.entry),
        entries=one.entries,
        other_row=one.other_row,
    )
