"""The page of the command line, from the commands themselves."""

import inspect
from collections.abc import Iterator
from typing import TypeAlias

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from services.__main__ import app
from services.cli._common import command_help
from tools.reference.markdown import cell, prose, table

_HEAD = """# Command line

Made by `make reference` from the commands of `fanzha`. The options of `fanzha` itself come before
the command: `fanzha --token-file token blocklist status`. What commands are for, with examples, is
in the [how-to guides](../how-to/index.md).

`--json` prints one JSON value; `hits tail` prints one a line. All commands spell values alike:

| value | spelled |
| --- | --- |
| enums: states, actions, reasons, kinds | words that options take: `pending`, `block`; or `""` |
| ids of decisions | text, since JavaScript and `jq` round numbers beyond 2^53 |
| 64-bit integers in answers of a server | text, as protobuf writes its [messages](proto/index.md) |
| numbers that a command writes itself | numbers, as in `check`, `decisions`, `models` |
| fields of hits | text |
| conditions in `warnings policy show` | as the policy file has them |
"""
_DEEPEST_HEADING = 3

_Command: TypeAlias = TyperCommand | TyperGroup


def page() -> str:
    """Write the page."""
    root = get_command(app)
    if not isinstance(root, TyperGroup):
        raise TypeError("fanzha has no commands")
    context = typer.Context(root, info_name="fanzha")
    lines = [_HEAD, *_options(root, context)]
    for path, command, inner in _walk(root, context):
        depth = min(len(path), _DEEPEST_HEADING)
        lines += [f"{'#' * depth} {' '.join(path)}", "", *_help(command), *_usage(command, inner)]
        lines += _options(command, inner)
    return "\n".join(lines).rstrip() + "\n"


def _walk(
    group: TyperGroup, context: typer.Context
) -> Iterator[tuple[list[str], _Command, typer.Context]]:
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if not isinstance(found, TyperCommand | TyperGroup) or found.hidden:
            continue
        inner = typer.Context(found, info_name=name, parent=context)
        yield [*_path(inner)], found, inner
        if isinstance(found, TyperGroup):
            yield from _walk(found, inner)


def _path(context: typer.Context) -> list[str]:
    names = [str(context.info_name)]
    while context.parent is not None:
        context = context.parent  # type: ignore[assignment]  # of typer, as all here
        names.insert(0, str(context.info_name))
    return names


def _help(command: _Command) -> list[str]:
    text = inspect.cleandoc(command.help or "").partition("\f")[0].strip()
    return [prose(text), ""] if text else []


def _usage(command: _Command, context: typer.Context) -> list[str]:
    if isinstance(command, TyperGroup):
        return []
    pieces = " ".join(command.collect_usage_pieces(context))
    path = _path(context)
    lines = command_help.all_examples().get(" ".join(path[1:]), [])
    shown = ["", *(f"fanzha {line}" for line in lines)] if lines else []
    return ["```", f"{' '.join(path)} {pieces}", *shown, "```", ""]


def _options(command: _Command, context: typer.Context) -> list[str]:
    records = (
        parameter.get_help_record(context)
        for parameter in command.get_params(context)
        if "--help" not in parameter.opts
    )
    rows = [(f"`{cell(record[0])}`", cell(prose(record[1]))) for record in records if record]
    return table(("argument or option", "what it is"), rows) if rows else []
