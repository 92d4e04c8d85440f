"""An appeal from the block message to the call that gets through, on real workers."""

import json
import logging
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fanzha.client import channels
from fanzha.v1 import decision_pb2, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb
from services.cli.appeals.commands import app
from tests.support.processes import LEAN, Running, eventually, fanzha_up

logger = logging.getLogger(__name__)


LISTED, NEIGHBOUR = "+8617000000123", "+8617000000124"
CALLEE = "+8619900000001"
BLOCK, ALLOW = decision_pb2.ACTION_BLOCK, decision_pb2.ACTION_ALLOW


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with fanzha_up(tmp_path_factory.mktemp("up"), workers=2, **LEAN) as service:
        yield service


def call(running: Running, caller: str, *, dry_run: bool = False) -> decision_pb2.Decision:
    with channels.blocking(running.interception) as channel:
        stub = interception_pb2_grpc.InterceptionServiceStub(channel)
        request = pb.Call(caller=caller, callee=CALLEE)
        asked = pb.DecideCallRequest(call=request, dry_run=dry_run)
        return stub.DecideCall(asked, timeout=60).decision


def blocked(running: Running, caller: str) -> bool:
    """Tell whether a call would be blocked; asked often, it makes nobody call too much."""
    return bool(call(running, caller, dry_run=True).action == BLOCK)


def block(running: Running, pattern: str) -> None:
    running.fanzha("blocklist", "add", pattern, "--source", "bureau", "--reason",
                   "reported by three victims", "--legal-basis", "Order 7",
                   "--by", "li")  # fmt: skip


def appeals(running: Running, *arguments: str, check: bool = True) -> Result:
    """Run the command in this process: it asks the service over its socket all the same."""
    done = CliRunner().invoke(app, [*arguments, "--target", running.admin])
    if check and done.exit_code:
        raise AssertionError(f"{arguments}: {done.output}")
    return done


def open_appeal(running: Running, *what: str) -> dict[str, Any]:
    done = appeals(running, "open", *what, "--name", "Zhang San", "--contact",
                          "zhang@company.example", "--grounds", "our customer service",
                          "--by", "carrier-desk", "--json")  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_an_upheld_appeal_lets_the_next_call_through(running: Running, tmp_path: Path) -> None:
    licence = tmp_path / "licence.pdf"
    licence.write_bytes(b"%PDF licence")
    block(running, LISTED)
    eventually(lambda: blocked(running, LISTED))
    decision_id = str(call(running, LISTED).decision_id)
    eventually(
        lambda: appeals(
            running, "notice", "--decision", decision_id, check=False
        ).exit_code == 0
    )  # fmt: skip
    notice = appeals(running, "notice", "--decision", decision_id, "--language", "en")

    opened = open_appeal(running, decision_id, "--document", str(licence))
    number = opened["appeal"]["appeal_id"]
    again = appeals(running, "open", decision_id, "--name", "zhang-san", "--contact",
                    "Zhang@company.example", "--grounds", "again", "--by", "carrier-desk",
                    "--document", str(licence))  # fmt: skip
    queue = appeals(running, "list").stdout
    appeals(running, "take", number, "--by", "zhou")
    shown = appeals(running, "show", number).stdout
    done = appeals(running, "decide", number, "成立", "--reason", "it is a bank",
                          "--by", "zhou", "--json")  # fmt: skip
    decision = call(running, LISTED)

    lift = json.loads(done.stdout)["appeal"]["lift"]
    # Recorded, not held against anything: pytest --log-cli-level=INFO shows it.
    logger.info("lifted in %d workers after %.3f s", lift["workers"], lift["seconds"])
    assert "Order 7" in notice.stdout
    assert decision.action == ALLOW
    assert f"appeal {number} was there already" in again.output
    assert f"fanzha appeals add {number}" in again.output
    assert lift["workers"] == 2
    assert decision.list_version >= int(lift["list_version"])
    assert ("Z***" in queue, LISTED in queue) == (True, False)
    assert ("Zhang San" in shown, LISTED in shown) == (True, True)
    assert "removes the block" in shown
    assert "lift_done" in appeals(running, "show", number).stdout
    log = (running.folder / "up.log").read_text()
    assert "Zhang" not in log


