"""A backup that was made while the service served brings it back, in a folder of another host."""

import json
import shutil
from pathlib import Path

from tests.support.processes import LEAN, Running, eventually, fanzha_up, run

BEFORE, AFTER = "+8617000000301", "+8617000000302"


def listed(service: Running, number: str) -> bool:
    done = service.fanzha("blocklist", "find", number, "--json", check=False)
    return number in done.stdout


def add(service: Running, number: str) -> None:
    service.fanzha("blocklist", "add", number, "--source", "bureau", "--reason", "three victims",
                   "--legal-basis", "Order 7", "--by", "li")  # fmt: skip


def test_a_host_is_restored_from_a_backup_made_while_it_served(tmp_path: Path) -> None:
    data, archive = tmp_path / "data", tmp_path / "backup.tar"
    data.mkdir()
    with fanzha_up(data, workers=1, **LEAN) as service:
        add(service, BEFORE)
        made = run("backup", str(archive), FANZHA_DATA_DIR=str(data))
        add(service, AFTER)
    shutil.rmtree(data)

    restored = run("restore", str(archive), FANZHA_DATA_DIR=str(data))
    with fanzha_up(data, workers=1, **LEAN) as service:
        eventually(lambda: listed(service, BEFORE))
        later = listed(service, AFTER)
        verified = service.fanzha("audit", "verify", check=False)
        kinds = [
            one["kind"] for one in json.loads(service.fanzha("audit", "list", "--json").stdout)
        ]

    assert (made.returncode, restored.returncode) == (0, 0), made.stderr + restored.stderr
    assert archive.stat().st_mode & 0o777 == 0o600
    assert not later
    assert verified.returncode == 0, verified.stdout
    assert "change_applied" in kinds
