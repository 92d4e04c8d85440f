"""Reaches list administration, for every command of `fanzha blocklist`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from fanzha.client import channels
from fanzha.v1 import blocklist_pb2_grpc
from services.cli._common.console import one_sentence

DEADLINE_SECONDS = 60.0


@contextmanager
def server(target: str) -> Iterator[Any]:
    """Open a channel to list administration; what goes wrong becomes a sentence."""
    with one_sentence(target), channels.blocking(target) as channel:
        yield blocklist_pb2_grpc.BlocklistServiceStub(channel)


def as_dict(message: Message) -> dict[str, Any]:
    """Write a message as JSON has it."""
    return MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
