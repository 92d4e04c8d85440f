"""Searches, counts, changes in bulk and histories of entries over gRPC."""

from typing import Any

import grpc
import pytest

from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import change_state_pb2, decision_pb2
from services.lists.search import entry_search
from tests.support.builders import NINE_O_CLOCK_S
from tests.support.list_client import ListClock, Run, a_shadow, entry, find, update

DAY_S = 86_400


def listed(stub: Any, size: int = 0, **criteria: Any) -> list[str]:
    request = pb.ListEntriesRequest(
        criteria=pb.EntryCriteria(**criteria), order=pb.ENTRY_ORDER_NEWEST, page_size=size
    )
    return [one.pattern for one in stub.ListEntries(request).entries]


def bulk(stub: Any, **fields: Any) -> pb.ChangeMatchingResponse:
    request = pb.ChangeMatchingRequest(author="li", reason="clean up", **fields)
    answer: pb.ChangeMatchingResponse = stub.ChangeMatching(request)
    return answer


def test_entries_are_found_by_how_their_patterns_begin(stub: Any) -> None:
    update(stub, entry("+8617000000001"), entry("+8617100000001"), entry("bank.example"))

    assert listed(stub, pattern="170") == ["+8617000000001"]
    assert listed(stub, pattern="bank") == ["bank.example"]


def test_pages_of_a_search_hold_each_entry_once_and_say_how_many_match(stub: Any) -> None:
    update(stub, *(entry(f"+861700000{number:04}") for number in range(10)), entry("a.example"))
    request = pb.ListEntriesRequest(
        criteria=pb.EntryCriteria(kind=pb.ENTRY_KIND_NUMBER), order=pb.ENTRY_ORDER_NEWEST,
        page_size=4,
    )  # fmt: skip

    seen, sizes = [], []
    while True:
        answer = stub.ListEntries(request)
        seen += [one.pattern for one in answer.entries]
        sizes.append(len(answer.entries))
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token

    assert sizes == [4, 4, 2]
    assert sorted(seen) == [f"+861700000{number:04}" for number in range(10)]
    assert (answer.matching, answer.total) == (10, 11)


def test_pages_that_may_lag_survive_a_change_of_the_lists(stub: Any) -> None:
    update(stub, entry("+8617000000001"), entry("+8617000000002"))
    request = pb.ListEntriesRequest(order=pb.ENTRY_ORDER_NEWEST, may_lag=True, page_size=1)
    first = stub.ListEntries(request)

    update(stub, entry("+8617000000003"))
    request.page_token = first.next_page_token
    second = stub.ListEntries(request)

    assert second.version == first.version
    assert {first.entries[0].pattern, second.entries[0].pattern} == {
        "+8617000000001", "+8617000000002",
    }  # fmt: skip


