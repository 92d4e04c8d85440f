"""Which treatment a row that is let through gets: `treatments.toml`, or the operator's own file.

Rules are compiled to columns of flags, so a batch that no rule fits costs one look-up per rule.
Only rows that get a treatment become Python objects.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, TypeVar

import numpy as np

from fanzha.decisions import Action, Detail, DisplayLabel, Reason, Treatment
from fanzha.errors import InvalidConfiguration
from fanzha.tables import Bools, Channel, Float32s, Ingress, Uint8s
from fanzha.toml_files import parse, read_table
from services.auth import claims

TABLE_FILE = "treatments.toml"
MAX_DELAY_MS = 86_400_000
_KEYS = (
    *("channels", "reasons", "ingress", "carriers", "score_from"),
    *("treatment", "label", "delay_ms", "because"),
)
_NEVER = {Reason.PROTECTED, Reason.INVALID}
"""Nothing may hinder a call to a protected number, and of an unreadable row nothing is known."""
_ALLOW = np.uint8(Action.ALLOW)

Member = TypeVar("Member", bound=IntEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentRule:
    """One rule, compiled."""

    channels: frozenset[Channel]
    reasons: Bools
    """By the number of a reason: whether the rule fits it."""
    ingress: Bools | None
    """Likewise, by the number of an ingress; None: any."""
    carriers: frozenset[str] | None
    """Carriers of the requests that it fits, the empty name for requests without; None: any."""
    score_from: float | None
    """Share of the threshold from which scores fit; None: any score, or none."""
    detail: Detail
    """Treatment, label and delay."""


class TreatedBatch(NamedTuple):
    """What rules are applied to; columns of one length."""

    channel: Channel
    actions: Uint8s
    reasons: Uint8s
    scores: Float32s
    threshold: float | Float32s
    ingress: Uint8s | None
    """None for links."""
    carriers: Sequence[tuple[str, int]] = ()
    """As in `services.decision.evidence.BatchContext`."""


class TreatmentTable:
    """Rules by channel."""

    def __init__(self, rules: Sequence[TreatmentRule] = ()) -> None:
        self._all = tuple(rules)
        self._rules = {
            channel: [rule for rule in rules if channel in rule.channels] for channel in Channel
        }

    def treatments(self, batch: TreatedBatch) -> dict[int, Detail]:
        """Return treatment, label and delay of each row that a rule fits."""
        found: dict[int, Detail] = {}
        for rule in self._rules[batch.channel]:
            for row in _fitting(rule, batch):
                found.setdefault(row, rule.detail)
        return found

    def with_rules(self, more: Sequence[TreatmentRule]) -> "TreatmentTable":
        """Return a table with *more* rules after the others."""
        return TreatmentTable([*self._all, *more])


def _fitting(rule: TreatmentRule, batch: TreatedBatch) -> Sequence[int]:
    fits: Bools = rule.reasons.take(batch.reasons)
    if not np.count_nonzero(fits):
        return ()
    fits &= batch.actions == _ALLOW
    if rule.carriers is not None:
        fits &= _asked_by(rule.carriers, batch.carriers, len(fits))
    if rule.ingress is not None and batch.ingress is not None:
        fits &= rule.ingress.take(batch.ingress)
    if rule.score_from is not None:
        fits &= batch.scores >= np.asarray(rule.score_from * batch.threshold, np.float32)
    rows: list[int] = fits.nonzero()[0].tolist()
    return rows


def _asked_by(names: frozenset[str], carriers: Sequence[tuple[str, int]], rows: int) -> Bools:
    """Return which rows are of requests by these carriers."""
    named = [carrier in names for carrier, _ in carriers] or ["" in names]
    if len(named) == 1:
        return np.full(rows, named[0])
    return np.repeat(np.array(named), [count for _, count in carriers])


@cache
def shipped_table() -> TreatmentTable:
    """Return the table of this package."""
    return TreatmentTable(list(_rules(read_table(files(__package__) / TABLE_FILE))))


def read_treatments(data: bytes) -> TreatmentTable:
    """Read an operator's table; `ValueError` names the rule that is wrong."""
    try:
        document = parse(data.decode())
    except ValueError as error:
        raise InvalidConfiguration("not TOML: {error}", error=error) from error
    return TreatmentTable(list(_rules(document)))


def international_calls() -> TreatmentRule:
    """Return the rule of the setting ``label_international``."""
    return _rule(
        {
            "channels": ["call"],
            "ingress": ["international"],
            "treatment": "label",
            "label": "international",
            "because": "Art. 13: subscribers are told that a call is from abroad",
        },
        "label_international",
    )


def _rules(document: Mapping[str, Any]) -> Iterator[TreatmentRule]:
    tables = document.get("treatment", [])
    if set(document) - {"treatment"} or not isinstance(tables, list):
        raise InvalidConfiguration("holds [[treatment]] tables, and nothing else")
    for number, table in enumerate(tables, 1):
        yield _rule(table, f"treatment {number}")


