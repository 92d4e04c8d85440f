"""Commands that are imported when they are called, not when `fanzha` starts.

Importing all commands imports every library of Fanzha, which takes a second in each process of a
service and each line of a script. So the command line holds the module paths of its commands, and
loads only the one that is called. Help and completion show a summary of the others.
"""

from collections import UserDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeAlias

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.main import get_group

from fanzha.translation import catalogue
from infra import deferred_imports, garbage_collection
from services.cli._common import (
    argument_errors,
    command_help,
    translated_commands,
)

Place: TypeAlias = tuple[str, str]
"""Where in `services.cli` a command is, and its summary."""

_HIDDEN = frozenset({"worker"})
"""Commands hidden from help."""
_DEFERRED = frozenset(
    {"asyncio", "blocklists", "classifiers", "fanzha", "google", "grpc", "grpc_health", "infra"}
    | {"numpy", "services"}
)
"""What modules of commands import when a command runs, and not for its help."""


class LazyCommands(UserDict[str, Any]):
    """Commands by name, each made of its place, ``module.attribute`` below `services.cli`."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        super().__init__(places)
        self._places = dict(places)
        self._summarized = False

    def __getitem__(self, name: str) -> Any:
        found = self.data[name]
        if not isinstance(found, tuple):
            return found
        if self._summarized:
            summary = catalogue.gettext(found[1])
            return TyperCommand(name, help=summary, hidden=name in _HIDDEN)
        found = self.data[name] = _load(name, found[0])
        return found

    @contextmanager
    def summarized(self) -> Iterator[None]:
        """Stand in for commands that are not loaded by their summaries."""
        self._summarized = True
        try:
            yield
        finally:
            self._summarized = False


def group_of(places: Mapping[str, Place]) -> type[TyperGroup]:
    """Return the class of a command whose own commands are those at *places*, in this order."""

    class Group(TyperGroup):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.commands = self._lazy = LazyCommands(places)

        def make_context(
            self, info_name: str | None, args: list[str], *rest: Any, **extra: Any
        ) -> Any:
            translated_commands.use_language_of(args, list(places))
            translated_commands.translate(self)
            with argument_errors.as_sentences(), _translated_errors():
                return super().make_context(info_name, args, *rest, **extra)

        def format_help(self, ctx: Any, formatter: Any) -> None:
            with self._lazy.summarized():
                super().format_help(ctx, formatter)

        def shell_complete(self, ctx: Any, incomplete: str) -> Any:
            with self._lazy.summarized():
                return super().shell_complete(ctx, incomplete)

        def invoke(self, ctx: Any) -> Any:
            with argument_errors.as_sentences(), _translated_errors():
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
    with (
        garbage_collection.paused(),
        deferred_imports.deferred(_DEFERRED, importers=["services.cli"]),
    ):
        found = getattr(import_module(f"services.cli.{module}"), attribute)
    one = typer.Typer()
    if isinstance(found, typer.Typer):
        one.add_typer(found, name=name)
    else:
        one.command(name, hidden=name in _HIDDEN)(found)
    command = get_group(one).commands[name]
    translated_commands.translate(command)
    command_help.prepare(command, name)
    return command
