"""Entries over gRPC: added, found, listed in pages and counted."""

from typing import Any

import grpc
import pytest

from fanzha.client import version_conflict
from fanzha.fingerprint import fingerprint
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import decision_pb2
from tests.support.builders import NINE_O_CLOCK_MS, NINE_O_CLOCK_S
from tests.support.list_client import entry, find, outcomes, update

YEAR_S = 365 * 86_400


def test_an_added_entry_is_found_with_its_server_side_fields(stub: Any) -> None:
    answer = update(stub, entry("170 0000 0001"))

    found = find(stub, "+8617000000001").entries[0]
    assert outcomes(answer.additions) == ["ADDED"]
    assert found.entry_id == answer.additions[0].entry_id
    assert (found.pattern, found.kind) == ("+8617000000001", pb.ENTRY_KIND_NUMBER)
    assert found.direction == pb.DIRECTION_BOTH
    assert (found.created_by, found.created_at_s) == ("li", NINE_O_CLOCK_S)
    assert found.expires_at_s == NINE_O_CLOCK_S + YEAR_S


def test_each_row_gets_an_outcome_and_bad_rows_do_not_stop_others(stub: Any) -> None:
    update(stub, entry("bank.example"), entry("+8617000000002"))

    answer = update(
        stub,
        entry("bank.example"),
        entry("+8617000000002", reason="another"),
        entry("110"),
        entry("no such thing"),
        entry("+8617000000003"),
        removals=[pb.EntryRef(pattern="x.example"), pb.EntryRef(pattern="??")],
        replace=True,
    )

    assert outcomes(answer.additions) == ["DUPLICATE", "REPLACED", "REFUSED", "INVALID", "ADDED"]
    assert outcomes(answer.removals) == ["ABSENT", "INVALID"]
    assert answer.version == 2
    assert find(stub, "+8617000000002").entries[0].reason == "another"


def test_a_change_that_changes_nothing_makes_no_version(stub: Any) -> None:
    update(stub, entry("bank.example"))

    assert update(stub, entry("bank.example"), entry("110")).version == 1


def test_a_removal_without_an_action_removes_block_and_allow(stub: Any) -> None:
    update(stub, entry("a.example"), entry("a.example", action=decision_pb2.ACTION_ALLOW))
    only_block = pb.EntryRef(pattern="a.example", action=decision_pb2.ACTION_BLOCK)

    first = update(stub, removals=[only_block])
    second = update(stub, removals=[pb.EntryRef(pattern="http://A.example/")])

    assert outcomes([*first.removals, *second.removals]) == ["REMOVED", "REMOVED"]
    assert not find(stub, "a.example").entries


def test_an_entry_removed_and_added_in_one_change_exists_afterwards(stub: Any) -> None:
    update(stub, entry("a.example"))

    update(stub, entry("a.example"), removals=[pb.EntryRef(pattern="a.example")])

    assert len(find(stub, "a.example").entries) == 1


def test_a_change_against_another_version_is_aborted(stub: Any) -> None:
    update(stub, entry("a.example"))

    with pytest.raises(grpc.RpcError) as raised:
        update(stub, entry("b.example"), expected_version=0)

    conflict = version_conflict(raised.value)
    assert raised.value.code() is grpc.StatusCode.ABORTED
    assert conflict is not None
    assert (conflict.expected, conflict.actual) == (0, 1)
    assert not find(stub, "b.example").entries


@pytest.mark.parametrize(
    "request_",
    [
        pb.UpdateEntriesRequest(author="li", reason="x"),
        pb.UpdateEntriesRequest(additions=[entry("a.example")], author="li"),
    ],
)
def test_a_change_without_contents_or_reason_is_refused(
    stub: Any, request_: pb.UpdateEntriesRequest
) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        stub.UpdateEntries(request_)

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_found_entries_come_in_order_of_precedence_with_their_protection(stub: Any) -> None:
    update(stub, entry("+86170*"), entry("+8617000000001"), entry("+861700*"))

    found = [one.pattern for one in find(stub, "17000000001").entries]

    assert found == ["+8617000000001", "+861700*", "+86170*"]
    assert [one.pattern for one in find(stub, "+86170*").entries] == ["+86170*"]
    assert find(stub, "110").protected_because
    assert find(stub, "https://www.gov.cn/x").protected_because
    assert not find(stub, "+8617000000001").protected_because


