"""Gives every command ``-h``, examples below its help, and completion of its values.

Examples stand in `examples.toml`, by the path of the command.
"""

from functools import cache
from pathlib import Path
from typing import Any

import typer

from fanzha import toml_files
from fanzha.translation import catalogue
from services.cli._common import channel_words, value_completion

_FILE = Path(__file__).with_name("examples.toml")


@cache
def all_examples() -> dict[str, list[str]]:
    """Return the examples of each command, without the ``fanzha`` they begin with."""
    return {path: list(lines) for path, lines in toml_files.read_table(_FILE).items()}


def epilog(path: str) -> str | None:
    """Return what stands below the help of the command at *path*; None where it has no example."""
    lines = all_examples().get(path)
    if not lines:
        return None
    # The help of typer makes a line of each paragraph.
    return "\n\n".join((catalogue.gettext("Examples:"), *(f"  fanzha {line}" for line in lines)))


def add_aliases(app: typer.Typer) -> None:
    """Let commands named after a channel be called by its other word, too, which help hides."""
    commands = {_name(one): one.callback for one in app.registered_commands}
    for name, callback in commands.items():
        for alias in channel_words.others(name):
            if alias not in commands and callback is not None:
                app.command(alias, hidden=True)(callback)


def _name(command: Any) -> str:
    return str(command.name or command.callback.__name__.replace("_", "-"))


def prepare(command: Any, path: str) -> None:
    """Give *command*, and those within it, what every command has."""
    settings = command.context_settings
    command.context_settings = {**settings, "help_option_names": ["-h", "--help"]}
    command.epilog = epilog(path)
    value_completion.add_to(command, path)
    for name, inner in getattr(command, "commands", {}).items():
        prepare(inner, f"{path} {name}")
