"""What holds for every test: none asserts a time, those of hypothesis included."""

import os

import pytest
from hypothesis import settings

from services.auth import identity

# Processes that tests start would compile all our modules anew, each of them.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# What tests call without a server in between, they call as the developer does.
identity.set_identity(identity.DEVELOPER)

settings.register_profile("fanzha", deadline=None)
settings.load_profile("fanzha")

LONGEST = (
    "warning/test_demo.py",
    "lists/test_tour.py",
    "warning/dispatch/test_kill.py",
    "audit/test_log.py",
)
"""Files of half a minute and more go first, lest all other processes wait for one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONGEST))
