"""Writes a ModelInfer message with raw contents for MLServer; run in the peers' environment.

python grpc_message.py < REQUEST.json > MESSAGE
"""

# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
# These packages are installed in the peers' environment alone.

import json
import sys

import numpy as np
from mlserver.grpc import dataplane_pb2 as pb


def message(features: np.ndarray) -> bytes:
    """Return the request for one array of features."""
    tensor = pb.ModelInferRequest.InferInputTensor(
        name="features", datatype="FP32", shape=features.shape
    )
    request = pb.ModelInferRequest(model_name="graph", inputs=[tensor])
    request.raw_input_contents.append(features.tobytes())
    written: bytes = request.SerializeToString()
    return written


if __name__ == "__main__":
    sys.stdout.buffer.write(message(np.array(json.load(sys.stdin)["features"], np.float32)))
