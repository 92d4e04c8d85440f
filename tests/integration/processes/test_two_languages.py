"""What commands print is in one language, Chinese or English; failures and wrong lines, too.

`tests/cases/two_languages.toml` has the commands, and what is the same in both languages.
"""

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from services.__main__ import app
from tests.support.checkout import CHECKOUT
from tests.support.hostile_server import hostile_server
from tests.support.processes import LEAN, Running, fanzha_up, run

LISTED = "+8617000000471"
FILE = f"号码,原因,到期\n{LISTED},二,2031-01-01\n110,误,2031-01-01\n?,x,\n"
CASES = tomllib.loads((CHECKOUT / "tests/cases/two_languages.toml").read_text(encoding="utf-8"))
SAME = re.compile("|".join(CASES["same"]))
ENGLISH = re.compile(r"[A-Za-z][a-z]+(?:,? [A-Za-z][a-z]+)+")
"""Two words or more: one alone may be a word that people type, such as ``block``."""
CHINESE = re.compile("[\u4e00-\u9fff]+")
IN_ENGLISH = (
    *("check call --from +8617000000471 --to +8619900000001", "blocklist show +8617000000471"),
    *("blocklist import FILE --source bureau --reason 7 --preview", "blocklist status"),
    *("blocklist add 110 --source bureau --reason 7", "changes list", "changes show 1"),
    *("changes show 9999", "identity show", "blocklist list --limit 0"),
)
"""Commands that are run in English, too."""

DAMAGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a line is missing": lambda lines: [*lines[:1], *lines[2:]],
    "lines are missing": lambda lines: [*lines[:1], *lines[4:]],
    "the beginning is missing": lambda lines: lines[2:],
    "everything is missing": lambda _lines: [],
    "lines were exchanged": lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    "a line was put in twice": lambda lines: [*lines[:2], *lines[1:]],
    "a line was cut": lambda lines: [*lines[:-1], lines[-1][:40]],
    "the last line is not ended": lambda lines: [*lines[:-1], lines[-1].rstrip()],
    "bytes were changed": lambda lines: [lines[0], b"\xff" + lines[1], *lines[2:]],
    "a member was added": lambda lines: [lines[0], b'{"x":1}\n', *lines[2:]],
    "a member has another form": lambda lines: [
        lines[0],
        lines[1]
        .replace(b'"kind":"', b'"kind":7,"kind":"')
        .replace(b'"sequence":2', b'"sequence":"2"'),
        *lines[2:],
    ],
    "blanks were put in": lambda lines: [lines[0], lines[1].replace(b",", b", ", 1), *lines[2:]],
    "a word was changed": lambda lines: [
        lines[0],
        lines[1].replace(b'"actor":"', b'"actor":"x'),
        *lines[2:],
    ],
}
"""What may have happened to an audit log, by name."""

