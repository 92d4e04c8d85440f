"""The site of the tour: a service with TLS, people with tokens, and a carrier that calls."""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeAlias

from rich.console import Console
from rich.markup import escape

from fanzha.client import Client, Login, Options
from services.settings import loader

FANZHA = [sys.executable, "-m", "services"]
PEOPLE = {
    "li": ("editor",),
    "wang": ("approver",),
    "zhao": ("appeals_officer",),
    "chen": ("auditor",),
    "sun": ("carrier",),
    "gateway": ("carrier",),
}
"""Names and roles; after an @ the region of the scope, if it is limited."""
START_SECONDS = 90
COMMAND_SECONDS = 120
WATCH_SECONDS = 60.0
EMERGENCY_HOURS = 0.003
"""Eleven seconds, so that the tour sees an emergency end; a bureau has 24 hours."""

MOST_LINES = 13
"""Lines that the page shows of what a command prints."""
SHORT = 9
"""The same where the rest repeats what an earlier command showed."""

Runner: TypeAlias = "Callable[[Sequence[str], Mapping[str, str]], subprocess.CompletedProcess[str]]"
"""Runs ``fanzha`` with arguments in exactly this environment, to its end."""

console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
page: list[str] = []
"""The story so far, in Markdown."""


def heading(text: str) -> None:
    """Begin a part."""
    console.print(f"\n[bold]{text}[/]")
    page.append(f"\n## {text}\n")


def say(text: str) -> None:
    """Tell what happened."""
    console.print(text, markup=False, soft_wrap=True)
    page.append(f"{text[:1].upper()}{text[1:]}{'' if text[-1:] in '.:' else '.'}\n")


def _show(who: str, arguments: tuple[str, ...], printed: str, most: int = MOST_LINES) -> None:
    command = f"{who}$ fanzha {_shown(arguments)}"
    console.print(f"[dim]{escape(command)}[/]", soft_wrap=True)
    console.print(printed, markup=False, soft_wrap=True)
    lines = [line.rstrip() for line in printed.splitlines()]
    cut = [f"… {len(lines) - most} more lines"] if len(lines) > most else []
    page.append("\n".join(["```console", command, *lines[:most], *cut, "```\n"]))


