"""Options that commands share have one help, one meaning and one order."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command

from services.__main__ import app

ORDER = (
    "--reason", "--note", "--by", "--limit", "--after", "--language", "--target", "--timeout",
    "--json",
)  # fmt: skip
SINCE = "From then on: 30m, 24h or 7d ago, 2026-11-25, or 2026-11-25T08:30 in China's time."
HELP = {
    "--by": {"Author; ignored with authentication on, where your identity counts."},
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
    "--since": {
        SINCE,
        # Of a stream, which has a beginning and places.
        f"{SINCE[:-1]}; beginning, now, or after a place as --json shows it.",
    },
    "--until": {"Before then, given like --since."},
    "--from": {
        "Calling number, code or name.",
        "Sender: number, code or name.",
        "The subscriber who opens it.",
    },
    "--channel": {"call, text or link; empty: all."},
    "--timeout": {"Seconds to wait for the answer."},
    "--json": {
        "Print JSON.",
        # Of a load test, whose figures are kept in a file.
        "File for the figures, with --target.",
    },
    "--yes": {"Do not ask for confirmation."},
}
"""What an option may say of itself; `--reason` says what a command does with it."""


def commands(group: Any, context: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Return the path and the options of every command of *group*."""
    for name in list(group.commands):
        command = group.get_command(context, name)
        if isinstance(command, TyperGroup):
            within = typer.Context(command, parent=context)
            yield from commands(command, within, f"{path} {name}")
        options = [one for one in command.params if one.param_type_name == "option"]
        yield f"{path} {name}".strip(), options


_GROUP: Any = get_command(app)
EVERY = list(commands(_GROUP, typer.Context(_GROUP)))


def test_commands_are_found() -> None:
    assert len(EVERY) > 90


@pytest.mark.parametrize("option", HELP)
def test_a_shared_option_has_one_help_text(option: str) -> None:
    values = {(path, one.help) for path, options in EVERY for one in options if option in one.opts}

    assert values
    assert [one for one in values if one[1] not in HELP[option]] == []


def test_the_shared_options_come_last_in_one_order() -> None:
    wrong = {}
    for path, options in EVERY:
        named = [
            next((name for name in one.opts if name in ORDER), "")
            for one in options
            if not one.required
        ]
        shared = [one for one in named if one]
        if sorted(shared, key=ORDER.index) != shared:
            wrong[path] = shared

    assert wrong == {}
