"""Every `fanzha` command that a page shows exists, with the options it is shown with."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command

from services.__main__ import app
from tests.support.checkout import CHECKOUT

ROOT = CHECKOUT
PAGES = [
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
BENCHES = "bench"
"""Its commands belong to `benchmarks`, and are processes of their own."""


def shown(page: str) -> list[str]:
    """Return the commands in blocks of code."""
    blocks = page.replace("\\\n", " ").split("```")[1::2]
    lines = [
        re.sub(r"^\w*\$ ", "", line.strip()) for block in blocks for line in block.splitlines()
    ]
    return [line for line in lines if line.startswith("fanzha ")]


def fault(line: str) -> str:
    """Say what of a command does not exist; nothing where all of it does."""
    group, context = get_command(app), None
    words = shlex.split(re.split(r"\s{3,}|\s#|&&", line)[0], comments=True)[1:]
    while words and isinstance(group, TyperGroup) and not words[0].startswith("--"):
        context = typer.Context(group, parent=context)
        name = words.pop(0)
        found = [group.get_command(context, one) for one in name.split("|")]
        if None in found:
            return f"{line}: no command {name}"
        if name == BENCHES:
            return ""
        group = found[0]  # type: ignore[assignment]
    known = {
        option
        for parameter in group.get_params(typer.Context(group))
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    wrong = [word for word in words if word.startswith("--") and word.split("=")[0] not in known]
    return f"{line}: no option {', '.join(wrong)}" if wrong else ""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_commands_of_a_page_exist(path: Path) -> None:
    assert [text for line in shown(path.read_text()) if (text := fault(line))] == []


def test_commands_are_found_in_pages() -> None:
    assert len([line for path in PAGES for line in shown(path.read_text())]) > 200
