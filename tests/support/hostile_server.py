"""A server that fills every text of every answer with what would steer a terminal, or fails so.

Servers of ours check what people write, but a command may ask any server, and old records stay.
"""

import pkgutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from fanzha import v1

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b8m\x85\u202egnp\u202c\u2066x\u2069\r[red]loud[/] 涉诈"
"""Sequences that no output of ours has, marks of direction, line ends, and markup."""
_DEPTH = 5
_AT_S = 1_764_000_000
Words = Callable[[str], str]
"""The text of a field, by its name."""


def filled(message: Message, words: Words, depth: int = _DEPTH) -> Message:
    """Set all fields of *message*; of each oneof the last, in each repeated field one."""
    for field in message.DESCRIPTOR.fields:
        # With one there would be more pages, without end.
        if field.name == "next_page_token":
            continue
        if field.message_type is not None:
            if depth:
                _fill_message(message, field, words, depth)
        elif field.is_repeated:
            getattr(message, field.name).append(_value(field, words))
        else:
            setattr(message, field.name, _value(field, words))
    return message


def _fill_message(message: Any, field: Any, words: Words, depth: int) -> None:
    held = getattr(message, field.name)
    if field.message_type.GetOptions().map_entry:
        value = field.message_type.fields_by_name["value"]
        key = field.message_type.fields_by_name["key"]
        if value.message_type is not None:
            filled(held[_value(key, words)], words, depth - 1)
        else:
            held[_value(key, words)] = _value(value, words)
    elif field.is_repeated:
        filled(held.add(), words, depth - 1)
    else:
        held.SetInParent()
        filled(held, words, depth - 1)


def _value(field: Any, words: Words) -> Any:
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        text = words(field.name)
        return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return field.enum_type.values[-1].number
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return True
    floats = {FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT}
    return 0.5 if kind in floats else _number(field.name)


def _number(name: str) -> int:
    if name == "row":
        return 0  # of what was sent
    if name.endswith("_ms"):
        return _AT_S * 1000
    return _AT_S if name.endswith("_s") else 1_234_567


class _Answers(grpc.GenericRpcHandler):
    def __init__(self, words: Words, failing: grpc.StatusCode | None) -> None:
        self._words = words
        self._failing = failing

    def service(self, handler_call_details: Any) -> Any:
        name, method = handler_call_details.method[1:].split("/")
        found = descriptor_pool.Default().FindServiceByName(name).methods_by_name[method]
        answer = message_factory.GetMessageClass(found.output_type)()
        sent = filled(answer, self._words).SerializeToString()
        one = self._one(sent)
        if found.server_streaming:
            make = (
                grpc.stream_stream_rpc_method_handler
                if found.client_streaming
                else grpc.unary_stream_rpc_method_handler
            )
            return make(lambda request, context: iter([one(request, context)]))
        make = (
            grpc.stream_unary_rpc_method_handler
            if found.client_streaming
            else grpc.unary_unary_rpc_method_handler
        )
        return make(one)

    def _one(self, sent: bytes) -> Callable[[Any, Any], bytes]:
        def answer(request: Any, context: Any) -> bytes:
            if self._failing is not None:
                context.abort(self._failing, self._words("details"))
            if not isinstance(request, bytes):
                list(request)
            return sent

        return answer


@contextmanager
def hostile_server(
    words: Words = lambda _name: HOSTILE, *, failing: grpc.StatusCode | None = None
) -> Iterator[str]:
    """Serve every method on a free port; yield the address. *failing* ends each call with it."""
    for module in pkgutil.iter_modules(v1.__path__, f"{v1.__name__}."):
        import_module(module.name)
    server = grpc.server(ThreadPoolExecutor(4), handlers=[_Answers(words, failing)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
