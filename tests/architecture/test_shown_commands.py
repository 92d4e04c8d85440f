"""Every `fanzha` command that a page shows exists, with the options it is shown with."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup, TyperOption
from typer.main import get_command

from services.__main__ import app
from tests.support.checkout import CHECKOUT

ROOT = CHECKOUT
PAGES = [
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
FANZHA = get_command(app)
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
    context = typer.Context(FANZHA)
    words = shlex.split(re.split(r"\s{3,}|\s#|&&", line)[0], comments=True)[1:]
    wrong = list[str]()
    while words:
        word = words.pop(0)
        command = context.command
        if word.startswith("--"):
            option = options(context).get(word.split("=")[0])
            if option is None:
                wrong.append(word)
            elif "=" not in word and not option.is_flag:
                words[:1] = []
        elif isinstance(command, TyperGroup):
            found = [command.get_command(context, name) for name in word.split("|")]
            if None in found:
                return f"{line}: no command {word}"
            if word == BENCHES:
                return ""
            context = typer.Context(found[0], parent=context)  # type: ignore[arg-type]
    return f"{line}: no option {', '.join(wrong)}" if wrong else ""


def options(context: typer.Context) -> dict[str, TyperOption]:
    """Return the options of a command, by every name of each."""
    return {
        name: parameter
        for parameter in context.command.get_params(context)
        if isinstance(parameter, TyperOption)
        for name in (*parameter.opts, *parameter.secondary_opts)
    }


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_commands_of_a_page_exist(path: Path) -> None:
    assert [text for line in shown(path.read_text()) if (text := fault(line))] == []


def test_commands_are_found_in_pages() -> None:
    assert len([line for path in PAGES for line in shown(path.read_text())]) > 200


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("fanzha --server a.example doctor --json", ""),
        ("fanzha --server=a.example doctor", ""),
        ("fanzha --server a.example doctor --jsom", "no option --jsom"),
        ("fanzha --servant a.example doctor", "no command a.example"),
        ("fanzha --server a.example doktor", "no command doktor"),
        ("fanzha doctor --server a.example", "no option --server"),
    ],
)
def test_a_fault_names_what_does_not_exist(line: str, expected: str) -> None:
    assert fault(line).removeprefix(f"{line}: ") == expected
