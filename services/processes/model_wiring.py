"""Builds ModelService: which models decide, and who has to agree to that."""

from infra.clock import now_ms
from infra.redis.client import Client
from services.audit.events import Audit
from services.models.request_store import ModelRequestStore
from services.models.requests import ModelRequests
from services.models.service import ModelControl
from services.models.store import ModelStore
from services.rpc.models.handler import ModelServicer
from services.settings.settings import Settings


def servicer(settings: Settings, client: Client, *, audit: Audit) -> ModelServicer:
    """Build the servicer; one person may activate a model unless `model_second_person` differs."""
    control = ModelControl(ModelStore(client), settings.models_dir, audit=audit, now_ms=now_ms)
    requests = ModelRequests(
        control,
        ModelRequestStore(client),
        audit=audit,
        now_ms=now_ms,
        rule=settings.model_second_person,
    )
    return ModelServicer(control, requests)
