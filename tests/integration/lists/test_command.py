"""The commands of list administration, over gRPC and a real store."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner

from fanzha.client import unconfirmed_replacements
from fanzha.fingerprint import fingerprint
from fanzha.v1 import blocklist_pb2 as pb
from services.cli.lists.commands import app
from tests.support.list_client import FAR_S, Run, entry, update
from tests.support.processes import eventually

FOR_LONG = ("--expires", "2099-01-01")


def test_a_command_against_another_version_names_both(stub: Any, run: Run) -> None:
    update(stub, entry("a.example"))

    found = run(
        "add", "b.example", "--source", "bureau", "--reason", "x",
        "--expected-version", "0",
    )  # fmt: skip

    assert found.exit_code == 4
    assert "expected version 0, now at version 1" in " ".join(found.stderr.split())


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
    far: dict[str, Any] = {"expires_at_s": FAR_S}
    update(
        stub,
        entry("+8617000000001", reason=formula, campaign="@campaign", legal_basis="'=basis", **far),
        entry("=HYPERLINK(1)", kind=pb.ENTRY_KIND_SENDER, reason="'quoted'", **far),
        entry("-a.example", kind=pb.ENTRY_KIND_HOST, reason="-1-1", **far),
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

    assert done.exit_code == 2
    assert "0 match, 0 in all" in run("list").stdout


def test_commands_add_show_and_remove(run: Run) -> None:
    added = run("add", "+8617000000001", "Bank", "--source", "bureau", "--reason", "x")
    shown = run("find", "17000000001")
    removed = run("remove", "--yes", "+8617000000001", "--reason", "a mistake")
    gone = run("remove", "--yes", "+8617000000001", "--reason", "a mistake")

    assert (added.exit_code, shown.exit_code, removed.exit_code, gone.exit_code) == (0, 0, 0, 1)
    assert "+8617000000001" in shown.stdout
    assert "1 shown; 1 match, 1 in all" in run("list").stdout


def test_the_command_sends_the_fingerprint_of_a_text_and_not_the_text(run: Run) -> None:
    text = "您的积分8200分将于今日过期，请登录 bank.example 兑换现金礼品"
    on_list = ["--kind", "fingerprint", "--reason", "x"]

    added = run("add", text, *on_list, "--source", "bureau")
    shown = run("find", fingerprint(text.replace("8200", "9100")))
    short = run("add", "收到", *on_list, "--source", "bureau")
    removed = run("remove", "--yes", text, *on_list)

    assert [one.exit_code for one in (added, shown, short, removed)] == [0, 0, 2, 0]
    assert fingerprint(text)[:20] in shown.stdout
    assert "积分" not in added.stdout + shown.stdout + removed.stdout
    assert "too short" in short.stderr


def test_adding_what_is_protected_fails_with_the_reason(run: Run) -> None:
    done = run("add", "110", "--source", "bureau", "--reason", "x")

    assert done.exit_code == 1
    assert "protected number" in done.stdout


def test_plain_exports_list_names_and_numbers(run: Run) -> None:
    run("add", "a.example", "+86170*", "Bank", "--source", "bureau", "--reason", "x", *FOR_LONG)

    domains, numbers = run("export", "--format", "domains"), run("export", "--format", "numbers")

    assert domains.stdout == "a.example\n"
    assert numbers.stdout == "+86170*\n"
    assert "2 of other kinds left out" in domains.stderr


def test_an_allow_entry_of_any_source_removes_its_pattern_from_the_export_of_another(
    run: Run,
) -> None:
    common = ("--reason", "x", *FOR_LONG)
    run("add", "a.example", "b.example", "--source", "bureau", *common)
    run("add", "b.example", "--source", "ministry", "--action", "allow", *common)

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


def test_an_unreachable_server_is_one_sentence_and_exit_status_3() -> None:
    done = CliRunner().invoke(app, ["status", "--target", "127.0.0.1:1"])

    assert done.exit_code == 3
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


def test_an_entry_of_other_contents_is_replaced_only_knowingly(stub: Any, run: Run) -> None:
    law = ["--fraud-type", "fake_loan", "--legal-basis", "Art. 25", "--expires", "2099-01-01"]
    number, again = "+8617000000001", ["--source", "bureau", "--reason", "x"]
    run("add", number, "--source", "ministry", "--reason", "order 7", *law)

    refused = run("add", number, *again)
    found = stub.FindEntries(pb.FindEntriesRequest(query=number)).entries[0]
    same = run("add", number, "--source", "ministry", "--reason", "order 7", *law)
    replaced = run("add", number, *again, "--replace")

    assert refused.exit_code == 4
    output = " ".join(refused.stderr.split())
    assert f"{number} (block): source ministry → bureau" in output
    assert "fraud type fake_loan → unspecified, legal basis 'Art. 25' → none" in output
    assert "--replace" in output
    assert found.legal_basis == "Art. 25"
    assert "duplicate" in same.stdout
    assert "replaced" in replaced.stdout
    assert stub.FindEntries(pb.FindEntriesRequest(query=number)).entries[0].legal_basis == ""


def test_a_client_replaces_with_the_version_it_has_seen_or_a_flag(stub: Any) -> None:
    update(stub, entry("a.example"))
    request = pb.UpdateEntriesRequest(
        additions=[entry("a.example", reason="another"), entry("b.example")], reason="x"
    )

    with pytest.raises(grpc.RpcError) as refused:
        stub.UpdateEntries(request)
    version = stub.GetStatus(pb.GetStatusRequest()).version
    request.expected_version = version
    done = stub.UpdateEntries(request)

    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    (difference,) = unconfirmed_replacements(refused.value)
    assert difference.startswith("a.example (block): reason ")
    assert version == 1
    assert [row.outcome for row in done.additions] == [
        pb.ROW_OUTCOME_REPLACED,
        pb.ROW_OUTCOME_ADDED,
    ]
    assert [row.kind for row in done.additions] == [pb.ENTRY_KIND_HOST] * 2


def test_what_a_pattern_is_taken_for_is_told(run: Run) -> None:
    patterns = ["＋８６17000000001", "10.0.0.0/8", "com", "Bank", "+861700000000123"]

    done = run("add", *patterns, "--source", "bureau", "--reason", "x", "--by", "li")

    assert done.exit_code == 1
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0].endswith(" as number +8617000000001") or "as number +8617000000001:" in lines[0]
    assert "invalid: pattern: a network" in lines[1]
    assert "invalid: pattern: a top-level domain" in lines[2]
    assert " as sender" in lines[3]
    assert "invalid: pattern: no number has this form" in lines[4]


def test_what_would_be_replaced_fits_into_a_status_however_long(stub: Any) -> None:
    hosts = [f"{'a' * 60}{number}.{'b' * 60}.example" for number in range(9)]
    long = {"reason": "诈" * 900, "legal_basis": "法" * 900, "campaign": "行" * 900}
    update(stub, *[entry(host, **long) for host in hosts])
    other = {name: text[:-1] + "x" for name, text in long.items()} | {"fraud_type": 1}

    with pytest.raises(grpc.RpcError) as refused:
        stub.UpdateEntries(
            pb.UpdateEntriesRequest(additions=[entry(host, **other) for host in hosts], reason="x"),
            metadata=(("accept-language", "zh"),),
        )

    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert len(unconfirmed_replacements(refused.value)) == 3


def test_an_import_replaces_what_another_source_supplied_only_knowingly(
    run: Run, stub: Any, tmp_path: Path
) -> None:
    listed = tmp_path / "numbers.csv"
    listed.write_text("number,reason\n+8617000000001,order 7\n+8617000000002,order 7\n")
    run("import", str(listed), "--source", "ministry")
    listed.write_text("number,reason\n+8617000000001,ours\n+8617000000002,order 7\n")

    refused = run("import", str(listed), "--source", "bureau")
    preview = run("import", str(listed), "--source", "bureau", "--preview", "--json")
    own = run("import", str(listed), "--source", "ministry", "--json")
    replaced = run("import", str(listed), "--source", "bureau", "--replace", "--json")

    assert refused.exit_code == 4
    output = " ".join(refused.stderr.split())
    assert "as 2 of the entries change" in output
    assert "source ministry → bureau" in output
    assert json.loads(preview.stdout)["replaced"] == 2
    assert json.loads(own.stdout)["replaced"] == 1
    assert json.loads(replaced.stdout)["replaced"] == 2
