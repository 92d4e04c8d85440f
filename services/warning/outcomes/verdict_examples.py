"""Labelled training examples from verdicts on hits: what people confirmed or dismissed.

That is also what reviews and upheld appeals end in, with or without a case. A verdict is read from
its stream, the decision and the text from the decision log, as for cases.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from fanzha import url
from services.decision.sinks.hit_fields import HitField
from services.decision.sinks.hit_store import CONFIRMED, DISMISSED, HitStore
from services.warning.outcomes.examples import LabelledDecision, Row, of_decision

SOURCE = "verdicts"
LABELS = {"confirmed": "fraud", "dismissed": "nonfraud"}
"""Label by verdict. A match of the lists that no one judged has none."""
_AT_ONCE = 500
_END = "+"

Hit = Mapping[str, str]


async def verdicts(store: HitStore, since_ms: int) -> AsyncIterator[Sequence[Hit]]:
    """Yield the hits that a person judged since then, some at a time."""
    for stream in (CONFIRMED, DISMISSED):
        place = f"{since_ms}-0"
        while True:
            found = await store.between(stream, place, _END, count=_AT_ONCE)
            if some := [hit for _, hit in found if hit.get("verdict") in LABELS]:
                yield some
            if len(found) < _AT_ONCE:
                break
            place = f"({found[-1][0]}"


def examples(
    hits: Sequence[Hit],
    logged: Mapping[int, Row],
    contents: Mapping[int, Row],
    *,
    full: bool = False,
) -> Iterator[LabelledDecision]:
    """Build the examples of judged hits; *logged* and *contents* are by decision id."""
    for hit in hits:
        decision_id = int(hit[HitField.DECISION_ID])
        row = logged.get(decision_id)
        one = _of_hit(hit, decision_id)
        if row is not None:
            found = contents.get(decision_id)
            known: dict[str, Any] = of_decision(row, found)
            one = replace(one, **known, retained="text" if found else "decision")
        yield replace(one, sender=hit.get(HitField.FROM_PARTY, "")) if full else one


def _of_hit(hit: Hit, decision_id: int) -> LabelledDecision:
    """Return what the hit itself tells: a link it has, a text it does not."""
    label = LABELS[hit["verdict"]]
    return LabelledDecision(
        label=label,
        channel=hit[HitField.CHANNEL].lower(),
        url=hit.get(HitField.URL, "") if hit[HitField.CHANNEL] == "LINK" else "",
        source=SOURCE,
        category=hit.get(HitField.FRAUD_TYPE, "").lower() if label == "fraud" else "",
        group=blake2b(_group(hit).encode(), digest_size=8).hexdigest(),
        outcome=hit["verdict"],
        closed_at_ms=int(hit["verdict_at_ms"]),
        decision_id=decision_id,
        reason=hit.get(HitField.REASON, "").lower(),
        model_version=hit.get(HitField.MODEL_VERSION, ""),
        retained="gone",
    )


def _group(hit: Hit) -> str:
    """Return what all of a campaign have in common, as far as a hit tells."""
    for name in (HitField.CAMPAIGN, HitField.FINGERPRINT):
        if known := hit.get(name):
            return known
    page = hit.get(HitField.URL, "")
    return url.split(page)[0] if page else hit[HitField.DECISION_ID]
