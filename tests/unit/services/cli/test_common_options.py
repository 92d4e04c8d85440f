"""Options that commands share have one help, one meaning and one order."""

from collections.abc import Iterator

import click
import pytest
import typer
from typer.core import TyperGroup, TyperOption
from typer.main import get_command

from services.__main__ import app

ORDER = (
    "--reason", "--note", "--by", "--limit", "--after", "--language", "--target", "--timeout",
    "--json",
)  # fmt: skip
HELP = {
    "--by": {
        "Who does it; with authentication on, your identity counts instead.",
        "Who says so, for the record.",
    },
    "--note": {"A remark, for the record."},
    "--limit": {
        "Most rows shown.",
        "Most decisions shown.",
        # Of what a file holds, and of a comparison, which is in three parts.
        "Stop after so many rows; 0: all.",
        "Rows shown of each sort.",
    },
    "--after": {
        "Continue after a list that ended with this token.",
        # Of a stream, whose places do not end.
        "Place after which to begin.",
    },
    "--target": {
        "Address of list administration.",
        "Address of the warning pipeline.",
        "Address of an interception server.",
        "Address of any server of Fanzha.",
    },
    "--timeout": {"Seconds to wait for the answer."},
    "--json": {"Print JSON."},
    "--yes": {"Do not ask."},
}
"""What an option may say of itself; `--reason` says what a command does with it."""


def commands(
    group: TyperGroup, context: click.Context, path: str = ""
) -> Iterator[tuple[str, click.Command]]:
    for name in list(group.commands):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, TyperGroup):
            within = typer.Context(command, parent=context)
            yield from commands(command, within, f"{path} {name}")
        yield f"{path} {name}".strip(), command


def every_command() -> list[tuple[str, click.Command]]:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return list(commands(group, typer.Context(group)))


EVERY = every_command()


def test_commands_are_found() -> None:
    assert len(EVERY) > 90


@pytest.mark.parametrize("option", HELP)
def test_an_option_says_the_same_wherever_it_is(option: str) -> None:
    said = {
        (path, parameter.help)
        for path, command in EVERY
        for parameter in command.params
        if isinstance(parameter, TyperOption) and option in parameter.opts
    }

    assert said
    assert [one for one in said if one[1] not in HELP[option]] == []


def test_the_shared_options_come_last_in_one_order() -> None:
    wrong = {}
    for path, command in EVERY:
        named = [
            next((one for one in parameter.opts if one in ORDER), "")
            for parameter in command.params
            if isinstance(parameter, TyperOption) and not parameter.required
        ]
        shared = [one for one in named if one]
        if sorted(shared, key=ORDER.index) != shared:
            wrong[path] = shared

    assert wrong == {}
