"""The decision log of a real service: real workers write, commands ask."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fanzha.client import Call, CallEnd, Client, Options, channels
from fanzha.v1 import interception_pb2, interception_pb2_grpc
from fanzha.v1.decision_pb2 import ACTION_BLOCK
from tests.support.processes import LEAN, Running, eventually, fanzha_up, run

FRAUD, ANN = "+8617000000123", "+8619900000001"
PATIENT = Options(timeout=60.0)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("decisions")
    with fanzha_up(
        folder,
        workers=1,
        FANZHA_DECISION_LOG_ALLOWED_ONE_IN="1",
        FANZHA_DECISION_LOG_FLUSH_SECONDS="0.1",
        **LEAN,
    ) as running:
        running.fanzha(
            *("blocklist", "add", FRAUD, "--action", "block", "--source", "bureau"),
            *("--reason", "three victims", "--legal-basis", "Art. 32", "--by", "li"),
        )
        # Each test finds a block in the log, whichever comes first.
        # Asked often, it makes nobody call so much that a model would block them without the entry.
        eventually(lambda: blocks(running))
        with Client(running.interception, PATIENT) as client:
            client.decide_call(Call(caller=FRAUD, callee=ANN))
        eventually(lambda: bool(segments(running)))
        yield running


def blocks(service: Running) -> bool:
    """Tell whether the entry is in force."""
    with channels.blocking(service.interception) as channel:
        stub = interception_pb2_grpc.InterceptionServiceStub(channel)
        call = interception_pb2.Call(caller=FRAUD, callee=ANN)
        request = interception_pb2.DecideCallRequest(call=call, dry_run=True)
        return bool(stub.DecideCall(request, timeout=60).decision.action == ACTION_BLOCK)


def found(service: Running, *arguments: str) -> dict[str, object]:
    done = service.fanzha("decisions", *arguments, "--json", check=False)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def logged(service: Running, *conditions: str) -> list[dict[str, object]]:
    """Return all decisions, however many calls it took until a list entry was in force."""
    answer = found(service, "find", "--limit", "100000", *conditions)
    rows: list[dict[str, object]] = answer["decisions"]  # type: ignore[assignment]
    return rows


def test_a_block_is_found_and_explained_by_its_entry(service: Running) -> None:
    with Client(service.interception, PATIENT) as client:
        eventually(lambda: client.decide_call(Call(caller=FRAUD, callee=ANN)).blocked)
    eventually(lambda: bool(logged(service, "--number", FRAUD, "--action", "block")))
    row = logged(service, "--number", FRAUD, "--action", "block", "--full")[0]

    output = found(service, "why", str(row["decision_id"]))

    assert (row["from_party"], row["source"], row["evidence"]) == (FRAUD, "bureau", "caller")
    entry = output["entry"]
    assert isinstance(entry, dict)
    assert (entry["legal_basis"], entry["created_by"]) == ("Art. 32", "li")
    assert "命中拦截名单条目" in str(output["why"])
    assert FRAUD not in json.dumps(output)  # masked, unless somebody asks


def test_a_block_is_explained_by_velocity_and_a_counterfactual(
    service: Running,
) -> None:
    eventually(lambda: bool(logged(service, "--number", FRAUD, "--action", "block")))
    row = logged(service, "--number", FRAUD, "--action", "block")[0]

    output = found(service, "why", str(row["decision_id"]))
    shown = service.fanzha("decisions", "why", str(row["decision_id"])).stdout

    (model,) = output["models"]  # type: ignore[misc]
    assert model["model"] == "caller"  # type: ignore[has-type]
    assert model["recomputed_score"] == pytest.approx(model["score"], abs=1e-5)  # type: ignore[has-type]
    assert output["entry_then"] == output["entry"]
    assert "unchanged since" in str(output["circumstances"])
    assert "it would be let through" in str(output["alternatives"])
    assert "for another decision" in shown
    assert "leave one out" in shown


def test_nothing_is_kept_of_handsets_unless_told_to(service: Running) -> None:
    with Client(service.interception, PATIENT) as client:
        client.decide_call(Call(caller=FRAUD, callee=ANN, handset="35209900176148"))

    asked = service.fanzha("incidents", "clusters", "--kind", "same_handset", check=False)

    assert asked.returncode
    assert "decision_log_handsets is off" in " ".join(asked.stderr.split())
    assert not (service.folder / "handset-key").exists()


def test_the_default_output_has_tables_and_bars(service: Running) -> None:
    eventually(lambda: bool(logged(service)))

    rows = service.fanzha("decisions", "find").stdout
    counts = service.fanzha("decisions", "stats", "--group-by", "channel,action,source").stdout

    assert "decision" in rows
    assert "they stand for about" in rows
    assert "█" in counts


def test_local_files_are_read_without_a_server_on_request(
    service: Running,
) -> None:
    eventually(lambda: bool(logged(service)))
    folder = "--offline", "--data-dir", str(service.folder)

    done = run("decisions", "find", *folder, "--json")
    counted = run("decisions", "stats", *folder, "--json")
    row = json.loads(done.stdout)["decisions"][0]
    output = run("decisions", "why", str(row["decision_id"]), *folder, "--full")
    nowhere = run("decisions", "find", "--offline", "--folder", "no-such-folder")

    assert (done.returncode, counted.returncode, output.returncode) == (0, 0, 0)
    assert json.loads(counted.stdout)[0]["logged"] > 0
    assert "This call was" in output.stdout
    assert (nowhere.returncode, "no decision log in" in nowhere.stderr) == (2, True)


def test_a_decision_that_is_not_logged_is_reported(service: Running) -> None:
    done = service.fanzha("decisions", "why", "12345", check=False)

    assert done.returncode == 1
    assert "is not logged" in done.stderr


def test_a_wrong_span_is_a_usage_error(service: Running) -> None:
    done = service.fanzha("decisions", "stats", "--since", "yesterday", check=False)

    assert done.returncode == 2
    assert "24h" in done.stderr


def test_ends_of_calls_are_logged_once(service: Running) -> None:
    with Client(service.interception, PATIENT) as client:
        client.report_call_ends(
            [CallEnd(caller=ANN, callee=FRAUD, answered=True, duration_ms=9)], timeout=60
        )

    eventually(lambda: len(list((service.folder / "decisions/call_ends").rglob("*.parquet"))) == 1)


def test_metrics_report_the_decision_log(service: Running) -> None:
    eventually(lambda: "fanzha_decision_log_rows_total" in service.metrics_page())
    page = service.metrics_page()

    assert 'fanzha_decision_log_dropped_total{cause="buffer"} 0.0' in page
    assert "fanzha_decision_log_torn_total 0.0" in page


def test_a_killed_worker_loses_at_most_its_buffer(service: Running) -> None:
    # Others than this number call, too, in segments of their own.
    eventually(lambda: bool(logged(service, "--number", FRAUD)))
    kept = {row["decision_id"] for row in logged(service, "--number", FRAUD)}
    before = {path.name for path in segments(service)}
    worker = int(next(iter(before)).split("-")[1])

    os.kill(worker, signal.SIGKILL)
    with Client(service.interception, PATIENT) as client:
        eventually(lambda: bool(client.decide_call(Call(caller=FRAUD, callee=ANN)).decision_id))
    eventually(lambda: any(path.name not in before for path in segments(service)))

    assert not list((service.folder / "decisions").rglob("*.torn"))
    assert kept <= {row["decision_id"] for row in logged(service, "--number", FRAUD)}


def segments(service: Running) -> list[Path]:
    return sorted((service.folder / "decisions" / "call").rglob("*.parquet"))


def test_checks_and_replays_are_recorded_nowhere_unless_live(
    service: Running, tmp_path: Path
) -> None:
    # A domestic number from abroad is blocked without a list entry.
    caller, more = "+8619900000077", ("--ingress", "international")
    check = ("check", "call", "--from", caller, "--to", ANN, *more, "--json")
    file = tmp_path / "calls.csv"
    file.write_text(f"caller,callee,ingress\n{caller},{ANN},international\n")
    before = decided(service, "decisions"), decided(service, "dry_run_decisions")

    dry = json.loads(service.fanzha(*check).stdout)
    replayed = service.fanzha("replay", "call", str(file)).stdout
    counted = decided(service, "decisions"), decided(service, "dry_run_decisions")
    live = json.loads(service.fanzha(*check, "--live").stdout)
    service.fanzha("replay", "call", str(file), "--live")

    assert (dry["action"], dry["dry_run"], dry["decision_id"]) == ("block", True, "")
    assert "Dry run: nothing was recorded" in replayed
    assert counted == (before[0], before[1] + 2)
    assert (live["action"], live["dry_run"]) == ("block", False)
    eventually(lambda: len(logged(service, "--number", caller)) >= 2)
    found = [row["decision_id"] for row in logged(service, "--number", caller)]
    assert len(found) == 2
    assert live["decision_id"] in map(str, found)


def decided(service: Running, family: str) -> float:
    """Return the number of blocked calls that a metric counts."""
    lines = service.metrics_page().splitlines()
    mine = [line for line in lines if line.startswith(f"fanzha_{family}_total{{")]
    blocked = [line for line in mine if 'action="block",channel="call"' in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in blocked)


def test_a_live_check_and_replay_need_a_receiver(service: Running, tmp_path: Path) -> None:
    file = tmp_path / "texts.csv"
    file.write_text("text\n您好\n")

    checked = service.fanzha("check", "sms", "--from", "95588", "您好", "--live", check=False)
    replayed = service.fanzha("replay", "sms", str(file), "--live", check=False)

    assert (checked.returncode, replayed.returncode) == (2, 2)
    assert "--live needs --to" in checked.stderr
    assert "does not say who was called or written to" in replayed.stderr
