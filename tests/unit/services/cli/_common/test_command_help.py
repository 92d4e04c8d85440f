"""Every command has an example, and each example is a command line that the command takes."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from services.__main__ import app
from services.cli._common import channel_words, command_help

FOLDERS = ("tables", "data/audit", "TABLES", "MODELS/sms/5")
_SUFFIXES = (".tar", ".toml", ".csv", ".tsv", ".pdf", ".pub")


def paths(command: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each command below *command* that is no group."""
    for name in list(getattr(command, "commands", ())):
        inner = command.commands[name]
        below = f"{path} {name}".strip()
        if inner.hidden and name in channel_words.ALIASES:
            continue
        if isinstance(inner, TyperGroup):
            yield from paths(inner, below)
        else:
            yield below


def parsed(line: str) -> typer.Context:
    """Parse a command line without running it."""
    words = shlex.split(line)
    command: Any = get_command(app)
    context = typer.Context(command)
    while words and words[0] in getattr(command, "commands", ()):
        name = words.pop(0)
        command = command.get_command(context, name)
        inner = command.make_context(name, list(words), parent=context)
        if not isinstance(command, TyperGroup):
            return inner  # type: ignore[no-any-return]
        context = typer.Context(command, info_name=name, parent=context)
    return context


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the files and folders that examples name, all empty, in the current folder."""
    monkeypatch.chdir(tmp_path)
    for lines in command_help.all_examples().values():
        for word in (word for line in lines for word in shlex.split(line)):
            if word.endswith(_SUFFIXES):
                Path(word).parent.mkdir(parents=True, exist_ok=True)
                Path(word).touch()
    for folder in FOLDERS:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return tmp_path


def test_every_command_has_an_example() -> None:
    # Options of benchmarks are those of other programs, with help of their own.
    every = {path for path in paths(get_command(app)) if not path.startswith("bench ")}

    assert every - command_help.all_examples().keys() == set()


def test_examples_are_of_commands_there_are() -> None:
    groups = {"warnings backfill"}

    assert command_help.all_examples().keys() - set(paths(get_command(app))) == groups


@pytest.mark.usefixtures("files")
def test_every_example_is_a_command_line_of_its_command() -> None:
    for path, lines in command_help.all_examples().items():
        for line in lines:
            assert line.startswith(path)
            assert parsed(line).command.name == path.split()[-1]


@pytest.mark.parametrize(
    "line", ["check sms", "check url", "replay sms", "score url", "score caller"]
)
def test_a_channel_may_be_called_by_its_other_word(line: str) -> None:
    shown = CliRunner().invoke(app, [*line.split(), "--help"])

    assert shown.exit_code == 0
    listed = CliRunner().invoke(app, [line.split(maxsplit=1)[0], "-h"]).stdout
    assert f"│ {line.split()[1]} " not in listed


def test_help_shows_the_examples_below() -> None:
    assert command_help.epilog("hits tail") is not None
    assert "fanzha hits tail --since beginning" in str(command_help.epilog("hits tail"))
    assert command_help.epilog("no such command") is None
