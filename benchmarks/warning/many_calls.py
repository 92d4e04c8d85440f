"""Calls many people at once by the robot, and measures what a call costs.

``python -m benchmarks.warning.many_calls``: an embedded Valkey, a whole ``fanzha warn`` with as
many lines as calls, and simulated phones (`tests.support.answering_phone`) on loopback. Each person
hears tones of their own, listens, presses the keys that are theirs, and hears the end.

Exit status 1 when somebody was called twice or not at all, heard a tone that was not theirs, was
understood to press another key, or a socket was left. The processor time is that of
``fanzha warn``, less what it takes without calls; a gap is the time between two packets at a phone,
20 ms at best.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import results
from infra.redis.client import Client, connect
from services.processes.embedded_valkey import EmbeddedValkey
from services.warning.cases.events import EventKind
from services.warning.cases.listing import CaseListing
from services.warning.cases.store import CaseStore
from tests.support import many_calls
from tests.support.answering_phone import AnsweringPhones, TakenCall, answering_phones
from tests.support.many_calls import CalledPerson
from tests.support.open_sockets import datagram_sockets
from tests.support.processes import role

_IDLE_SECONDS = 10.0
_PATIENCE_SECONDS = 600.0


def main() -> None:
    """Measure, and print or keep the result."""
    parser = argparse.ArgumentParser(prog="many_calls", description=__doc__)
    parser.add_argument("--calls", type=int, default=50, help="people to call")
    parser.add_argument("--lines", type=int, default=50, help="calls at once")
    parser.add_argument("--tone", type=float, default=12.0, help="seconds of each thing said")
    parser.add_argument("--listen", type=float, default=8.0, help="seconds until a key is pressed")
    parser.add_argument("--save", action="store_true", help="keep it in benchmarks/results")
    options = parser.parse_args()
    measured = asyncio.run(_measure(options))
    results.write("many_calls", measured, save=options.save)
    if measured["wrong"]:
        sys.exit(1)


async def _measure(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="fanzha-calls-") as name:
        folder = Path(name)
        (folder / "store").mkdir()
        valkey = EmbeddedValkey(folder / "store")
        url = await valkey.start()
        client = connect(url)
        try:
            async with answering_phones(many_calls.listening(seconds=options.listen)) as phones:
                settings = many_calls.settings(
                    folder,
                    url,
                    phones.port,
                    lines=options.lines,
                    seconds=options.tone,
                    warned_seconds=options.tone,
                )
                with role("warn", folder, **settings) as process:
                    return await _calls(options, client, phones, process.pid)
        finally:
            await client.aclose()
            await valkey.stop()


async def _calls(
    options: argparse.Namespace, client: Client, phones: AnsweringPhones, process: int
) -> dict[str, Any]:
    await _until_called(phones, client, [CalledPerson(options.calls)])  # all is warm after one
    await asyncio.sleep(1)
    idle = await _idle_share(process)
    people = [CalledPerson(place) for place in range(options.calls)]
    began, used = time.monotonic(), _processor_seconds(process)
    most = await _until_called(phones, client, people)
    lasted, used = time.monotonic() - began, _processor_seconds(process) - used
    notes = await _notes(client, options.calls + 1)
    with suppress(TimeoutError):
        async with asyncio.timeout(30):
            while datagram_sockets(process) > 1:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.2)
    calls = list(phones.calls.values())[1:]
    talked = sum(len(one.media.packets) for one in calls if one.media) * 0.02
    cost = max(0.0, used - idle * lasted)
    return {
        "calls": options.calls,
        "lines": options.lines,
        "most_at_once": most,
        "seconds": round(lasted, 1),
        "seconds_of_talk": round(talked, 1),
        "processor_seconds": round(cost, 2),
        "processor_seconds_a_call": round(cost / max(len(calls), 1), 3),
        "processor_seconds_a_minute_of_talk": round(60 * cost / max(talked, 1), 3),
        "gap_ms": _gaps(calls),
        "load_average": round(os.getloadavg()[0], 1),
        "wrong": _wrong(calls, people, notes, sockets=datagram_sockets(process)),
    }


async def _until_called(phones: AnsweringPhones, client: Client, people: list[CalledPerson]) -> int:
    """Let frauds reach people, wait until all of their calls are over; return the most at once."""
    before, most = len(phones.calls), 0
    await many_calls.append_hits(client, people)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while len(phones.calls) < before + len(people) or phones.under_way:
            most = max(most, len(phones.under_way))
            await asyncio.sleep(0.05)
    return most


def _wrong(
    calls: list[TakenCall], people: list[CalledPerson], notes: dict[str, list[str]], *, sockets: int
) -> list[str]:
    """Return what is not as it must be; nothing of who is called but their place."""
    asked = Counter(one.number for one in calls)
    wrong = [f"called {asked[one.number]} times" for one in people if asked[one.number] != 1]
    for call in calls:
        person = many_calls.person_of(call)
        heard = many_calls.tones_heard(call.media.audio()) if call.media else set()
        if heard != set(person.hertz):
            wrong.append(f"heard {sorted(heard)}, not {sorted(person.hertz)}")
        if call.media and len({one.source for one in call.media.packets}) != 1:
            wrong.append("audio of two sources")
        if [many_calls.keys_noted(one) for one in notes.get(call.number, [])] != [[*person.keys]]:
            wrong.append("other keys were understood")
    if sockets != 1:
        wrong.append(f"{sockets} sockets are open, not that of the trunk only")
    return wrong


async def _notes(client: Client, count: int) -> dict[str, list[str]]:
    """Return the transcripts of calls by number, once *count* warnings are delivered."""
    cases = CaseStore(client)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            found = [one async for one, _ in CaseListing(client, cases).walk()]
            over = [EventKind.DELIVERED.value in one.messages.values() for one in found]
            if len(found) == count and all(over):
                break
            await asyncio.sleep(0.2)
    return {
        case.victim: [
            one.why for one in await cases.history(case.id) if one.why.startswith("call ")
        ]
        for case in found
    }


def _gaps(calls: list[TakenCall]) -> dict[str, float]:
    gaps = [np.diff(one.media.arrived) * 1000 for one in calls if one.media]
    found = np.concatenate(gaps) if gaps else np.zeros(1)
    return {
        "p50": round(float(np.quantile(found, 0.5)), 1),
        "p99": round(float(np.quantile(found, 0.99)), 1),
        "most": round(float(found.max()), 1),
    }


async def _idle_share(process: int) -> float:
    before = _processor_seconds(process)
    await asyncio.sleep(_IDLE_SECONDS)
    return (_processor_seconds(process) - before) / _IDLE_SECONDS


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
