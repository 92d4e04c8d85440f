"""What holds for every test: none asserts a time, and none relies on what ran before it."""

import gc
import os
import sys
from collections.abc import Generator

import pytest
from hypothesis import settings

from infra.redis import client as redis_client
from services.auth import identity
from tests.support.fixed_examples import ignore_constants_of_modules
from tests.support.random_order import (
    pytest_addoption,
    pytest_configure,
    pytest_configure_node,
    pytest_terminal_summary,
    shuffle,
)
from tests.support.temporary_folder import prefer_memory

# Processes that tests start would compile all our modules anew, each of them, and pytest would
# rewrite the assertions of all test files anew, for five seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
prefer_memory()

# Commands that tests start would print in the language of the developer.
os.environ["FANZHA_LANGUAGE"] = "en"

# What tests call without a server in between, they call as the developer does.
identity.set_identity(identity.DEVELOPER)

# Where all cores are taken, a process of tests may be away for a second while it connects.
redis_client.CONNECT_SECONDS = 20.0

settings.register_profile("fanzha", deadline=None)
# For `make test-fast`, where a test does not say itself how many examples it takes.
settings.register_profile("fast", settings.get_profile("fanzha"), max_examples=20)
# A gate gives one answer for one commit; new examples are for `make test`, which anyone repeats.
settings.register_profile("ci", settings.get_profile("fanzha"), derandomize=True)
settings.load_profile("fanzha")

__all__ = [
    "pytest_addoption",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_terminal_summary",
]

LONGEST = (
    "examples/test_warning_demo.py",
    "examples/test_lists_tour.py",
    "integration/decision/test_service.py",
    "integration/models/test_service.py",
    "warning/dispatch/test_kill.py",
    "fanzha/test_hostile_texts.py",
)
"""Files of half a minute and more go first, lest all other processes wait for one at the end."""


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collect tests without looking for garbage: what collection makes stays to the end.

    Frozen, it is not looked through later either.
    """
    if settings().derandomize:
        ignore_constants_of_modules()
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    shuffle(items, config, LONGEST)
