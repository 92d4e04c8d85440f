"""List administration whole: the commands, gRPC, the store, and the lists that follow it."""

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner, Result

from fanzha.client import channels, version_conflict
from fanzha.fingerprint import fingerprint
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import blocklist_pb2_grpc, decision_pb2
from services.cli.lists.commands import app
from tests.support.builders import NINE_O_CLOCK_MS, NINE_O_CLOCK_S
from tests.support.list_admin import ANY_RANGE, administering
from tests.support.processes import eventually

YEAR_S = 365 * 86_400
Run = Callable[..., Result]


@pytest.fixture
def target(redis_url: str, tmp_path: Path) -> Iterator[str]:
    """Run list administration in a thread; its clock stands at nine."""
    with administering(
        redis_url, tmp_path / "lists", lambda: NINE_O_CLOCK_MS, risks=ANY_RANGE
    ) as address:
        yield address


@pytest.fixture
def stub(target: str) -> Iterator[blocklist_pb2_grpc.BlocklistServiceStub]:
    with channels.blocking(target) as channel:
        yield blocklist_pb2_grpc.BlocklistServiceStub(channel)


@pytest.fixture
def run(target: str) -> Run:
    def run_command(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--target", target])

    return run_command


def entry(pattern: str, **fields: Any) -> pb.Entry:
    common: dict[str, Any] = {
        "action": decision_pb2.ACTION_BLOCK, "source": decision_pb2.SOURCE_BUREAU,
        "reason": "reported",
    }  # fmt: skip
    return pb.Entry(pattern=pattern, **common | fields)


def update(stub: Any, *additions: pb.Entry, **fields: Any) -> pb.UpdateEntriesResponse:
    request = pb.UpdateEntriesRequest(additions=additions, author="li", reason="test", **fields)
    answer: pb.UpdateEntriesResponse = stub.UpdateEntries(request)
    return answer


def find(stub: Any, query: str) -> pb.FindEntriesResponse:
    answer: pb.FindEntriesResponse = stub.FindEntries(pb.FindEntriesRequest(query=query))
    return answer


def outcomes(reports: Any) -> list[str]:
    return [pb.RowOutcome.Name(one.outcome).removeprefix("ROW_OUTCOME_") for one in reports]


def parts(header: pb.ImportHeader, *patterns: str) -> Iterator[pb.ImportEntriesRequest]:
    yield pb.ImportEntriesRequest(header=header)
    for line, pattern in enumerate(patterns, 1):
        row = pb.ImportRow(line=line, pattern=pattern)
        yield pb.ImportEntriesRequest(rows=pb.ImportRows(rows=[row]))


def header(**fields: Any) -> pb.ImportHeader:
    return pb.ImportHeader(defaults=entry("", reason=""), author="li", reason="june.txt", **fields)


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


def test_a_command_against_another_version_names_both(stub: Any, run: Run) -> None:
    update(stub, entry("a.example"))

    found = run(
        "add", "b.example", "--source", "bureau", "--reason", "x",
        "--expected-version", "0",
    )  # fmt: skip

    assert found.exit_code == 1
    assert "expected version 0, now at version 1" in " ".join(found.stderr.split())


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


def test_status_reports_entry_counts_and_the_version(stub: Any) -> None:
    update(stub, entry("a.example"), entry("b.example"), entry("+86170*"))

    status = stub.GetStatus(pb.GetStatusRequest())

    assert status.version == 1
    assert status.committed_at_ms == NINE_O_CLOCK_MS
    assert [(one.kind, one.entries) for one in status.counts] == [
        (pb.ENTRY_KIND_RANGE, 1), (pb.ENTRY_KIND_HOST, 2),
    ]  # fmt: skip


def test_reimporting_an_export_changes_nothing(run: Run, tmp_path: Path) -> None:
    listed, exported = tmp_path / "list.csv.gz", tmp_path / "out.csv"
    listed.write_bytes(
        gzip.compress(
            "类型,号码,原因,有效期\n"
            "号码,17000000001,冒充客服,2099-01-01\n"
            "号段,+86170000*,整段涉诈,2099-01-01\n"
            "电话,110,不能封,\n".encode("gb18030")
        )
    )

    first = run("import", str(listed), "--source", "carrier", "--by", "li", "--json")
    out = run("export", "--out", str(exported))
    again = run("import", str(exported), "--by", "li", "--json")

    summary = json.loads(first.stdout)
    assert first.exit_code == out.exit_code == again.exit_code == 0
    assert (summary["format"], summary["rows"], summary["added"]) == ("csv", 3, 2)
    assert (summary["refused"], summary["invalid"]) == (1, 0)
    assert json.loads(again.stdout)["duplicate"] == 2
    assert json.loads(again.stdout)["version"] == summary["version"]


def test_skipped_lines_are_reported(run: Run, tmp_path: Path) -> None:
    listed, report = tmp_path / "hosts", tmp_path / "report.csv"
    listed.write_text(
        "# list\n127.0.0.1 localhost\n0.0.0.0 a.example\n192.0.2.7 b.example\n0.0.0.0 com.cn\n"
    )

    done = run("import", str(listed), "--source", "bureau", "--report", str(report))

    with report.open(encoding="utf-8-sig", newline="") as file:
        lines = [row[0] for row in csv.reader(file)]
    assert done.exit_code == 0
    assert lines == ["line", "4", "5"]
    assert "2 × " not in done.stdout
    assert "1 × comment" in done.stdout


def test_formulas_are_escaped_on_export_and_restored_on_import(
    stub: Any, run: Run, tmp_path: Path
) -> None:
    formula, exported = "=cmd|' /C calc'!A0", tmp_path / "out.csv"
    update(
        stub,
        entry("+8617000000001", reason=formula, campaign="@campaign", legal_basis="'=basis"),
        entry("=HYPERLINK(1)", kind=pb.ENTRY_KIND_SENDER, reason="'quoted'"),
        entry("-a.example", kind=pb.ENTRY_KIND_HOST, reason="-1-1"),
    )

    run("export", "--out", str(exported))
    again = run("import", str(exported), "--by", "li", "--json")

    with exported.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert f"'{formula}" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == ["+8617000000001"]
    assert json.loads(again.stdout)["duplicate"] == 3


def test_the_report_of_an_import_contains_no_formula(run: Run, tmp_path: Path) -> None:
    listed, report = tmp_path / "list.csv", tmp_path / "report.csv"
    listed.write_text("pattern,reason\n=cmd|calc,x\n@a b,x\n")

    run("import", str(listed), "--source", "bureau", "--report", str(report))

    with report.open(encoding="utf-8-sig", newline="") as file:
        texts = [row[4] for row in csv.reader(file)][1:]
    assert len(texts) == 2
    assert all(text.startswith("'") for text in texts)


def test_a_truncated_file_is_not_imported_partially(run: Run, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt.gz"
    whole = gzip.compress(
        "".join(f"+86170{n * 7919 % 10**8:08d}\n" for n in range(40_000)).encode()
    )
    listed.write_bytes(whole[: len(whole) // 2])

    done = run("import", str(listed), "--source", "bureau")

    assert done.exit_code == 1
    assert "0 in all" in run("list").stdout


def test_commands_add_show_and_remove(run: Run) -> None:
    added = run("add", "+8617000000001", "Bank", "--source", "bureau", "--reason", "x")
    shown = run("find", "17000000001")
    removed = run("remove", "+8617000000001", "--reason", "a mistake")
    gone = run("remove", "+8617000000001", "--reason", "a mistake")

    assert (added.exit_code, shown.exit_code, removed.exit_code, gone.exit_code) == (0, 0, 0, 1)
    assert "+8617000000001" in shown.stdout
    assert "1 shown; 1 in all" in run("list").stdout


def test_the_command_sends_the_fingerprint_of_a_text_and_not_the_text(run: Run) -> None:
    text = "您的积分8200分将于今日过期，请登录 bank.example 兑换现金礼品"
    on_list = ["--kind", "fingerprint", "--reason", "x"]

    added = run("add", text, *on_list, "--source", "bureau")
    shown = run("find", fingerprint(text.replace("8200", "9100")))
    short = run("add", "收到", *on_list, "--source", "bureau")
    removed = run("remove", text, *on_list)

    assert [one.exit_code for one in (added, shown, short, removed)] == [0, 0, 1, 0]
    assert fingerprint(text)[:20] in shown.stdout
    assert "积分" not in added.stdout + shown.stdout + removed.stdout
    assert "too short" in short.stderr


def test_a_text_sent_as_a_pattern_is_stored_as_its_fingerprint(stub: Any) -> None:
    text = "您的积分8200分将于今日过期，请登录 bank.example 兑换现金礼品"

    answer = update(stub, entry(text, kind=pb.ENTRY_KIND_FINGERPRINT))

    assert outcomes(answer.additions) == ["ADDED"]
    listed = stub.ListEntries(pb.ListEntriesRequest()).entries
    assert [(one.kind, one.pattern) for one in listed] == [
        (pb.ENTRY_KIND_FINGERPRINT, fingerprint(text))
    ]


def test_adding_what_is_protected_fails_with_the_reason(run: Run) -> None:
    done = run("add", "110", "--source", "bureau", "--reason", "x")

    assert done.exit_code == 1
    assert "protected number" in done.stdout


def test_plain_exports_list_names_and_numbers(run: Run) -> None:
    run("add", "a.example", "+86170*", "Bank", "--source", "bureau", "--reason", "x")

    domains, numbers = run("export", "--format", "domains"), run("export", "--format", "numbers")

    assert domains.stdout == "a.example\n"
    assert numbers.stdout == "+86170*\n"
    assert "2 of other kinds left out" in domains.stderr


def test_an_allow_entry_of_any_source_removes_its_pattern_from_the_export_of_another(
    run: Run,
) -> None:
    run("add", "a.example", "b.example", "--source", "bureau", "--reason", "x")
    run("add", "b.example", "--source", "ministry", "--action", "allow", "--reason", "x")

    done = run("export", "--format", "domains", "--source", "bureau")

    assert done.stdout == "a.example\n"
    assert "1 lifted by an allow entry of the same pattern left out" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "a.example", "--source", "nobody", "--reason", "x"),
        ("add", "a.example", "--source", "bureau", "--reason", "x", "--expires", "2001-01-01"),
        ("export", "--format", "tape"),
        ("import", "no-such-file"),
    ],
)
def test_an_invalid_choice_is_a_usage_error(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_an_unreachable_server_is_one_sentence_and_exit_status_1() -> None:
    done = CliRunner().invoke(app, ["status", "--target", "127.0.0.1:1"])

    assert done.exit_code == 1
    assert "no answer from 127.0.0.1:1" in " ".join(done.stderr.split())


def test_status_is_available_as_json(run: Run) -> None:
    run("add", "a.example", "--source", "bureau", "--reason", "x")
    found: list[dict[str, Any]] = []

    def counted() -> bool:
        found.append(json.loads(run("status", "--json").stdout))
        return bool(found[-1]["counts"])

    eventually(counted)
    assert found[-1]["workers"] == []
    assert found[-1]["version"] == "1"