def _rule(table: Any, where: str) -> TreatmentRule:
    if not isinstance(table, dict):
        raise InvalidConfiguration("{where}: not a table", where=where)
    if unknown := sorted(set(table) - {*_KEYS}):
        raise InvalidConfiguration(
            "{where}: not known: {unknown}; {keys}",
            where=where,
            unknown=", ".join(unknown),
            keys=", ".join(_KEYS),
        )
    if not isinstance(table.get("because"), str) or not table["because"]:
        raise InvalidConfiguration("{where}: because: says why, in a sentence", where=where)
    channels = frozenset(_members(Channel, table.get("channels"), f"{where}: channels"))
    return TreatmentRule(
        channels=channels,
        reasons=_reasons(table, where),
        ingress=_ingress(table, channels, where),
        carriers=_carriers(table.get("carriers"), f"{where}: carriers"),
        score_from=_share(table.get("score_from"), where),
        detail=_detail(table, channels, where),
    )


def _detail(table: Mapping[str, Any], channels: frozenset[Channel], where: str) -> Detail:
    treatment = _member(Treatment, table.get("treatment"), f"{where}: treatment")
    if (treatment is Treatment.LABEL) != ("label" in table):
        raise InvalidConfiguration(
            "{where}: label: required with treatment label, and only there", where=where
        )
    if (treatment is Treatment.DELAY) != ("delay_ms" in table):
        raise InvalidConfiguration(
            "{where}: delay_ms: required with treatment delay, and only there", where=where
        )
    if treatment is Treatment.DELAY and Channel.CALL in channels:
        raise InvalidConfiguration("{where}: treatment: a call cannot wait", where=where)
    delay_ms = table.get("delay_ms", 0)
    if type(delay_ms) is not int or not 0 <= delay_ms <= MAX_DELAY_MS:
        raise InvalidConfiguration(
            "{where}: delay_ms: 1 to {max_delay_ms}", where=where, max_delay_ms=MAX_DELAY_MS
        )
    if treatment is Treatment.DELAY and not delay_ms:
        raise InvalidConfiguration(
            "{where}: delay_ms: 1 to {max_delay_ms}", where=where, max_delay_ms=MAX_DELAY_MS
        )
    label = DisplayLabel.UNSPECIFIED
    if "label" in table:
        label = _member(DisplayLabel, table["label"], f"{where}: label")
    return Detail(treatment=treatment, label=label, delay_ms=delay_ms)


def _reasons(table: Mapping[str, Any], where: str) -> Bools:
    if "reasons" not in table:
        return _flags([reason for reason in Reason if reason not in _NEVER])
    reasons = _members(Reason, table["reasons"], f"{where}: reasons")
    if wrong := [reason.name.lower() for reason in reasons if reason in _NEVER]:
        raise InvalidConfiguration(
            "{where}: reasons: {wrong}: gets no treatment", where=where, wrong=", ".join(wrong)
        )
    return _flags(reasons)


def _ingress(table: Mapping[str, Any], channels: frozenset[Channel], where: str) -> Bools | None:
    if "ingress" not in table:
        return None
    if Channel.LINK in channels:
        raise InvalidConfiguration("{where}: ingress: links have none", where=where)
    words = table["ingress"]
    unspecified = isinstance(words, list) and "unspecified" in words
    known = [word for word in words if word != "unspecified"] if unspecified else words
    members = _members(Ingress, known, f"{where}: ingress") if known or not unspecified else []
    return _flags([*members, Ingress.UNSPECIFIED] if unspecified else members)


def _carriers(words: object, where: str) -> frozenset[str] | None:
    if words is None:
        return None
    if not isinstance(words, list) or not words:
        raise InvalidConfiguration("{where}: a list of names", where=where)
    try:
        return frozenset("" if one == claims.NO_CARRIER else claims.carrier(one) for one in words)
    except ValueError as error:
        raise InvalidConfiguration("{where}: {error}", where=where, error=error) from error


def _share(value: object, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise InvalidConfiguration(
            "{where}: score_from: a share of the threshold, above 0 and below 1", where=where
        )
    return float(value)


def _members(kind: type[Member], words: object, where: str) -> list[Member]:
    if not isinstance(words, list) or not words:
        raise InvalidConfiguration("{where}: a list of words", where=where)
    return [_member(kind, word, where) for word in words]


def _member(kind: type[Member], word: object, where: str) -> Member:
    known = {one.name.lower(): one for one in kind if one}
    if not isinstance(word, str) or word not in known:
        raise InvalidConfiguration(
            "{where}: {word!r} is none of {known}", where=where, word=word, known=", ".join(known)
        )
    return known[word]


def _flags(members: Sequence[IntEnum]) -> Bools:
    flags = np.zeros(256, np.bool_)
    flags[list(members)] = True
    return flags
