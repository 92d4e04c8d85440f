"""A decision log and its analysis over a real socket, for the tests of this folder."""

from pathlib import Path
from typing import Any

import pytest

from classifiers import bundles
from fanzha.tables import Channel
from fanzha.v1 import decision_log_pb2 as pb
from services.decision.evidence import ModelSet
from tests.support.change_desk import MemoryAudit
from tests.support.decision_analysis import Explain, served
from tests.support.decision_logs import Logged, logged
from tests.support.identities import Issuer


@pytest.fixture(scope="module")
def shipped() -> ModelSet:
    """Return the shipped models, with thresholds that the inputs of these tests reach."""
    return ModelSet(
        caller=bundles.load_caller(lowest_threshold=0.3),
        text=bundles.load_first_stage(),
        link=bundles.load_link(),
        thresholds={Channel.CALL: 0.3, Channel.TEXT: 0.2, Channel.LINK: 0.2},
    )


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    return logged(tmp_path / "decisions")


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "jwks.json")


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
def newest(log: Logged, issuer: Issuer, audit: MemoryAudit) -> Explain:
    """Return a function that explains the newest decision of the log."""

    async def explain_newest(role: str = "auditor", root: Path | None = None, **flags: bool) -> Any:
        async with served(log.folder, issuer, audit, root) as server:
            find = pb.FindDecisionsRequest(since_ms=1)
            found = (await server.call("FindDecisions", find, "operator")).decisions
            newest_id = max(one.decision_id for one in found)
            request = pb.GetDecisionRequest(decision_id=newest_id, **flags)
            return await server.call("GetDecision", request, role)

    return explain_newest
