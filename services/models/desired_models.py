"""The desired models of each kind, and their serialization.

Redis is authoritative (`services.models.store`). Each host keeps a copy in its data folder, so
that a worker that starts while Redis is down still runs the models desired last.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from infra import atomic_file
from infra.data_paths import MODELS
from services.decision.model_kinds import ModelKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredModel:
    """The desired versions of one kind of model; empty where none is desired."""

    active: str = ""
    """The version that decides; empty: the newest there was at start."""
    previous: str = ""
    """What a rollback returns to."""
    shadow: str = ""
    """The version that scores and decides nothing."""
    share: float = 1.0
    """Part of the batches that the shadow sees."""
    by: str = ""
    """Author of the last change."""
    at_ms: int = 0

    def written(self) -> str:
        """Return this as text."""
        return json.dumps(asdict(self), ensure_ascii=False)


DesiredModels = Mapping[ModelKind, DesiredModel]


def read(text: str) -> DesiredModel:
    """Read what `DesiredModel.written` wrote; ValueError where it is something else."""
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004  a wrong text, not a wrong call
    try:
        desired = DesiredModel(**found)
        texts = (desired.active, desired.previous, desired.shadow, desired.by)
        fits = all(isinstance(value, str) for value in texts) and 0 <= desired.share <= 1
    except TypeError as error:
        raise ValueError(str(error)) from error
    if not fits:
        raise ValueError(f"odd values: {text[:200]}")
    return desired


def read_all(fields: Mapping[str, str]) -> dict[ModelKind, DesiredModel]:
    """Read the desired models of all kinds, by the word of each kind."""
    return {kind: read(fields[kind]) for kind in ModelKind if kind in fields}


def save_copy(folder: Path, desired: DesiredModels) -> None:
    """Write the copy of this host atomically."""
    fields = {kind.value: model.written() for kind, model in desired.items()}
    beside = folder / f"{MODELS}.{os.getpid()}"
    atomic_file.write(folder / MODELS, json.dumps(fields), beside=beside)


def load_copy(folder: Path) -> dict[ModelKind, DesiredModel]:
    """Read the copy of this host; no model is desired where it is missing or unreadable."""
    try:
        return read_all(json.loads((folder / MODELS).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}
