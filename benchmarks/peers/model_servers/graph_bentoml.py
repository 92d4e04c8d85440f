"""BentoML with the caller model's graph; `bentoml serve` loads it in the peers' environment."""

# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
# These packages are installed in the peers' environment alone.

import os

import bentoml
import numpy as np
import onnxruntime


@bentoml.service(workers=1, metrics={"enabled": False}, logging={"access": {"enabled": False}})
class Graph:
    """Features in, probabilities out."""

    def __init__(self) -> None:
        """Load the graph with one thread, as we do."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(os.environ["GRAPH"], options)

    @bentoml.api
    def predict(self, features: list[list[float]]) -> list[list[float]]:
        """Score rows of features."""
        rows = np.array(features, np.float32)
        found: list[list[float]] = self._session.run(None, {"features": rows})[0].tolist()
        return found
