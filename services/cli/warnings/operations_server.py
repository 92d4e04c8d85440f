"""The channel to `WarningOperationsService`."""

from fanzha.v1 import warning_operations_pb2_grpc
from services.cli._common.server import ServerOf

server = ServerOf(lambda: warning_operations_pb2_grpc.WarningOperationsServiceStub)
LONG_SECONDS = 3600.0
"""Deadline of streams that go through all past cases."""
PAGE = 500
