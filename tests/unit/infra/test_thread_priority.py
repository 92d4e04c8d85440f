"""A thread that steps back lets the others be as they were."""

import os
import threading

from infra.thread_priority import STEPS, step_back


def test_only_the_thread_that_asks_gives_way() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    seen: list[int] = []

    def work() -> None:
        step_back()
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [min(before + STEPS, 19)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
