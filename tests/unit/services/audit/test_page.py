"""The lines of plain Python on the page do what the page says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.audit_logs import a_log, lines_of, rechained, rehashed, write_lines
from tests.support.checkout import CHECKOUT

PAGE = (CHECKOUT / "docs/how-to/audit.md").read_text()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "check.py"
    path.write_text(blocks[0])
    return path


def run(program: Path, key: Path, files: list[Path]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", program, key, *files],
        capture_output=True,
        text=True,
        check=False,
    )


def test_they_find_a_log_whole(program: Path, tmp_path: Path) -> None:
    files = a_log(tmp_path / "log", [5, 3], within=4)

    done = run(program, tmp_path / "log" / "key.pub", files)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("whole: 13 records, head ")


def test_they_name_the_line_that_was_changed(program: Path, tmp_path: Path) -> None:
    files = a_log(tmp_path / "log", [5, 3], within=4)
    lines = lines_of(files[0])
    lines[2] = lines[2].replace(b"li-2", b"wu-2")
    write_lines(files[0], lines)

    done = run(program, tmp_path / "log" / "key.pub", files)

    assert done.returncode == 1
    assert "audit-2026-01.jsonl:3 was changed" in done.stderr


def test_they_check_signatures(program: Path, tmp_path: Path) -> None:
    files = a_log(tmp_path / "log", [5], within=4)
    lines = lines_of(files[0])
    lines[2] = rehashed(lines[2], actor="wu")
    write_lines(files[0], rechained(lines, 3))

    done = run(program, tmp_path / "log" / "key.pub", files)

    assert done.returncode == 1
    assert "InvalidSignature" in done.stderr
