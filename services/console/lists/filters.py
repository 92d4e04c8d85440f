"""The filter of the Lists page: what of it is in the address, and what only in the session.

Kinds, sources and conditions are in the address. What somebody types (the beginning of a number, a
name, a legal basis) is kept in the session, under a key that the address has.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import decision_pb2
from services.console.web.page_request import PageRequest

TYPED = ("pattern", "legal_basis", "campaign", "created_by", "region")
"""Criteria that people type."""
NO_FRAUD_TYPE = "none"
_LONGEST = 253
_REGION = re.compile(r"0|[1-9][0-9](?:[0-9]{2}){0,2}")
"""A code, or 0 for the whole province; others are ignored like unknown words."""
_WHOLE_PROVINCE = {"0": "none"}
"""What is typed, and what criteria call it."""

_ENUMS: Mapping[str, Any] = {
    "kind": pb.EntryKind,
    "action": decision_pb2.Action,
    "source": decision_pb2.Source,
    "mode": pb.EntryMode,
}
_ORDERS = {
    "newest": pb.ENTRY_ORDER_NEWEST,
    "ends": pb.ENTRY_ORDER_ENDS_FIRST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """What the page shows."""

    query: Mapping[str, Any]
    """What of it is in the address, without the place in the list."""
    criteria: pb.EntryCriteria
    order: pb.EntryOrder.ValueType
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether it lets all entries through."""
        return self.criteria == pb.EntryCriteria()


def of(visit: PageRequest) -> ListFilter:
    """Read the filter of a page; unknown words are ignored, as addresses may be old."""
    address = visit.query
    criteria, query = pb.EntryCriteria(), dict[str, Any]()
    for name, enum in _ENUMS.items():
        number = _number(enum, address.get(name, ""))
        if number:
            setattr(criteria, name, number)
            query[name] = address[name]
    fraud = address.get("fraud", "")
    if fraud == NO_FRAUD_TYPE:
        criteria.fraud_type = decision_pb2.FRAUD_TYPE_UNSPECIFIED
    elif fraud_type := _number(decision_pb2.FraudType, fraud):
        criteria.fraud_type = fraud_type  # type: ignore[assignment]
    if criteria.HasField("fraud_type"):
        query["fraud"] = fraud
    chosen = {_number(pb.EntryCondition, word): word for word in address.getlist("only")}
    chosen.pop(0, None)
    criteria.conditions.extend(sorted(chosen))  # type: ignore[arg-type]
    if chosen:
        query["only"] = [chosen[number] for number in sorted(chosen)]
    typed = {
        name: str(text)
        for name, text in visit.remembered(address.get("q", "")).items()
        if name in TYPED and text and (name != "region" or _REGION.fullmatch(str(text)))
    }
    for name, text in typed.items():
        setattr(criteria, name, _WHOLE_PROVINCE.get(text, text) if name == "region" else text)
    if typed:
        query["q"] = address["q"]
    order = address.get("order", "newest")
    if order in _ORDERS and order != "newest":
        query["order"] = order
    return ListFilter(
        query=query,
        criteria=criteria,
        order=_ORDERS.get(order, pb.ENTRY_ORDER_NEWEST),
        typed=typed,
    )


def typed_in(visit: PageRequest) -> dict[str, str]:
    """Return what was typed into the form of the filter."""
    return {name: text[:_LONGEST] for name in TYPED if (text := visit.field(name))}


def word_of(enum: Any, number: int) -> str:
    """Write a value for an address, such as ``url-prefix``."""
    prefix = enum.DESCRIPTOR.values[0].name.removesuffix("UNSPECIFIED")
    name: str = enum.DESCRIPTOR.values_by_number[number].name
    return name.removeprefix(prefix).lower().replace("_", "-")


def numbers_of(enum: Any) -> list[int]:
    """Return all values of an enum but the unspecified one."""
    return [one.number for one in enum.DESCRIPTOR.values if one.number]


def _number(enum: Any, word: str) -> int:
    for number in numbers_of(enum):
        if word and word_of(enum, number) == word:
            return number
    return 0
