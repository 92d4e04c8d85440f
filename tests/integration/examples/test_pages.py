"""The commands that README and tutorials show run, in order, on one real service for each page."""

import os
import re
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from time import monotonic

import pytest

from tests.support.checkout import CHECKOUT
from tests.support.page_commands import CommandBlock, ShownCommand, blocks
from tests.support.processes import NO_CASCADE, NO_WARNINGS, Running, fanzha_up, run_in

QUICK_STARTS = ("docs/tutorials/quick-start.md", "docs/zh/tutorials/quick-start.md")
NOT_RUN = {"README.md": 1, "README.zh-CN.md": 1, **dict.fromkeys(QUICK_STARTS, 1)}
"""How many blocks of a page no test runs; each says why in the page."""
TOURS = frozenset({"docs/tutorials/lists.md", "docs/tutorials/warnings.md"})
"""Written by runs that have tests of their own, which compare the commands with those here."""
PAGES = [
    "README.md",
    "README.zh-CN.md",
    *(path.relative_to(CHECKOUT).as_posix() for path in CHECKOUT.glob("docs/**/tutorials/*.md")),
]
PROMISED = {
    "let through": r"action\s+allow",
    "放行": r"处置\s+放行",
    "blocked": r"action\s+block",
    "已拦截": r"处置\s+拦截",
}
"""How a comment on a decision begins, and what its command prints then."""
QUICK_COMMANDS = 24
"""Commands of a quick start that run, at least."""
PATIENCE_SECONDS = 60
REFUSED = ("refused", "拒绝")


def blocks_of(page: str) -> list[CommandBlock]:
    return blocks((CHECKOUT / page).read_text())


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_commands_runs_or_says_why_not(page: str) -> None:
    found = blocks_of(page)

    assert sum(bool(block.not_run) for block in found) == NOT_RUN.get(page, 0)
    if page not in (*QUICK_STARTS, *TOURS):
        assert [block.line for block in found if not block.not_run] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_command_hides_in_a_block_of_another_language(page: str) -> None:
    text = (CHECKOUT / page).read_text()
    shown = {line for block in blocks_of(page) for line in block.lines}

    fenced = [line for block in text.split("```")[1::2] for line in block.splitlines()]
    commands = [line for line in fenced if re.match(r"(\w*\$ )?(fanzha|make|curl) ", line)]
    assert [line for line in commands if line not in shown] == []


@pytest.fixture(params=QUICK_STARTS)
def page(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    """Serve as `fanzha up` does in a fresh checkout: with its data beside the examples."""
    (tmp_path / "examples").symlink_to(CHECKOUT / "examples")
    data = tmp_path / "data"
    data.mkdir()
    soon = {"FANZHA_DECISION_LOG_FLUSH_SECONDS": "0.1"}
    with fanzha_up(data, workers=1, **NO_WARNINGS, **NO_CASCADE, **soon) as running:
        yield running


def test_the_commands_of_the_quick_start_do_what_they_promise(
    page: str, service: Running, tmp_path: Path
) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("FANZHA_")
    } | {
        "FANZHA_TARGET": service.interception,
        "FANZHA_ADMIN_TARGET": service.admin,
        # As the Chinese page has its reader set.
        "FANZHA_LANGUAGE": "zh" if "/zh/" in page else "en",
    }
    commands = [one for block in blocks_of(page) if not block.not_run for one in block.commands()]
    with chdir(tmp_path):
        failed = [one for command in commands if (one := fault(command, environment))]

    assert failed == []
    assert len(commands) >= QUICK_COMMANDS


def fault(command: ShownCommand, environment: dict[str, str]) -> str:
    """Run a command; say what it did otherwise than the page says."""
    assert command.words[0] == "fanzha"
    done = run_in(command.words[1:], environment)
    dry = command.words[1] == "check" and "--live" not in command.words
    deadline = monotonic() + PATIENCE_SECONDS
    # A person takes longer than a worker to see a change of the lists; asking again is harmless.
    while dry and not kept(command, done.returncode, done.stdout) and monotonic() < deadline:
        done = run_in(command.words[1:], environment)
    if kept(command, done.returncode, done.stdout):
        return ""
    return f"{' '.join(command.words)}: {done.returncode} {done.stdout} {done.stderr}"


def kept(command: ShownCommand, status: int, printed: str) -> bool:
    """Tell whether a command did what its comment promises."""
    if command.comment.startswith(REFUSED):
        return status == 1
    promised = [text for words, text in PROMISED.items() if command.comment.startswith(words)]
    return status == 0 and all(re.search(text, printed) for text in promised)
