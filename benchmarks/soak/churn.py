"""What changes while a soak runs: entries come and go, models are swapped, workers are killed."""

import argparse
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc

from benchmarks.faults import FAULTS
from benchmarks.service import Service
from fanzha.v1 import blocklist_pb2, blocklist_pb2_grpc, decision_pb2

LIST_SECONDS = 5.0
_ROWS = 20
_KEPT = 50
"""Batches of entries that stay before the oldest is removed again."""
_FIRST = 8_617_600_000_000
_CALL_SECONDS = 60.0


@contextmanager
def churn(
    running: Service, *, model_seconds: float, worker_seconds: float
) -> Iterator["Counter[str]"]:
    """Keep the service busy beside its load; yield what was done so far, and what failed."""
    done, ending = Counter[str](), threading.Event()
    options = argparse.Namespace()
    jobs = [
        ("list changes", LIST_SECONDS, list_changes(running)),
        ("model swaps", model_seconds, lambda: FAULTS["model swap"](options)(running)),
        ("workers killed", worker_seconds, lambda: FAULTS["worker killed"](options)(running)),
    ]
    threads = [
        threading.Thread(target=_repeat, args=(*job, done, ending), daemon=True) for job in jobs
    ]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        ending.set()
        for thread in threads:
            thread.join(_CALL_SECONDS * 2)


def _repeat(
    name: str,
    every_seconds: float,
    work: Callable[[], object],
    done: "Counter[str]",
    ending: threading.Event,
) -> None:
    while not ending.wait(every_seconds):
        try:
            work()
        except (RuntimeError, grpc.RpcError):
            done[f"{name} that failed"] += 1
        else:
            done[name] += 1


def list_changes(running: Service) -> Callable[[], None]:
    """Return what adds some entries, and removes those that came fifty turns before."""
    turn = 0

    def change() -> None:
        nonlocal turn
        added = range(_FIRST + turn * _ROWS, _FIRST + (turn + 1) * _ROWS)
        removed = [number - _KEPT * _ROWS for number in added] if turn >= _KEPT else []
        request = blocklist_pb2.UpdateEntriesRequest(
            additions=[
                blocklist_pb2.Entry(
                    pattern=f"+{number}",
                    action=decision_pb2.ACTION_BLOCK,
                    source=decision_pb2.SOURCE_PROVINCE,
                    reason="soak",
                )
                for number in added
            ],
            removals=[
                blocklist_pb2.EntryRef(pattern=f"+{number}", action=decision_pb2.ACTION_BLOCK)
                for number in removed
            ],
            author="soak",
            reason=f"soak at {time.time():.0f}",
        )
        with grpc.insecure_channel(running.admin) as channel:
            blocklist_pb2_grpc.BlocklistServiceStub(channel).UpdateEntries(
                request, timeout=_CALL_SECONDS
            )
        turn += 1

    return change
