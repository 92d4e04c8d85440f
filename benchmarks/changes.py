"""Times change requests: a million rows from proposal to list file, and back; and one row.

``fanzha bench changes``: on an embedded Valkey of its own, in one process. *submit* judges the
rows, previews them (without a decision log: ``fanzha bench decision-log`` has its time), packs
and locks them; *approve* judges once more, commits and marks them applied; *followed* is from
there until the list file of this host has the version; *lock check* asks whether another request
of as many rows may be made. Then a change of one row beside the million, and the revert.
Processor time is that of the whole process, so the follower's is in it, and Valkey's is not.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np

from benchmarks import results, scenarios
from blocklists.entries import Direction, EntryKind, Source
from blocklists.entry_table import EXACT, EntryTable, Identities
from blocklists.provenance import Provenance
from blocklists.text_column import TextColumn
from fanzha.decisions import Action
from services.auth.identity import Identity, Role, acting_as
from services.changes.entry_set import EntrySet
from services.changes.locks import Locks
from services.changes.model import ChangeKind, Draft
from services.processes.embedded_valkey import EmbeddedValkey
from tests.support.change_desk import ChangeDesk, change_desk

LI = Identity(name="li", roles=frozenset({Role.EDITOR}))
WANG = Identity(name="wang", roles=frozenset({Role.APPROVER}))
SINGLES = 20
Answer = TypeVar("Answer")
Times: TypeAlias = dict[str, list[tuple[float, float]]]
"""By what was done: seconds by the clock, and of the processor."""


def main() -> None:
    """Measure, and print or keep the result."""
    parser = argparse.ArgumentParser(prog="fanzha bench changes", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the large change")
    parser.add_argument("--rounds", type=int, default=3, help="how often to apply and revert it")
    parser.add_argument("--save", action="store_true", help="keep it in benchmarks/results")
    options = parser.parse_args()
    measured = asyncio.run(_measure(options.rows, options.rounds))
    results.write("changes", {"rows": options.rows} | measured, save=options.save)


async def _measure(rows: int, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="fanzha-changes-") as name:
        valkey = EmbeddedValkey(Path(name))
        url = await valkey.start()
        try:
            async with change_desk(url, Path(name) / "lists") as desk:
                desk.impact.says = None  # so that a second person is needed
                return await _rounds(desk, many(rows), rounds)
        finally:
            await valkey.stop()


async def _rounds(desk: ChangeDesk, table: EntryTable, rounds: int) -> dict[str, Any]:
    times: Times = {}
    for number in range(rounds):
        sys.stderr.write(f"round {number + 1} of {rounds}\n")
        with acting_as(LI):
            id_ = await _timed(times, "submit", partial(_submit, desk, table))
        held = await asyncio.to_thread(EntrySet.of, table)
        locks = Locks(store=desk.requests)
        await _timed(times, "locks_read", locks.refresh)
        await _timed(times, "lock_check", partial(_checked, locks, held, id_))
        with acting_as(WANG):
            await _timed(times, "approve_and_apply", partial(desk.changes.approve, id_))
        await _timed(times, "followed", desk.lists)
        if number == 0:
            await _singles(desk, times)
        with acting_as(LI):
            undone = await _timed(
                times, "revert_submit", partial(desk.changes.revert, id_, reason="back")
            )
        with acting_as(WANG):
            await _timed(times, "revert_apply", partial(desk.changes.approve, _id(undone)))
        await _timed(times, "revert_followed", desk.lists)
    return {
        name: {
            "median_ms": _median_ms([wall for wall, _ in some]),
            "processor_ms": _median_ms([processor for _, processor in some]),
            "runs": len(some),
        }
        for name, some in times.items()
    }


def _median_ms(seconds: list[float]) -> float:
    return round(statistics.median(seconds) * 1000, 1)


async def _submit(desk: ChangeDesk, table: EntryTable) -> int:
    return _id(await desk.changes.submit_and_apply(_draft(table, ChangeKind.IMPORT)))


async def _checked(locks: Locks, held: EntrySet, but: int) -> None:
    await asyncio.to_thread(locks.check, held, exclude=but)


async def _singles(desk: ChangeDesk, times: Times) -> None:
    one = identity_of_development()
    for number in range(SINGLES):
        table = many(1, first=8619900000000 + number)
        await desk.lists()  # or it would wait for the change before it
        with acting_as(one):
            await _timed(
                times,
                "one_row",
                partial(desk.changes.submit_and_apply, _draft(table, ChangeKind.NORMAL)),
            )


def identity_of_development() -> Identity:
    """Return who needs no second person."""
    return replace(LI, name="developer", development=True)


def many(rows: int, first: int = 8617000000000) -> EntryTable:
    """Make entries of *rows* numbers."""
    chance = np.random.default_rng(scenarios.SEED)
    keys = np.sort(chance.choice(rows * 50, rows, replace=False)).astype(np.int64) + first
    provenance = Provenance(
        source=Source.PROVINCE,
        reason="a list of the province",
        legal_basis="",
        created_by="li",
        created_at_s=1_767_600_000,
    )
    return EntryTable(
        kinds=np.full(rows, EntryKind.NUMBER, np.uint8),
        keys=keys,
        digits=np.full(rows, EXACT, np.uint8),
        actions=np.full(rows, Action.BLOCK, np.uint8),
        patterns=TextColumn.empty(rows),
        directions=np.full(rows, Direction.BOTH, np.uint8),
        fraud_types=np.zeros(rows, np.uint8),
        expires_s=np.full(rows, 2_000_000_000, np.uint32),
        provenances=np.zeros(rows, np.uint32),
        provenance=(provenance,),
    )


def _draft(table: EntryTable, kind: ChangeKind) -> Draft:
    return Draft(
        kind=kind,
        author="li",
        reason="a list of the province",
        additions=table,
        removals=Identities.of([]),
    )


def _id(done: Any) -> int:
    return int(done.record.id)


async def _timed(times: Times, name: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    began, processor = time.perf_counter(), time.process_time()
    answer = await ask()
    taken = time.perf_counter() - began, time.process_time() - processor
    times.setdefault(name, []).append(taken)
    return answer


if __name__ == "__main__":
    main()
