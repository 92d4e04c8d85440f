"""Arrays for the caller model's graph, and the graph run in one process without a server.

python -m benchmarks.peers.features ROWS SECONDS
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from classifiers import bundles, card
from classifiers.onnx_model import OnnxModel
from fanzha.tables import Float32s

SEED = 20261124


def bundle() -> Path:
    """Return the folder of the newest caller model, the one in service."""
    return bundles.newest(bundles.SHIPPED, "caller")


def rows(count: int) -> Float32s:
    """Return features as they come, on the scale of logarithms of counts."""
    columns = len(card.read(bundle()).features)
    chance = np.random.default_rng(SEED)
    return chance.uniform(0, 5, (count, columns)).astype(np.float32).round(4)


def main(count: int, seconds: float) -> None:
    """Run the graph for the given time; print one line of JSON."""
    model = OnnxModel(bundle())
    columns = dict(zip(model.card.features, rows(count).T, strict=True))
    done = 0
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        model.predict(columns)
        done += 1
    sys.stdout.write(json.dumps({"per_second": done / spent, "done": done}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
