"""LitServe with the caller model's graph; run in the peers' environment.

python graph_litserve.py MODEL PORT
"""

# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
# These packages are installed in the peers' environment alone.

import sys

import litserve
import numpy as np
import onnxruntime


class Graph(litserve.LitAPI):
    """Features in, probabilities out."""

    def setup(self, device: str) -> None:
        """Load the graph with one thread, as we do."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(sys.argv[1], options)

    def decode_request(self, request: dict[str, list[list[float]]]) -> np.ndarray:
        return np.array(request["features"], np.float32)

    def predict(self, x: np.ndarray) -> np.ndarray:
        found: np.ndarray = self._session.run(None, {"features": x})[0]
        return found

    def encode_response(self, output: np.ndarray) -> dict[str, list[list[float]]]:
        return {"p_fraud": output.tolist()}


if __name__ == "__main__":
    litserve.LitServer(Graph(), accelerator="cpu", workers_per_device=1).run(
        host="127.0.0.1",
        port=int(sys.argv[2]),
        num_api_servers=1,
        generate_client_file=False,
        log_level="warning",
        access_log=False,
    )
