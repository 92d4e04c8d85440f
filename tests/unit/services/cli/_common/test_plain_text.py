"""Text from outside neither steers the terminal of whoever reads it, nor is taken for markup."""

import io
import json

import pytest
from rich.table import Table

from services.cli._common import plain_text
from services.cli._common.console import PlainConsole, print_json

ESCAPES = [
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]52;c;ZXZpbA==\x1b\\",
    "\x9b31m",
    "\x9d0;title\x9c",
    "\x00\x08\x0b\x0c\x0d\x0e\x7f",
    "\u202eexe.txt\u202c",
    "\u2066a\u2069",
    "\u2028\u2029\u200e\u200f\u061c",
]
MARKUP = ["[red]a[/]", "[link=http://a.example]b[/link]", "[/]", "[bold", ":warning:"]


def harmful(text: str) -> set[str]:
    return {one for one in text if not one.isprintable() and one not in "\n\t"}


def printed(thing: object, *, terminal: bool = False) -> str:
    console = PlainConsole(width=200)
    console.file = io.StringIO()
    if terminal:
        console._force_terminal = True  # noqa: SLF001 - what a person at a terminal gets
    console.print(thing)
    return console.file.getvalue()


def a_table(*cells: str) -> Table:
    table = Table("said", title=cells[0], box=None)
    for cell in cells:
        table.add_row(cell)
    return table


@pytest.mark.parametrize("text", ESCAPES)
def test_terminal_escapes_are_removed_from_printed_texts(text: str) -> None:
    for thing in (text, a_table(text)):
        assert harmful(printed(thing)) == set()
    assert harmful(plain_text.visible(text)) == harmful(plain_text.one_line(text)) == set()


@pytest.mark.parametrize("text", ESCAPES)
def test_on_a_terminal_only_our_own_colours_are_left(text: str) -> None:
    shown = printed(a_table(text), terminal=True)

    for ours in ("\x1b[1m", "\x1b[3m", "\x1b[0m"):
        shown = shown.replace(ours, "")
    assert harmful(shown) == set()


@pytest.mark.parametrize("text", MARKUP)
def test_markup_is_printed_literally(text: str) -> None:
    assert text in printed(text)
    assert printed(a_table(text)).count(text) == 2


def test_lines_and_tabs_stay() -> None:
    assert plain_text.visible("a\tb\n号码 é 👍") == "a\tb\n号码 é 👍"
    assert plain_text.one_line("a\tb\n号码 é 👍") == "a?b?号码 é 👍"


@pytest.mark.parametrize("text", [*ESCAPES, *MARKUP, "号码\n"])
def test_escaped_json_has_the_same_value(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"reason": text})
    shown = capsys.readouterr().out

    assert harmful(shown) == set()
    assert json.loads(shown) == {"reason": text}
