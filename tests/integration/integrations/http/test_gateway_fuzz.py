"""Damaged messages against each adapter for gateways; more of them by the command."""

import asyncio
from pathlib import Path

import pytest

from tests.support.adapters import adapter
from tests.support.gateway_fuzz import SEEDS, fuzz_adapter


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_damaged_messages_end_and_leave_the_adapter_serving(name: str, tmp_path: Path) -> None:
    prefix = f"FANZHA_{name.upper().replace('-', '_')}"
    settings = {f"{prefix}_LISTEN": "127.0.0.1:0", f"{prefix}_TARGETS": "127.0.0.1:1"}

    with adapter(name, tmp_path, **settings) as running:
        answers, _ = asyncio.run(fuzz_adapter(name, running, 300, seed=7))
        alive = running.process.poll() is None

    assert alive
    assert answers.total() == 300
    assert "Traceback" not in (tmp_path / f"{name}.log").read_text()
