"""Commands that are imported when they are called, not when `fanzha` starts.

Importing all commands imports every library of Fanzha, which takes a second in each process of a
service and each line of a script. So the command line holds the module paths of its commands, and
loads only the one that is called. Help loads them all for their texts.
"""

from collections import UserDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_group

from infra import process_lifecycle
from services.cli._common import translated_commands

_HIDDEN = frozenset({"worker"})
"""Commands hidden from help."""


class LazyCommands(UserDict[str, Any]):
    """Paths of commands by name: ``module.attribute`` below `services.cli`."""

    def __init__(self, places: Mapping[str, str]) -> None:
        super().__init__(places)

    def __getitem__(self, name: str) -> Any:
        found = self.data[name]
        if isinstance(found, str):
            found = self.data[name] = _load(name, found)
        return found


def group_of(places: Mapping[str, str]) -> type[TyperGroup]:
    """Return the class of a command whose own commands are those at *places*, in this order."""

    class Group(TyperGroup):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.commands = LazyCommands(places)

        def make_context(
            self, info_name: str | None, args: list[str], *rest: Any, **extra: Any
        ) -> Any:
            translated_commands.use_language_of(args, list(places))
            translated_commands.translate(self)
            with _translated_errors():
                return super().make_context(info_name, args, *rest, **extra)

        def invoke(self, ctx: Any) -> Any:
            with _translated_errors():
                return super().invoke(ctx)

    return Group


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except TyperException as error:
        translated = translated_commands.translated_error(error)
        if translated is error:
            raise
        raise translated from None


def _load(name: str, place: str) -> Any:
    module, attribute = place.rsplit(".", 1)
    with process_lifecycle.collection_paused():
        found = getattr(import_module(f"services.cli.{module}"), attribute)
    one = typer.Typer()
    if isinstance(found, typer.Typer):
        one.add_typer(found, name=name)
    else:
        one.command(name, hidden=name in _HIDDEN)(found)
    command = get_group(one).commands[name]
    translated_commands.translate(command)
    return command
