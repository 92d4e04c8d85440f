"""Puts together what makes dossiers, from a store, the lists and the audit log."""

from collections.abc import Callable

from blocklists.redis_client import Client
from blocklists.store import Store
from fanzha.phone import HomePlan
from services.appeals.store import AppealStore
from services.audit.log import AuditLog
from services.dossier.lists import EntriesNow, PastChanges, Versions
from services.dossier.making import Dossiers
from services.dossier.past_appeals import PastAppeals
from services.list_views import ListViews
from services.model_store import ModelStore
from services.settings import Settings


def build(
    settings: Settings,
    *,
    redis: Client,
    store: Store,
    views: ListViews,
    audit: AuditLog,
    now_ms: Callable[[], int],
) -> Dossiers:
    """Build it; *redis* must decode answers."""
    return Dossiers(
        [
            EntriesNow(views),
            PastChanges(store),
            PastAppeals(AppealStore(redis)),
            Versions(store, ModelStore(redis), now_ms),
        ],
        audit=audit,
        home=HomePlan(settings.home_country),
        now_ms=now_ms,
    )
