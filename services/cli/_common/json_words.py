"""How JSON of commands spells values: enums as lower-case words, 64-bit integers as strings.

A message becomes what protobuf's JSON mapping makes of it, with the field names of its proto, but
for enums: ``CHANGE_STATE_PENDING`` is ``pending``, as on the command line, and an unspecified value
is an empty text. Hits and logged decisions carry such words as texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor as protobuf_descriptor
from google.protobuf import json_format
from google.protobuf import message as protobuf_message

HIT_ENUMS = frozenset(
    {
        *("channel", "action", "reason", "fraud_type", "source", "ingress", "evidence"),
        *("treatment", "label", "related_evidence", "would_block_evidence", "verdict"),
    }
)
"""Fields of hits and logged decisions whose texts are words of enums."""


def as_dict(message: protobuf_message.Message) -> dict[str, Any]:
    """Return a message for JSON."""
    found: dict[str, Any] = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return _spelled(found, message.DESCRIPTOR)


def hit_words(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a hit with the words of enums in lower case."""
    return {name: value.lower() if name in HIT_ENUMS else value for name, value in fields.items()}


def enum_value(enum: protobuf_descriptor.EnumDescriptor, name: Any) -> Any:
    """Return the word of a value of *enum*; a number that is not known stays one."""
    if not isinstance(name, str):
        return name
    first = str(enum.values_by_number[0].name)
    if name == first and first.endswith("UNSPECIFIED"):
        return ""
    return name.removeprefix(first.removesuffix("UNSPECIFIED")).lower()


def _spelled(found: dict[str, Any], descriptor: Any) -> dict[str, Any]:
    known = {field.name: field for field in descriptor.fields}
    return {
        name: _field(value, known[name]) if name in known else value
        for name, value in found.items()
    }


def _field(value: Any, field: protobuf_descriptor.FieldDescriptor) -> Any:
    kind = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        inner = kind.fields_by_name["value"]
        values = {name: _single(one, inner) for name, one in value.items()}
        return (
            hit_words(values)
            if inner.type == protobuf_descriptor.FieldDescriptor.TYPE_STRING
            else values
        )
    if isinstance(value, list):
        return [_single(one, field) for one in value]
    return _single(value, field)


def _single(value: Any, field: protobuf_descriptor.FieldDescriptor) -> Any:
    if field.enum_type is not None:
        return enum_value(field.enum_type, value)
    if field.message_type is not None and isinstance(value, dict):
        return _spelled(value, field.message_type)
    return value
