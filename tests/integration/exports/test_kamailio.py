"""The export for Kamailio, read by a real one with examples/kamailio.cfg."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

import pytest

from blocklists.entries import EntryKind
from fanzha import service_codes
from tests.support.builders import NINE_O_CLOCK_MS
from tests.support.checkout import CHECKOUT
from tests.support.external_servers import datagram_reply, program, started
from tests.support.list_admin import administering
from tests.support.processes import eventually, run
from tests.support.reserved_ports import reserved_port
from tests.support.unguarded_lists import (
    EVIL_NUMBERS,
    MISSPELLED_NAMES,
    REFUSED_NUMBERS,
    allowed,
    blocked,
    plant,
    quarantined,
)

CONFIGURATION = CHECKOUT / "examples" / "kamailio.cfg"
LISTED = "+8617000000123"
BLOCKED = [
    LISTED, "17000000123", "017000000123", "8617000000123", "008617000000123", "86017000000123",
    "1790917000000123", "%2B8617000000123", "170-0000-0123", "(+86)17000000123",
    "+8617000000123;phone-context=home.test",
    "+8617100000001", "17100000001", "008617100000001",      # in a range
    "010-55550123", "861055550123", "+861055550123", "0010-55550123"[1:],
    "4005550123", "864005550123", "1440000000123", "+861440000000123",
    "1069012345", "10690123456789012345",                    # a code; one of twenty digits
    "1068123456",                                            # in a range of codes
    "+12025550123", "0012025550123",
    "955", "123", "+861",                                    # exactly these numbers
]  # fmt: skip
LET_THROUGH = [
    "+8617100000999", "17100000999",                         # allowed, in a listed range
    "+8617110000001", "17110000001",                         # in an allowed range, in a listed one
    "+86170000001230", "+861700000012", "17000000124",       # longer, shorter, next
    "95588", "955888", "12345", "12321", "10086", "10010", "110", "119", "120", "122", "96110",
    "13900000000", "+8613900000000", "8613900000000", "008613900000000", "+8610",
    "+1069012345", "+86955", "1002", "1234",
    "anonymous", "anonymous%00", "+86", "sip-17000000123", "1700000012x",
]  # fmt: skip
PROTECTED_CALLEES = ["110", "119", "120", "122", "112", "12345", "12110", "10086", "95588", "96110",
                     "955888"]  # fmt: skip


class Switch:
    """Calls through a running Kamailio."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._calls = 0

    def call(self, caller: str, callee: str = "+8617000000999") -> int:
        """Return the status of the answer to an INVITE; 0 when there is none."""
        return self.call_uri(caller, f"sip:{callee}@carrier.test")

    def call_uri(self, caller: str, uri: str) -> int:
        """Return the status of the answer to an INVITE with this Request-URI."""
        self._calls += 1
        name = f"{crc32(caller.encode())}-{self._calls}"
        lines = [
            f"INVITE {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK{name}",
            f"From: <sip:{caller}@carrier.test>;tag={name}",
            "To: <sip:callee@carrier.test>",
            f"Call-ID: {name}@carrier.test",
            "CSeq: 1 INVITE",
            "Max-Forwards: 70",
            "Content-Length: 0",
        ]
        answer = datagram_reply(self._port, "\r\n".join([*lines, "", ""]).encode())
        return int(answer.split(maxsplit=2)[1]) if answer else 0


Reload = Callable[[str], None]


@contextmanager
def kamailio(folder: Path, tables: Path) -> Iterator[tuple[Switch, Reload]]:
    """Run Kamailio on *tables*, with examples/kamailio.cfg and a control socket."""
    command, control = (
        program("kamailio", package="kamailio"),
        program("kamcmd", package="kamailio"),
    )
    port, socket = reserved_port(), folder / "ctl"
    text = CONFIGURATION.read_text().replace("127.0.0.1:5060", f"127.0.0.1:{port}")
    text = text.replace("/etc/kamailio/dbtext", str(tables))
    text += f'\nloadmodule "ctl.so"\nmodparam("ctl", "binrpc", "unix:{socket}")\ndisable_tcp=yes\n'
    file = folder / "kamailio.cfg"
    file.write_text(text)
    switch = Switch(port)

    def reload(what: str) -> None:
        subprocess.run([control, "-s", f"unix:{socket}", *what.split()], check=True, timeout=30,
                       capture_output=True)  # fmt: skip

    arguments = ["-f", str(file), "-DD", "-E", "-m", "32", "-n", "1", "-Y", str(folder)]
    with started([command, *arguments], folder, lambda: switch.call("1") != 0):
        yield switch, reload


@pytest.fixture
def target(redis_url: str, tmp_path: Path) -> Iterator[str]:
    program("kamailio", package="kamailio")
    with administering(redis_url, tmp_path / "lists", lambda: NINE_O_CLOCK_MS) as target:
        yield target


