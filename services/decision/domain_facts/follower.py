"""Keeps a worker's facts on domains current (`host_facts_file`), beside its decisions.

A file of a million domains takes most of a second to read: in a thread, and never on the path of
a decision.
"""

import asyncio
import logging
from collections.abc import Callable

from infra.periodic import run_periodically
from infra.reloaded_file import LOOK_SECONDS, ReloadedFile
from services.decision.domain_facts.table import DomainFacts

logger = logging.getLogger(__name__)


async def follow(file: ReloadedFile[DomainFacts], tell: Callable[[int, int], None]) -> None:
    """Read *file* again as often as it changes, until cancelled.

    *tell* hears how many domains it has, and how often a change was refused.
    """

    async def step() -> None:
        found = await asyncio.to_thread(file.reload)
        tell(len(found), file.refused)

    await run_periodically(step, every_seconds=LOOK_SECONDS, task="facts on domains", logger=logger)
