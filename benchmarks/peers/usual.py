"""The limit in C++, a first service of one's own, and a rules engine, each beside us."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import scenarios
from benchmarks.peers import generators, lists, paired_runs, processes
from benchmarks.peers.bench import Bench, debian_version, python_version
from benchmarks.peers.fanzha_server import BATCH
from benchmarks.peers.outputs import Load
from benchmarks.peers.paired_runs import About, Contestant, Measured
from benchmarks.peers.processes import SERVER_CORE, Server, run
from benchmarks.peers.table import Row
from services.processes import embedded_valkey

HERE = Path(__file__).with_name("usual_servers")
PROTO = Path(__file__).parents[2] / "proto"
_PROTOS = tuple(
    f"fanzha/v1/{name}.proto" for name in ("protocol_answer", "decision", "interception")
)
_BUILD_SECONDS = 900.0
_METHODS = "/fanzha.v1.InterceptionService/"
_EVIDENCE_ROWS = 4096
_NOT_EQUAL = {
    "C++ gRPC, look-up only": (
        "The peer is what a server of our protocol can do at most: gRPC for C++ with callbacks, "
        "the request parsed, the caller looked up in a hash table, an action written. It has no "
        "expiry, ranges, protected numbers, history, model, id, evidence, hit or log. Both are "
        "sent the same bytes by the same generator."
    ),
    "FastAPI and Valkey": (
        "A few dozen lines in one process of uvicorn, which ask a set in a Valkey on the same "
        "core: no expiry, ranges, protected numbers, history, model, evidence, hit or log, and no "
        "decision without the store. JSON over HTTP/1.1 where ours is gRPC; h2load makes both."
    ),
    "GoRules ZEN": (
        "Rules alone, in process: the first seven of ours as a decision table of ZEN, which "
        "operators edit as data and which is asked row by row, as its binding has it; ours are "
        "code over columns, all twenty. Both decide the same rows and block the same number."
    ),
}


def compare(bench: Bench) -> list[Row]:
    """Compare with each."""
    return [*_limit(bench), *_fastapi(bench), *_rules(bench)]


def _about(bench: Bench, peer: str, version: str, work: str, generator: str) -> About:
    return About(
        channel="usual", peer=peer, version=version, work=work, generator=generator,
        not_equal=_NOT_EQUAL[peer],
    )  # fmt: skip


def _limit(bench: Bench) -> list[Row]:
    work = f"caller looked up among {bench.work.listed:,} numbers; 3 % listed"
    about = _about(
        bench, "C++ gRPC, look-up only", debian_version("libgrpc++-dev"), work, "h2load for both"
    )
    if not all(map(shutil.which, ("c++", "protoc", "grpc_cpp_plugin", "pkg-config"))):
        return paired_runs.missing(about, "no compiler, or no libgrpc++-dev")
    return paired_runs.guarded(about, lambda: _limit_measured(bench, about))


def _limit_measured(bench: Bench, about: About) -> list[Row]:
    program = build_limit(bench.python.parents[2] / "limit")
    numbers = bench.work.write("limit.txt", [str(number) for number in bench.work.numbers()])
    port, log = processes.free_port(), bench.work.folder / "limit.log"
    command = [str(program), str(numbers), str(port)]
    with Server(command, log=log, ready=lambda: processes.accepts(port)) as server:
        found = []
        for rows in (1, BATCH):
            theirs = _over_grpc(bench, about.peer, server, port, rows)
            ours = bench.ours.contestant("call", rows)
            figures = paired_runs.in_turn([theirs, ours], bench.repeats)
            found += paired_runs.rows(about, figures, [ours.name])
    return found


def _over_grpc(bench: Bench, name: str, server: Server, port: int, rows: int) -> Contestant:
    method, messages = bench.work.requests("call", rows, generators.CLIENTS)

    def load() -> Load:
        return generators.h2load(
            f"127.0.0.1:{port}", _METHODS + method, messages,
            seconds=bench.seconds, streams=16 if rows == 1 else 2,
        )  # fmt: skip

    return Contestant(name=name, load=load, rows=rows, server=server)


def build_limit(folder: Path) -> Path:
    """Compile the limit, unless it was compiled from the same sources before."""
    sources = [HERE / "limit.cc", *(PROTO / name for name in _PROTOS)]
    digest = sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:16]
    program = folder / digest / "limit"
    if program.exists():
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    plugin = shutil.which("grpc_cpp_plugin")
    _ran(
        ["protoc", "-I", ".", f"--cpp_out={program.parent}", f"--grpc_out={program.parent}",
         f"--plugin=protoc-gen-grpc={plugin}", *_PROTOS],
        folder=PROTO,
    )  # fmt: skip
    flags = [
        _ran(["pkg-config", which, "grpc++", "protobuf"]).split()
        for which in ("--cflags", "--libs")
    ]
    made = [str(file) for file in sorted((program.parent / "fanzha" / "v1").glob("*.cc"))]
    built = program.with_suffix(".new")
    _ran(
        ["c++", "-std=c++17", "-O2", "-I", str(program.parent), *flags[0], str(sources[0]), *made,
         *flags[1], "-o", str(built)]
    )  # fmt: skip
    return built.rename(program)


def _ran(command: Sequence[str], folder: Path | None = None) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=_BUILD_SECONDS
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-400:]}")
    return done.stdout


def _fastapi(bench: Bench) -> list[Row]:
    work = f"caller looked up among {bench.work.listed:,} numbers; 3 % listed"
    version = python_version(bench.python, "fastapi")
    about = _about(bench, "FastAPI and Valkey", version, work, "h2load for both, HTTP/1.1 and gRPC")
    if not version or not python_version(bench.python, "uvicorn"):
        return paired_runs.missing(
            about, "fastapi is not installed; run benchmarks/peers/install.sh"
        )
    return paired_runs.guarded(about, lambda: _fastapi_measured(bench, about))


class _Together(Measured):
    """Two servers that do the work together."""

    def __init__(self, *servers: Server) -> None:
        self._servers = servers

    def cpu_seconds(self) -> float:
        return sum(server.cpu_seconds() for server in self._servers)

    def memory_bytes(self) -> int:
        return sum(server.memory_bytes() for server in self._servers)


def _fastapi_measured(bench: Bench, about: About) -> list[Row]:
    with _web(bench) as (servers, port):
        found = []
        for rows in (1, BATCH):
            theirs = _over_http(bench, about.peer, servers, port, rows)
            ours = bench.ours.contestant("call", rows)
            figures = paired_runs.in_turn([theirs, ours], bench.repeats)
            found += paired_runs.rows(about, figures, [ours.name])
    return found


@contextmanager
def _web(bench: Bench) -> Iterator[tuple[_Together, int]]:
    folder, store_port, port = bench.work.folder, processes.free_port(), processes.free_port()
    store_command = [
        str(embedded_valkey.server_binary()), "--port", str(store_port), "--bind", "127.0.0.1",
        "--save", "", "--appendonly", "no", "--dir", str(folder),
    ]  # fmt: skip
    store = Server(
        store_command, log=folder / "store.log", ready=lambda: processes.accepts(store_port)
    )
    web_command = [
        str(bench.python), "-m", "uvicorn", "fastapi_set:app", "--app-dir", str(HERE),
        "--port", str(port), "--log-level", "warning", "--no-access-log",
    ]  # fmt: skip
    web = Server(
        web_command, log=folder / "web.log", ready=lambda: processes.accepts(port),
        environment={"STORE_URL": f"redis://127.0.0.1:{store_port}/0"},
    )  # fmt: skip
    with store:
        lists.fill(store_port, [b"+%d" % number for number in bench.work.numbers()])
        with web:
            yield _Together(store, web), port


def _over_http(bench: Bench, name: str, server: Measured, port: int, rows: int) -> Contestant:
    calls = [
        {"caller": f"+{caller}", "callee": f"+{callee}"}
        for caller, callee in bench.work.calls(rows * generators.CLIENTS)
    ]
    path = "/call" if rows == 1 else "/calls"
    starts = range(0, len(calls), rows)
    bodies = [
        json.dumps(calls[at] if rows == 1 else calls[at : at + rows]).encode() for at in starts
    ]

    def load() -> Load:
        return generators.h2load_json(
            f"http://127.0.0.1:{port}{path}", bodies, seconds=bench.seconds,
            clients=64 if rows == 1 else 8,
        )  # fmt: skip

    return Contestant(name=name, load=load, rows=rows, server=server)


def _rules(bench: Bench) -> list[Row]:
    version = python_version(bench.python, "zen-engine")
    work = f"the first rules on {_EVIDENCE_ROWS:,} rows of evidence"
    about = _about(bench, "GoRules ZEN", version, work, "a loop in the same process, on one core")
    if not version:
        return paired_runs.missing(
            about, "zen-engine is not installed; run benchmarks/peers/install.sh"
        )
    return paired_runs.guarded(about, lambda: _rules_measured(bench, about))


def _rules_measured(bench: Bench, about: About) -> list[Row]:
    (bench.work.folder / "evidence.json").write_text(json.dumps(evidence()))
    blocked: set[int] = set()

    def way(name: str, command: list[str], *sizes: str) -> Contestant:
        def load() -> Load:
            arguments = [*command, str(bench.work.folder), str(bench.seconds), *sizes]
            report = json.loads(run(arguments, core=SERVER_CORE, seconds=bench.seconds + 120))
            blocked.add(report["blocked"])
            return Load(per_second=report["per_second"], done=report["done"], failed=0, answers={})

        return Contestant(name=name, load=load)

    ours = [sys.executable, "-m", "benchmarks.peers.usual_servers.rules_ours"]
    names = {f"rules in process, {size} at a time": str(size) for size in (1, BATCH)}
    figures = paired_runs.in_turn(
        [
            way(about.peer, [str(bench.python), str(HERE / "rules_zen.py")]),
            *(way(name, ours, size) for name, size in names.items()),
        ],
        bench.repeats,
    )
    if len(blocked) != 1:
        raise RuntimeError(f"ZEN and we blocked {sorted(blocked)} rows")
    return paired_runs.rows(about, figures, list(names))


def evidence() -> list[dict[str, Any]]:
    """Make rows of what is known of calls: few invalid, protected, listed, or without a score."""
    chance = np.random.default_rng(scenarios.SEED).random((_EVIDENCE_ROWS, 5)).tolist()
    return [
        {
            "invalid": one < 0.001, "protected": two < 0.01,
            "listed": "block" if three < 0.03 else "allow" if three < 0.035 else "",
            "scored": four > 0.001, "score": round(five**4, 3), "threshold": 0.9005,
        }
        for one, two, three, four, five in chance
    ]  # fmt: skip
