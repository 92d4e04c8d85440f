"""Builds the desk and its queue on the parts of the pipeline."""

from collections.abc import Callable
from dataclasses import dataclass

from services.audit.audited_actions import AuditedActions
from services.warning.cases.claims import CaseClaims
from services.warning.cases.index_upgrade import CaseIndexUpgrade
from services.warning.cases.listing import CaseListing
from services.warning.cases.opening import Router
from services.warning.cases.store import CaseStore
from services.warning.desk.access import CaseAccess
from services.warning.desk.queue import CaseQueue, ScriptWriter
from services.warning.desk.service import CaseDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class WiredDesk:
    """The desk and its queue."""

    desk: CaseDesk
    queue: CaseQueue


def build(
    *,
    store: CaseStore,
    listing: CaseListing,
    claims: CaseClaims,
    indexed: CaseIndexUpgrade,
    router: Router,
    scripts: ScriptWriter,
    trail: AuditedActions,
    now_ms: Callable[[], int],
) -> WiredDesk:
    """Build both; they share the claims."""
    desk = CaseDesk(
        store=store,
        listing=listing,
        router=router,
        claims=claims,
        indexed=indexed,
        trail=trail,
        now_ms=now_ms,
    )
    queue = CaseQueue(
        desk,
        access=CaseAccess(store),
        claims=claims,
        listing=listing,
        trail=trail,
        scripts=scripts,
        now_ms=now_ms,
    )
    return WiredDesk(desk=desk, queue=queue)
