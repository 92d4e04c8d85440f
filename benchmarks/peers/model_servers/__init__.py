"""The same ONNX file behind general model servers; these files run in the peers' environment."""
