"""Model servers: how each is started, and its requests."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers import features

SCRIPTS = Path(__file__).with_name("model_servers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """How to start a model server, and its requests."""

    name: str
    package: str
    path: str
    command: Sequence[str]
    """A program of the peers' environment and its arguments; PORT is put in."""
    environment: dict[str, str] = field(default_factory=dict)


def peers(folder: Path) -> list[Peer]:
    """Return all of them; *folder* is theirs to write in."""
    graph = str(features.bundle() / "model.onnx")
    scripts = {"PYTHONPATH": str(SCRIPTS)}
    bento = {"GRAPH": graph, "BENTOML_HOME": str(folder), "BENTOML_DO_NOT_TRACK": "true"}
    mlserver = ["mlserver", "start", str(folder / "mlserver")]
    return [
        Peer(
            name="LitServe", package="litserve", path="/predict",
            command=["python", str(SCRIPTS / "graph_litserve.py"), graph, "PORT"],
        ),
        Peer(
            name="BentoML", package="bentoml", path="/predict",
            command=[
                "bentoml", "serve", "graph_bentoml:Graph", "--working-dir", str(SCRIPTS),
                "--host", "127.0.0.1", "--port", "PORT",
            ],
            environment=bento,
        ),
        Peer(
            name="MLServer", package="mlserver", path="/v2/models/graph/infer",
            command=mlserver, environment=scripts,
        ),
        Peer(name="MLServer gRPC", package="mlserver", path="", command=mlserver,
             environment=scripts),
    ]  # fmt: skip


def write_mlserver(folder: Path, http: int, grpc: int, metrics: int) -> None:
    """Write what MLServer reads from its folder."""
    (folder / "graph").mkdir(parents=True, exist_ok=True)
    settings = {
        "host": "127.0.0.1", "http_port": http, "grpc_port": grpc, "metrics_port": metrics,
        "metrics_endpoint": None, "parallel_workers": 0, "debug": False,
    }  # fmt: skip
    model = {
        "name": "graph",
        "implementation": "graph_mlserver.Graph",
        "parameters": {"uri": str(features.bundle() / "model.onnx")},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "graph" / "model-settings.json").write_text(json.dumps(model))
