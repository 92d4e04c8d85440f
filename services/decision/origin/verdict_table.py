"""Verdict on a caller or sender that shows a protected number: `verdicts.toml`, compiled."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from fanzha.errors import InvalidConfiguration
from fanzha.service_codes import CodeClass
from fanzha.tables import Attestation, Ingress, Uint8s
from fanzha.toml_files import read_table

TABLE_FILE = "verdicts.toml"


class OriginVerdict(IntEnum):
    """What follows from the evidence of origin."""

    PROTECTED = 0
    """No list and no model acts on it."""
    JUDGED = 1
    """Decided like any other party."""
    IMPLAUSIBLE = 2
    """Cannot originate there."""


class TrunkTrust(IntEnum):
    """What the registry of trunk groups says of a code on a trunk."""

    NONE = 0
    """No trunk group was reported, or it is not registered."""
    LISTED = 1
    """It may show this code."""
    OTHER = 2
    """It is registered, and may not show this code."""


class OriginFacts(NamedTuple):
    """One combination of the table."""

    code: CodeClass
    ingress: Ingress
    attestation: Attestation
    trunk: TrunkTrust


_FACTS = {"code": CodeClass, "ingress": Ingress, "attestation": Attestation, "trunk": TrunkTrust}
_SHAPE = tuple(len(kind) for kind in _FACTS.values())
_UNDECIDED = 255


class VerdictTable:
    """Verdicts and their reasons for all combinations."""

    def __init__(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Compile *rules*; raise `ValueError` for a wrong or useless one, and for a gap."""
        self._verdicts = np.full(_SHAPE, _UNDECIDED, np.uint8)
        self._reasons: dict[OriginFacts, str] = {}
        for number, rule in enumerate(rules, 1):
            self._apply(rule, f"rule {number}")
        if gaps := int(np.count_nonzero(self._verdicts[1:] == _UNDECIDED)):
            raise InvalidConfiguration("{gaps} combinations fit no rule", gaps=gaps)
        self._verdicts[CodeClass.ORDINARY] = OriginVerdict.JUDGED

    def verdicts(
        self, codes: Uint8s, ingress: Uint8s, attestations: Uint8s, trunks: Uint8s
    ) -> Uint8s:
        """Return the `OriginVerdict` of each row; all columns are uint8 of one length."""
        found: Uint8s = self._verdicts[codes, ingress, attestations, trunks]
        return found

    def reason(self, facts: OriginFacts) -> str:
        """Return why a combination has its verdict."""
        return self._reasons[facts]

    def combinations(self) -> list[tuple[OriginFacts, OriginVerdict]]:
        """Return the whole table, in the order of its columns."""
        return [
            (facts, OriginVerdict(int(self._verdicts[facts]))) for facts in sorted(self._reasons)
        ]

    def _apply(self, rule: Mapping[str, Any], where: str) -> None:
        if unknown := sorted(set(rule) - {*_FACTS, "verdict", "because"}):
            raise InvalidConfiguration(
                "{where}: not known: {unknown}", where=where, unknown=", ".join(unknown)
            )
        verdict = _member(OriginVerdict, rule.get("verdict"), where)
        because = rule.get("because")
        if not isinstance(because, str) or not because:
            raise InvalidConfiguration("{where}: because: says why, in a sentence", where=where)
        columns = [_values(name, kind, rule, where) for name, kind in _FACTS.items()]
        used = False
        for facts in map(OriginFacts._make, product(*columns)):
            if self._verdicts[facts] == _UNDECIDED:
                self._verdicts[facts], self._reasons[facts] = verdict, because
                used = True
        if not used:
            raise InvalidConfiguration(
                "{where}: never used: earlier rules fit all its combinations", where=where
            )


@cache
def verdict_table() -> VerdictTable:
    """Return the table of this package."""
    return VerdictTable(read_table(files(__package__) / TABLE_FILE)["rule"])


def _values(name: str, kind: type[IntEnum], rule: Mapping[str, Any], where: str) -> list[IntEnum]:
    if name not in rule:
        return [one for one in kind if one is not CodeClass.ORDINARY]
    if not isinstance(rule[name], list) or not rule[name]:
        raise InvalidConfiguration("{where}: {name}: a list of words", where=where, name=name)
    return [_member(kind, word, f"{where}: {name}") for word in rule[name]]


def _member(kind: type[IntEnum], word: object, where: str) -> IntEnum:
    known = {one.name.lower(): one for one in kind if one is not CodeClass.ORDINARY}
    if not isinstance(word, str) or word not in known:
        raise InvalidConfiguration(
            "{where}: {word!r} is none of {known}", where=where, word=word, known=", ".join(known)
        )
    return known[word]
