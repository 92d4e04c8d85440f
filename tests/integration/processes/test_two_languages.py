"""What ten commands print about a running service is in one language, Chinese or English."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.processes import LEAN, Running, fanzha_up, run

LISTED = "+8617000000471"
FILE = f"号码,原因,到期\n{LISTED},二,2031-01-01\n110,误,2031-01-01\n?,x,\n"
COMMANDS = (
    ("check", "call", "--from", LISTED, "--to", "+8619900000001"),
    ("blocklist", "add", "110", "--source", "bureau", "--reason", "7", "--by", "li"),
    ("blocklist", "import", "FILE", "--source", "bureau", "--reason", "7", "--preview"),
    ("blocklist", "show", LISTED),
    ("blocklist", "status"),
    ("changes", "list"),
    ("changes", "show", "1"),
    ("changes", "show", "9999"),
    ("identity", "show"),
    ("blocklist", "list", "--limit", "0"),
)
NAMES = re.compile(
    r"--[\w-]+|'[^']*'|fanzha [\w -]+|\b[a-z0-9]{16}\b|\b[0-9a-f]{64}\b|[\w-]+/\d+|-----.*-----"
    r"|second_person|by_identity|NOT_FOUND|INVALID_ARGUMENT|\bSHA\b|\bURL\b|list\.csv|\bcsv\b|\butf\b"
    r"|python -m services [\w ]+|developer"
    r"|\breason\b|\bnumber\b|\bexpires\b|pattern：|\bli\b|\d\d:\d\d:\d\dZ|T\d\d:"
)
"""What is the same in both: options, ids, codes, names of columns, fields and settings."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    (folder / "list.csv").write_text(FILE, encoding="utf-8")
    with fanzha_up(folder, workers=1, **LEAN) as service:
        service.fanzha(
            *("blocklist", "add", LISTED, "--fraud-type", "fake_loan", "--source", "bureau"),
            *("--reason", "7", "--by", "li"),
        )
        yield service


def printed(service: Running, language: str, command: tuple[str, ...]) -> str:
    file = str(service.folder / "list.csv")
    done = run(
        *(file if word == "FILE" else word for word in command),
        FANZHA_TARGET=service.interception,
        FANZHA_ADMIN_TARGET=service.admin,
        FANZHA_LANGUAGE=language,
        COLUMNS="200",
    )
    return done.stdout + done.stderr


def words(text: str, *, without: tuple[str, ...]) -> list[str]:
    for word in sorted(without, key=len, reverse=True):
        text = text.replace(word, " ") if len(word) > 1 else text
    return re.findall(r"[A-Za-z]{3,}", NAMES.sub(" ", text))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_prints_in_the_language_of_the_user(
    service: Running, command: tuple[str, ...]
) -> None:
    chinese, english = (printed(service, language, command) for language in ("zh", "en"))

    shown: Any = re.sub("号码|原因|到期|二|误", "", english)
    assert re.findall("[\u4e00-\u9fff]+", shown) == [], english
    assert re.search("[\u4e00-\u9fff]", chinese), chinese
    assert words(chinese, without=command) == [], chinese
