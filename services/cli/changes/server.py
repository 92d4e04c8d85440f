"""Reaches the change requests of list administration, for every command of `fanzha changes`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fanzha.client import channels
from fanzha.v1 import change_pb2_grpc
from services.cli._common.console import err, one_sentence

DEADLINE_SECONDS = 300.0
"""A million rows are read, judged, previewed and written in a good part of a minute."""


@contextmanager
def server(target: str, doing: str = "") -> Iterator[Any]:
    """Open a channel; what goes wrong becomes a sentence.

    On a terminal, *doing* turns while the server works.
    """
    with one_sentence(target), channels.blocking(target) as channel:
        stub = change_pb2_grpc.ChangeServiceStub(channel)
        if not doing or not err.is_terminal:
            yield stub
            return
        with err.status(doing):
            yield stub
