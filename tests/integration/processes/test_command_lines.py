"""Odd command lines end with a status that scripts can rely on, and with a sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import run

SAMPLE = "100"


def test_no_odd_command_line_ends_with_a_traceback() -> None:
    fuzz = [sys.executable, "-m", "tests.support.command_fuzz", "--no-service", "--count", SAMPLE]

    done = subprocess.run(fuzz, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("blocklist", "find", "caf\udce9"), "bytes that are not UTF-8"),
        (("policy", "history", "--target", "\udce9:1"), "bytes that are not UTF-8"),
        (("changes", "preview", "9" * 30), f"{'9' * 30} is out of range"),
        (("--server", "127.0.0.1:x", "doctor"), "'127.0.0.1:x' is not HOST or HOST:PORT"),
    ],
)
def test_what_no_request_can_hold_is_a_usage_error(
    arguments: tuple[str, ...], sentence: str
) -> None:
    done = run(*arguments, FANZHA_ADMIN_TARGET="127.0.0.1:1")

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("variable", "sentence"),
    [
        ("FANZHA_ADMIN_TARGET", "an argument or variable holds bytes that are not UTF-8"),
        ("FANZHA_TOKEN", "token: only letters, digits and signs of ASCII can be sent"),
    ],
)
def test_a_variable_that_is_not_utf_8_is_a_usage_error(variable: str, sentence: str) -> None:
    variables = {"FANZHA_ADMIN_TARGET": "127.0.0.1:1"} | {variable: "\udce9"}

    done = run("policy", "history", **variables)

    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {sentence}")


def test_a_file_name_that_is_too_long_is_a_usage_error(tmp_path: Path) -> None:
    table = tmp_path / "texts.tsv"
    table.write_text("body\nhello\n")

    done = run("score", "sms", "--data", str(table), "--out", str(tmp_path / ("x" * 300)))

    assert done.returncode == 2
    assert done.stderr.strip().endswith(": File name too long")


def test_a_table_without_any_column_of_callers_is_a_usage_error(tmp_path: Path) -> None:
    table = tmp_path / "callers.tsv"
    table.write_text("nothing\nknown\n")

    done = run("score", "caller", "--data", str(table), "--out", str(tmp_path / "scores.tsv"))

    assert done.returncode == 2
    assert "callers.tsv: needs a column" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "evidence", "bad.example", "--reason", "r", "--out", "missing/evidence.zip"),
        ("blocklist", "export", "--out", "missing/lists.csv"),
        ("warnings", "examples", "export", "missing/examples.csv"),
    ],
)
def test_a_file_in_a_missing_folder_is_refused_before_a_server_is_asked(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    done = run(*arguments, FANZHA_ADMIN_TARGET="127.0.0.1:1")

    assert done.returncode == 2
    assert "there is no folder missing: create it first" in " ".join(
        done.stderr.replace("│", "").split()
    )


def test_evidence_overwrites_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    earlier = tmp_path / "evidence.zip"
    earlier.write_bytes(b"earlier")

    done = run("audit", "evidence", "bad.example", "--reason", "r", "--out", earlier.name)

    assert done.returncode == 2
    assert "evidence.zip exists already" in done.stderr
    assert earlier.read_bytes() == b"earlier"


def test_the_region_of_what_is_no_number_is_a_usage_error() -> None:
    done = run("warnings", "region", "foo")

    assert done.returncode == 2
    assert "'foo' is no telephone number" in done.stderr


def test_a_limit_that_no_machine_counts_to_is_none(tmp_path: Path) -> None:
    table = tmp_path / "calls.csv"
    table.write_text("caller,callee\n+8617000000001,+8617000000002\n")

    done = run("replay", "call", str(table), f"--limit={2**64}", "--target", "127.0.0.1:1")

    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_outcomes_are_not_written_over_a_folder() -> None:
    done = run("warnings", "feedback", "bureau", "--csv", ".", FANZHA_ADMIN_TARGET="127.0.0.1:1")

    assert done.returncode == 2
    assert "is a directory" in done.stderr
