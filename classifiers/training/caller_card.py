"""Writes a caller model's bundle: the graph, and the card that says all about it."""

import json
from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx

from classifiers import card
from classifiers.training.caller_network import FEATURES
from fanzha.tables import CallerActivity, Float32s

EXAMPLES = (
    # A dialler: hundreds of numbers in two days, nobody calls back.
    {"outgoing_calls": 400, "counterparts": 390, "active_days": 2, "connected_calls": 150,
     "connected_seconds": 9000, "incoming_calls": 3, "texts_received": 12},
    # Somebody with friends.
    {"outgoing_calls": 60, "counterparts": 25, "active_days": 8, "connected_calls": 95,
     "connected_seconds": 7000, "incoming_calls": 55, "texts_received": 40, "texts_sent": 2},
    # A courier: many numbers, but some call back, and every day.
    {"outgoing_calls": 300, "counterparts": 230, "active_days": 9, "incoming_calls": 120},
    # Just begun.
    {"outgoing_calls": 5, "counterparts": 5, "active_days": 1},
)  # fmt: skip
"""Activity of our own making."""


def examples() -> CallerActivity:
    """Return the activity of `EXAMPLES`."""
    return CallerActivity(
        **{
            field.name: np.array([example.get(field.name, 0) for example in EXAMPLES], np.float32)
            for field in fields(CallerActivity)
        }
    )


def write(
    bundle: Path,
    *,
    graph: onnx.ModelProto,
    about: Mapping[str, object],
    metrics: Mapping[str, object],
    golden: Float32s,
) -> None:
    """Write the bundle; *golden* are the scores of `examples`."""
    bundle.mkdir(parents=True, exist_ok=True)
    content = graph.SerializeToString(deterministic=True)
    (bundle / card.GRAPH).write_bytes(content)
    lines = [
        *_table("", {**about, "sha256": sha256(content).hexdigest()}),
        *_table("inputs", {"features": list(FEATURES)}),
        *_tables("metrics", metrics),
    ]
    for example, score in zip(EXAMPLES, golden.tolist(), strict=True):
        inputs = {name: float(value) for name, value in example.items()}
        lines += ["", "[[golden]]", *_pairs({**inputs, "score": round(score, 5)})]
    (bundle / card.CARD).write_text("\n".join(lines).lstrip() + "\n", encoding="utf-8")


def _tables(name: str, table: Mapping[str, object]) -> list[str]:
    lines = _table(
        name, {key: value for key, value in table.items() if not isinstance(value, dict)}
    )
    for key, value in table.items():
        if isinstance(value, dict):
            lines += _tables(f"{name}.{key}", value)
    return lines


def _table(name: str, table: Mapping[str, object]) -> list[str]:
    return ["", *([f"[{name}]"] if name else []), *_pairs(table)]


def _pairs(table: Mapping[str, object]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in table.items()]


def _value(value: object) -> str:
    if isinstance(value, list):
        return "[\n" + "".join(f"    {_value(item)},\n" for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(_pairs(value)) + " }"
    return json.dumps(value, ensure_ascii=False)
