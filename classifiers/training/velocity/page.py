"""Renders the page about a velocity model, from its card and the behaviours it was trained on."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classifiers.training import page_template
from classifiers.training.bundle_writer import markdown_table
from classifiers.training.call_simulator import worlds
from classifiers.training.call_simulator.behaviour import Behaviour, Range
from classifiers.training.call_simulator.worlds import World

_TEMPLATE = Path(__file__).with_name("velocity_page.md")
_KIND_TITLES = ("kind", "callers", "of them with calls enough", "marked", "calls", "marked calls")
_RANGES = (
    ("rate", "calls an hour, in bursts"),
    ("bursts", "bursts a day"),
    ("minutes", "minutes a burst"),
    ("strangers", "share of strangers"),
    ("in_a_row", "next number"),
    ("again", "tried again"),
    ("answered", "answered"),
    ("brief", "of these brief"),
    ("called_back", "got per made"),
)


def page(bundle: Path) -> str:
    """Render the page about the velocity model in *bundle*."""
    card = tomllib.loads((bundle / "card.toml").read_text(encoding="utf-8"))
    metrics = card["metrics"]
    values = {
        "version": card["version"],
        "date": card["date"],
        "seed": card["seed"],
        "threshold": f"{card['threshold']:.4f}",
        "set_by": metrics["threshold_set_by"],
        "kilobytes": round((bundle / "model.onnx").stat().st_size / 1000),
        "features": ", ".join(f"`{name}`" for name in card["inputs"]["features"]),
        "validation": _kinds(metrics["validation"]["kinds"]),
        "validation_auc": metrics["validation"]["auc"],
        "test": _kinds(metrics["test"]["kinds"]),
        "test_auc": metrics["test"]["auc"],
        "left_out": _left_out(metrics["left_out"]),
        "behaviours": _behaviours(worlds.TRAINING),
        "test_behaviours": _behaviours(worlds.TEST),
        "sources": _sources(worlds.TEST),
    }
    return page_template.fill(_TEMPLATE, values)


def _kinds(kinds: Sequence[Mapping[str, Any]]) -> str:
    titles = (*_KIND_TITLES, "calls until then")
    return markdown_table(titles, [_kind(kind) for kind in kinds])


def _kind(kind: Mapping[str, Any]) -> list[object]:
    callers, marked, calls = kind["callers"], kind["marked"], kind["calls"]
    return [
        f"**{kind['kind']}**" if kind["fraud"] else kind["kind"],
        f"{callers:,}",
        f"{kind['with_enough_calls']:,}",
        f"{marked:,} ({_percent(marked / callers)})",
        f"{calls:,}",
        _percent(kind["marked_calls"] / calls),
        kind["calls_until_marked"] or "–",
    ]


def _left_out(rows: Sequence[Mapping[str, Any]]) -> str:
    titles = ("kind nothing was learnt of", "marked, validation world", "marked, test world")
    return markdown_table(titles, [[row["kind"], *map(_both(row), _WORLDS)] for row in rows])


_WORLDS = ("validation", "test")


def _both(row: Mapping[str, Any]) -> Any:
    def cell(world: str) -> str:
        marked, callers = row[f"{world}_marked"], row[f"{world}_callers"]
        return f"{marked:,} of {callers:,} ({_percent(marked / callers)})"

    return cell


def _behaviours(world: World) -> str:
    titles = ("kind", *(title for _, title in _RANGES))
    return markdown_table(titles, [_behaviour(behaviour) for behaviour in world.behaviours])


def _behaviour(behaviour: Behaviour) -> list[str]:
    name = f"**{behaviour.name}**" if behaviour.fraud else behaviour.name
    return [name, *(_range(getattr(behaviour, field)) for field, _ in _RANGES)]


def _range(values: Range) -> str:
    return f"{values.low:.3g} to {values.high:.3g}"


def _sources(world: World) -> str:
    return "\n".join(f"* *{other.name}*: {other.source}." for other in world.behaviours)


def _percent(share: float) -> str:
    return f"{share:.1%}" if not share or share >= 0.01 else f"{share:.2%}"  # noqa: PLR2004
