"""Canonical text of the carrier policy, and edits of single settings.

The store has every document in one form: carriers, channels and settings in a fixed order, nothing
that repeats a default, no comments. So two documents that set the same are the same text.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fanzha import toml_files
from fanzha.errors import InvalidInput
from fanzha.tables import Channel
from services.auth import claims
from services.decision.carriers.policy import CarrierPolicies
from services.decision.carriers.policy_document import CHOICES, SETTINGS, read_policies

_CHANNELS = [channel.name.lower() for channel in Channel]
_DEFAULTS = {name: next(iter(choices)) for name, choices in CHOICES.items()}
_TRUNK_KEYS = ("name", "ingress", "shows", "person_to_person", "roamers", "note")


def canonical(document: str) -> str:
    """Return the canonical text of a document; `InvalidInput` names its fault."""
    checked(document)
    return from_tree(tree(document))


def checked(document: str) -> CarrierPolicies:
    """Read a document as workers do; `InvalidInput` names its fault."""
    try:
        return read_policies(document)
    except ValueError as error:
        raise InvalidInput(str(error)) from None


def with_settings(document: str, assignments: Sequence[str]) -> str:
    """Return *document* with some settings replaced, in canonical form.

    An assignment is ``cmcc.call.threshold=0.97``; without a value, it removes the setting.
    `InvalidInput` names the wrong one. Trunk groups cannot be set this way.
    """
    checked(document)
    tables = tree(document)
    for assignment in assignments:
        _assign(tables, assignment)
    return from_tree(tables)


def tree(document: str) -> dict[str, Any]:
    """Return the tables of a document by carrier, which nobody has checked."""
    found: dict[str, Any] = toml_files.parse(document).get("carrier", {})
    return found


def from_tree(tables: Mapping[str, Any]) -> str:
    """Return the canonical text of such tables; `InvalidInput` names their fault."""
    text = _written(tables)
    # Once more: workers read this text, and escapes may have made it longer.
    checked(text)
    return text


def _assign(tree: dict[str, Any], assignment: str) -> None:
    path, equals, value = assignment.partition("=")
    match path.strip().split("."):
        case [carrier, channel, setting] if equals:
            _check_names(carrier, channel, setting)
        case _:
            raise InvalidInput(
                "set: CARRIER.CHANNEL.SETTING=VALUE as in cmcc.call.threshold=0.97; not {given!r}",
                given=assignment[:80],
            )
    value = value.strip()
    if not value:
        # A carrier without a policy of its own gets none, which would replace the default one.
        tree.get(carrier, {}).get(channel, {}).pop(setting, None)
        return
    settings = tree.setdefault(carrier, {}).setdefault(channel, {})
    settings[setting] = _number(value) if setting == "threshold" else value


def _check_names(carrier: str, channel: str, setting: str) -> None:
    if carrier != claims.NO_CARRIER:
        try:
            claims.carrier(carrier)
        except ValueError as error:
            raise InvalidInput("set: {error}", error=error) from None
    if channel not in _CHANNELS:
        raise InvalidInput(
            "set: channel: one of {known}; not {given!r}",
            known=", ".join(_CHANNELS),
            given=channel[:40],
        )
    if setting not in SETTINGS:
        raise InvalidInput(
            "set: setting: one of {known}; not {given!r}",
            known=", ".join(SETTINGS),
            given=setting[:40],
        )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidInput("set: threshold: a number, not {given!r}", given=text[:40]) from None


def _written(tree: Mapping[str, Any]) -> str:
    parts = [part for name in _order(tree) for part in _carrier(name, tree[name])]
    return "\n".join(parts)


def _order(tree: Mapping[str, Any]) -> list[str]:
    """Return the carriers by name, the default policy first."""
    return sorted(tree, key=lambda name: (name != claims.NO_CARRIER, name))


def _carrier(name: str, table: Mapping[str, Any]) -> Iterable[str]:
    """Write a carrier's tables; an empty one stays, since it keeps the default policy away."""
    path = f"carrier.{name}"
    tables = [
        _table(f"[{path}.{channel}]", own, SETTINGS)
        for channel in _CHANNELS
        if (own := _own_settings(table.get(channel, {})))
    ]
    tables += [_table(f"[[{path}.trunk]]", trunk, _TRUNK_KEYS) for trunk in table.get("trunk", [])]
    return tables or [f"[{path}]\n"]


def _own_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in settings.items() if _DEFAULTS.get(name) != value}
    return own | ({"threshold": float(own["threshold"])} if "threshold" in own else {})


def _table(header: str, values: Mapping[str, Any], order: Sequence[str]) -> str:
    lines = [f"{name} = {_value(values[name])}" for name in order if name in values]
    return "\n".join((header, *lines, ""))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    # A basic string of TOML has the escapes of JSON, and may hold no DEL.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
