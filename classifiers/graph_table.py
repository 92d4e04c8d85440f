"""Takes the table of embeddings out of an ONNX graph, so that it is in memory once.

A graph that holds a table gives it as an output that no input changes. Asked for that output,
onnxruntime holds the table three times: in the parsed file, as a weight and as the output. Here the
table is read from the bytes of the file, which are protocol buffers (onnx.proto), and the session
gets a graph without it. Processes that are forked share the tables that were read before.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_GRAPH, _METADATA = 7, 14
"""Of a ModelProto."""
_NODE, _INITIALIZER, _OUTPUT = 1, 5, 12
"""Of a GraphProto."""
_NODE_INPUT, _NODE_OUTPUT, _NODE_TYPE, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME = 1
_ATTRIBUTE_TYPE = b"\xa0\x01"
"""Tag of the last field of an attribute, whose value is one byte."""
_TENSOR_SHAPE, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_DATA = 1, 2, 8, 9
_VALUE_NAME = 1
_KEY, _VALUE = 1, 2
"""Of a StringStringEntryProto."""
_FLOAT, _INT8 = 1, 3
"""Of TensorProto.DataType."""
_VARINT, _BYTES, _FIXED64, _FIXED32 = 0, 2, 1, 5
_MOST_TABLES = 4

Table = npt.NDArray[np.int8]


class SplitGraph(NamedTuple):
    """A graph without its table."""

    graph: bytes
    table: Table


class _Field(NamedTuple):
    """One field of a message: where it begins with its tag, and where its value is."""

    number: int
    kind: int
    start: int
    value: int
    """Place of the value; of a varint the number itself."""
    end: int


_known: dict[str, Table] = {}
"""Tables by the checksum of their graph, the last few; forked processes find them here."""


def split(graph: bytes, output: str, digest: str) -> SplitGraph | None:
    """Take out the 8-bit table that *graph* gives as *output*; None where there is no such table.

    *digest* names the graph, whose table is read once for each. A graph that this cannot read, or
    that uses the table otherwise too, is left as it is: None.
    """
    try:
        found = _without(graph, output.encode())
    except (ValueError, IndexError):
        return None
    if found is None:
        return None
    rest, data, shape = found
    table = _known.get(digest)
    if table is None:
        # A copy, aligned and without the rest of the file.
        table = np.frombuffer(data, np.int8).reshape(shape).copy()
        table.flags.writeable = False
        while len(_known) >= _MOST_TABLES:
            _known.pop(next(iter(_known)))
        _known[digest] = table
    return SplitGraph(rest, table)


def take_metadata(model: bytes, key: str) -> tuple[bytes, str] | None:
    """Take the text *key* out of the metadata of a model; None where there is none.

    Returns the model without it. onnxruntime would hold a copy for as long as its session lives.
    """
    view = memoryview(model)
    try:
        parts = list(_fields(view, 0, len(view)))
        for one in parts:
            if one.number == _METADATA and _text(view, one, _KEY) == key.encode():
                text = _text(view, one, _VALUE).decode()
                return b"".join(
                    view[other.start : other.end] for other in parts if other != one
                ), text
    except (ValueError, IndexError):
        pass
    return None


def float_tensors(graph: bytes) -> dict[str, npt.NDArray[np.float32]]:
    """Return the 32-bit numbers that a graph holds as initialisers, by name; ValueError for none.

    Only tensors whose data is given as bytes, as exporters write them.
    """
    view = memoryview(graph)
    found = {}
    for model in _fields(view, 0, len(view)):
        if model.number != _GRAPH:
            continue
        for part in _fields(view, model.value, model.end):
            read = _tensor(view, part, _FLOAT, 4) if part.number == _INITIALIZER else None
            if read is not None:
                data, shape = read
                name = _text(view, part, _TENSOR_NAME).decode()
                found[name] = np.frombuffer(data, "<f4").reshape(shape)
    return found


def node_attributes(model: bytes, kind: str) -> dict[str, bytes]:
    """Return the attributes of the only node of a graph, by name, as they are written.

    ValueError where the graph has other nodes, or initialisers, or its node is not of this *kind*.
    """
    view = memoryview(model)
    graphs = [one for one in _fields(view, 0, len(view)) if one.number == _GRAPH]
    parts = [part for one in graphs for part in _fields(view, one.value, one.end)]
    nodes = [part for part in parts if part.number == _NODE]
    if len(nodes) != 1 or any(part.number == _INITIALIZER for part in parts):
        raise ValueError("the graph is more than one node")
    found = {}
    for one in _fields(view, nodes[0].value, nodes[0].end):
        if one.number == _NODE_TYPE and view[one.value : one.end] != kind.encode():
            raise ValueError(f"the graph is no {kind}")
        if one.number == _NODE_ATTRIBUTE:
            name = next(_fields(view, one.value, one.end), one)
            rest = bytes(view[name.end : one.end])
            last = len(rest) - len(_ATTRIBUTE_TYPE) - 1
            if name.number != _ATTRIBUTE_NAME or rest[last:-1] != _ATTRIBUTE_TYPE:
                raise ValueError("an attribute does not end with its type")
            found[bytes(view[name.value : name.end]).decode()] = rest[:last]
    return found


def _without(model: bytes, output: bytes) -> tuple[bytes, memoryview, tuple[int, ...]] | None:
    view = memoryview(model)
    graphs = [one for one in _fields(view, 0, len(view)) if one.number == _GRAPH]
    if len(graphs) != 1:
        return None
    graph = graphs[0]
    parts = list(_fields(view, graph.value, graph.end))
    nodes = {one: _node(view, one) for one in parts if one.number == _NODE}
    makers = [one for one, (_, _, outputs) in nodes.items() if outputs == [output]]
    if len(makers) != 1 or nodes[makers[0]][0] != b"Identity":
        return None
    (name,) = nodes[makers[0]][1]
    if sum(name in inputs for _, inputs, _ in nodes.values()) != 1:
        return None
    tensors = [
        one
        for one in parts
        if one.number == _INITIALIZER and _text(view, one, _TENSOR_NAME) == name
    ]
    values = [
        one for one in parts if one.number == _OUTPUT and _text(view, one, _VALUE_NAME) == output
    ]
    if len(tensors) != 1 or len(values) != 1:
        return None
    read = _tensor(view, tensors[0], _INT8, 1)
    if read is None:
        return None
    removed = {makers[0], tensors[0], values[0]}
    rest = b"".join(bytes(view[one.start : one.end]) for one in parts if one not in removed)
    head = view[: graph.start].tobytes() + _varint(graph.number << 3 | _BYTES) + _varint(len(rest))
    return head + rest + view[graph.end :].tobytes(), *read


def _node(view: memoryview, field: _Field) -> tuple[bytes, list[bytes], list[bytes]]:
    """Return type, inputs and outputs of a node."""
    kind, inputs, outputs = b"", [], []
    for one in _fields(view, field.value, field.end):
        if one.kind != _BYTES:
            continue
        text = bytes(view[one.value : one.end])
        if one.number == _NODE_TYPE:
            kind = text
        elif one.number == _NODE_INPUT:
            inputs.append(text)
        elif one.number == _NODE_OUTPUT:
            outputs.append(text)
    return kind, inputs, outputs


def _tensor(
    view: memoryview, field: _Field, wanted: int, width: int
) -> tuple[memoryview, tuple[int, ...]] | None:
    """Return data and shape of a tensor of the *wanted* type, of *width* bytes; None of another."""
    shape: list[int] = []
    kind, data = 0, view[:0]
    for one in _fields(view, field.value, field.end):
        if one.number == _TENSOR_SHAPE:
            shape += [one.value] if one.kind == _VARINT else _packed(view, one.value, one.end)
        elif one.number == _TENSOR_TYPE:
            kind = one.value
        elif one.number == _TENSOR_DATA:
            data = view[one.value : one.end]
    whole = kind == wanted and bool(shape) and len(data) == width * int(np.prod(shape))
    return (data, tuple(shape)) if whole else None


def _text(view: memoryview, field: _Field, number: int) -> bytes:
    """Return the text of a field of a message within; empty without one."""
    for one in _fields(view, field.value, field.end):
        if one.number == number and one.kind == _BYTES:
            return bytes(view[one.value : one.end])
    return b""


def _fields(view: memoryview, at: int, end: int) -> Iterator[_Field]:
    """Walk over the fields of a message; ValueError where it is none."""
    while at < end:
        start = at
        tag, at = _read_varint(view, at, end)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _read_varint(view, at, end)
        elif kind == _BYTES:
            length, value = _read_varint(view, at, end)
            at = value + length
        elif kind in {_FIXED64, _FIXED32}:
            value, at = at, at + (8 if kind == _FIXED64 else 4)
        else:
            raise ValueError(f"field {number} of kind {kind}")
        if at > end:
            raise ValueError("a field goes beyond its message")
        yield _Field(number, kind, start, value, at)


def _packed(view: memoryview, at: int, end: int) -> list[int]:
    numbers = []
    while at < end:
        number, at = _read_varint(view, at, end)
        numbers.append(number)
    return numbers


def _read_varint(view: memoryview, at: int, end: int) -> tuple[int, int]:
    """Return the number at a place, and the place after it."""
    number = shift = 0
    while at < end:
        byte = view[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the highest bit says that more follow
            return number, at
        shift += 7
    raise ValueError("a number without an end")


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:  # noqa: PLR2004
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
