"""The DNS adapter at work in a process of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.adapters import adapter_up

SECRET = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="


@contextmanager
def policy_zone(folder: Path, target: str, **settings: object) -> Iterator[tuple[int, int]]:
    """Serve the lists of *target*; give the port and the id of the process."""
    own = {"list_targets": target, "listen": "127.0.0.1:0", "data_dir": str(folder / "zone")}
    with adapter_up("dns", folder, **(own | settings)) as running:
        yield running.port("dns"), running.process.pid
