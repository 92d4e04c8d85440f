"""The page about `fanzha.client`: its classes from their code, and what failures do."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import fanzha.client
from tools.reference.markdown import cell, prose, table

_HEAD = Path(__file__).with_name("client_head.md")
_MODULES = re.compile(r"(?:[a-z_]\w*\.)+(?=[A-Za-z])")


def page() -> str:
    """Return the page."""
    lines = [_HEAD.read_text("utf-8")]
    for name in fanzha.client.__all__:
        found = getattr(fanzha.client, name)
        if inspect.isclass(found) and found.__module__.startswith("fanzha.client"):
            lines += _of_class(name, found)
        elif inspect.isfunction(found):
            lines += [f"## {name}", "", f"`{name}{_signature(found)}`", "", _text(found), ""]
    return "\n".join(lines).rstrip() + "\n"


def _of_class(name: str, kind: type[Any]) -> Iterator[str]:
    yield from (f"## {name}", "", _text(kind), "")
    if is_dataclass(kind):
        said = _field_texts(kind)
        rows = [
            (f"`{one.name}`", _type(one.type), _default(one.default), said.get(one.name, ""))
            for one in fields(kind)
        ]
        yield from table(("field", "type", "default", "what it is"), rows)
    for attribute, member in vars(kind).items():
        if attribute.startswith("_"):
            continue
        if isinstance(member, property):
            yield from (f"**`{attribute}`**: {_text(member)}", "")
        elif inspect.isfunction(member):
            yield from (f"**`{attribute}{_signature(member)}`**", "", _text(member), "")


def _signature(function: Any) -> str:
    written = _MODULES.sub("", str(inspect.signature(function)))
    return re.sub(r"\(self(, )?", "(", written).replace("'", "")


def _type(kind: Any) -> str:
    written = kind.__name__ if isinstance(kind, type) else str(kind)
    return cell(f"`{_MODULES.sub('', written)}`")


def _field_texts(kind: type[Any]) -> dict[str, str]:
    """Return the text below each field, by its name."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    found = {}
    for field, text in pairwise(body.body if isinstance(body, ast.ClassDef) else ()):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            constant = text.value
            if isinstance(constant, ast.Constant) and isinstance(field.target, ast.Name):
                found[field.target.id] = cell(prose(str(constant.value)))
    return found


def _default(value: Any) -> str:
    return "" if value is MISSING else cell(f"`{value!r}`")


def _text(documented: Any) -> str:
    return prose(inspect.getdoc(documented) or "")
