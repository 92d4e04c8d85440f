"""Shows the whole service at work, and ends by itself: ``make demo``.

Starts ``fanzha up`` in a folder of its own, on ports of its own, imports the example
list, sends the example traffic through gRPC one request at a time, and shows each
decision; then a change to the list that acts at once, and a confirmed hit on its way
to the people who warn.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
from rich.console import Console
from rich.progress import track
from rich.table import Table

from fanzha.client import channels
from fanzha.v1 import decision_pb2, feedback_pb2, feedback_pb2_grpc, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb
from services.cli._common.enum_words import wire_word
from services.cli._common.files import open_table
from services.cli.replay import traffic
from services.cli.replay.tally import percentile
from services.settings import loader

HERE = Path(__file__).parent
FANZHA = [sys.executable, "-m", "services"]
START_SECONDS = 60
ACT_SECONDS = 30
DEADLINE_SECONDS = 5

NEW_FRAUDSTER = "+8617000000999"
VICTIM = "+8619900000001"

console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


def main() -> int:
    """Run the demo; return the exit status."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="fanzha-demo-") as folder, _service(Path(folder)) as endpoints:
        environment = {
            "FANZHA_TARGET": endpoints["interception"],
            "FANZHA_ADMIN_TARGET": endpoints["admin"],
        }
        _heading("1. Import a small list: numbers, ranges, senders, hosts, URLs; one line is bad")
        report = _fanzha(environment, "blocklist", "import", str(HERE / "list.csv"),
                         "--source", "province", "--by", "demo",
                         "--reason", "example list")  # fmt: skip
        console.print(report, soft_wrap=True)
        with channels.blocking(endpoints["interception"]) as channel:
            stub = interception_pb2_grpc.InterceptionServiceStub(channel)
            _wait_until_listed(stub)
            _heading("2. Example traffic, one request after the other")
            latencies = _play(stub)
            _heading("3. A number is added to the list; the next call from it is blocked")
            _add_and_call(stub, environment)
            _heading("4. A suspected hit is confirmed and goes to those who warn")
            _confirm(stub, channel, folder)
        _heading("5. In batches of 256, as a switch under load asks")
        for kind, file in (("call", "calls.csv"), ("sms", "texts.tsv"), ("url", "links.csv")):
            _batches(environment, kind, file)
    _summary(latencies, time.monotonic() - began)
    return 0


@contextmanager
def _service(folder: Path) -> Iterator[dict[str, str]]:
    """Run ``fanzha up`` in *folder*, on free ports; yield where it is found."""
    environment = os.environ | {
        "FANZHA_DATA_DIR": str(folder),
        **loader.free_ports(),
        "FANZHA_LOG_LEVEL": "warning",
    }
    with subprocess.Popen([*FANZHA, "up"], env=environment) as process:  # noqa: S603
        try:
            yield _endpoints(folder, process)
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(60)
    if status:
        raise SystemExit(f"fanzha up ended with {status}")


def _endpoints(folder: Path, process: "subprocess.Popen[bytes]") -> dict[str, str]:
    file = folder / "endpoints.json"
    for _ in range(START_SECONDS * 10):
        if file.exists():
            found: dict[str, str] = json.loads(file.read_text())
            return found
        if process.poll() is not None:
            raise SystemExit("fanzha up did not start")
        time.sleep(0.1)
    raise SystemExit(f"fanzha up was not ready within {START_SECONDS} s")


