"""The page for integrators shows programs that exist, and Python that runs."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fanzha.v1 import decision_pb2
from tests.support.checkout import CHECKOUT
from tests.support.decision_server import block_listed, decision_server

PAGE = (CHECKOUT / "docs" / "how-to" / "integrate.md").read_text()
PROGRAMS = {"go": "may_ring.go", "cpp": "may_ring.cc", "java": "MayRing.java"}


KAMAILIO = """
sent = []


class pv:
    gete = {"$fU": "+8617000000009", "$rU": "+8619900000001"}.get


class hdr:
    append_to_reply = sent.append


class sl:
    def sl_send_reply(code, phrase):
        sent.append(f"{code} {phrase}")


class tm:
    def t_relay():
        sent.append("relayed")


def is_INVITE():
    return True
"""
"""As much of Kamailio's KSR as the router of the page calls."""
DRIVER = """
router = mod_init()
router.child_init(1)
router.ksr_request_route(None)
router.client.close()
print(repr(KSR.sent))
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def block_with_603_plus(rows: Sequence[Any], context: Any) -> decision_pb2.Decisions:
    decisions = block_listed(rows, context)
    for detail in decisions.details:
        sip = detail.protocol_answer.sip
        sip.status, sip.phrase = 603, "Network Blocked"
        sip.headers.add(name="Reason", value="Q.850;cause=21;location=RLN")
    return decisions


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_page_shows_the_programs_as_they_are(language: str) -> None:
    program = (CHECKOUT / "examples" / "clients" / PROGRAMS[language]).read_text()

    shown = blocks(language)

    assert shown
    assert not [block for block in shown if block not in program]


def test_the_python_of_the_page_runs() -> None:
    with decision_server() as server:
        for block in blocks("python"):
            if "import KSR" in block:
                continue  # runs in Kamailio: see the next test
            script = block.replace("127.0.0.1:7361", server.target)
            script = script.replace("timeout=0.08", "timeout=60").replace(
                "timeout=0.03", "timeout=60"
            )
            done = subprocess.run(
                [sys.executable, "-W", "error", "-c", script],
                cwd=CHECKOUT, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr

    assert len(server.sizes) >= 2


def test_the_router_of_the_page_sends_the_response_of_the_answer(tmp_path: Path) -> None:
    (tmp_path / "KSR.py").write_text(KAMAILIO)
    (router,) = (block for block in blocks("python") if "import KSR" in block)
    with decision_server(block_with_603_plus) as server:
        script = router.replace("127.0.0.1:7361", server.target)
        script = script.replace("Options(", "Options(timeout=60, ")
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script + DRIVER],
            cwd=CHECKOUT, capture_output=True, text=True, check=False,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
        )  # fmt: skip

    assert done.returncode == 0, done.stderr
    reason = "Reason: Q.850;cause=21;location=RLN\r\n"
    assert done.stdout.strip() == repr([reason, "603 Network Blocked"])
    assert server.protocol_asked == [True]
