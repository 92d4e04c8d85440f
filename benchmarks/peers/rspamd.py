"""rspamd as shipped, without its network modules, with a map of listed names and Bayes.

Bayes keeps its words in a Valkey of its own. The public suffix list gets our reserved
``example``, without which rspamd takes no name under it for a link.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers import processes
from benchmarks.peers.processes import Server

MODULES_OFF = (
    "arc", "asn", "dkim", "dkim_signing", "dmarc", "fuzzy_check", "greylist", "hfilter",
    "history_redis", "known_senders", "mid", "mx_check", "neural", "p0f", "phishing", "ratelimit",
    "rbl", "replies", "reputation", "rspamd_update", "spf", "surbl", "url_redirector", "whitelist",
)  # fmt: skip
"""What asks the network, or remembers senders."""
_SUFFIXES = Path("/usr/share/publicsuffix/effective_tld_names.dat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rspamd:
    """A running rspamd."""

    server: Server
    port: int
    """Of the worker that scans."""
    controller_port: int
    """Of the one that learns."""


def installed() -> bool:
    """Whether it can be run here."""
    return all(map(shutil.which, ("rspamd", "valkey-server"))) and _SUFFIXES.exists()


@contextmanager
def running(folder: Path, listed: Path | None) -> Iterator[Rspamd]:
    """Run it in *folder*; *listed* is a file of names that reject a text."""
    folder.mkdir()
    scan, learn, store = (processes.free_port() for _ in range(3))
    _configure(folder, scan, learn, store, listed)
    places = {"LOCAL_CONFDIR": folder, "DBDIR": folder, "RUNDIR": folder, "LOGDIR": folder}
    command = ["rspamd", "-f", "-i", "-c", "/etc/rspamd/rspamd.conf"]
    command += [f"--var={name}={place}" for name, place in places.items()]
    valkey = [
        "valkey-server", "--port", str(store), "--bind", "127.0.0.1", "--save", "",
        "--appendonly", "no", "--dir", str(folder),
    ]  # fmt: skip
    with ExitStack() as stack:
        stack.enter_context(
            Server(valkey, log=folder / "valkey", ready=lambda: processes.accepts(store))
        )
        server = stack.enter_context(
            Server(
                command,
                log=folder / "output",
                ready=lambda: processes.answers_http(scan, "/ping"),
            )
        )
        yield Rspamd(server=server, port=scan, controller_port=learn)


def spam_probability(answer: Mapping[str, Mapping[str, Any]]) -> float:
    """Read what Bayes believes from an answer to ``/checkv2``; 0.5 where it does not say.

    BAYES_HAM carries how sure it is of ham.
    """
    for name in ("BAYES_SPAM", "BAYES_HAM"):
        found = answer.get("symbols", {}).get(name)
        options = found.get("options") if found else None
        if isinstance(options, list) and options:
            sure = float(str(options[0]).rstrip("%")) / 100
            return sure if name == "BAYES_SPAM" else 1 - sure
    return 0.5


def _configure(folder: Path, scan: int, learn: int, store: int, listed: Path | None) -> None:
    override, local = folder / "override.d", folder / "local.d"
    override.mkdir()
    local.mkdir()
    suffixes = folder / "suffixes.dat"
    suffixes.write_text(_SUFFIXES.read_text() + "\nexample\n")
    files = {f"{module}.conf": "enabled = false;" for module in MODULES_OFF}
    files |= {
        "worker-fuzzy.inc": "enabled = false;",
        "worker-proxy.inc": "enabled = false;",
        "worker-normal.inc": f'bind_socket = "127.0.0.1:{scan}"; count = 1; task_timeout = 20s;',
        "worker-controller.inc": f'bind_socket = "127.0.0.1:{learn}"; count = 1;',
        "logging.inc": 'level = "error";',
        "redis.conf": f'servers = "127.0.0.1:{store}";',
        "classifier-bayes.conf": (
            f'servers = "127.0.0.1:{store}"; min_tokens = 1; min_learns = 1;'
        ),
        # No name server answers; nothing that is left asks one about a text.
        "options.inc": (
            'filters = "chartable,regexp";'
            f' url_tld = "{suffixes}";'
            ' dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }'
        ),
    }
    for name, text in files.items():
        (override / name).write_text(text + "\n")
    if listed is not None:
        rule = f'LISTED_HOST {{ type = "url"; map = "{listed}"; score = 20.0; }}\n'
        (local / "multimap.conf").write_text(rule)
