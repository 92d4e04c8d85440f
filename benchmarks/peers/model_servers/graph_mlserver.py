"""An MLServer runtime with the caller model's graph; loaded in the peers' environment."""

# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
# These packages are installed in the peers' environment alone.

import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Graph(MLModel):
    """Features in, probabilities out."""

    async def load(self) -> bool:
        """Load the graph with one thread, as we do."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(self.settings.parameters.uri, options)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Score rows of features."""
        rows = NumpyCodec.decode_input(payload.inputs[0])
        found = self._session.run(None, {"features": rows})[0]
        output = NumpyCodec.encode_output("p_fraud", found)
        return InferenceResponse(model_name=self.name, outputs=[output])
