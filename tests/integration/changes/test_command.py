"""`fanzha changes` over a real socket, where every change needs a second person who may."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner, Result

from fanzha.client import channels
from fanzha.v1 import blocklist_pb2, change_pb2_grpc, change_state_pb2, decision_pb2
from fanzha.v1 import change_pb2 as pb
from services.__main__ import app
from services.changes.change_context import ChangeOptions
from tests.support.builders import NINE_O_CLOCK_MS
from tests.support.list_admin import administering

RANGE = "+861700000*"
Run = Callable[..., Result]


@pytest.fixture
def target(redis_url: str, tmp_path: Path) -> Iterator[str]:
    options = ChangeOptions(second_person="always")
    with administering(redis_url, tmp_path / "lists", lambda: NINE_O_CLOCK_MS, options) as found:
        yield found


@pytest.fixture
def run(target: str) -> Run:
    def run_command(*arguments: str, by: str = "li") -> Result:
        command = [*arguments, "--target", target]
        asks = arguments[1] not in {"list", "show", "preview", "diff", "status", "find"}
        return CliRunner().invoke(app, command + (["--by", by] if asks else []))

    return run_command


@pytest.fixture
def stub(target: str) -> Iterator[Any]:
    with channels.blocking(target) as channel:
        yield change_pb2_grpc.ChangeServiceStub(channel)


def a_block(pattern: str) -> blocklist_pb2.Entry:
    return blocklist_pb2.Entry(
        pattern=pattern,
        action=decision_pb2.ACTION_BLOCK,
        source=decision_pb2.SOURCE_BUREAU,
        expires_at_s=NINE_O_CLOCK_MS // 1000 + 86_400 * 30,
    )


def test_a_preview_names_blocks_without_a_fraud_type(run: Run) -> None:
    named = ("--source", "bureau", "--reason", "x")
    added = run("blocklist", "add", RANGE, *named)
    run("blocklist", "add", "+8617100000001", *named, "--fraud-type", "fake_loan")

    assert "names no fraud type" in added.output
    assert "1 rows name no fraud type" in run("changes", "show", "1").output
    assert "fraud type" not in run("changes", "show", "2").output


def test_the_command_reports_an_addition_that_awaits_approval(run: Run) -> None:
    added = run("blocklist", "add", RANGE, "--source", "bureau", "--reason", "x")
    status = run("blocklist", "status")

    assert added.exit_code == 0
    assert "change 1 waits for a second person; nothing changed yet" in added.stdout
    assert "its impact is unknown" in added.stdout
    assert "1 changes wait for a second person" in status.stdout


def test_a_second_person_approves_and_the_author_may_not(run: Run) -> None:
    run("blocklist", "add", RANGE, "--source", "bureau", "--reason", "x")

    own = run("changes", "approve", "1")
    other = run("changes", "approve", "1", "--note", "seen", by="wang")

    assert own.exit_code == 4
    assert "a second person has to approve it" in " ".join(own.stderr.split())
    assert "change 1 is applied, approved by wang: the lists are at version 1" in other.stdout
    assert RANGE in run("blocklist", "find", RANGE).stdout


def test_a_change_goes_from_draft_to_reverted(run: Run) -> None:
    made = run(
        "changes", "create", "--add", RANGE, "--source", "bureau", "--reason", "报案", "--draft"
    )
    edited = run(
        "changes", "edit", "1", "--add", "+8617000000001", "--source", "bureau", "--reason", "y"
    )
    submitted = run("changes", "submit", "1")
    listed = run("changes", "list", "--state", "待审", "--json")
    run("changes", "approve", "1", by="wang")
    reverted = run("changes", "revert", "--yes", "1", "--reason", "a mistake")
    run("changes", "approve", "2", by="wang")
    shown = json.loads(run("changes", "show", "1", "--json").stdout)
    found = run("changes", "diff", "1", "现在")

    assert [one.exit_code for one in (made, edited, submitted)] == [0, 0, 0]
    assert "change 1 is draft" in made.stdout
    assert [one["id"] for one in json.loads(listed.stdout)["changes"]] == ["1"]
    assert "change 2 waits for a second person" in reverted.stdout
    assert "it reverts a change that a second person approved" in reverted.stdout
    assert shown["change"]["state"] == "reverted"
    assert [event["what"] for event in shown["change"]["events"]] == [
        "created", "edited", "submitted", "approved", "applied", "reverted",
    ]  # fmt: skip
    assert "0 added, 1 removed, 0 changed" in found.stdout


def test_every_report_lists_an_emergency_until_it_is_confirmed(run: Run) -> None:
    made = run(
        "changes", "create", "--add", RANGE, "--source", "bureau", "--reason", "x",
        "--emergency", "an attack is under way",
    )  # fmt: skip
    listed, status = run("changes", "list"), run("blocklist", "status")
    confirmed = run("changes", "confirm", "1", by="wang")
    after = run("changes", "list")

    assert "EMERGENCY, change 1 by li: an attack is under way" in made.stdout
    assert "EMERGENCY, change 1" in listed.stderr
    assert "EMERGENCY, change 1" in status.stderr
    assert "confirmed by wang" in confirmed.stdout
    assert "EMERGENCY" not in after.stderr


def test_an_edit_leaves_other_fields_unchanged(run: Run, stub: Any) -> None:
    run("changes", "create", "--add", RANGE, "--source", "bureau", "--reason", "x")
    run("changes", "approve", "1", by="wang")

    edited = run(
        "changes", "create", "--edit", RANGE, "--entry-reason", "better words", "--reason", "y"
    )
    preview = run("changes", "preview", "1")
    rows = stub.ListChangeRows(pb.ListChangeRowsRequest(id=2))

    assert "change 2 is applied, by li alone" in edited.stdout
    assert [(one.pattern, one.reason) for one in rows.additions] == [(RANGE, "better words")]
    assert rows.additions[0].source == decision_pb2.SOURCE_BUREAU
    assert "1 rows change no decision" in preview.stdout


def test_an_entry_of_other_contents_is_replaced_only_knowingly(run: Run) -> None:
    named = ("--reason", "x", "--add", RANGE)
    run("changes", "create", *named, "--source", "ministry", "--legal-basis", "Art. 25")
    run("changes", "approve", "1", by="wang")

    drafted = run("changes", "create", *named, "--source", "bureau", "--draft")
    refused = run("changes", "create", *named, "--source", "bureau")
    replaced = run("changes", "create", *named, "--source", "bureau", "--replace")

    assert drafted.exit_code == 0
    assert refused.exit_code == 4
    assert f"{RANGE} (block): source ministry → bureau, legal basis 'Art. 25' → none" in " ".join(
        refused.stderr.split()
    )
    assert "--replace" in refused.stderr
    assert f"{RANGE}  replaced" in replaced.stdout


def test_entries_are_removed_only_after_they_are_seen(run: Run) -> None:
    run("changes", "create", "--add", RANGE, "--source", "bureau", "--reason", "x")
    run("changes", "approve", "1", by="wang")

    asked = run("changes", "create", "--remove", RANGE, "--reason", "old")
    agreed = run("changes", "create", "--remove", RANGE, "--reason", "old", "--yes")

    assert asked.exit_code == 2
    assert f"{RANGE}  block" in asked.stderr
    assert "Remove this entry? Nothing changed" in " ".join(asked.stderr.split())
    assert "change 2 waits for a second person" in agreed.stdout


def test_an_edit_of_a_missing_entry_is_reported(stub: Any) -> None:
    contents = pb.ChangeContents(
        additions=[a_block("+8617000000001")],
        edits=[pb.EntryEdit(pattern="+8617000000009", reason="x")],
        reason="weekly",
    )

    answer = stub.CreateChange(pb.CreateChangeRequest(contents=contents, author="li"))

    outcomes = [one.outcome for one in answer.additions]
    assert outcomes == [blocklist_pb2.ROW_OUTCOME_ADDED, blocklist_pb2.ROW_OUTCOME_ABSENT]
    assert answer.change.state == change_state_pb2.CHANGE_STATE_DRAFT


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (lambda stub: stub.GetChange(pb.GetChangeRequest(id=9)), grpc.StatusCode.NOT_FOUND),
        (
            lambda stub: stub.CreateChange(pb.CreateChangeRequest(author="li")),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
        (
            lambda stub: stub.DiffVersions(pb.DiffVersionsRequest(from_version=3)),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
        (
            lambda stub: stub.ListChanges(pb.ListChangesRequest(page_size=1000)),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
    ],
)
def test_errors_have_a_grpc_status(
    stub: Any, ask: Callable[[Any], Any], status: grpc.StatusCode
) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        ask(stub)

    assert raised.value.code() is status


def test_a_step_out_of_turn_is_aborted(stub: Any) -> None:
    contents = pb.ChangeContents(additions=[a_block("+8617000000001")], reason="weekly")
    stub.CreateChange(pb.CreateChangeRequest(contents=contents, author="li"))

    with pytest.raises(grpc.RpcError) as raised:
        stub.ApproveChange(pb.ApproveChangeRequest(id=1, by="wang"))

    assert raised.value.code() is grpc.StatusCode.ABORTED
    assert "change 1 is draft" in str(raised.value.details())


def test_a_page_token_is_valid_for_its_own_query_only(run: Run, stub: Any) -> None:
    for number in range(3):
        contents = pb.ChangeContents(additions=[a_block(f"+861700000000{number}")], reason="weekly")
        stub.CreateChange(pb.CreateChangeRequest(contents=contents, author="li"))
    first = stub.ListChanges(pb.ListChangesRequest(page_size=2))
    token = first.next_page_token

    rest = stub.ListChanges(pb.ListChangesRequest(page_size=1, page_token=token))
    refused = []
    for request in (
        pb.ListChangesRequest(page_token="2"),
        pb.ListChangesRequest(page_token=token, state=change_state_pb2.CHANGE_STATE_DRAFT),
    ):
        with pytest.raises(grpc.RpcError) as raised:
            stub.ListChanges(request)
        refused.append(raised.value.code())
    shown = run("changes", "list", "--limit", "2", "--json")
    more = run("changes", "list", "--after", json.loads(shown.stdout)["next_page_token"])

    assert [one.id for one in (*first.changes, *rest.changes)] == [3, 2, 1]
    assert rest.next_page_token == ""
    assert refused == [grpc.StatusCode.INVALID_ARGUMENT] * 2
    assert more.stdout.splitlines()[-1].startswith("1 ")


def test_each_command_that_removes_can_say_that_the_entry_was_wrong(run: Run) -> None:
    run("blocklist", "add", RANGE, "--source", "bureau", "--reason", "x")
    run("changes", "approve", "1", by="wang")
    wrong = ("--reason", "a clinic", "--false-positive")
    for command in (
        ("blocklist", "remove", "--yes", RANGE),
        ("changes", "create", "--remove", RANGE, "--draft"),
        ("changes", "revert", "--yes", "1"),
        ("changes", "restore", "--yes", "0"),
    ):
        assert run(*command, *wrong).exit_code == 0, command
        number = json.loads(run("changes", "list", "--json").stdout)["changes"][0]["id"]
        shown = run("changes", "show", number)
        run("changes", "reject", number, "--reason", "next")

        assert "false positive" in shown.stdout, command
    assert "false positive" not in run("changes", "show", "1").stdout


def test_a_removal_of_nothing_that_blocks_is_no_false_positive(run: Run) -> None:
    named = ("--source", "bureau", "--reason", "x")
    run("blocklist", "add", "+8617100000001", *named, "--action", "allow")
    run("changes", "approve", "1", by="wang")

    refused = run(
        "blocklist", "remove", "--yes", "+8617100000001", "--reason", "x", "--false-positive"
    )

    assert refused.exit_code == 2
    assert "removes no entry that blocks" in " ".join(refused.stderr.split())
