"""Models: MLServer, LitServe and BentoML with the ONNX file that our workers run themselves."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.peers import features, generators, model_peers, paired_runs, processes
from benchmarks.peers.bench import Bench, python_version
from benchmarks.peers.fanzha_server import BATCH
from benchmarks.peers.model_peers import SCRIPTS, Peer
from benchmarks.peers.outputs import Load
from benchmarks.peers.paired_runs import About, Contestant
from benchmarks.peers.processes import SERVER_CORE, Server, run
from benchmarks.peers.table import Row

_CONNECTIONS = 16
_NOT_EQUAL = (
    "The peer gets the model's features ready made and runs the graph. Asked over gRPC we get "
    "a call, make the features from what the caller has been doing, run the same graph, and look "
    "both parties up in the lists besides: we do more. Peers may serve any model, and ours serves "
    "only its own. All run one process with one ONNX thread and otherwise their defaults; HTTP "
    "peers take JSON, as their interface has it. The in-process row is the graph alone, without "
    "any server, as our workers run it: it shows what framing costs."
)


def compare(bench: Bench) -> list[Row]:
    """Compare with each, one row of features a request and a batch."""
    found = []
    for peer in model_peers.peers(bench.work.folder):
        for rows in (1, BATCH):
            found += _against(bench, peer, rows)
    return found


def _against(bench: Bench, peer: Peer, rows: int) -> list[Row]:
    about = About(
        channel="model",
        peer=peer.name,
        version=python_version(bench.python, peer.package),
        work=f"the caller model's graph, {rows} rows a request",
        generator=("h2load" if not peer.path else f"wrk, {_CONNECTIONS} connections")
        + "; h2load for us",
        not_equal=_NOT_EQUAL,
    )
    if not about.version:
        return paired_runs.missing(
            about, f"{peer.package} is not installed; run benchmarks/peers/install.sh"
        )
    return paired_runs.guarded(about, lambda: _measured(bench, peer, rows, about))


def _measured(bench: Bench, peer: Peer, rows: int, about: About) -> list[Row]:
    with _running(bench, peer) as (server, http, grpc):
        theirs = _contestant(bench, peer, rows, server, grpc if not peer.path else http)
        ours = [bench.ours.contestant("call", rows), _in_process(bench, rows)]
        figures = paired_runs.in_turn([theirs, *ours], bench.repeats)
    return paired_runs.rows(about, figures, [one.name for one in ours])


def _contestant(bench: Bench, peer: Peer, rows: int, server: Server, port: int) -> Contestant:
    contestant = json.dumps(_request(peer, rows))
    if peer.path:
        body = bench.work.write("features.json", [contestant])

        def load() -> Load:
            return generators.wrk(
                f"http://127.0.0.1:{port}{peer.path}",
                generators.CONF / "post.lua",
                str(body),
                "application/json",
                seconds=bench.seconds,
                connections=_CONNECTIONS,
            )
    else:
        message = _message(bench, contestant)

        def load() -> Load:
            return generators.h2load(
                f"127.0.0.1:{port}",
                "/inference.GRPCInferenceService/ModelInfer",
                [message],
                seconds=bench.seconds,
                streams=_CONNECTIONS // 4,
            )

    return Contestant(name=peer.name, load=load, rows=rows, server=server)


def _request(peer: Peer, rows: int) -> dict[str, object]:
    values = features.rows(rows)
    if peer.package != "mlserver" or not peer.path:
        return {"features": values.tolist()}
    tensor = {"name": "features", "datatype": "FP32", "shape": list(values.shape)}
    return {"inputs": [{**tensor, "data": values.ravel().tolist()}]}


def _message(bench: Bench, contestant: str) -> bytes:
    command = [str(bench.python), str(SCRIPTS / "grpc_message.py")]
    done = subprocess.run(command, input=contestant.encode(), capture_output=True, check=True)
    return done.stdout


def _in_process(bench: Bench, rows: int) -> Contestant:
    command = [sys.executable, "-m", "benchmarks.peers.features", str(rows), str(bench.seconds)]

    def load() -> Load:
        report = json.loads(run(command, core=SERVER_CORE, seconds=bench.seconds + 60))
        return Load(per_second=report["per_second"], done=report["done"], failed=0, answers={})

    return Contestant(name=f"graph in process, {rows} at a time", load=load, rows=rows)


@contextmanager
def _running(bench: Bench, peer: Peer) -> Iterator[tuple[Server, int, int]]:
    http, grpc, metrics = (processes.free_port() for _ in range(3))
    folder = bench.work.folder
    model_peers.write_mlserver(folder / "mlserver", http, grpc, metrics)
    program, *arguments = [str(http) if word == "PORT" else word for word in peer.command]
    command = [str(bench.python.with_name(program)), *arguments]
    log = folder / f"{peer.package}.log"
    server = Server(
        command,
        log=log,
        ready=lambda: processes.accepts(http),
        environment=peer.environment,
        folder=folder,
    )
    with server:
        _warm(http, peer)
        yield server, http, grpc


def _warm(port: int, peer: Peer) -> None:
    """Wait until the model is loaded; the port opens earlier."""
    path = peer.path or "/v2/models/graph/ready"
    body = json.dumps(_request(peer, 1)).encode() if peer.path else None
    for _ in range(300):
        if processes.answers_http(port, path, body):
            return
        time.sleep(0.2)
    raise processes.Unready(f"{peer.name} did not answer")
