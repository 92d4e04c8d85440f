"""A page for each service of the protocol, from the .proto files and their comments."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)
from grpc_tools import protoc

from tools.reference.markdown import cell, prose, table

_ROOT = Path(__file__).resolve().parents[2] / "proto"
# Numbers of the fields that hold them in FileDescriptorProto and below.
_MESSAGE, _ENUM, _SERVICE, _FIELD, _VALUE, _METHOD = 4, 5, 6, 2, 2, 2
_OPTIONAL = "optional "

_Path: TypeAlias = tuple[int, ...]


class _Types:
    """All messages and enums by their full names, with their comments."""

    def __init__(self, files: Sequence[FileDescriptorProto]) -> None:
        self.comments: dict[tuple[str, _Path], str] = {}
        self.messages: dict[str, tuple[str, _Path, DescriptorProto]] = {}
        self.enums: dict[str, tuple[str, _Path, EnumDescriptorProto]] = {}
        for file in files:
            for place in file.source_code_info.location:
                text = place.leading_comments or place.trailing_comments
                self.comments[file.name, tuple(place.path)] = " ".join(text.split())
            self._add(file.name, f".{file.package}", (), file.message_type, file.enum_type)

    def _add(
        self,
        file: str,
        prefix: str,
        path: _Path,
        messages: Sequence[DescriptorProto],
        enums: Sequence[EnumDescriptorProto],
    ) -> None:
        # Within a message, nested messages and enums have other numbers than in a file.
        message_number, enum_number = (3, 4) if path else (_MESSAGE, _ENUM)
        for index, message in enumerate(messages):
            here = (*path, message_number, index)
            self.messages[f"{prefix}.{message.name}"] = (file, here, message)
            self._add(
                file, f"{prefix}.{message.name}", here, message.nested_type, message.enum_type
            )
        for index, enum in enumerate(enums):
            self.enums[f"{prefix}.{enum.name}"] = (file, (*path, enum_number, index), enum)


def pages() -> dict[str, str]:
    """Return the page of each service by its path below docs/reference."""
    files = _read()
    types = _Types(files)
    found = {
        f"proto/{service.name}.md": _page(types, file, index, service)
        for file in files
        for index, service in enumerate(file.service)
    }
    return {"proto/index.md": _index(types, files), **found}


def _read() -> list[FileDescriptorProto]:
    names = sorted(path.relative_to(_ROOT).as_posix() for path in _ROOT.rglob("*.proto"))
    with TemporaryDirectory() as folder:
        out = Path(folder) / "set"
        arguments = [
            f"--proto_path={_ROOT}",
            f"--descriptor_set_out={out}",
            "--include_source_info",
        ]
        if protoc.main(["protoc", *arguments, *names]) != 0:
            raise RuntimeError("protoc refused the .proto files")
        return list(FileDescriptorSet.FromString(out.read_bytes()).file)


def _index(types: _Types, files: Sequence[FileDescriptorProto]) -> str:
    rows = [
        (
            f"[{service.name}]({service.name}.md)",
            cell(prose(types.comments[file.name, (_SERVICE, index)])),
        )
        for file in files
        for index, service in enumerate(file.service)
    ]
    head = [
        "# Protocol",
        "",
        "Made by `make reference` from the comments in `proto/fanzha/v1`. The page of a service",
        "has its methods and their messages. Who may call which method: [roles](../roles.md).",
        "",
    ]
    return "\n".join([*head, *table(("service", "what it does"), rows)]).rstrip() + "\n"


def _page(
    types: _Types, file: FileDescriptorProto, index: int, service: ServiceDescriptorProto
) -> str:
    path: _Path = (_SERVICE, index)
    lines = [
        f"# {service.name}",
        "",
        prose(types.comments[file.name, path]),
        "",
        f"In `proto/{file.name}`.",
        "",
    ]
    names: list[str] = []
    rows = []
    for number, method in enumerate(service.method):
        names += [method.input_type, method.output_type]
        request = ("stream " if method.client_streaming else "") + _link(types, method.input_type)
        given = ("stream " if method.server_streaming else "") + _link(types, method.output_type)
        text = types.comments.get((file.name, (*path, _METHOD, number)), "")
        rows.append((f"`{method.name}`", request, given, cell(prose(text))))
    lines += ["## Methods", "", *table(("method", "takes", "gives", "what it does"), rows)]
    lines += ["## Messages", ""]
    reached = sorted(_reached(types, names), key=_short)
    for name in reached:
        if name in types.messages:
            lines += _message(types, name)
    lines += ["## Enums", ""] if any(name in types.enums for name in reached) else []
    for name in reached:
        if name in types.enums:
            lines += _enum(types, name)
    return "\n".join(lines).rstrip() + "\n"


def _reached(types: _Types, names: Sequence[str]) -> set[str]:
    seen: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name in seen or name not in types.messages | types.enums:
            continue
        seen.add(name)
        if name in types.messages:
            queue += [field.type_name for field in types.messages[name][2].field if field.type_name]
    return {name for name in seen if not _is_map(types, name)}


def _is_map(types: _Types, name: str) -> bool:
    return name in types.messages and types.messages[name][2].options.map_entry


def _message(types: _Types, name: str) -> list[str]:
    file, path, message = types.messages[name]
    lines = [f"### {_short(name)}", "", prose(types.comments.get((file, path), "")), ""]
    rows = [
        (
            f"`{field.name}`",
            str(field.number),
            _type(types, field),
            cell(prose(types.comments.get((file, (*path, _FIELD, index)), ""))),
        )
        for index, field in enumerate(message.field)
    ]
    return lines + (table(("field", "number", "type", "what it is"), rows) if rows else [])


def _enum(types: _Types, name: str) -> list[str]:
    file, path, enum = types.enums[name]
    lines = [f"### {_short(name)}", "", prose(types.comments.get((file, path), "")), ""]
    rows = [
        (
            f"`{value.name}`",
            str(value.number),
            cell(prose(types.comments.get((file, (*path, _VALUE, index)), ""))),
        )
        for index, value in enumerate(enum.value)
    ]
    return lines + table(("value", "number", "what it means"), rows)


def _type(types: _Types, field: FieldDescriptorProto) -> str:
    if field.type_name and _is_map(types, field.type_name):
        key, value = types.messages[field.type_name][2].field
        return f"map of {_type(types, key)} to {_type(types, value)}"
    word = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    text = _link(types, field.type_name) if field.type_name else word
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {text}"
    return f"{_OPTIONAL}{text}" if field.proto3_optional else text


def _link(types: _Types, name: str) -> str:
    short = _short(name)
    return (
        f"[{short}](#{short.lower().replace('.', '')})"
        if name in types.messages | types.enums
        else short
    )


def _short(name: str) -> str:
    return name.removeprefix(".fanzha.v1.").removeprefix(".")
