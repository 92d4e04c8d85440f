"""The DNS adapter at work in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.checkout import CHECKOUT

SECRET = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="


@contextmanager
def policy_zone(folder: Path, target: str, **settings: object) -> Iterator[tuple[int, int]]:
    """Serve the lists of *target*; give the port and the id of the process."""
    folder.mkdir(exist_ok=True)
    config = folder / "dns.toml"
    values = {"list_targets": target, "listen": "127.0.0.1:0", "data_dir": str(folder / "zone")}
    values |= settings  # type: ignore[arg-type]
    config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    command = [sys.executable, "-m", "integrations", "dns", "--config", str(config)]
    with (folder / "dns.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=CHECKOUT, env=os.environ, stdout=subprocess.PIPE, stderr=log
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline().decode()
            if not line.startswith("SERVING"):
                raise AssertionError((folder / "dns.log").read_text())
            yield int(line.rsplit(":", 1)[1]), process.pid
        finally:
            process.terminate()
            process.wait(30)
            process.stdout.close()  # type: ignore[union-attr]
