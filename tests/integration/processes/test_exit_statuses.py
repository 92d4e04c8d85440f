"""Scripts rely on the status of commands: nonsense is never 0, and each status means one thing."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.__main__ import app
from services.cli._common import channel_words
from tests.support.command_lines import every_command
from tests.support.processes import NO_CASCADE, endpoints, role

NONSENSE = "foo"
LISTED = "+8617000000481"
SERVERS = frozenset({"up", "serve", "admin", "warn", "worker", "bench"})
"""Run until they are stopped, or programs of others."""
ANY_WORD = {
    "blocklist mirror": "a file to make, which it keeps until it is stopped",
    "check text": "any text",
    "education create": "any name",
    "incidents open": "any title",
    "warnings robot talk": "any answer",
    "fingerprint": "any text",
    "identity init": "a folder to make",
    "profile add": "a name of one's own",
    "warnings start": "any reason",
    "warnings stop": "any reason",
}
"""Commands that can do with any word, and what they take it for."""
NEEDS_SERVER = (
    *("check call --from a --to +8619900000001", "blocklist status", "changes list", "cases list"),
    *("models list", "audit head", "hits tail", "decisions stats", "appeals list", "policy show"),
    *("warnings status", "report warnings", "campaigns", "blocklist find a.example"),
)
FOUND = (
    *(f"blocklist find {LISTED}", "blocklist find 110", "blocklist list", "changes show 1"),
    *("audit list --since 1h", "cases list --due 2h", "models list", "decisions stats --since 1h"),
)
MISSING = (
    *("blocklist find a.example", "blocklist show a.example --json", "changes show 9"),
    *("audit evidence a.example --reason r --out none.zip", "appeals show 9", "decisions why 9"),
    *("decisions find --channel sms", "models activate sms 99 --yes", "cases show nobody"),
    *("blocklist mappings show none", "blocklist mappings forget none", "graph show a.example"),
    *("profile show none", "profile use none", "warnings sources none", "warnings feedback none"),
    *("warnings templates show none", "blocklist remove a.example --reason r --yes"),
)
REFUSED = (
    "changes apply 1",
    "changes reject 1 --reason r",
    f"blocklist add {LISTED} --source ministry --reason r",
    f"changes create --add {LISTED} --source ministry --reason r",
)


def ended(line: Sequence[str], variables: Mapping[str, str]) -> tuple[int, str]:
    """Run a command in this process; return its status, and what it printed."""
    done = CliRunner().invoke(app, list(line), env=variables)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.output
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return the variables that name a service with one entry."""
    folder = tmp_path_factory.mktemp("service")
    with role("up", folder, FANZHA_WORKERS="1", **NO_CASCADE) as process:
        found = endpoints(folder, process)
        variables = {
            "FANZHA_TARGET": found["interception"],
            "FANZHA_ADMIN_TARGET": found["admin"],
            "FANZHA_WARNING_TARGET": found["warning"],
            "XDG_CONFIG_HOME": str(folder / "config"),
        }
        add = ("blocklist", "add", LISTED, "--source", "bureau", "--reason", "r")
        assert ended(add, variables)[0] == 0
        yield variables


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def nonsense(path: Sequence[str], parameters: Sequence[Any]) -> list[str]:
    """Return a command line with nonsense for all that has to be given."""
    line = list(path)
    for one in parameters:
        if one.param_type_name == "argument":
            line.append(NONSENSE)
        elif one.required:
            line += [one.opts[0], NONSENSE]
    return line if len(line) > len(path) else [*line, NONSENSE]


LINES = {
    name: nonsense(path, parameters)
    for path, parameters in every_command()
    if path[0] not in SERVERS
    and (name := " ".join(path)) not in ANY_WORD
    and path[-1] not in channel_words.ALIASES
}


def test_all_commands_are_in_the_table() -> None:
    assert len(LINES) > 100


@pytest.mark.parametrize("name", LINES)
def test_nonsense_never_ends_with_0(name: str, service: dict[str, str]) -> None:
    assert ended(LINES[name], service)[0] in {1, 2}


@pytest.mark.parametrize(
    ("status", "line"),
    [
        *((0, line) for line in FOUND),
        *((1, line) for line in MISSING),
        *((4, line) for line in REFUSED),
    ],
)
def test_the_status_says_how_it_ended(status: int, line: str, service: dict[str, str]) -> None:
    assert ended(line.split(), service)[0] == status


@pytest.mark.parametrize(("rows", "status"), [("110\n", 1), (f"110\n{LISTED}\n", 0)])
def test_an_import_that_takes_nothing_ends_with_1(
    rows: str, status: int, service: dict[str, str]
) -> None:
    Path("list.csv").write_text(rows)
    line = ("blocklist", "import", "list.csv", "--source", "bureau", "--reason", "r", "--preview")

    found, printed = ended(line, service)

    assert found == status, printed


@pytest.mark.parametrize("line", NEEDS_SERVER)
def test_a_server_that_does_not_answer_is_status_3(line: str) -> None:
    nowhere = dict.fromkeys(
        ("FANZHA_TARGET", "FANZHA_ADMIN_TARGET", "FANZHA_WARNING_TARGET"), "127.0.0.1:1"
    )

    status, printed = ended(line.split(), nowhere)

    assert status == 3
    assert "no answer from 127.0.0.1:1" in printed