def _fanzha(environment: dict[str, str], *arguments: str) -> str:
    console.print(f"[dim]$ fanzha {' '.join(arguments)}[/]", soft_wrap=True)
    done = subprocess.run(  # noqa: S603
        [*FANZHA, *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def _wait_until_listed(stub: Any) -> None:
    """Wait until every answering worker reports the version of the list."""
    for _ in range(ACT_SECONDS * 20):
        call = pb.Call(caller=VICTIM, callee="110")
        if _ask(stub, "DecideCall", pb.DecideCallRequest(call=call))[0].list_version:
            return
        time.sleep(0.05)
    raise SystemExit("the list did not reach the workers")


def _ask(stub: Any, method: str, request: Any) -> tuple[decision_pb2.Decision, float]:
    start = time.perf_counter()
    answer = getattr(stub, method)(request, timeout=DEADLINE_SECONDS)
    return answer.decision, (time.perf_counter() - start) * 1000


def _play(stub: Any) -> list[float]:
    table = Table(box=None, pad_edge=False)
    for heading, width in (("what", 44), ("label", 9), ("action", 7), ("reason", 12),
                           ("fraud type", 23)):  # fmt: skip
        table.add_column(heading, no_wrap=True, width=width)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("entry", no_wrap=True, max_width=40)
    table.add_column("ms", justify="right", no_wrap=True)
    latencies = []
    for method, shown, label, request in track(
        list(_requests()), "deciding", console=console, disable=not console.is_terminal
    ):
        try:
            decision, latency = _ask(stub, method, request)
        except grpc.RpcError as error:
            refusal = ("[yellow]refused[/]", "invalid", "", "–", str(error.details()), "")
            table.add_row(shown, label, *refusal)
            continue
        latencies.append(latency)
        table.add_row(shown, label, *_cells(decision), f"{latency:.2f}")
    console.print(table)
    return latencies


def _requests() -> Iterator[tuple[str, str, str, Any]]:
    with open_table(HERE / "calls.csv", single_column="caller") as table:
        kind = traffic.calls(table)
        for row in table.rows:
            call = kind.message(row)
            shown = f"call {call.caller} → {call.callee}"
            yield "DecideCall", shown, row.get("label", ""), pb.DecideCallRequest(call=call)
    with open_table(HERE / "texts.tsv", single_column="text") as table:
        kind = traffic.texts(table)
        for row in table.rows:
            text = kind.message(row)
            shown = f"sms {text.sender}: {_short(text.body)}"
            yield "DecideText", shown, row.get("label", ""), pb.DecideTextRequest(text=text)
    with open_table(HERE / "links.csv", single_column="url") as table:
        kind = traffic.links(table)
        for row in table.rows:
            link = kind.message(row)
            shown = f"url {_short(link.url, 48)}"
            yield "DecideLink", shown, row.get("label", ""), pb.DecideLinkRequest(link=link)


def _short(text: str, length: int = 24) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _cells(decision: decision_pb2.Decision) -> tuple[str, ...]:
    action = wire_word(decision_pb2.Action, decision.action)
    colour = "red" if action == "block" else "green"
    return (
        f"[{colour}]{action}[/]",
        wire_word(decision_pb2.Reason, decision.reason),
        wire_word(decision_pb2.FraudType, decision.fraud_type),
        f"{decision.score:.4f}" if decision.HasField("score") else "–",
        decision.pattern,
    )


def _add_and_call(stub: Any, environment: dict[str, str]) -> None:
    request = pb.DecideCallRequest(call=pb.Call(caller=NEW_FRAUDSTER, callee=VICTIM))
    before, _ = _ask(stub, "DecideCall", request)
    console.print("before:", *_cells(before))
    _fanzha(environment, "blocklist", "add", NEW_FRAUDSTER, "--action", "block",
            "--fraud-type", "impersonate_authority", "--source", "bureau",
            "--reason", "reported by three victims", "--by", "demo")  # fmt: skip
    start = time.perf_counter()
    while True:
        after, _ = _ask(stub, "DecideCall", request)
        if after.action == decision_pb2.ACTION_BLOCK:
            break
        if time.perf_counter() - start > ACT_SECONDS:
            raise SystemExit("the change did not act")
        time.sleep(0.01)
    waited = (time.perf_counter() - start) * 1000
    console.print("after: ", *_cells(after), f"[dim](acted within {waited:.0f} ms)[/]")


def _confirm(stub: Any, channel: grpc.Channel, folder: str) -> None:
    suspect = _suspect(stub)
    feedback = feedback_pb2_grpc.FeedbackServiceStub(channel)
    request = feedback_pb2.ConfirmHitRequest(
        decision_id=suspect.decision_id, confirmed_by="demo", note="the victim called 96110"
    )
    answer = _patiently(lambda: feedback.ConfirmHit(request, timeout=DEADLINE_SECONDS))
    durability = wire_word(feedback_pb2.Durability, answer.durability)
    console.print(
        f"decision {suspect.decision_id} confirmed, place {answer.stream_id}, {durability}"
    )
    milliseconds, number = answer.stream_id.split("-")
    before = f"{int(milliseconds) - 1}-{number}"
    endpoints = json.loads((Path(folder) / "endpoints.json").read_text())
    environment = {"FANZHA_ADMIN_TARGET": endpoints["admin"]}
    console.print(
        _fanzha(environment, "hits", "tail", "--stream", "confirmed", "--since", before,
                "--count", "1"),
        soft_wrap=True,
    )  # fmt: skip


def _suspect(stub: Any) -> decision_pb2.Decision:
    """Get an unlisted call blocked: a domestic number that comes from abroad."""
    call = pb.Call(caller="+8619900000077", callee=VICTIM, ingress=pb.INGRESS_INTERNATIONAL)
    decision, _ = _ask(stub, "DecideCall", pb.DecideCallRequest(call=call))
    console.print("suspect:", *_cells(decision))
    return decision


def _patiently(confirm: Any) -> Any:
    """Confirm a hit, with retries: it is stored shortly after its decision."""
    for _ in range(50):
        try:
            return confirm()
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            time.sleep(0.1)
    return confirm()


def _batches(environment: dict[str, str], kind: str, file: str) -> None:
    console.print(_fanzha(environment, "replay", kind, str(HERE / file), "--batch", "256"))


def _heading(text: str) -> None:
    console.print(f"\n[bold]{text}[/]")


def _summary(latencies: list[float], seconds: float) -> None:
    _heading("What it took")
    rate = 1000 * len(latencies) / sum(latencies)
    console.print(
        f"{len(latencies)} single decisions, one after the other: p50 "
        f"{percentile(latencies, 0.5):.2f} ms, p99 {percentile(latencies, 0.99):.2f} ms, "
        f"{rate:,.0f} decisions/s; the demo took {seconds:.0f} s."
    )


if __name__ == "__main__":
    sys.exit(main())
