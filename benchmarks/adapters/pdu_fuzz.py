"""Malformed PDUs against running relays: ``python -m benchmarks.adapters.pdu_fuzz``.

Peers are in this process, on loopback. Exit status 1 when an exception reached the event loop, or
tasks or objects were left.
"""

import argparse
import asyncio
import logging
import sys
import time

import structlog

from tests.support.pdu_fuzz import fuzz

_MOST_OBJECTS = 200


def main() -> None:
    """Fuzz both protocols, and print what became of the PDUs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pdus", type=int, default=100_000, help="of each protocol")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    faulty = False
    for protocol in ("smpp", "cmpp"):
        started = time.perf_counter()
        outcome = asyncio.run(fuzz(protocol, options.pdus, options.seed))
        seconds = time.perf_counter() - started
        sys.stdout.write(
            f"{protocol}: {outcome.sent:,} PDUs in {seconds:.0f} s; unreadable {outcome.faults}; "
            f"sessions ended {outcome.ends}; exceptions {len(outcome.crashes)}, "
            f"tasks left {outcome.tasks_left}, objects left {outcome.objects_grown}\n"
        )
        for crash in outcome.crashes[:5]:
            sys.stdout.write(f"  {crash}\n")
        faulty |= bool(outcome.crashes) or outcome.tasks_left > 0
        faulty |= outcome.objects_grown > _MOST_OBJECTS
    sys.exit(faulty)


if __name__ == "__main__":
    main()
