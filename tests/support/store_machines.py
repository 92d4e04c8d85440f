"""State machines whose store is a real Valkey: steps in any order, with invariants after each."""

import asyncio
from collections.abc import Coroutine
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

import redis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from infra.redis.client import Client, connect
from tests.support.pending_backfills import writing_through

Result = TypeVar("Result")


class StoreMachine(RuleBasedStateMachine):
    """A machine with an empty store and an event loop of its own."""

    def __init__(self, url: str) -> None:
        super().__init__()
        with redis.Redis.from_url(url) as client:
            client.flushall()
        self._runner = asyncio.Runner()
        self.client: Client = connect(url)

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine in the loop of this machine."""
        # The runner would keep the identity of its first run.
        return self._runner.run(work, context=copy_context())

    def teardown(self) -> None:
        """Close what was opened."""
        self.do(self.client.aclose())
        self._runner.close()


def explore(machine: type[StoreMachine], url: str, *, examples: int = 12, steps: int = 25) -> None:
    """Take steps of a machine in many orders."""
    found = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    # Hypothesis takes a factory too, though its types say a class.
    made: Any = partial(machine, url)
    with writing_through(url):
        run_state_machine_as_test(made, settings=found)
