"""Reaches WarningOperationsService of list administration."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fanzha.client import channels
from fanzha.v1 import warning_operations_pb2_grpc
from services.cli._common.console import one_sentence

DEADLINE_SECONDS = 60.0
LONG_SECONDS = 3600.0
"""For what goes through all past cases."""
PAGE = 500


@contextmanager
def server(target: str) -> Iterator[Any]:
    """Open a channel; what goes wrong becomes a sentence."""
    with one_sentence(target), channels.blocking(target) as channel:
        yield warning_operations_pb2_grpc.WarningOperationsServiceStub(channel)
