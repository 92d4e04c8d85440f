"""The first confirmation waits for nothing that can be loaded before."""

import asyncio
import threading
from pathlib import Path
from typing import Any

from blocklists.snapshot.replica import Replica
from services.decision.observer import Observer
from services.decision.related import entities
from services.decision.related.suspect_set import SuspectSet
from services.processes import wiring
from services.processes.graph_wiring import GraphTasks
from services.settings import loader


class RecordedKeeper:
    """Records what was done, in order, and whether it held up the event loop."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.in_loop = False
        self.running = asyncio.Event()

    def warm_up(self) -> None:
        self.in_loop = threading.current_thread() is threading.main_thread()
        self.steps.append("warm")

    async def run(self) -> None:
        self.steps.append("run")
        self.running.set()


async def test_a_keeper_is_warm_before_it_takes_anything() -> None:
    keeper: Any = RecordedKeeper()
    graph = GraphTasks(keeper=keeper, consumers=[])
    tasks = graph.start()
    await asyncio.sleep(0)
    before = list(keeper.steps)

    graph.lists_loaded.set()
    await asyncio.wait_for(keeper.running.wait(), 60)

    assert before == []
    assert keeper.steps == ["warm", "run"]
    assert not keeper.in_loop
    await asyncio.gather(*tasks)


def test_a_worker_knows_public_suffixes_before_its_first_text(tmp_path: Path) -> None:
    entities.owner_of.cache_clear()

    wiring.build(
        loader.load().model_copy(update={"cascade_share": 0.0, "activity_slots": 2**10}),
        replica=Replica(tmp_path),
        observer=Observer(),
        reserve_ids=lambda _rows: 1,
        now_ms=lambda: 0,
        suspects=SuspectSet(),
    )

    assert entities.owner_of.cache_info().currsize == 1