def test_a_number_of_a_range_gets_through_and_its_neighbour_does_not(running: Running) -> None:
    block(running, "+86170000001*")
    eventually(lambda: blocked(running, NEIGHBOUR))
    opened = open_appeal(running, "--pattern", "17000000124")
    number = opened["appeal"]["appeal_id"]
    appeals(running, "take", number, "--by", "zhou")

    appeals(running, "decide", number, "upheld", "--reason", "a bank", "--by", "zhou")

    assert call(running, NEIGHBOUR).action == ALLOW
    assert call(running, "+8617000000125").action == BLOCK


def test_a_rejected_appeal_ends_in_a_notice_that_says_what_to_do(
    running: Running, tmp_path: Path
) -> None:
    block(running, "shop.example")
    number = open_appeal(running, "--pattern", "shop.example")["appeal"]["appeal_id"]
    appeals(running, "take", number, "--by", "zhou")
    bare = appeals(running, "decide", number, "rejected", "--reason", "no", "--by",
                          "zhou", check=False)  # fmt: skip
    appeals(running, "decide", number, "驳回", "--reason", "three victims named it",
                   "--remedy", "complain to the administration",
                   "--documents", "a licence", "--by", "zhou")  # fmt: skip
    file = tmp_path / "notice.txt"

    appeals(running, "notice", number, "--language", "zh", "--delivered", "--out",
                   str(file), "--by", "zhou")  # fmt: skip

    text = file.read_text(encoding="utf-8")
    assert (bare.exit_code, "remedy: required" in bare.stderr) == (2, True)
    for words in ("three victims named it", "complain to the administration", "a licence"):
        assert words in text
    assert "rejected-1 zh" in appeals(running, "show", number).stdout


def test_documents_are_attached_and_read_back_and_an_appeal_is_withdrawn(
    running: Running, tmp_path: Path
) -> None:
    licence, proof, copy = (tmp_path / name for name in ("licence.pdf", "proof.pdf", "copy.pdf"))
    licence.write_bytes(b"%PDF licence")
    proof.write_bytes(b"%PDF proof")
    block(running, "papers.example")
    opened = open_appeal(running, "--pattern", "papers.example", "--document", str(licence))
    number = opened["appeal"]["appeal_id"]

    appeals(running, "add", number, str(proof), "--digests-only", "--by", "desk")
    shown = json.loads(appeals(running, "show", number, "--json").stdout)["appeal"]
    digest = shown["documents"][0]["sha256"]
    appeals(running, "document", number, digest, "--out", str(copy))
    appeals(running, "withdraw", number, "--reason", "settled", "--by", "desk")
    closed = json.loads(appeals(running, "list", "--state", "withdrawn", "--json").stdout)

    assert [one["stored"] for one in shown["documents"]] == [True, False]
    assert copy.read_bytes() == licence.read_bytes()
    assert [one["appeal_id"] for one in closed] == [number]


def test_the_report_and_the_metrics_page_count_appeals(running: Running) -> None:
    numbers = ("+8617000000191", "+8617000000192", "+8617000000193")
    for number in numbers:
        block(running, number)
        opened = open_appeal(running, "--pattern", number)
    # A median needs a decision.
    decided = opened["appeal"]["appeal_id"]
    appeals(running, "take", decided, "--by", "zhou")
    appeals(running, "decide", decided, "upheld", "--reason", "a bank", "--by", "zhou")

    report = json.loads(appeals(running, "report", "--since", "1d", "--json").stdout)
    endpoints = json.loads((running.folder / "endpoints.json").read_text())
    with urllib.request.urlopen(endpoints["admin_metrics"], timeout=60) as answer:  # noqa: S310
        page = answer.read().decode()

    assert int(report["received"]) >= len(numbers)
    assert "fanzha_appeals_opened_total" in page
    assert "median" in appeals(running, "report").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "999"], "there is no appeal 999"),
        (["open", "77", "--name", "a", "--contact", "b", "--grounds", "c"], "is not stored"),
        (["list", "--state", "lost"], "none of"),
        (["notice"], "give an appeal, --decision or --pattern"),
        (["decide", "1", "maybe", "--reason", "x"], "none of"),
        (["open", "--pattern", "+86170*", "--name", "a", "--contact", "b", "--grounds", "c"],
         "not a range"),
    ],
)  # fmt: skip
def test_each_error_is_one_sentence(running: Running, arguments: list[str], told: str) -> None:
    done = appeals(running, *arguments, check=False)

    assert done.exit_code in {1, 2}
    assert told in done.stderr
    assert "Traceback" not in done.stderr