def export(target: str, folder: Path, *more: str) -> str:
    """Export into *folder*; return what is said."""
    arguments = ("--format", "kamailio", "--out", str(folder), "--target", target)
    done = run("blocklist", "export", *arguments, *more)
    assert done.returncode == 0, done.stderr
    return done.stderr


def exported(target: str, folder: Path) -> str:
    """Export into *folder*; return the tables, one after the other."""
    export(target, folder)
    return "\n".join(file.read_text() for file in sorted(folder.iterdir()))


def test_exactly_listed_callers_are_declined_in_all_written_forms(
    target: str, redis_url: str, tmp_path: Path
) -> None:
    plant(
        redis_url,
        [
            *blocked(LISTED, "+86171*", "+861055550123", "+864005550123", "+861440000000123"),
            *blocked("1069012345", "1069012345678901234", "1068*", "+12025550123"),
            *blocked(*EVIL_NUMBERS),
            *blocked(*MISSPELLED_NAMES, kind=EntryKind.HOST),
            *allowed("+8617100000999", "+8617110*"),
        ],
    )

    output = export(target, tmp_path / "tables")

    with kamailio(tmp_path, tmp_path / "tables") as (switch, _):
        statuses = {caller: switch.call(caller) for caller in (*BLOCKED, *LET_THROUGH)}
        emergencies = {
            written: switch.call(LISTED, written.replace("+", "%2B"))
            for callee in PROTECTED_CALLEES
            for written in (*service_codes.written_forms(callee, [10, 571]), f"10{callee}")
        }
        subscribers = [
            switch.call(LISTED, one) for one in ("+861012345678", "057188880000", "+12025550123")
        ]
        by_name = switch.call_uri(LISTED, "urn:service:sos.police")
        # What cannot be read must not count as the number that was read before it.
        unread = [switch.call(one, LISTED) for one in ("anonymous", "%zz", "", "1%zz", "x")]
        to_a_name = switch.call(LISTED, "x")
    assert statuses == dict.fromkeys(BLOCKED, 603) | dict.fromkeys(LET_THROUGH, 404)
    assert set(emergencies.values()) == {404}
    assert by_name == 404
    assert unread == [404] * 5
    assert to_a_name == 603
    assert subscribers == [603] * 3
    # The list follower dropped the others before any export.
    assert "2 that name or cover what nothing may block left out" in output
    assert quarantined(target) == [("guarded", REFUSED_NUMBERS)]


def test_a_list_of_protected_numbers_alone_gives_empty_tables_that_load(
    target: str, redis_url: str, tmp_path: Path
) -> None:
    plant(redis_url, blocked("110", "1*", "9558*", "+86110", "12345"))

    output = export(target, tmp_path / "tables")

    with kamailio(tmp_path, tmp_path / "tables") as (switch, _):
        statuses = [switch.call(one) for one in ("110", "95588", "12345", "17000000123")]
    assert statuses == [404] * 4
    assert output.startswith("0 entries written")
    assert quarantined(target) == [("guarded", 5)]


def test_tables_are_reloaded_without_a_restart(target: str, redis_url: str, tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    plant(redis_url, blocked(LISTED, "+86171*"))
    export(target, tables)

    with kamailio(tmp_path, tables) as (switch, reload):
        before = [switch.call(one) for one in (LISTED, "17100000001", "17200000001")]
        plant(redis_url, [*allowed(LISTED, "+8617100000001"), *blocked("+86172*")])
        # Administration follows what is planted in a moment.
        eventually(lambda: "86172" in exported(target, tables), 30)
        # db_text reads a file again when its time differs by a second.
        for file in tables.iterdir():
            os.utime(file, (time.time() + 5, time.time() + 5))
        reload("htable.reload numbers")
        reload("mtree.reload ranges")
        eventually(lambda: switch.call("17200000001") == 603, 30)
        after = [switch.call(one) for one in (LISTED, "17100000001", "17100000002")]
    assert before == [603, 603, 404]
    assert after == [404, 404, 603]


def test_callees_have_tables_of_their_own(target: str, redis_url: str, tmp_path: Path) -> None:
    plant(redis_url, blocked(LISTED))

    export(target, tmp_path / "tables", "--side", "to")

    assert {file.name for file in (tmp_path / "tables").iterdir()} == {
        "listed_to_numbers", "listed_to_ranges",
    }  # fmt: skip


def test_several_tables_need_a_folder(target: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")

    nowhere = run("blocklist", "export", "--format", "kamailio", "--target", target)
    onto_file = run(
        "blocklist", "export", "--format", "kamailio", "--out", str(file), "--target", target
    )

    assert (nowhere.returncode, onto_file.returncode) == (2, 2)
