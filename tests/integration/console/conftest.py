"""A Chromium for each file of tests, and one service with identities."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import ConsoleService, chromium, console_up


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    """Run a service with identities and warnings; a file that needs others has its own."""
    with console_up(tmp_path_factory.mktemp("service"), warnings=True) as running:
        yield running
