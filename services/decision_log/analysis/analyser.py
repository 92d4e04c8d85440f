"""Analyses one logged decision: what each model saw, the circumstances, what would change it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from blocklists.entries import Entry
from services.decision_log.analysis import (
    alternatives,
    call_models,
    circumstances,
    content_models,
)
from services.decision_log.analysis.bundle_loader import BundleLoader
from services.decision_log.analysis.content_models import TextContent
from services.decision_log.analysis.model import DecisionAnalysis, ModelAnalysis, PastEntry
from services.decision_log.analysis.origin_reasons import OriginReasons
from services.decision_log.explanation import Sentence

_NOT_KNOWN = Sentence(
    "当时的内容未知：此处没有名单历史。", "as it was then is not known: no history of lists here."
)


EntryHistory = Callable[[str, str, int, Entry | None], Awaitable[PastEntry]]
"""Takes id and pattern of an entry, a version of the lists and the current entry, and returns the
entry at that version."""


class DecisionAnalyser:
    """Analyses decisions with the models, registries and list history of this host."""

    def __init__(
        self,
        loader: BundleLoader | None = None,
        *,
        origin: OriginReasons | None = None,
        history: EntryHistory | None = None,
    ) -> None:
        """Without *loader* the shipped models are asked."""
        self._loader = loader or BundleLoader(None)
        self._origin = origin or OriginReasons("86")
        self._history = history

    async def past_entry(self, row: Mapping[str, Any], now: Entry | None) -> PastEntry | None:
        """Return the entry that decided *row*, as it was then; None where none decided."""
        if not row.get("entry_id") or not row.get("pattern"):
            return None
        if self._history is None:
            return PastEntry(entry=None, since=_NOT_KNOWN)
        return await self._history(row["entry_id"], row["pattern"], row["list_version"], now)

    def analyse(
        self,
        row: Mapping[str, Any],
        content: TextContent,
        past: PastEntry | None,
        *,
        unmasked: bool,
    ) -> DecisionAnalysis:
        """Analyse *row*. Blocks: run it in a thread, one call at a time."""
        models = self._models(row, content, unmasked=unmasked)
        origin = self._origin.of(row)
        known = circumstances.of(row, past, self._loader)
        changes = [
            Sentence(f"{model.model} 模型：{said.chinese}", f"{model.model} model: {said.english}")
            for model in models
            for said in model.alternatives
        ]
        return DecisionAnalysis(
            models=models,
            circumstances=[*known, *([origin] if origin else [])],
            alternatives=[*alternatives.of(row), *changes],
            entry_then=past.entry if past else None,
        )

    def _models(
        self, row: Mapping[str, Any], content: TextContent, *, unmasked: bool
    ) -> list[ModelAnalysis]:
        found: list[ModelAnalysis] = []
        if row["channel"] == "LINK" and row["score"] is not None:
            found.append(content_models.of_link(row, self._loader, unmasked=unmasked))
        if row["channel"] == "TEXT" and row["score"] is not None:
            found.append(content_models.of_text(row, content, self._loader))
        if row.get("link_score") is not None:
            found.append(content_models.of_text_link(row, content, self._loader))
        if row["channel"] == "CALL" and row["score"] is not None:
            found.append(call_models.of_caller(row, self._loader))
        if row.get("velocity_score") is not None:
            found.append(call_models.of_velocity(row, self._loader))
        first = {"VELOCITY": "velocity", "LINK_SCORED": "link"}.get(row["reason"], "")
        return sorted(found, key=lambda model: model.model != first)
