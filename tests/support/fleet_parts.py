"""Tries the parts of `benchmarks.fleet` that need namespaces; started in some by its test.

``python -m tests.support.fleet_parts FOLDER`` prints one fact a line, as JSON; with ``--stay`` it
then waits to be killed.
"""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.fleet.disk import HostDisk
from benchmarks.fleet.isolation import HostNamespace, end_tree, run
from benchmarks.fleet.network import CLIENTS, Condition, NetworkSwitch

HOST, PORT = "198.51.100.11", 7000
_SECONDS = 60.0
_CUT_SECONDS = 1.0
_SLEEP = "import time; time.sleep(3600)"
_SERVER = f"""
import socket
server = socket.create_server(("{HOST}", {PORT}))
print("listening", flush=True)
while True:
    connection, _ = server.accept()
    connection.sendall(socket.gethostname().encode())
    connection.close()
"""


def main() -> None:
    """Try the parts."""
    folder = Path(sys.argv[1])
    network()
    disk(folder)
    if "--stay" in sys.argv:
        subprocess.Popen([sys.executable, "-c", _SLEEP])
        _tell("stays", True)
        time.sleep(_SECONDS * 60)


def network() -> None:
    """Ask a server on a host while its cable is whole, cut, and mended."""
    host = HostNamespace("host-1")
    with NetworkSwitch({HOST: host}) as switch:
        server = subprocess.Popen(
            host.command(sys.executable, "-c", _SERVER), stdout=subprocess.PIPE
        )
        if server.stdout is not None:
            server.stdout.readline()
        _tell("whole", _asked(_SECONDS))
        switch.hold([Condition(between=frozenset({HOST}), and_=frozenset({CLIENTS}), lost=1)])
        _tell("cut", _asked(_CUT_SECONDS))
        switch.hold([])
        _tell("mended", _asked(_SECONDS))
        end_tree(server)
        if server.stdout is not None:
            server.stdout.close()
        _tell("ended", server.returncode is not None)


def disk(folder: Path) -> None:
    """Fill a disk, let it fail, and let it lose power."""
    made = folder / "disks"
    made.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(made))
    host = HostDisk(folder / "host-1", made / "host-1.img")
    _tell("writable", _writes(host, "writable"))
    host.fill()
    _tell("full", _writes(host, "full"))
    host.empty()
    _tell("emptied", _writes(host, "emptied"))
    if not host.can_fail:
        return
    (host.folder / "set-up").write_text("as an operator wrote it")
    host.synchronise()
    host.fail()
    _tell("failed", _writes(host, "failed"))
    host.repair()
    _tell("set up", (host.folder / "set-up").read_text())
    _tell("repaired", _writes(host, "repaired"))
    (host.folder / "unsynchronised").write_bytes(b"1" * 4096)
    host.lose_power()
    host.repair()
    left = host.folder / "unsynchronised"
    _tell("forgotten", not left.exists() or left.stat().st_size == 0)


def _asked(seconds: float) -> str:
    """Return what the server answers within some seconds; empty: nothing."""
    try:
        with socket.create_connection((HOST, PORT), timeout=seconds) as connection:
            return connection.recv(100).decode()
    except OSError:
        return ""


def _writes(host: HostDisk, name: str) -> bool:
    # To a file of its own: one that is written over needs no room.
    try:
        (host.folder / name).write_bytes(b"1" * 8192)
    except OSError:
        return False
    return True


def _tell(fact: str, value: object) -> None:
    sys.stdout.write(json.dumps({fact: value}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
