"""Undoes one change of the carrier policy, and leaves alone what others changed since.

A document is compared setting by setting: each setting of a channel, each trunk group, and whether
a carrier has a policy of its own at all.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from services.carrier_policy import document

_Path: TypeAlias = tuple[str, ...]
_TRUNK = "trunk"


class UndoneChange(NamedTuple):
    """The policy without a change."""

    document: str
    left_alone: tuple[str, ...]
    """Settings of the change that others have changed since."""


def undone(before: str, after: str, current: str) -> UndoneChange:
    """Return *current* without the change from *before* to *after*; all three are canonical."""
    old, new, now = (_flat(document.tree(text)) for text in (before, after, current))
    left_alone = []
    for path in sorted(old.keys() | new.keys()):
        was, became = old.get(path), new.get(path)
        if was == became:
            continue
        if now.get(path) != became:
            left_alone.append(".".join(path))
        elif was is None:
            del now[path]
        else:
            now[path] = was
    return UndoneChange(document.from_tree(_nested(now)), tuple(left_alone))


def _flat(tree: Mapping[str, Any]) -> dict[_Path, Any]:
    found: dict[_Path, Any] = {}
    for carrier, tables in tree.items():
        found[carrier,] = True
        for name, table in tables.items():
            if name == _TRUNK:
                found |= {(carrier, _TRUNK, trunk["name"]): trunk for trunk in table}
            else:
                found |= {(carrier, name, setting): value for setting, value in table.items()}
    return found


def _nested(flat: Mapping[_Path, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        # A setting that is left alone keeps its carrier.
        tables = tree.setdefault(path[0], {})
        match path:
            case (_, name, trunk) if name == _TRUNK:
                tables.setdefault(_TRUNK, []).append(value | {"name": trunk})
            case (_, name, setting):
                tables.setdefault(name, {})[setting] = value
    return tree
