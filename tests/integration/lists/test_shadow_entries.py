"""Shadow entries: promoted, dropped, listed and exported by commands."""

import json
from pathlib import Path
from typing import Any

from typer.testing import Result

from fanzha.v1 import blocklist_pb2 as pb
from tests.support.builders import NINE_O_CLOCK_S
from tests.support.list_client import FAR_S, Run, a_shadow, entry, find, outcomes, update

DAY_S = 86_400


def test_promoting_a_shadow_entry_changes_its_mode_only(stub: Any, run: Run) -> None:
    shadow = a_shadow(
        "+86170*", legal_basis="Art. 32", campaign="spring", created_by="wang",
        expires_at_s=NINE_O_CLOCK_S + 5 * DAY_S, review_at_s=NINE_O_CLOCK_S + DAY_S,
        direction=pb.DIRECTION_FROM,
    )  # fmt: skip
    update(stub, shadow)

    done = run("promote", "+86170*", "--reason", "proved itself", "--by", "li")

    assert done.exit_code == 0, done.output
    (listed,) = find(stub, "+86170*").entries
    assert listed.mode == pb.ENTRY_MODE_ENFORCE
    for name in ("legal_basis", "campaign", "created_by", "expires_at_s", "review_at_s",
                 "direction", "reason", "source"):  # fmt: skip
        assert getattr(listed, name) == getattr(shadow, name)
    assert run("promote", "+86170*", "--reason", "again").exit_code == 1


def test_the_drop_command_removes_shadow_entries_only(stub: Any, run: Run) -> None:
    update(stub, a_shadow("+8617000000001"), entry("+8617000000002"))

    done = run("drop", "--yes", "+8617000000001", "+8617000000002", "--reason", "no use", "--json")

    assert done.exit_code == 1
    assert outcomes(pb_reports(done)) == ["REMOVED", "ABSENT"]
    assert find(stub, "+8617000000001").entries == []
    assert len(find(stub, "+8617000000002").entries) == 1


def pb_reports(done: Result) -> list[pb.RowReport]:
    output = json.loads(done.output)["entries"]
    return [
        pb.RowReport(outcome=pb.RowOutcome.Value(f"ROW_OUTCOME_{one['outcome'].upper()}"))
        for one in output
    ]


def test_a_shadow_entry_does_not_replace_an_enforcing_one(stub: Any) -> None:
    update(stub, entry("+8617000000001"))

    answer = update(stub, a_shadow("+8617000000001"), a_shadow("+8617000000002"))
    assert outcomes(answer.additions) == ["REFUSED", "ADDED"]
    assert "enforcing" in answer.additions[0].message
    assert find(stub, "+8617000000001").entries[0].mode == pb.ENTRY_MODE_ENFORCE

    both = update(
        stub, a_shadow("+8617000000001"), removals=[pb.EntryRef(pattern="+8617000000001")]
    )
    assert both.version == answer.version + 1
    assert find(stub, "+8617000000001").entries[0].mode == pb.ENTRY_MODE_SHADOW


def test_importing_a_list_in_shadow_mode_replaces_no_block(
    stub: Any, run: Run, tmp_path: Path
) -> None:
    update(stub, entry("+8617000000001"))
    file = tmp_path / "list.txt"
    file.write_text("+8617000000002\n+8617000000001\n")

    done = run("import", str(file), "--source", "province", "--mode", "shadow", "--by", "li")

    assert done.exit_code == 0, done.output
    assert "line 2: mode: a shadow entry cannot replace an enforcing one" in done.output
    modes = {one: find(stub, one).entries[0].mode for one in ("+8617000000001", "+8617000000002")}
    assert modes == {
        "+8617000000001": pb.ENTRY_MODE_ENFORCE, "+8617000000002": pb.ENTRY_MODE_SHADOW,
    }  # fmt: skip


def test_shadow_entries_are_listed_counted_and_exported_as_such(stub: Any, run: Run) -> None:
    update(
        stub,
        a_shadow("+8617000000001", expires_at_s=FAR_S),
        entry("+8617000000002", expires_at_s=FAR_S),
    )

    listed = json.loads(run("list", "--mode", "shadow", "--json").output)
    assert [one["pattern"] for one in listed] == ["+8617000000001"]
    assert "1 block number (shadow)" in run("status").output
    assert run("export").output.count(",shadow,\n") == 1
    numbers = run("export", "--format", "numbers").stdout.split()
    assert numbers == ["+8617000000002"]