def run_command(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Start a command and wait for its end."""
    return subprocess.run(  # noqa: S603
        [*FANZHA, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )


class Watch:
    """Calls repeatedly, and records the first awaited answer."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask = ask
        self._ended = threading.Event()
        self._changed = threading.Condition()
        self._seen: list[tuple[float, Any]] = []
        self.answer: Any = None
        self.at_ms = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def wait(self, accept: Callable[[Any], bool]) -> None:
        """Wait for the first answer that *accept* approves; answers to earlier calls count."""
        until = time.monotonic() + WATCH_SECONDS
        while True:
            with self._changed:
                for place, (at_ms, answer) in enumerate(self._seen):
                    if accept(answer):
                        self.at_ms, self.answer = at_ms, answer
                        del self._seen[:place]
                        return
                self._changed.wait(0.5)
            if time.monotonic() > until:
                raise RuntimeError("what was waited for did not happen")

    def _run(self) -> None:
        while not self._ended.is_set():
            answer = self._ask()
            if answer.status is None:  # A real answer, not one that failed open.
                with self._changed:
                    self._seen.append((time.time() * 1000, answer))
                    self._changed.notify()
            time.sleep(0.01)


class Site:
    """A running service, and how people and the carrier reach it."""

    def __init__(
        self,
        data: Path,
        endpoints: Mapping[str, str],
        identities: Path,
        client: Client,
        runner: Runner,
    ) -> None:
        self.data = data
        self.endpoints = dict(endpoints)
        self.client = client
        self._runner = runner
        self.last = ""
        """What the last command printed."""
        self._common = {
            "FANZHA_TARGET": endpoints["interception"],
            "FANZHA_ADMIN_TARGET": endpoints["admin"],
            "FANZHA_WARNING_TARGET": endpoints.get("warning", ""),
            "FANZHA_DATA_DIR": str(data),
            "FANZHA_TLS_CA": str(identities / "ca.pem"),
        }
        self._tokens = {file.stem: file for file in identities.glob("*.token")}

    def fanzha(self, who: str, *arguments: str, quiet: bool = False, most: int = MOST_LINES) -> str:
        """Run a command, and show *most* of its lines; raises RuntimeError when it fails."""
        if self._run(who, arguments, quiet=quiet, most=most):
            raise RuntimeError(f"{who}: fanzha {' '.join(arguments)}: {self.last}")
        return self.last

    def fails(self, who: str, *arguments: str) -> int:
        """Run a command that must fail; return its status."""
        status = self._run(who, arguments, quiet=False)
        if not status:
            raise RuntimeError(f"{who}: fanzha {' '.join(arguments)} should have failed")
        return status

    def json(self, who: str, *arguments: str, quiet: bool = False) -> Any:
        """Run a command for its JSON."""
        found = json.loads(self.fanzha(who, *arguments, "--json", quiet=True))
        if not quiet:
            _show(who, arguments, "")
        return found

    def watching(self, ask: Callable[[], Any]) -> Watch:
        """Call repeatedly until the context ends."""
        return Watch(ask)

    def _run(
        self, who: str, arguments: tuple[str, ...], *, quiet: bool, most: int = MOST_LINES
    ) -> int:
        done = self._runner(
            arguments,
            _environment() | self._common | {"FANZHA_TOKEN_FILE": str(self._tokens[who])},
        )
        self.last = (done.stdout or "") + (done.stderr if done.returncode else "")
        if not quiet:
            _show(who, arguments, self.last.rstrip(), most)
        return done.returncode


@contextmanager
def site(
    folder: Path,
    people: Mapping[str, Sequence[str]] = PEOPLE,
    settings: Mapping[str, str] | None = None,
    runner: Runner = run_command,
) -> Iterator[Site]:
    """Run ``fanzha up`` with identities of *people* in *folder*, on free ports.

    Every other command runs by *runner*.
    """
    identities, data = folder / "identity", folder / "data"
    _make_identities(identities, people, runner)
    changed = {
        "FANZHA_CONFIG": str(identities / "fanzha.toml"),
        "FANZHA_DATA_DIR": str(data),
        **loader.free_ports(),
        "FANZHA_LOG_LEVEL": "error",
        "FANZHA_EMERGENCY_HOURS": str(EMERGENCY_HOURS),
        **(settings or {}),
    }
    with subprocess.Popen(  # noqa: S603
        [*FANZHA, "up"], env=_environment() | changed, stderr=subprocess.DEVNULL
    ) as process:
        try:
            endpoints = _endpoints(data, process)
            login = Login(token_file=str(identities / "gateway.token"),
                          ca=str(identities / "ca.pem"))  # fmt: skip
            options = Options(timeout=2.0)
            with Client(endpoints["interception"], options, login=login) as client:
                client.wait_until_ready(10)
                yield Site(data, endpoints, identities, client, runner)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _make_identities(identities: Path, people: Mapping[str, Sequence[str]], runner: Runner) -> None:
    for arguments in (
        ("identity", "init", str(identities)),
        *(
            ("identity", "token", "--dir", str(identities), "--name", who,
             *(part for role in roles for part in _role_and_reach(role)),
             "--out", str(identities / f"{who}.token"))
            for who, roles in people.items()
        ),
    ):  # fmt: skip
        runner(arguments, _environment()).check_returncode()


def _role_and_reach(role: str) -> tuple[str, ...]:
    """Return the options for a role such as ``dispatcher`` or ``dispatcher@3405``."""
    name, _, region = role.partition("@")
    return ("--role", name, *(("--region", region) if region else ()))


def _endpoints(data: Path, process: "subprocess.Popen[bytes]") -> dict[str, str]:
    file, until = data / "endpoints.json", time.monotonic() + START_SECONDS
    while not file.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("fanzha up did not start")
        time.sleep(0.1)
    found: dict[str, str] = json.loads(file.read_text())
    return found


def _environment() -> dict[str, str]:
    """Return the environment without settings of other services."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FANZHA_")}


def _shown(arguments: tuple[str, ...]) -> str:
    short = [Path(one).name if one.startswith("/") else one for one in arguments]
    return shlex.join(short)
