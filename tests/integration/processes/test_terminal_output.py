"""What commands print on a terminal: nothing that steers it, and no id or pattern in two pieces."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import grpc
import pytest

from tests.support.hostile_server import HOSTILE, hostile_server
from tests.support.processes import run

NUMBER = "+8617000000123"
WHY = ("--reason", HOSTILE, "--by", HOSTILE)
PRINTING = (
    ("campaigns",),
    ("graph", "show", NUMBER),
    ("check", "call", "--from", NUMBER, "--to", NUMBER),
    ("check", "sms", HOSTILE, "--from", HOSTILE),
    ("check", "url", "a.example", "--live"),
    ("blocklist", "critical"),
    ("blocklist", "show", NUMBER),
    ("blocklist", "due"),
    ("blocklist", "dead"),
    ("blocklist", "quarantine"),
    ("blocklist", "find", NUMBER),
    ("blocklist", "list", "--limit", "1"),
    ("blocklist", "status"),
    ("blocklist", "mappings", "list"),
    ("blocklist", "add", "a.example", "--source", "bureau", *WHY),
    ("blocklist", "remove", "a.example", "--yes", *WHY),
    ("changes", "list"),
    ("changes", "show", "1"),
    ("changes", "preview", "1"),
    ("changes", "diff", "1"),
    ("changes", "approve", "1", "--note", HOSTILE),
    ("changes", "revert", "1", "--dry-run", *WHY),
    ("policy", "show"),
    ("policy", "diff"),
    ("policy", "history"),
    ("audit", "list", "--subject", HOSTILE),
    ("audit", "list", "--lines"),
    ("audit", "tail", "--count", "1"),
    ("audit", "head"),
    ("hits", "tail", "--count", "1"),
    ("hits", "confirm", "1", "--note", HOSTILE),
    ("decisions", "find", "--number", NUMBER),
    ("decisions", "why", "1"),
    ("decisions", "stats", "--group-by", "reason"),
    ("appeals", "list"),
    ("appeals", "show", "1"),
    ("appeals", "open", "--pattern", NUMBER, "--name", HOSTILE, "--contact", "c", "--grounds", "g"),
    ("appeals", "notice", "--pattern", NUMBER),
    ("appeals", "report"),
    ("models", "list"),
    ("identity", "show"),
    ("warnings", "sources"),
    ("warnings", "entries"),
    ("warnings", "status"),
    ("warnings", "backfills"),
    ("warnings", "suspected"),
    ("warnings", "dead-letters", "list"),
    ("warnings", "backfill", "list"),
    ("warnings", "backfill", "show", "1"),
    ("cases", "list"),
    ("cases", "show", "1"),
    ("cases", "history", "1"),
    ("report", "warnings"),
    ("report", "warnings", "--group-by", "region"),
)
JSON = (*("blocklist list", "changes show 1", "audit list", "appeals show 1", "decisions why 1"),)
WRONG = (
    (HOSTILE,),
    ("blocklist", HOSTILE),
    ("blocklist", "list", HOSTILE),
    ("blocklist", "list", f"--{HOSTILE}"),
    ("blocklist", "list", "--limit", HOSTILE),
    ("blocklist", "list", "--kind", HOSTILE),
    ("blocklist", "add", HOSTILE, "--source", HOSTILE, "--reason", "r"),
    ("blocklist", "import", f"/nowhere/{HOSTILE.replace('/', '')}", "--source", "bureau"),
    ("blocklist", "export", "--format", HOSTILE),
    ("changes", "show", HOSTILE),
    ("appeals", "open", "--document", f"/nowhere/{HOSTILE}"),
    ("audit", "list", "--since", HOSTILE),
    ("warnings", "where", HOSTILE),
    ("warnings", "templates", "show", HOSTILE),
    ("warnings", "templates", "lint", f"/nowhere/{HOSTILE}"),
    ("models", "list", "--offline", "--models-dir", f"/nowhere/{HOSTILE}"),
    ("profile", "show", HOSTILE),
    ("profile", "use", HOSTILE),
    ("profile", "add", HOSTILE, "--server", HOSTILE),
    ("--language", HOSTILE, "version"),
    ("--server", HOSTILE, "blocklist", "list"),
    ("--profile", HOSTILE, "blocklist", "list"),
    ("blocklist", "list", "--target", HOSTILE),
)
TABLES = (
    *(
        "blocklist list --limit 1",
        "blocklist due",
        "blocklist critical",
        "blocklist show 17000000123",
    ),
    *("blocklist mappings list", "changes list", "policy history", "audit list", "appeals list"),
    *("blocklist show 17000000123", "identity show"),
    *("cases list", "decisions find", "decisions why 1", "warnings sources", "warnings entries"),
    *(
        "warnings backfills",
        "warnings backfill list",
        "warnings dead-letters list",
        "identity show",
    ),
)
CODES = (
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.FAILED_PRECONDITION,
)
OURS = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|2K|1A)")
"""Colours, and what moves a spinner."""
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with hostile_server() as address:
        yield address


def printed(server: str, folder: Path, command: tuple[str, ...], **settings: str) -> str:
    done = run(
        *command,
        FANZHA_TARGET=server,
        FANZHA_ADMIN_TARGET=server,
        FANZHA_WARNING_TARGET=server,
        XDG_CONFIG_HOME=str(folder),
        **{"TTY_COMPATIBLE": "1", "COLUMNS": "80", "FANZHA_LANGUAGE": "en"} | settings,
    )
    output = done.stdout + done.stderr
    assert "Traceback" not in output, output
    assert output
    return output


def harmful(told: str) -> set[str]:
    # A spinner goes to the start of its line.
    return set(HARMFUL.findall(OURS.sub("", told).replace("\r\x1b", "")))


@pytest.mark.parametrize("command", PRINTING, ids=lambda command: "-".join(command[:2]))
def test_no_answer_steers_a_terminal(server: str, tmp_path: Path, command: tuple[str, ...]) -> None:
    assert harmful(printed(server, tmp_path, command)) == set()


@pytest.mark.parametrize("command", JSON)
def test_json_steers_no_terminal(server: str, tmp_path: Path, command: str) -> None:
    assert harmful(printed(server, tmp_path, (*command.split(), "--json"))) == set()


@pytest.mark.parametrize(
    ("language", "command"),
    [*(("en", command) for command in WRONG), *(("zh", command) for command in WRONG[2:5])],
    ids=count(),
)
def test_no_error_about_arguments_steers_a_terminal(
    server: str, tmp_path: Path, language: str, command: tuple[str, ...]
) -> None:
    assert harmful(printed(server, tmp_path, command, FANZHA_LANGUAGE=language)) == set()


@pytest.mark.parametrize("code", CODES)
def test_no_error_of_a_server_steers_a_terminal(tmp_path: Path, code: grpc.StatusCode) -> None:
    with hostile_server(failing=code) as server:
        output = printed(server, tmp_path, ("blocklist", "list"))

    assert "owned" in output
    assert harmful(output) == set()


@pytest.fixture(scope="module")
def long_words() -> Iterator[str]:
    with hostile_server(long_word) as address:
        yield address


def long_word(field: str) -> str:
    return f"<{field:-<34}>"


@pytest.mark.parametrize("command", TABLES)
def test_no_word_of_a_table_is_split_at_80_columns(
    long_words: str, tmp_path: Path, command: str
) -> None:
    output = OURS.sub("", printed(long_words, tmp_path, tuple(command.split())))

    joined = "".join(line.strip() for line in output.splitlines())
    whole = re.compile("<[a-z0-9_]+-*>")
    assert whole.findall(output)
    assert sorted(whole.findall(joined)) == sorted(whole.findall(output))


def test_an_export_is_exact_in_a_pipe_and_harmless_on_a_terminal(tmp_path: Path) -> None:
    # The last kind of an entry.
    fingerprint = f"fp1:{'a' * 64}"
    command = ("blocklist", "export", "--format", "csv")
    with hostile_server(lambda name: fingerprint if name == "pattern" else HOSTILE) as server:
        shown = printed(server, tmp_path, command)
        piped = printed(server, tmp_path, command, TTY_COMPATIBLE="0")

    assert HOSTILE.replace("\r", "\n") in piped.replace("\r", "\n")
    assert "]0;owned" in shown
    assert harmful(shown) == set()
