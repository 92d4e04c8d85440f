"""Imports over gRPC: counted row by row, whole or not at all."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import decision_pb2
from tests.support.list_client import entry, find, update


def parts(header: pb.ImportHeader, *patterns: str) -> Iterator[pb.ImportEntriesRequest]:
    yield pb.ImportEntriesRequest(header=header)
    for line, pattern in enumerate(patterns, 1):
        row = pb.ImportRow(line=line, pattern=pattern)
        yield pb.ImportEntriesRequest(rows=pb.ImportRows(rows=[row]))


def header(**fields: Any) -> pb.ImportHeader:
    return pb.ImportHeader(defaults=entry("", reason=""), author="li", reason="june.txt", **fields)


def test_an_import_counts_every_row_and_names_the_bad_ones(stub: Any) -> None:
    answer = stub.ImportEntries(
        parts(header(), "+8617000000001", "110", "??", "+8617000000001", "bank.example")
    )

    counts = {pb.RowOutcome.Name(one.outcome): one.rows for one in answer.counts}
    assert counts == {
        "ROW_OUTCOME_ADDED": 2, "ROW_OUTCOME_REFUSED": 1, "ROW_OUTCOME_INVALID": 1,
        "ROW_OUTCOME_DUPLICATE": 1,
    }  # fmt: skip
    assert [problem.row for problem in answer.problems] == [2, 3]
    assert find(stub, "+8617000000001").entries[0].reason == "june.txt"


def test_an_import_reports_conflicts_with_the_lists_and_within_itself(stub: Any) -> None:
    allow = decision_pb2.ACTION_ALLOW
    update(stub, entry("+86170*", action=allow), entry("good.example", action=allow))

    answer = stub.ImportEntries(
        parts(
            header(most_examples=2), "+8617000000001", "www.good.example", "good.example",
            "bad.example", "+8617000000002",
        )
    )  # fmt: skip

    counts = {pb.ConflictRelation.Name(one.relation): one.rows for one in answer.conflict_counts}
    assert counts == {"CONFLICT_RELATION_SAME": 1, "CONFLICT_RELATION_WIDER": 3}
    assert [(one.row, one.entry.pattern, one.entries) for one in answer.conflicts] == [
        (1, "+86170*", 1), (2, "good.example", 1),
    ]  # fmt: skip
    assert [(one.outcome, one.row) for one in answer.examples] == [
        (pb.ROW_OUTCOME_ADDED, 1), (pb.ROW_OUTCOME_ADDED, 2),
    ]  # fmt: skip


def test_superseded_duplicate_rows_are_counted_and_named(stub: Any) -> None:
    patterns = ("a.example", "b.example", "A.example")
    answer = stub.ImportEntries(parts(header(most_examples=5, dry_run=True), *patterns))

    assert answer.repeated_rows == 1
    assert [(one.row, one.repeated_by) for one in answer.examples if one.repeated_by] == [(1, 3)]


def test_the_number_of_reported_problems_is_a_request_option(stub: Any) -> None:
    answer = stub.ImportEntries(parts(header(most_problems=1), "??", "110"))

    assert [one.row for one in answer.problems] == [1]


def test_an_import_of_noise_ends_although_refused_rows_came_first(stub: Any) -> None:
    rows = ["110", *["+8617000000001", "??"] * 600]

    with pytest.raises(grpc.RpcError) as raised:
        stub.ImportEntries(parts(header(most_problems=1), *rows), timeout=30)

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "is it a list? The first is in line 3" in str(raised.value.details())


@pytest.mark.parametrize("wanted", [{"most_problems": 20_001}, {"most_examples": 1001}])
def test_reported_rows_are_bounded_by_the_answer_size(stub: Any, wanted: dict[str, int]) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        stub.ImportEntries(parts(header(**wanted), "a.example"))

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_dry_run_reports_the_same_and_changes_nothing(stub: Any) -> None:
    answer = stub.ImportEntries(parts(header(dry_run=True), "+8617000000001"))

    assert [one.rows for one in answer.counts] == [1]
    assert answer.version == 0
    assert not find(stub, "+8617000000001").entries


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [pb.ImportEntriesRequest(rows=pb.ImportRows(rows=[pb.ImportRow(pattern="a.example")]))],
        [pb.ImportEntriesRequest(header=header())] * 2,
    ],
)
def test_an_import_has_one_header_and_it_comes_first(
    stub: Any, requests: list[pb.ImportEntriesRequest]
) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        stub.ImportEntries(iter(requests))

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_an_interrupted_import_changes_nothing(stub: Any) -> None:
    def broken() -> Iterator[pb.ImportEntriesRequest]:
        yield from parts(header(), "+8617000000001")
        raise OSError("the disk is gone")

    with pytest.raises(grpc.RpcError):
        stub.ImportEntries(broken())

    assert not find(stub, "+8617000000001").entries
