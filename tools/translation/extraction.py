"""Finds the texts that people read: the keys of the catalogues."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import typer
from typer import rich_utils
from typer.core import TyperGroup
from typer.main import get_command

from services.__main__ import app
from services.cli._common import translated_commands, typer_words

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("fanzha", "infra", "blocklists", "classifiers", "services")
CALLS = {"gettext": 1, "ngettext": 2, "Message": 1, "FanzhaError": 1}
"""Functions and classes whose first arguments are keys; subclasses of these classes count, too."""
TYPER = "services/cli/_common/typer_words.py"

Key: TypeAlias = tuple[str, ...]
"""One text, or singular and plural."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundText:
    """A key, and the file that has it."""

    key: Key
    place: str


def texts() -> dict[Key, list[str]]:
    """Return all keys and the files that each is in."""
    found: dict[Key, set[str]] = {}
    for one in (*in_code(), *in_help(), *of_typer()):
        found.setdefault(one.key, set()).add(one.place)
    return {key: sorted(places) for key, places in found.items()}


def in_code() -> Iterator[FoundText]:
    """Find the first arguments of `CALLS`."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in _modules()}
    calls = _with_subclasses(trees.values())
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (number := calls.get(name_of(node.func), 0)):
                key = tuple(constant(argument) for argument in node.args[:number])
                if len(key) == number and all(key):
                    yield FoundText(key=key, place=str(path.relative_to(ROOT)))


def in_help() -> Iterator[FoundText]:
    """Find the help of all commands."""
    root = get_command(app)
    if not isinstance(root, TyperGroup):
        raise TypeError("fanzha has no commands")
    context = typer.Context(root)
    for command in (root, *(root.get_command(context, name) for name in list(root.commands))):
        for holder, attribute in translated_commands.texts(command):
            text = getattr(holder, attribute)
            yield FoundText(key=(text,), place=f"fanzha {getattr(command, 'name', '')}")


def of_typer() -> Iterator[FoundText]:
    """Find what typer says."""
    for text in typer_words.TEMPLATES:
        yield FoundText(key=(text,), place=TYPER)
    # Elsewhere typer asks gettext for halves of sentences, which `TEMPLATES` have whole.
    for node in ast.walk(ast.parse(Path(rich_utils.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and name_of(node.func) == "_":
            yield FoundText(key=(constant(node.args[0]),), place=TYPER)


def name_of(function: ast.expr) -> str:
    """Return the name by which a function or class is called, without its module."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def constant(argument: ast.expr) -> str:
    """Return an argument that is a text in the code; empty for any other."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    return ""


def _modules() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "v1" not in path.parts:
                yield path


def _with_subclasses(trees: Iterable[ast.Module]) -> Mapping[str, int]:
    bases = {
        node.name: {name_of(base) for base in node.bases}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    calls = dict(CALLS)
    while more := {name for name, of in bases.items() if of & calls.keys()} - calls.keys():
        calls |= dict.fromkeys(more, 1)
    return calls
