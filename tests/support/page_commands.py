"""Reads the blocks of commands that a page of the documentation shows.

A block is fenced and names its language: ``sh``, ``bash`` or ``console``. One that no test can run
has a line before it that says why: ``<!-- not run: it installs the package -->``.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

LANGUAGES = frozenset({"sh", "bash", "console"})
_NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
_ID = re.compile(r"\b[0-9a-f]{12,20}\b")
_PROMPT = re.compile(r"^(?P<who>\w*)\$ ")


@dataclass(frozen=True, slots=True)
class ShownCommand:
    """One command, as a page shows it."""

    who: str
    """Before the prompt; empty without one."""
    words: tuple[str, ...]
    comment: str
    """Behind it: what it does, or what comes of it."""


@dataclass(frozen=True, slots=True)
class CommandBlock:
    """One block of commands."""

    line: int
    """Line of the page where it begins, counted from 1."""
    language: str
    lines: tuple[str, ...]
    not_run: str
    """Why no test runs it; empty where one does."""

    def commands(self) -> Iterator[ShownCommand]:
        """Return its commands; of a ``console`` block, the lines with a prompt."""
        for line in "\n".join(self.lines).replace("\\\n", " ").splitlines():
            prompt = _PROMPT.match(line)
            if (self.language == "console" and prompt is None) or not line.strip():
                continue
            who = "" if prompt is None else prompt["who"]
            text = line if prompt is None else line[prompt.end() :]
            words = tuple(shlex.split(text, comments=True))
            if words:
                yield ShownCommand(who, words, _comment(text))


def blocks(page: str) -> list[CommandBlock]:
    """Return the blocks of commands of a page, in order."""
    found, lines = list[CommandBlock](), page.splitlines()
    place = 0
    while place < len(lines):
        fence = re.fullmatch(r"```(\w*)", lines[place])
        place += 1
        if fence is None:
            continue
        end = lines.index("```", place)
        if fence[1] in LANGUAGES:
            before = _NOT_RUN.fullmatch(lines[place - 2]) if place > 1 else None
            found.append(
                CommandBlock(
                    place, fence[1], tuple(lines[place:end]), "" if before is None else before[1]
                )
            )
        place = end + 1
    return found


def commands_shown(page: str) -> list[tuple[str, str]]:
    """Return who runs which command on a page, ids of cases and backfills left out."""
    return [
        (command.who, _ID.sub("ID", " ".join(command.words)))
        for block in blocks(page)
        for command in block.commands()
    ]


def _comment(text: str) -> str:
    """Return what follows the first # that begins a word outside of quotes."""
    words = shlex.shlex(text, posix=True, punctuation_chars=False)
    words.whitespace_split, words.commenters = True, ""
    for word in words:
        if word.startswith("#"):
            return text[text.rindex(word) :].lstrip("# ").strip()
    return ""
