"""The page for integrators shows programs that exist, and Python that runs."""

import re
import subprocess
import sys

import pytest

from tests.support.checkout import CHECKOUT
from tests.support.decision_server import decision_server

PAGE = (CHECKOUT / "docs" / "how-to" / "integrate.md").read_text()
PROGRAMS = {"go": "may_ring.go", "cpp": "may_ring.cc", "java": "MayRing.java"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_page_shows_the_programs_as_they_are(language: str) -> None:
    program = (CHECKOUT / "examples" / "clients" / PROGRAMS[language]).read_text()

    shown = blocks(language)

    assert shown
    assert not [block for block in shown if block not in program]


def test_the_python_of_the_page_runs() -> None:
    with decision_server() as server:
        for block in blocks("python"):
            script = block.replace("127.0.0.1:7361", server.target)
            script = script.replace("timeout=0.08", "timeout=20").replace(
                "timeout=0.03", "timeout=20"
            )
            done = subprocess.run(
                [sys.executable, "-W", "error", "-c", script],
                cwd=CHECKOUT, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr

    assert len(server.sizes) >= 2
