"""The commands of `fanzha` are found by name, and only the one that is called is imported."""

import subprocess
import sys

import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from fanzha.client import login as client_login
from fanzha.tables import MAX_ROWS
from services.__main__ import COMMANDS, app
from services.cli._common import login
from services.cli._common.lazy_commands import group_of
from services.cli.replay import commands as replay

LIBRARIES = ("numpy", "grpc", "google.protobuf", "redis", "onnxruntime", "pyarrow", "asyncio")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_can_be_loaded(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])

    assert shown.exit_code == 0
    assert f" {name} " in shown.stdout


def test_help_shows_every_command_but_the_hidden_one() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "100"})

    _, listed = shown.stdout.split("Commands", 1)
    words = {line.split()[1] for line in listed.splitlines() if len(line.split()) > 2}
    assert set(COMMANDS) - words == {"worker"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_of_a_command_is_the_first_paragraph_of_its_help(name: str) -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    loaded = group.get_command(typer.Context(group), name)
    assert loaded is not None

    assert COMMANDS[name][1] == str(loaded.help).split("\n\n")[0].replace("\n", " ")


def test_help_loads_no_command() -> None:
    program = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from services.__main__ import app\n"
        "print(CliRunner().invoke(app, ['--help']).exit_code)\n"
        "print({'numpy', 'grpc', 'services.cli.lists.commands'} & set(sys.modules))\n"
    )

    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.stdout.splitlines() == ["0", "set()"], done.stderr


def test_the_help_of_no_command_imports_what_commands_work_with() -> None:
    program = f"""
import sys
from typer.testing import CliRunner
from services.__main__ import COMMANDS, app

for name in COMMANDS:
    done = CliRunner().invoke(app, [name, "--help"])
    imported = set({LIBRARIES!r}) & set(sys.modules)
    if imported or done.exit_code:
        print(name, imported, done.exit_code, repr(done.exception))
        break
"""

    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.stdout == "", done.stderr


@pytest.mark.parametrize("line", ["-h", "blocklist -h", "blocklist add -h", "warnings backfill -h"])
def test_a_short_option_shows_help(line: str) -> None:
    shown = CliRunner().invoke(app, line.split())

    assert shown.exit_code == 0
    assert "Usage" in shown.stdout


def test_the_version_is_an_option_too() -> None:
    option, command = (CliRunner().invoke(app, [line]) for line in ("--version", "version"))

    assert option.exit_code == command.exit_code == 0
    assert option.stdout == command.stdout


def test_variables_of_credentials_are_those_of_the_client() -> None:
    for name in ("TOKEN", "TOKEN_FILE", "TLS_CA", "TLS_CERTIFICATE", "TLS_KEY"):
        assert getattr(login, name) == getattr(client_login, name)


def test_a_request_of_a_replay_has_at_most_the_rows_of_a_table() -> None:
    assert replay.MOST_ROWS == MAX_ROWS


def test_a_misspelt_command_gets_a_suggestion() -> None:
    output = CliRunner().invoke(app, ["blocklst"])

    assert output.exit_code == 2
    assert "Did you mean 'blocklist'?" in output.stderr


def test_a_command_loads_nothing_of_the_others() -> None:
    program = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from services.__main__ import app\n"
        "print(CliRunner().invoke(app, ['version']).exit_code)\n"
        "print({'numpy', 'stix2', 'services.settings.settings'} & set(sys.modules))\n"
    )

    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.stdout.splitlines() == ["0", "set()"], done.stderr


def test_a_command_of_a_missing_module_fails_when_called() -> None:
    lost = typer.Typer(cls=group_of({"lost": ("nowhere.app", "Is lost.")}))
    lost.callback()(lambda: None)

    done = CliRunner().invoke(lost, ["lost"])

    assert isinstance(done.exception, ModuleNotFoundError)
