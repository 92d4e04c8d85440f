"""Says why the number of a caller or sender was implausible, from what was logged of its origin."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fanzha import numbering, service_codes
from fanzha.phone import FIRST_SENDER
from fanzha.service_codes import CodeClass
from fanzha.tables import Attestation, Ingress, Int64s
from services.decision.origin import trunk_groups
from services.decision.origin.trunk_groups import TrunkGroups
from services.decision.origin.verdict_table import OriginFacts, TrunkTrust, verdict_table
from services.decision_log.explanation import Sentence

_IMPOSSIBLE = Sentence(
    "号码依编号计划不可能存在。", "no subscriber or service can have this number (numbering plan)."
)
_FORGED = Sentence(
    "本国号码自境外呼入且无 A 级认证。",
    "a number of the home country came in from abroad without attestation A.",
)
_PEOPLE_ONLY = Sentence(
    "该路由仅承载用户间短信，不得使用代码或名称作发送方。",
    "its route is for messages between subscribers, and no code or name may send on it.",
)
_CHANGED = Sentence(
    "以现有的中继登记无法复现该结论：登记当时不同，或中继未记录。",
    "the trunk registry of now does not lead to this: it was another then, or the trunk was not "
    "logged.",
)


class OriginReasons:
    """Applies the rules of `services.decision.origin` to one logged row."""

    def __init__(self, home_country: str, trunks: Callable[[], TrunkGroups] = TrunkGroups) -> None:
        """Look trunks up in the registry of now: that of then is not kept."""
        self._home_country = home_country
        self._trunks = trunks

    def of(self, row: Mapping[str, Any]) -> Sentence | None:
        """Say what follows from the origin of *row*; None where nothing in particular does."""
        if row["channel"] == "LINK":
            return None
        implausible = row["reason"] == "IMPLAUSIBLE" or "implausible" in _rules_held(row)
        protected = row["reason"] == "PROTECTED"
        if not implausible and not protected:
            return None
        keys = np.array([row["from_key"]], np.int64)
        trunk = row.get("trunk") or ""
        groups = self._trunks().of([trunk])
        ingress = trunk_groups.stricter_ingress(_column(Ingress, row.get("ingress")), groups)
        attestations = _column(Attestation, row.get("attestation"))
        code = CodeClass(int(service_codes.code_classes(keys)[0]))
        if code is not CodeClass.ORDINARY:
            facts = OriginFacts(
                code,
                Ingress(int(ingress[0])),
                Attestation(int(attestations[0])),
                TrunkTrust(int(trunk_groups.trust(keys, groups)[0])),
            )
            return self._verdict(facts, trunk)
        return self._ordinary(keys, ingress, attestations, groups) if implausible else None

    def _verdict(self, facts: OriginFacts, trunk: str) -> Sentence:
        shown = ", ".join(f"{name} {value.name.lower()}" for name, value in facts._asdict().items())
        because = verdict_table().reason(facts)
        verdict = dict(verdict_table().combinations())[facts].name.lower()
        return Sentence(
            f"主叫或发送方显示受保护的代码；来源判定表（{shown}）：{verdict}，理由：{because}。"
            + (f"中继 {trunk} 按现有登记查询。" if trunk else ""),
            f"the caller or sender shows a protected code; the table of origins says {verdict} for "
            f"{shown}: {because}."
            + (f" Trunk {trunk} was looked up in the registry of now." if trunk else ""),
        )

    def _ordinary(
        self, keys: Int64s, ingress: Any, attestations: Any, groups: Mapping[int, Any]
    ) -> Sentence:
        if numbering.impossible(keys)[0]:
            return _IMPOSSIBLE
        if numbering.forged_from_abroad(keys, ingress, attestations, self._home_country)[0]:
            return _FORGED
        no_subscriber = keys[0] < 0 or keys[0] >= FIRST_SENDER
        if no_subscriber and any(group.person_to_person for group in groups.values()):
            return _PEOPLE_ONLY
        return _CHANGED


def _rules_held(row: Mapping[str, Any]) -> list[str]:
    return (row.get("rules_held") or "").split(",")


def _column(kind: Any, word: str | None) -> Any:
    known = kind.__members__
    return np.array([known.get(word, 0)], np.uint8)
