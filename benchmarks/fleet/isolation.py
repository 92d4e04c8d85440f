"""Runs the fleet where nothing of it can stay behind: in namespaces that end with their process.

The command starts itself again by ``unshare``, in a namespace of networks, of mounts and of
processes. Whatever becomes of it (an error, Ctrl-C, SIGKILL), the kernel ends every process in
there with the first one, and then no network, address or mount of it is left. Namespaces are held
by processes and have no names on the machine.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks import processes
from benchmarks.service import CHECKOUT

_INSIDE = "FLEET_INSIDE"
_PROGRAMS = ("setpriv", "unshare", "nsenter", "ip", "mount", "umount", "mkfs.ext4", "fsck.ext4",
             "findmnt", "hostname", "sync")  # fmt: skip
_TUN = Path("/dev/net/tun")
_HOLD = ("unshare", "--net", "--uts", "sleep", "infinity")
_START_SECONDS = 30.0
_END_SECONDS = 30.0
_POLL_SECONDS = 0.01


def missing() -> list[str]:
    """Say what this machine lacks; empty where a fleet can run."""
    found = []
    if os.geteuid() != 0:
        found.append("root: namespaces of networks and mounts, as in `sudo make fleet`")
    found += [f"the program {one}" for one in _PROGRAMS if shutil.which(one) is None]
    if not _TUN.is_char_device():
        found.append(f"{_TUN}: network devices of programs (module tun)")
    if not found and not _namespaces_permitted():
        found.append("the permission to make namespaces, which a container may lack")
    return found


def inside() -> bool:
    """Return whether this process is the one that `enter` started."""
    return os.environ.get(_INSIDE) == "1" and os.getpid() == 1


def enter(module: str, arguments: Sequence[str]) -> int:
    """Run a module of this checkout in namespaces of its own; return its exit status."""
    # Whoever ends this process, if by SIGKILL, ends the other, too.
    command = [
        "setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount",
        "--pid", "--fork", "--kill-child", "--mount-proc",
        sys.executable, "-P", "-m", module, *arguments,
    ]  # fmt: skip
    environment = os.environ | {_INSIDE: "1", "PYTHONPATH": str(CHECKOUT)}
    process = subprocess.Popen(command, env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # it reached the process inside, too, which ends in order


class HostNamespace:
    """A namespace of networks, without any but loopback, and of names: what a host is to others."""

    def __init__(self, name: str) -> None:
        """Make it; it lasts as long as the process that holds it."""
        own = _network_of("self")
        self._holder = subprocess.Popen(_HOLD)
        until = time.monotonic() + _START_SECONDS
        while _network_of(self.pid) in {own, ""}:
            if self._holder.poll() is not None or time.monotonic() > until:
                raise RuntimeError("no namespace of networks could be made")
            time.sleep(_POLL_SECONDS)
        self.run("ip", "link", "set", "lo", "up")
        self.run("hostname", name)

    @property
    def pid(self) -> int:
        """Return the process that holds it."""
        return self._holder.pid

    def command(self, *words: str) -> list[str]:
        """Return a command that runs *words* in it."""
        held = Path(f"/proc/{self.pid}/ns")
        return ["nsenter", f"--net={held / 'net'}", f"--uts={held / 'uts'}", *words]

    def run(self, *words: str) -> None:
        """Run a command in it to its end; raise where it fails."""
        run(*self.command(*words))


def run(*words: str, most_status: int = 0) -> str:
    """Run a command to its end and return what it printed; raise RuntimeError where it fails.

    A status above *most_status* is a failure.
    """
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    if not 0 <= done.returncode <= most_status:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def end_tree(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and all that descend from it; return once none holds a file any more."""
    doomed: set[int] = set()
    # Stopped first, so that none starts another meanwhile.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        doomed |= set(processes.tree(process.pid))
        for one in doomed:
            with suppress(ProcessLookupError):
                os.kill(one, number)
    process.wait(_END_SECONDS)
    until = time.monotonic() + _END_SECONDS
    while any(map(_lives, doomed)) and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)


def _lives(process: int) -> bool:
    """Return whether a process has not ended; one that nobody waits for (a zombie) has."""
    try:
        return processes.stat(process)[0] != "Z"
    except OSError:
        return False


def _network_of(process: "int | str") -> str:
    try:
        return str(Path(f"/proc/{process}/ns/net").readlink())
    except OSError:
        return ""


def _namespaces_permitted() -> bool:
    tried = ["unshare", "--net", "--mount", "--pid", "--fork", "true"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0
