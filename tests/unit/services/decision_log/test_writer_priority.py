"""A thread that lowers its priority leaves that of others alone."""

import os
import threading

from services.decision_log.writer import NICENESS_STEPS, lower_priority


def test_only_the_calling_thread_gets_a_lower_priority() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    seen: list[int] = []

    def work() -> None:
        lower_priority()
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [min(before + NICENESS_STEPS, 19)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
