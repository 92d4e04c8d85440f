"""Reaches list administration, for the commands of `fanzha appeals`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fanzha.client import channels
from fanzha.v1 import appeal_pb2_grpc
from services.cli._common.console import one_sentence

DEADLINE_SECONDS = 60.0


@contextmanager
def server(target: str) -> Iterator[Any]:
    """Open a channel to list administration; what goes wrong becomes a sentence."""
    with one_sentence(target), channels.blocking(target) as channel:
        yield appeal_pb2_grpc.AppealServiceStub(channel)
