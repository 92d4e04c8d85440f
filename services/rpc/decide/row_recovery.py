"""Parses requests for decisions that protobuf refuses because of some of their rows.

Protobuf refuses a whole request for one text in it that is not UTF-8. Here the same bytes are
parsed with a schema in which each row is bytes, and then row by row, so one bad row fails no other.
The framing stays protobuf's: unknown fields and split rows mean what they always mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from fanzha.tables import Channel
from fanzha.v1 import interception_pb2 as pb

_Field: TypeAlias = descriptor_pb2.FieldDescriptorProto
_ROWS: Mapping[Channel, Any] = {Channel.CALL: pb.Call, Channel.TEXT: pb.Text, Channel.LINK: pb.Link}
_FIRST_FIELD = 1
_FLAGS = {"with_shadow_entries": 2, "with_protocol_answer": 10, "dry_run": 11}
"""Requests of all channels, single or not, have their rows and these fields there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedRows:
    """The rows of one request, as messages."""

    messages: list[Any]
    """An empty message stands for each row that is in `errors`."""
    errors: Mapping[int, str]
    """What is wrong with the rows whose bytes could not be parsed."""
    with_shadow_entries: bool
    with_protocol_answer: bool
    dry_run: bool


def recover(channel: Channel, data: bytes, *, single: bool) -> ParsedRows:
    """Parse what can be parsed; raise `DecodeError` where not even the rows can be told apart."""
    request = _REQUEST.FromString(data)
    # Of a single request the pieces make one row, as protobuf merges them.
    parts = [b"".join(request.rows)] if single else request.rows
    messages, errors = [], {}
    for row, part in enumerate(parts):
        try:
            messages.append(_ROWS[channel].FromString(part))
        except DecodeError:
            messages.append(_ROWS[channel]())
            errors[row] = _fault(channel, part)
    return ParsedRows(
        messages=messages,
        errors=errors,
        with_shadow_entries=request.with_shadow_entries,
        with_protocol_answer=request.with_protocol_answer,
        dry_run=request.dry_run,
    )


def rows_as_written(data: bytes) -> list[bytes]:
    """Return the bytes of each row of a batch request, with tag and length in front.

    Raises `DecodeError` where not even the rows can be told apart.
    """
    return [_REQUEST(rows=[row]).SerializeToString() for row in _REQUEST.FromString(data).rows]


def parse_row(channel: Channel, row: bytes) -> Any:
    """Parse one row of a batch request, tag and length included, with bytes for its texts.

    Raises `DecodeError`.
    """
    return _ROWS_OF_BYTES[channel].FromString(b"".join(_REQUEST.FromString(row).rows))


def encode_row(message: Any) -> bytes:
    """Return what `parse_row` parses."""
    written: bytes = _REQUEST(rows=[message.SerializeToString()]).SerializeToString()
    return written


def _fault(channel: Channel, row: bytes) -> str:
    """Say what is wrong with the bytes of a row that protobuf refuses."""
    try:
        fields = _ROWS_OF_BYTES[channel].FromString(row).ListFields()
    except DecodeError:
        fields = ()
    for field, value in fields:
        if isinstance(value, bytes) and not _is_utf8(value):
            return f"{field.name}: not UTF-8"
    return f"{channel.name.lower()}: its bytes cannot be read"


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _schema() -> descriptor_pb2.FileDescriptorProto:
    """Describe a request whose rows are bytes, and each kind of row with bytes for its texts."""
    file = descriptor_pb2.FileDescriptorProto(
        name="fanzha/row_recovery.proto", package="fanzha.row_recovery", syntax="proto3"
    )
    request = file.message_type.add(name="Request")
    request.field.add(
        name="rows", number=_FIRST_FIELD, label=_Field.LABEL_REPEATED, type=_Field.TYPE_BYTES
    )
    for name, number in _FLAGS.items():
        request.field.add(
            name=name, number=number, label=_Field.LABEL_OPTIONAL, type=_Field.TYPE_BOOL
        )
    for kind in _ROWS.values():
        row = file.message_type.add()
        kind.DESCRIPTOR.CopyToProto(row)
        for field in row.field:
            if field.type == _Field.TYPE_STRING:
                field.type = _Field.TYPE_BYTES
            elif field.type == _Field.TYPE_ENUM:
                field.type = _Field.TYPE_INT32
                field.ClearField("type_name")
    return file


def _classes() -> tuple[Any, dict[Channel, Any]]:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_schema())

    def made(name: str) -> Any:
        found = pool.FindMessageTypeByName(f"fanzha.row_recovery.{name}")
        return message_factory.GetMessageClass(found)

    return made("Request"), {channel: made(kind.DESCRIPTOR.name) for channel, kind in _ROWS.items()}


_REQUEST, _ROWS_OF_BYTES = _classes()
