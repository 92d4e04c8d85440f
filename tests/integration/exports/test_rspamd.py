"""The map for rspamd, read by a real rspamd."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blocklists.entries import EntryKind
from tests.support.builders import NINE_O_CLOCK_MS
from tests.support.external_servers import program, started
from tests.support.list_admin import administering
from tests.support.processes import run
from tests.support.reserved_ports import reserved_port
from tests.support.unguarded_lists import (
    EVIL_NAMES,
    MISSPELLED_NAMES,
    allowed,
    blocked,
    plant,
    quarantined,
)

CONFIGURATION = Path("/etc/rspamd/rspamd.conf")
MODULES_OFF = (
    "arc", "asn", "dkim", "dkim_signing", "dmarc", "fuzzy_check", "greylist", "hfilter",
    "history_redis", "known_senders", "mid", "mx_check", "neural", "p0f", "phishing", "ratelimit",
    "rbl", "replies", "reputation", "rspamd_update", "spf", "surbl", "url_redirector", "whitelist",
)  # fmt: skip
"""What asks the network, or remembers senders."""
LISTED = ["bank.example", "BANK.example", "192.0.2.7", "xn--fiqs8s.example"]
NOT_LISTED = ["www.bank.example", "notbank.example", "ok.bank.example", "over.example", "gov.cn",
              "www.gov.cn", "beijing.gov.cn", "com.cn", "a.com.cn", "x.example"]  # fmt: skip


def configure(folder: Path, port: int, listed: Path) -> list[str]:
    """Configure rspamd as it is shipped, without its network; return the command that runs it."""
    for name in ("override.d", "local.d"):
        (folder / name).mkdir()
    suffixes = folder / "suffixes.dat"
    # Without a suffix of its own, rspamd takes no name under .example for a link.
    suffixes.write_text("com\ncn\ncom.cn\ngov.cn\nexample\n")
    files = {f"{module}.conf": "enabled = false;" for module in MODULES_OFF}
    files |= {
        "worker-fuzzy.inc": "enabled = false;",
        "worker-proxy.inc": "enabled = false;",
        "worker-controller.inc": "enabled = false;",
        "worker-normal.inc": f'bind_socket = "127.0.0.1:{port}"; count = 1; task_timeout = 20s;',
        "logging.inc": 'level = "error";',
        "options.inc": (
            f'filters = "chartable,regexp"; url_tld = "{suffixes}";'
            ' dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }'
        ),
    }
    for name, text in files.items():
        (folder / "override.d" / name).write_text(text + "\n")
    (folder / "local.d" / "multimap.conf").write_text(
        f'LISTED_HOST {{ type = "url"; map = "{listed}"; score = 20.0; }}\n'
    )
    places = {"LOCAL_CONFDIR": folder, "DBDIR": folder, "RUNDIR": folder, "LOGDIR": folder}
    command = [program("rspamd", package="rspamd"), "-f", "-i", "-c", str(CONFIGURATION)]
    return command + [f"--var={name}={place}" for name, place in places.items()]


def checked(port: int, host: str) -> dict[str, Any]:
    """Return what rspamd says of a mail with a link to *host*."""
    mail = f"From: a@sender.test\nTo: b@receiver.test\nSubject: x\n\nSee http://{host}/x today.\n"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/checkv2", mail.encode())
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
    return found


def answers(port: int) -> bool:
    """Tell whether the worker that scans is there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=60):
            return True
    except OSError:
        return False


@pytest.fixture
def target(redis_url: str, tmp_path: Path) -> Iterator[str]:
    program("rspamd", package="rspamd")
    with administering(redis_url, tmp_path / "lists", lambda: NINE_O_CLOCK_MS) as target:
        yield target


def test_exactly_links_to_listed_hosts_are_found(
    target: str, redis_url: str, tmp_path: Path
) -> None:
    plant(
        redis_url,
        [
            *blocked("bank.example", "over.example", "xn--fiqs8s.example"),
            *blocked("192.0.2.7", kind=EntryKind.HOST),
            *blocked(*EVIL_NAMES, *MISSPELLED_NAMES, kind=EntryKind.HOST),
            *blocked("y.example\nx.example", "*.cn", "/example/i", kind=EntryKind.HOST),
            *allowed("ok.bank.example", "over.example"),
        ],
    )
    listed, port = tmp_path / "listed.map", reserved_port()

    done = run("blocklist", "export", "--format", "rspamd", "--out", str(listed), "--target",
               target)  # fmt: skip

    assert done.returncode == 0, done.stderr
    with started(configure(tmp_path, port, listed), tmp_path, lambda: answers(port)):
        found = {host: checked(port, host) for host in (*LISTED, *NOT_LISTED)}
    hit = [host for host, answer in found.items() if "LISTED_HOST" in answer["symbols"]]
    assert hit == LISTED
    # The others are seen as links: they were asked for, and not found.
    assert all(answer.get("urls") for host, answer in found.items() if host != "gov.cn")
    # The list follower dropped names in canonical form before any export; the export's own guard
    # is left with the misspelled ones and with ``*.cn``.
    assert "3 that name or cover what nothing may block left out" in done.stderr
    assert quarantined(target) == [("guarded", len(EVIL_NAMES))]
    assert "2 with patterns that the format cannot hold left out" in done.stderr