def test_an_own_change_is_seen_in_a_search_that_may_lag(
    stub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine may take longer to index the change than a search waits for that.
    monkeypatch.setattr(entry_search, "_LAG_SECONDS", 60.0)
    request = pb.ListEntriesRequest(order=pb.ENTRY_ORDER_NEWEST, may_lag=True)
    stub.ListEntries(request)

    update(stub, entry("+8617000000001"))

    assert [one.pattern for one in stub.ListEntries(request).entries] == ["+8617000000001"]


def test_entries_are_counted_by_what_filters_offer(stub: Any) -> None:
    update(
        stub,
        entry("+8617000000001", legal_basis="Art. 32"),
        entry("bank.example", action=decision_pb2.ACTION_ALLOW),
        a_shadow("+8617000000002"),
    )

    answer = stub.CountEntries(pb.CountEntriesRequest())

    assert (answer.matching, answer.total) == (3, 3)
    assert {one.value: one.entries for one in answer.kinds} == {1: 2, 4: 1}
    assert {one.value: one.entries for one in answer.modes} == {1: 2, 2: 1}
    assert [(one.legal_basis, one.entries) for one in answer.legal_bases] == [("Art. 32", 1)]
    conditions = {one.value: one.entries for one in answer.conditions}
    assert conditions[pb.ENTRY_CONDITION_NO_LEGAL_BASIS] == 2


def test_an_unknown_condition_is_an_error_and_no_empty_answer(stub: Any) -> None:
    unknown: Any = [99]

    with pytest.raises(grpc.RpcError) as raised:
        stub.CountEntries(pb.CountEntriesRequest(criteria=pb.EntryCriteria(conditions=unknown)))

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_all_entries_that_meet_criteria_are_edited_in_one_change(stub: Any) -> None:
    update(
        stub,
        *(entry(f"+861700000{number:04}") for number in range(30)),
        entry("bank.example"),
    )
    criteria = pb.EntryCriteria(kind=pb.ENTRY_KIND_NUMBER)
    edit = pb.MatchingEdit(
        legal_basis="Art. 32", expires_at_s=NINE_O_CLOCK_S + 30 * DAY_S,
        fraud_type=decision_pb2.FRAUD_TYPE_FAKE_LOAN,
    )  # fmt: skip

    trial = bulk(stub, criteria=criteria, edit=edit, dry_run=True)
    done = bulk(stub, criteria=criteria, edit=edit, expected_rows=trial.matching)

    assert (trial.matching, trial.changed, trial.change_id) == (30, 30, 0)
    assert done.change_state == change_state_pb2.CHANGE_STATE_APPLIED
    after = find(stub, "+8617000000007").entries[0]
    assert (after.legal_basis, after.expires_at_s) == ("Art. 32", NINE_O_CLOCK_S + 30 * DAY_S)
    assert after.fraud_type == decision_pb2.FRAUD_TYPE_FAKE_LOAN
    assert not find(stub, "bank.example").entries[0].legal_basis
    assert bulk(stub, criteria=criteria, edit=edit, dry_run=True).changed == 0


def test_a_change_in_bulk_is_refused_when_another_number_of_entries_matches(stub: Any) -> None:
    update(stub, entry("+8617000000001"), entry("+8617000000002"))
    criteria = pb.EntryCriteria(pattern="+86170")

    with pytest.raises(grpc.RpcError) as raised:
        bulk(stub, criteria=criteria, remove=True, expected_rows=1)

    assert raised.value.code() is grpc.StatusCode.ABORTED
    assert "2 entries meet the criteria, not 1" in str(raised.value.details())
    assert len(listed(stub)) == 2


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"remove": True}, "criteria"),
        ({"criteria": pb.EntryCriteria(pattern="+86170")}, "edit or remove"),
        ({"criteria": pb.EntryCriteria(pattern="+86170"), "remove": True}, "expected_rows"),
    ],
)
def test_a_change_in_bulk_says_what_it_means(
    stub: Any, fields: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        bulk(stub, **fields)

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert complaint in str(raised.value.details())


def test_more_entries_than_one_message_takes_are_removed_in_one_change(stub: Any) -> None:
    for start in range(0, 12_000, 6_000):
        update(stub, *(entry(f"+861700{number:07}") for number in range(start, start + 6_000)))

    done = bulk(
        stub, criteria=pb.EntryCriteria(pattern="+861700"), remove=True, expected_rows=12_000
    )

    assert (done.matching, done.changed) == (12_000, 12_000)
    assert stub.CountEntries(pb.CountEntriesRequest()).total == 0


def test_blocks_become_shadows_in_bulk_and_enforce_again(stub: Any) -> None:
    update(stub, entry("+8617000000001"), entry("ok.example", action=decision_pb2.ACTION_ALLOW))
    everything = pb.EntryCriteria(source=decision_pb2.SOURCE_BUREAU)
    modes = pb.ENTRY_MODE_SHADOW, pb.ENTRY_MODE_ENFORCE

    seen = []
    for mode in modes:
        bulk(stub, criteria=everything, edit=pb.MatchingEdit(mode=mode), expected_rows=2)
        seen.append(find(stub, "+8617000000001").entries[0].mode)

    assert tuple(seen) == modes
    assert find(stub, "ok.example").entries[0].mode == pb.ENTRY_MODE_ENFORCE


def test_the_history_of_an_entry_tells_each_change_with_before_and_after(
    stub: Any, clock: ListClock
) -> None:
    update(stub, entry("+8617000000001", reason="first"))
    update(stub, entry("+8617000000002"))
    clock.now_s += 60
    update(stub, entry("+8617000000001", reason="second"), replace=True)
    update(stub, removals=[pb.EntryRef(pattern="+8617000000001")])
    reference = pb.EntryRef(pattern="170 0000 0001", action=decision_pb2.ACTION_BLOCK)

    answer = stub.GetEntryHistory(pb.GetEntryHistoryRequest(entry=reference))

    told = [(one.change_id, one.HasField("after"), one.before.reason) for one in answer.events]
    assert told == [(4, False, "second"), (3, True, "first"), (1, True, "")]
    assert answer.examined == 4


def test_a_history_goes_on_where_its_page_ended(stub: Any) -> None:
    for number in range(5):
        update(stub, entry("+8617000000001", reason=f"reason {number}"), replace=True)
    request = pb.GetEntryHistoryRequest(
        entry=pb.EntryRef(pattern="+8617000000001", action=decision_pb2.ACTION_BLOCK), page_size=2
    )

    seen = []
    while True:
        answer = stub.GetEntryHistory(request)
        seen += [one.change_id for one in answer.events]
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token

    assert seen == [5, 4, 3, 2, 1]


def test_the_commands_count_edit_remove_and_tell_the_history(run: Run) -> None:
    run("add", "+8617000000001", "+8617000000002", "--source", "bureau", "--reason", "case 17",
        "--fraud-type", "fake_loan")  # fmt: skip

    counted = run("count", "--only", "no-legal-basis")
    edited = run("bulk-edit", "--only", "no-legal-basis", "--set-legal-basis", "Art. 32",
                 "--reason", "audit", "--yes")  # fmt: skip
    told = run("history", "+8617000000001")
    removed = run("bulk-remove", "--pattern", "+8617000000002", "--reason", "gone", "--yes")
    rest = run("list", "--legal-basis", "Art. 32", "--order", "newest")

    assert "2 of 2 entries" in counted.output
    assert edited.exit_code == 0
    assert "the lists are at version 2" in edited.output
    assert told.output.count("li") or told.output.count("developer")
    assert "the lists are at version 3" in removed.output
    assert "1 match, 1 in all" in rest.output
