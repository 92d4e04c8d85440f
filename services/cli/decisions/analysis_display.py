"""Shows what a decision depended on: features with their weights, and what would change it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fanzha.translation.catalogue import gettext, language
from fanzha.v1 import decision_log_pb2 as pb
from services.cli._common.console import out
from services.cli._common.enum_words import field_label
from services.cli._common.json_words import as_dict
from services.cli._common.plain_text import one_line
from services.cli._common.tables import RowTable

_ENTRY = ("source", "legal_basis", "reason", "created_by", "campaign", "expires_at_s")


def show(analysis: pb.DecisionAnalysis, shown: Callable[[str, Any], str]) -> None:
    """Show an analysis: a table for each model, and sentences in the language of the user.

    *shown* writes the value of a field.
    """
    for model in analysis.models:
        _show_model(model)
    _show_sentences(gettext("at that moment"), analysis.circumstances)
    if analysis.HasField("entry_then"):
        facts = ", ".join(
            f"{field_label(name)} {shown(name, value)}"
            for name, value in entry_facts(analysis.entry_then).items()
        )
        _line(gettext("  entry then: {facts}", facts=facts))
    _show_sentences(gettext("for another decision"), analysis.alternatives)


def in_language(sentence: pb.Explanation) -> str:
    """Return a sentence in the language of the user, or the one that it is in."""
    both = (sentence.zh, sentence.en) if language() == "zh" else (sentence.en, sentence.zh)
    return both[0] or both[1]


def as_json(analysis: pb.DecisionAnalysis) -> dict[str, Any]:
    """Return the same for programs."""
    shown: dict[str, Any] = {
        "models": [_model_json(model) for model in analysis.models],
        "circumstances": _sentences(analysis.circumstances),
        "alternatives": _sentences(analysis.alternatives),
    }
    if analysis.HasField("entry_then"):
        shown["entry_then"] = entry_facts(analysis.entry_then)
    return shown


def entry_facts(entry: Any) -> dict[str, Any]:
    """Return what is shown of an entry."""
    shown = as_dict(entry)
    return {name: shown[name] for name in _ENTRY if shown[name] not in {"", "0"}}


def _show_model(model: pb.ModelAnalysis) -> None:
    known = _model_json(model)
    numbers = ", ".join(
        f"{field_label(name)} {known[name]:.4f}"
        for name in ("score", "threshold", "recomputed_score")
        if known[name] is not None
    )
    _line("")
    _line(
        gettext(
            "{model} model {version}: {numbers}",
            model=model.model,
            version=model.version,
            numbers=numbers,
        )
    )
    _line(f"  {in_language(model.method)}")
    if model.features:
        table = RowTable(gettext("feature"), gettext("value"), gettext("weight"))
        for one in known["features"]:
            value = one.get("value")
            table.add_row(
                one_line(one["feature"]),
                "–" if value is None else f"{value:.4g}",
                f"{one['weight']:+.3f}",
            )
        table.print()
    if model.inputs:
        _line("  " + ", ".join(f"{name} {value:.4g}" for name, value in known["inputs"].items()))


def _model_json(model: pb.ModelAnalysis) -> dict[str, Any]:
    return {
        "model": model.model,
        "version": model.version,
        "score": _optional(model, "score"),
        "threshold": _optional(model, "threshold"),
        "recomputed_score": _optional(model, "recomputed_score"),
        "method": {"zh": model.method.zh, "en": model.method.en},
        "features": [
            {"feature": one.feature, "value": _optional(one, "value"), "weight": _round(one.weight)}
            for one in model.features
        ],
        "inputs": {name: _round(model.inputs[name]) for name in sorted(model.inputs)},
    }


def _show_sentences(title: str, sentences: Iterable[pb.Explanation]) -> None:
    known = list(sentences)
    if not known:
        return
    _line("")
    _line(title)
    for one in known:
        _line(f"  {in_language(one)}")


def _sentences(sentences: Iterable[pb.Explanation]) -> list[dict[str, str]]:
    return [{"zh": one.zh, "en": one.en} for one in sentences]


def _optional(message: Any, name: str) -> float | None:
    return _round(getattr(message, name)) if message.HasField(name) else None


def _round(value: float) -> float:
    return round(value, 6)


def _line(words: str) -> None:
    out.print(one_line(words), markup=False, soft_wrap=True)
