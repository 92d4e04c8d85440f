"""What one part of the code logged, among the records of all."""

import logging

import pytest


def logged_by(caplog: pytest.LogCaptureFixture, name: str) -> list[logging.LogRecord]:
    """Return the records of the logger *name*, or of those below it.

    Others tell of what earlier tests of the process left: a thread, a task that is collected.
    """
    return [one for one in caplog.records if f"{one.name}.".startswith(f"{name}.")]
