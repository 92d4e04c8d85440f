"""The commands that how-to pages show run on a service that lists a number, a range and a trial."""

import os
from collections.abc import Iterator
from contextlib import chdir

import pytest

from tests.support.checkout import CHECKOUT
from tests.support.page_commands import ShownCommand, blocks
from tests.support.processes import LEAN, Running, fanzha_up, run_in

PAGES = {
    "docs/how-to/audit.md": 6,
    "docs/how-to/decision-log.md": 3,
    "docs/how-to/entries.md": 12,
    "docs/how-to/list-files.md": 4,
    "docs/zh/how-to/list-files.md": 4,
}
"""Commands of a page that run, at least."""
LEFT_OUT = {
    "audit tail": "follows until Ctrl-C",
    "audit verify data/audit --anchors": "a folder of the reader's, on a medium written once",
    "blocklist drop": "asks at a terminal; needs a trial that is over",
    "blocklist import list.csv --source carrier": "a file of the reader's, with columns of its own",
    "blocklist mappings forget": "an id of the reader's",
    "blocklist mappings show": "an id of the reader's",
    "blocklist promote": "a range this wide needs a second person, as the page says",
    "blocklist renew": "an entry of the reader's",
    "changes apply": "a change of the reader's",
    "decisions why": "a decision of the reader's",
}
"""How commands begin that do not run here, and why."""
FINDS = ("decisions find", "blocklist bulk-")
"""How commands begin that end with 1 where nothing fits, as grep does."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("how-to")
    (folder / "examples").symlink_to(CHECKOUT / "examples")
    (folder / "list.csv").symlink_to(CHECKOUT / "examples" / "list.csv")
    data = folder / "data"
    data.mkdir()
    with fanzha_up(data, workers=1, **LEAN) as running:
        add = ("blocklist", "add", "--source", "bureau", "--reason", "test")
        running.fanzha(*add, "+8617000000123", "--fraud-type", "fake_loan")
        yield running


def begins(command: ShownCommand, *words: str) -> bool:
    return " ".join(command.words[1:]).startswith(words)


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_how_to_page_run(page: str, service: Running) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FANZHA_")}
    environment = clean | {
        "FANZHA_TARGET": service.interception,
        "FANZHA_ADMIN_TARGET": service.admin,
        "FANZHA_LANGUAGE": "en",
    }
    shown = [one for block in blocks((CHECKOUT / page).read_text()) for one in block.commands()]
    commands = [one for one in shown if not begins(one, *LEFT_OUT)]

    failed = []
    with chdir(service.folder.parent):
        for command in commands:
            assert command.words[0] == "fanzha"
            done = run_in(command.words[1:], environment)
            if done.returncode > (1 if begins(command, *FINDS) else 0):
                failed.append(f"{' '.join(command.words)}: {done.returncode} {done.stderr}")

    assert failed == []
    assert len(commands) >= PAGES[page]


def test_what_is_left_out_is_shown() -> None:
    shown = [
        one
        for page in PAGES
        for block in blocks((CHECKOUT / page).read_text())
        for one in block.commands()
    ]

    assert [words for words in LEFT_OUT if not any(begins(one, words) for one in shown)] == []