PAGE = CHECKOUT / "docs/how-to/languages.md"
SHOWN = re.findall(
    r"^\| `(.+)` \| (.+) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
)
"""Ten commands, and a line of what each prints in English and in Chinese."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    (folder / "list.csv").write_text(FILE, encoding="utf-8")
    with fanzha_up(folder, workers=1, FANZHA_LANGUAGE="zh", **LEAN) as service:
        for pattern in (LISTED, "listed.example"):
            service.fanzha(
                *("blocklist", "add", pattern, "--fraud-type", "fake_loan", "--source", "bureau"),
                *("--reason", "7", "--by", "li"),
            )
        yield service


@pytest.fixture(scope="module")
def filled() -> Iterator[str]:
    with hostile_server(lambda field: LISTED if field == "pattern" else "数") as address:
        yield address


def printed(line: str, language: str, folder: Path, **settings: str) -> str:
    words = shlex.split(line.replace("FILE", str(folder / "list.csv")))
    variables = dict(word.split("=", 1) for word in words if word.startswith("FANZHA_"))
    common = {
        "FANZHA_LANGUAGE": language,
        "COLUMNS": "200",
        "XDG_CONFIG_HOME": str(folder),
        "FANZHA_DATA_DIR": str(folder / "elsewhere"),
        "GRPC_VERBOSITY": "NONE",
    }
    done = run(
        *(word for word in words if not word.startswith("FANZHA_")),
        **(common | settings | variables),
    )
    return done.stdout + done.stderr


def lines(name: str) -> list[str]:
    found: str = CASES[name]
    return found.split("\n")[:-1]


def as_shown(cell: str) -> str:
    """Return an expression for a line of a page: ids, numbers and spaces differ."""
    pattern = re.escape(cell).replace("n…", r"n\w+").replace("vm/", r"\S+/")
    return re.sub(r"\d+", r"\\d+", re.sub(r"(?:\\ )+", r"\\s+", pattern))


def english(text: str, *, without: str) -> list[str]:
    """Return the runs of English words of a text, but for what the command line says itself."""
    for word in sorted(set(re.findall(r"[\w-]{2,}", without)), key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(word)}\b", "'…'", text)
    return ENGLISH.findall(SAME.sub(" … ", text))


@pytest.mark.parametrize("line", lines("service"))
def test_a_command_prints_no_english_in_chinese(service: Running, line: str) -> None:
    told = printed(
        line,
        "zh",
        service.folder,
        FANZHA_TARGET=service.interception,
        FANZHA_ADMIN_TARGET=service.admin,
        FANZHA_REDIS_URL=service.redis_url,
    )

    assert CHINESE.search(told), told
    assert english(told, without=line) == [], told


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_wrong_with_an_audit_log_is_said_in_chinese(
    service: Running, tmp_path: Path, damage: Callable[[list[bytes]], list[bytes]]
) -> None:
    [log] = (service.folder / "audit").glob("audit-*.jsonl")
    copy = tmp_path / log.name
    copy.write_bytes(b"".join(damage(log.read_bytes().splitlines(keepends=True))))
    key = service.folder / "audit" / "key.pub"

    told = printed(f"audit verify {copy} --public-key {key}", "zh", tmp_path)

    assert "已损坏" in told
    assert english(told, without="") == [], told


@pytest.mark.parametrize("line", lines("displays"))
def test_a_display_has_no_english_in_chinese(filled: str, tmp_path: Path, line: str) -> None:
    targets = ("FANZHA_TARGET", "FANZHA_ADMIN_TARGET", "FANZHA_WARNING_TARGET")

    told = printed(line, "zh", tmp_path, **dict.fromkeys(targets, filled))

    assert english(told, without=line) == [], told


@pytest.mark.parametrize("line", IN_ENGLISH)
def test_a_command_prints_no_chinese_in_english(service: Running, line: str) -> None:
    told = printed(
        line,
        "en",
        service.folder,
        FANZHA_TARGET=service.interception,
        FANZHA_ADMIN_TARGET=service.admin,
    )

    assert CHINESE.findall(re.sub("号码|原因|到期|二|误", "", told)) == [], told


@pytest.mark.parametrize(("line", "in_english", "in_chinese"), SHOWN)
def test_the_page_shows_what_commands_print(
    service: Running, line: str, in_english: str, in_chinese: str
) -> None:
    for language, cell in (("en", in_english), ("zh", in_chinese)):
        told = printed(
            line.replace("list.csv", "FILE"),
            language,
            service.folder,
            FANZHA_TARGET=service.interception,
            FANZHA_ADMIN_TARGET=service.admin,
        )

        assert re.search(as_shown(cell), told), f"{cell}\n{told}"


def test_the_screen_of_a_service_is_in_its_language(service: Running) -> None:
    log = (service.folder / "up.log").read_text(encoding="utf-8")
    screen = "\n".join(line for line in log.splitlines() if not line.startswith("{"))

    assert "判定" in screen
    assert english(screen, without="") == []


def test_every_group_of_commands_is_among_them() -> None:
    group: Any = get_command(app)
    assert isinstance(group, TyperGroup)
    run_somewhere = {
        word for name in ("service", "displays") for line in lines(name) for word in line.split()
    }

    # Servers need an environment of their own; the others take files of traffic.
    beyond = {"admin", "bench", "console", "replay", "score", "warn", "worker"}
    assert group.commands.keys() - run_somewhere == beyond