def test_pages_list_each_entry_once(stub: Any) -> None:
    update(stub, *(entry(f"h{number}.example") for number in range(25)), entry("+86170*"))

    request, seen = pb.ListEntriesRequest(page_size=7, kind=pb.ENTRY_KIND_HOST), list[str]()
    while True:
        page = stub.ListEntries(request)
        seen += [one.pattern for one in page.entries]
        request.page_token = page.next_page_token
        if not request.page_token:
            break

    assert sorted(seen) == sorted(f"h{number}.example" for number in range(25))
    assert page.total == 26


def test_a_page_token_is_valid_for_one_query(stub: Any) -> None:
    update(stub, entry("a.example"), entry("b.example"), entry("c.example"))
    blocks = pb.ListEntriesRequest(page_size=1, action=decision_pb2.ACTION_BLOCK)
    token = stub.ListEntries(blocks).next_page_token
    place, signature = token.split(".")
    wrong = [
        pb.ListEntriesRequest(page_token=token),
        pb.ListEntriesRequest(page_token=token, action=decision_pb2.ACTION_ALLOW),
        pb.ListEntriesRequest(page_token=f"{place}.{signature[::-1]}", action=blocks.action),
        pb.ListEntriesRequest(page_token=f"MS4y.{signature}", action=blocks.action),
    ]

    rest = stub.ListEntries(
        pb.ListEntriesRequest(page_token=token, page_size=7, action=blocks.action)
    )

    assert len(rest.entries) == 2
    for request in wrong:
        with pytest.raises(grpc.RpcError) as raised:
            stub.ListEntries(request)
        assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "page_token: not given out for this query" in str(raised.value.details())


def test_a_page_token_of_an_older_version_is_aborted(stub: Any) -> None:
    update(stub, entry("a.example"), entry("b.example"))
    token = stub.ListEntries(pb.ListEntriesRequest(page_size=1)).next_page_token
    update(stub, entry("c.example"))

    with pytest.raises(grpc.RpcError) as raised:
        stub.ListEntries(pb.ListEntriesRequest(page_token=token))

    assert raised.value.code() is grpc.StatusCode.ABORTED


@pytest.mark.parametrize(
    "request_",
    [
        pb.ListEntriesRequest(page_token="nonsense"),
        pb.ListEntriesRequest(page_token="1." + "9" * 5000),
        pb.ListEntriesRequest(page_size=1001),
        pb.ListEntriesRequest(kind=77),  # type: ignore[arg-type]
    ],
)
def test_an_invalid_page_request_is_refused(stub: Any, request_: pb.ListEntriesRequest) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        stub.ListEntries(request_)

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_entries_are_filtered_by_action_and_source(stub: Any) -> None:
    allowed = entry("a.example", action=decision_pb2.ACTION_ALLOW)
    update(
        stub, allowed, entry("b.example", source=decision_pb2.SOURCE_CARRIER), entry("c.example")
    )

    def listed(**wanted: Any) -> list[str]:
        page = stub.ListEntries(pb.ListEntriesRequest(**wanted))
        return sorted(one.pattern for one in page.entries)

    assert listed(action=decision_pb2.ACTION_ALLOW) == ["a.example"]
    assert listed(source=decision_pb2.SOURCE_CARRIER) == ["b.example"]
    assert listed() == ["a.example", "b.example", "c.example"]


def test_status_reports_entry_counts_and_the_version(stub: Any) -> None:
    update(stub, entry("a.example"), entry("b.example"), entry("+86170*"))

    status = stub.GetStatus(pb.GetStatusRequest())

    assert status.version == 1
    assert status.committed_at_ms == NINE_O_CLOCK_MS
    assert [(one.kind, one.entries) for one in status.counts] == [
        (pb.ENTRY_KIND_RANGE, 1), (pb.ENTRY_KIND_HOST, 2),
    ]  # fmt: skip


def test_a_text_sent_as_a_pattern_is_stored_as_its_fingerprint(stub: Any) -> None:
    text = "您的积分8200分将于今日过期，请登录 bank.example 兑换现金礼品"

    answer = update(stub, entry(text, kind=pb.ENTRY_KIND_FINGERPRINT))

    assert outcomes(answer.additions) == ["ADDED"]
    listed = stub.ListEntries(pb.ListEntriesRequest()).entries
    assert [(one.kind, one.pattern) for one in listed] == [
        (pb.ENTRY_KIND_FINGERPRINT, fingerprint(text))
    ]
