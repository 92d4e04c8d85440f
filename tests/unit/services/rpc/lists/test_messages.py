import pytest

from blocklists.entries import EntryKind
from fanzha.errors import InvalidInput
from fanzha.v1 import blocklist_pb2 as pb
from services.rpc.lists.messages import proposed_rows


def test_plain_rows_come_after_the_others_with_the_lines_they_stand_on() -> None:
    message = pb.ImportRows(
        rows=[pb.ImportRow(line=1, pattern="a.example", reason="fraud")],
        plain=[
            pb.PlainRows(first_line=5, patterns="b.example\nc.example\n", kind=pb.ENTRY_KIND_HOST),
            pb.PlainRows(first_line=9, patterns="+8617000000001\n"),
        ],
    )

    (lines, rows), (plain_lines, plain) = proposed_rows(message)

    assert (lines, rows.patterns, rows.reasons) == ([1], ["a.example"], ["fraud"])
    assert plain_lines == [5, 6, 9]
    assert plain.patterns == ["b.example", "c.example", "+8617000000001"]
    assert plain.kinds == [EntryKind.HOST, EntryKind.HOST, 0]


def test_an_empty_message_gives_no_rows() -> None:
    assert not list(proposed_rows(pb.ImportRows()))


def test_a_pattern_that_is_not_ended_is_refused_as_it_may_be_cut_off() -> None:
    message = pb.ImportRows(plain=[pb.PlainRows(first_line=1, patterns="a.example\nb.exam")])

    with pytest.raises(InvalidInput, match="line feed"):
        list(proposed_rows(message))
