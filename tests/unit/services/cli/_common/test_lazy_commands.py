"""The commands of `fanzha` are found by name, and only the one that is called is imported."""

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from services.__main__ import COMMANDS, app
from services.cli._common.lazy_commands import group_of


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


def test_a_misspelt_command_gets_a_suggestion() -> None:
    told = CliRunner().invoke(app, ["blocklst"])

    assert told.exit_code == 2
    assert "Did you mean 'blocklist'?" in told.stderr


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
    lost = typer.Typer(cls=group_of({"lost": "nowhere.app"}))
    lost.callback()(lambda: None)

    done = CliRunner().invoke(lost, ["lost"])

    assert isinstance(done.exception, ModuleNotFoundError)
