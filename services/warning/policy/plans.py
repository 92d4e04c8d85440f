"""Plans of tiers: the ``[[step]]`` tables of a policy."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

from fanzha.errors import InvalidConfiguration
from services.warning.cases.opening import ContactStep
from services.warning.messages.template import FORMS
from services.warning.model import Tier

SHIPPED = "policy-1.toml"
Plans: TypeAlias = Mapping[Tier, Sequence[ContactStep]]

_MINUTE_MS = 60_000
_LONGEST_MINUTES = 30 * 24 * 60
_SHORTEST_MINUTES = 1 / 60
_MOST_STEPS = 10
_FIELDS = ("tier", "channel", "within_minutes")


def read(tables: Any) -> Plans:
    """Parse steps, in order per tier; a tier without steps gets those of the shipped policy.

    Raises `ValueError` with the step at fault.
    """
    if not isinstance(tables, list):
        raise InvalidConfiguration("step: write [[step]]")
    found: dict[Tier, list[ContactStep]] = {}
    for place, table in enumerate(tables, 1):
        tier, step = _step(table, f"[[step]] number {place}: ")
        found.setdefault(tier, []).append(step)
        if len(found[tier]) > _MOST_STEPS:
            raise InvalidConfiguration(
                "[[step]]: {most_steps} for a tier are the most", most_steps=_MOST_STEPS
            )
    return {**(_shipped() if len(found) < len(Tier) else {}), **found}


def formatted(steps: Sequence[ContactStep]) -> str:
    """Format a plan: ``sms 10 min, voice 30 min``."""
    return ", ".join(f"{one.channel} {one.within_ms / _MINUTE_MS:g} min" for one in steps)


def _step(table: Any, where: str) -> tuple[Tier, ContactStep]:
    if not isinstance(table, dict) or sorted(table) != sorted(_FIELDS):
        raise InvalidConfiguration(
            "{where}{fields} are required, and nothing else", where=where, fields=", ".join(_FIELDS)
        )
    tier, channel, minutes = (table[name] for name in _FIELDS)
    if not isinstance(tier, str) or tier.upper() not in Tier.__members__:
        raise InvalidConfiguration(
            "{where}tier: low, medium or high: {tier!r}", where=where, tier=tier
        )
    if channel not in FORMS:
        raise InvalidConfiguration(
            "{where}channel: one of {forms}: {channel!r}",
            where=where,
            forms=", ".join(FORMS),
            channel=channel,
        )
    number = minutes if isinstance(minutes, int | float) and minutes is not True else 0
    if not _SHORTEST_MINUTES <= number <= _LONGEST_MINUTES:
        raise InvalidConfiguration(
            "{where}within_minutes: a number, a second to 30 days: {minutes!r}",
            where=where,
            minutes=minutes,
        )
    return Tier[tier.upper()], ContactStep(channel=channel, within_ms=round(minutes * _MINUTE_MS))


@cache
def _shipped() -> Plans:
    text = (files("services.warning") / "data" / SHIPPED).read_text(encoding="utf-8")
    return read(tomllib.loads(text)["step"])
