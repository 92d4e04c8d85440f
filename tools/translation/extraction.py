"""Finds the texts that people read: the keys of the catalogues."""

import ast
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

import typer
from jinja2 import Environment, nodes
from typer import rich_utils
from typer.core import TyperGroup
from typer.main import get_command

from fanzha import v1
from services.__main__ import COMMANDS, app
from services.cli._common import enum_words, translated_commands, typer_words

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("fanzha", "infra", "blocklists", "classifiers", "services")
CALLS = {
    "gettext": 1, "gettext_noop": 1, "ngettext": 2, "Message": 1, "FanzhaError": 1, "LoginError": 1,
    # Of the command line: print a label and what it is of.
    "_line": 1, "_fields": 1, "counts": 1,
}  # fmt: skip
"""Functions and classes whose first arguments are keys; subclasses of these classes count, too."""
WORDS = "services/cli/_common/enum_words.py"
TYPER = "services/cli/_common/typer_words.py"

TEMPLATES = "services/console/templates"

_PLACE = re.compile(r"\{\w*(?:![rsa])?(?::[^{}]*)?\}")
_PAIR = 2
_LETTER = re.compile(r"[^\W\d_]")

Key: TypeAlias = tuple[str, ...]
"""One text, or singular and plural."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundText:
    """A key, and the file that has it."""

    key: Key
    place: str
    context: str = ""
    """Of a word of an enum: the prefix of its values."""


@cache
def texts() -> dict[tuple[str, Key], list[str]]:
    """Return the context and the key of all texts, and the files that each is in."""
    found: dict[tuple[str, Key], set[str]] = {}
    for one in (*in_code(), *in_templates(), *in_help(), *of_typer(), *of_enums()):
        found.setdefault((one.context, one.key), set()).add(one.place)
    return {key: sorted(places) for key, places in found.items()}


def in_code() -> Iterator[FoundText]:
    """Find the first arguments of `CALLS`."""
    known = calls()
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and all(pair := _in_context(node)):
                yield FoundText(key=pair[1:], context=pair[0], place=str(path.relative_to(ROOT)))
            elif isinstance(node, ast.Call) and (number := known.get(_called(node), 0)):
                key = tuple(constant(argument) for argument in node.args[:number])
                if len(key) == number and all(map(_has_words, key)):
                    yield FoundText(key=key, place=str(path.relative_to(ROOT)))
            elif isinstance(node, ast.For):
                for text in looped(node):
                    yield FoundText(key=(text,), place=str(path.relative_to(ROOT)))


def in_templates() -> Iterator[FoundText]:
    """Find the texts of the console's templates: of gettext, ngettext and pgettext."""
    environment = Environment(autoescape=True)
    for path in sorted((ROOT / TEMPLATES).rglob("*.html")):
        place = str(path.relative_to(ROOT))
        for call in environment.parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            found = _of_template(call, place)
            if found is not None and all(map(_has_words, found.key)):
                yield found


def _of_template(call: nodes.Call, place: str) -> FoundText | None:
    name = call.node.name if isinstance(call.node, nodes.Name) else ""
    number = {"gettext": 1, "ngettext": 2, "pgettext": 2}.get(name, 0)
    words = [one.value for one in call.args[:number] if isinstance(one, nodes.Const)]
    if not number or len(words) < number:
        return None
    if name == "pgettext":
        return FoundText(key=(str(words[1]),), context=str(words[0]), place=place)
    return FoundText(key=tuple(map(str, words)), place=place)


def _in_context(call: ast.Call) -> tuple[str, str]:
    """Return context and text of a call of pgettext; empty where they are not constants."""
    if _called(call) != "pgettext" or len(call.args) < _PAIR:
        return "", ""
    return constant(call.args[0]), constant(call.args[1])


def in_help() -> Iterator[FoundText]:
    """Find the help of all commands."""
    root = get_command(app)
    if not isinstance(root, TyperGroup):
        raise TypeError("fanzha has no commands")
    context = typer.Context(root)
    for _, summary in COMMANDS.values():
        yield FoundText(key=(summary,), place="services/__main__.py")
    for command in (root, *(root.get_command(context, name) for name in list(root.commands))):
        for holder, attribute in translated_commands.texts(command):
            text = getattr(holder, attribute)
            yield FoundText(key=(text,), place=f"fanzha {getattr(command, 'name', '')}")


def of_enums() -> Iterator[FoundText]:
    """Find the words of all enums of the protocol, and the labels of fields."""
    for module in pkgutil.iter_modules(v1.__path__, f"{v1.__name__}."):
        if not module.name.endswith("_pb2"):
            continue
        for enum in import_module(module.name).DESCRIPTOR.enum_types_by_name.values():
            prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
            for value in enum.values[1:]:
                word = value.name.removeprefix(prefix).lower()
                context = prefix.lower().rstrip("_")
                yield FoundText(key=(word,), context=context, place=module.name.replace(".", "/"))
    for context, word in enum_words.EXTRA:
        yield FoundText(key=(word,), context=context, place=WORDS)
    for label in enum_words.FIELDS:
        yield FoundText(key=(label,), place=WORDS)


def of_typer() -> Iterator[FoundText]:
    """Find what typer says."""
    for text in typer_words.TEMPLATES.templates:
        yield FoundText(key=(text,), place=TYPER)
    # Elsewhere typer asks gettext for halves of sentences, which `TEMPLATES` have whole.
    for node in ast.walk(ast.parse(Path(rich_utils.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and name_of(node.func) == "_":
            yield FoundText(key=(constant(node.args[0]),), place=TYPER)


def _has_words(key: str) -> bool:
    """Return whether there is anything to translate: not in a text that only joins others."""
    return _LETTER.search(_PLACE.sub("", key)) is not None


def name_of(function: ast.expr) -> str:
    """Return the name by which a function or class is called, without its module."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _called(call: ast.Call) -> str:
    """Return the name of what is called; of ``super().__init__``, the base of all errors."""
    name = name_of(call.func)
    return "FanzhaError" if name == "__init__" else name


def constant(argument: ast.AST) -> str:
    """Return an argument that is a text in the code; empty for any other."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    return ""


def looped(loop: ast.For) -> list[str]:
    """Return the constants that a loop goes over, where it translates each."""
    name = loop.target.id if isinstance(loop.target, ast.Name) else ""
    translates = any(
        isinstance(node, ast.Call)
        and name_of(node.func) == "gettext"
        and node.args
        and name_of(node.args[0]) == name
        for node in ast.walk(loop)
    )
    return list(filter(None, map(constant, ast.walk(loop.iter)))) if name and translates else []


def _modules() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "v1" not in path.relative_to(ROOT).parts:
                yield path


@cache
def calls() -> Mapping[str, int]:
    """Return `CALLS` and the subclasses of their classes."""
    bases = {
        node.name: {name_of(base) for base in node.bases}
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = dict(CALLS)
    while more := {name for name, of in bases.items() if of & found.keys()} - found.keys():
        found |= dict.fromkeys(more, 1)
    return found


@cache
def trees() -> Mapping[Path, ast.Module]:
    """Return the syntax tree of each module."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in _modules()}
