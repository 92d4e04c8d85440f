"""What related entities do to decisions of each channel."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import EntryKind
from fanzha.decisions import Action, Decisions, MatchedOn, Reason
from fanzha.fingerprint import fingerprint
from fanzha.phone import HomePlan
from fanzha.tables import Channel, Ingress
from services.decision.origin.guard import OriginGuard
from services.decision.origin.sender_registry import read_senders
from services.decision.pipeline import DecisionPipeline
from services.decision.related.entities import Suspect, text_entity
from services.decision.related.stage import RelatedRows, RelatedStage
from services.decision.related.suspect_set import SuspectSet
from services.decision.sinks.hit_encoder import written_all
from services.decision.sinks.hit_fields import decode
from services.decision.sinks.hit_records import blocked, sketched
from tests.support.builders import (
    NINE_O_CLOCK_MS,
    NINE_O_CLOCK_S,
    an_engine,
    an_entry,
    some_calls,
    some_links,
    some_models,
    some_texts,
)

NUMBER, RELATED_TO, LINK = "+8617000000001", "link:evil.example", "link:evil.example"
BODY = "您的快递有问题，请致电17000000001或访问 http://evil.example/a"
PROTECTED = ("110", "+86110", "96110", "12381", "119", "120", "122")


def a_suspect(entity: str, *, confirmed: bool) -> Suspect:
    return Suspect(
        entity=entity,
        confirmed=confirmed,
        related_to="" if confirmed else RELATED_TO,
        since_ms=NINE_O_CLOCK_MS - 5,
        ends_at_ms=NINE_O_CLOCK_MS + 1,
    )


def deciding(
    *suspects: Suspect,
    blocks: bool = False,
    entries: tuple[Any, ...] = (),
    score: float = 0.0,
    origin: OriginGuard | None = None,
) -> DecisionPipeline:
    held = SuspectSet()
    held.replace(suspects)
    stage = RelatedStage(held, blocks=blocks, now_ms=lambda: NINE_O_CLOCK_MS)
    return an_engine(*entries, models=some_models(score), related=stage, origin=origin)


def outcome(decisions: Decisions) -> tuple[int, int]:
    return int(decisions.actions[0]), int(decisions.reasons[0])


@pytest.mark.parametrize(
    ("confirmed", "blocks", "action"),
    [
        (True, False, Action.ALLOW),
        (False, False, Action.ALLOW),
        (True, True, Action.BLOCK),
        (False, True, Action.ALLOW),
    ],
)
def test_a_caller_is_marked_and_blocked_only_if_confirmed_itself(
    confirmed: bool, blocks: bool, action: Action
) -> None:
    engine = deciding(a_suspect(NUMBER, confirmed=confirmed), blocks=blocks)

    decisions = engine.decide_calls(some_calls(NUMBER, "+8617000000002"), NINE_O_CLOCK_S)

    assert outcome(decisions) == (action, Reason.RELATED)
    assert decisions.reasons[1] == Reason.SCORED
    relation = decisions.details[0].relation
    assert relation is not None
    assert (relation.entity, relation.matched_on) == (NUMBER, MatchedOn.CALLER)
    assert relation.related_to == ("" if confirmed else RELATED_TO)
    assert relation.since_ms == NINE_O_CLOCK_MS - 5


@pytest.mark.parametrize(
    ("suspect", "matched_on"),
    [
        (a_suspect(NUMBER, confirmed=True), MatchedOn.CALLBACK),
        (a_suspect(LINK, confirmed=True), MatchedOn.LINK),
        (a_suspect("+8617000000003", confirmed=True), MatchedOn.SENDER),
    ],
)
def test_a_text_is_marked_for_its_sender_its_link_or_a_number_in_it(
    suspect: Suspect, matched_on: MatchedOn
) -> None:
    texts = some_texts("你好", BODY, sender="+8617000000003")

    decisions = deciding(suspect).decide_texts(texts, NINE_O_CLOCK_S)

    relation = decisions.details[1].relation
    assert relation is not None
    assert (relation.entity, relation.matched_on) == (suspect.entity, matched_on)
    assert decisions.reasons[1] == Reason.RELATED


def test_a_link_is_marked_for_its_registrable_domain() -> None:
    links = some_links("http://pay.evil.example/x", "http://good.example/")

    decisions = deciding(a_suspect(LINK, confirmed=True)).decide_links(links, NINE_O_CLOCK_S)

    assert decisions.reasons.tolist() == [Reason.RELATED, Reason.SCORED]


def test_a_confirmed_entity_counts_before_suspected_ones() -> None:
    suspects = (
        a_suspect(LINK, confirmed=False),
        a_suspect(NUMBER, confirmed=True),
        a_suspect("+8617000000003", confirmed=False),
    )

    decisions = deciding(*suspects).decide_texts(
        some_texts(BODY, sender="+8617000000003"), NINE_O_CLOCK_S
    )

    relation = decisions.details[0].relation
    assert relation is not None
    assert relation.entity == NUMBER


@pytest.mark.parametrize("allowed", ["evil.example", NUMBER])
def test_entities_in_a_text_that_match_an_allow_entry_do_not_count(allowed: str) -> None:
    suspect = a_suspect(LINK if allowed == "evil.example" else NUMBER, confirmed=True)
    engine = deciding(suspect, entries=(an_entry(allowed, Action.ALLOW),), blocks=True)

    decisions = engine.decide_texts(some_texts(BODY, sender="+8617000000003"), NINE_O_CLOCK_S)

    assert decisions.reasons[0] != Reason.RELATED


def test_a_marked_row_becomes_a_suspected_hit_with_its_entity() -> None:
    calls = some_calls(NUMBER, "+8617000000002")
    decisions = deciding(a_suspect(NUMBER, confirmed=False)).decide_calls(calls, NINE_O_CLOCK_S)

    hits = blocked(Channel.CALL, calls, decisions, NINE_O_CLOCK_MS)

    assert hits is not None
    assert (len(hits), hits.ids) == (1, [100])
    assert hits.details[0].relation is not None


def test_an_empty_suspect_set_changes_nothing() -> None:
    texts = some_texts(BODY, "你好")
    without = an_engine().decide_texts(texts, NINE_O_CLOCK_S)

    decisions = deciding(blocks=True).decide_texts(texts, NINE_O_CLOCK_S)

    assert np.array_equal(decisions.reasons, without.reasons)
    assert decisions.details == without.details


@given(
    party=st.sampled_from(PROTECTED),
    other=st.integers(8613000000000, 8619999999999),
    confirmed=st.booleans(),
    score=st.sampled_from([0.0, 1.0, float("nan")]),
    ingress=st.sampled_from(Ingress),
)
def test_no_suspect_blocks_a_call_to_a_protected_number(
    party: str, other: int, confirmed: bool, score: float, ingress: Ingress
) -> None:
    suspects = [a_suspect(f"+{other}", confirmed=confirmed)]
    engine = deciding(*suspects, blocks=True, score=score)

    decisions = engine.decide_calls(
        some_calls(f"+{other}", callee=party, ingress=ingress), NINE_O_CLOCK_S
    )

    assert outcome(decisions) == (Action.ALLOW, Reason.PROTECTED)


def test_no_suspect_touches_a_protected_link_or_an_allowed_party() -> None:
    held = [a_suspect("link:bureau.gov.cn", confirmed=True), a_suspect(NUMBER, confirmed=True)]
    engine = deciding(*held, blocks=True, entries=(an_entry(NUMBER, Action.ALLOW),))

    link = engine.decide_links(some_links("http://bureau.gov.cn/"), NINE_O_CLOCK_S)
    call = engine.decide_calls(some_calls(NUMBER), NINE_O_CLOCK_S)

    assert outcome(link) == (Action.ALLOW, Reason.PROTECTED)
    assert outcome(call) == (Action.ALLOW, Reason.ALLOWLISTED)


TEMPLATE = "【示例快递】您的包裹因地址不详无法派送，请在二十四小时内联系工作人员更新收件信息"
VARIANT = TEMPLATE.replace("示例快递", "样品快递") + "退订回T"


def a_text_suspect(body: str, *, confirmed: bool = True) -> Suspect:
    return a_suspect(text_entity(fingerprint(body)), confirmed=confirmed)


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("blocks", [True, False])
def test_a_near_duplicate_of_a_confirmed_or_suspected_text_is_marked_and_never_blocked(
    confirmed: bool, blocks: bool
) -> None:
    suspect = a_text_suspect(TEMPLATE, confirmed=confirmed)
    engine = deciding(suspect, blocks=blocks)

    decisions = engine.decide_texts(some_texts(VARIANT, "你好，明天见"), NINE_O_CLOCK_S)

    assert outcome(decisions) == (Action.ALLOW, Reason.RELATED)
    assert decisions.reasons[1] == Reason.SCORED
    relation = decisions.details[0].relation
    assert relation is not None
    assert (relation.entity, relation.matched_on) == (suspect.entity, MatchedOn.TEXT)


def test_a_confirmed_sender_blocks_though_the_words_only_mark() -> None:
    suspects = a_text_suspect(TEMPLATE), a_suspect("+8617000000003", confirmed=True)
    engine = deciding(*suspects, blocks=True)

    decisions = engine.decide_texts(some_texts(VARIANT, sender="+8617000000003"), NINE_O_CLOCK_S)

    assert outcome(decisions) == (Action.BLOCK, Reason.RELATED)


def test_the_words_of_a_registered_sender_and_of_an_allowed_template_do_not_count() -> None:
    suspect = a_text_suspect(TEMPLATE)
    registry = read_senders(b"header,owner,routes\nBank,Example Bank,gate-1\n", HomePlan())
    registered = deciding(suspect, origin=OriginGuard(current_senders=lambda: registry))
    template = an_entry(fingerprint(TEMPLATE), Action.ALLOW, kind=EntryKind.FINGERPRINT)
    allowing = deciding(suspect, entries=(template,))
    text = some_texts(VARIANT, sender="Bank", trunk="gate-1")

    assert registered.decide_texts(text, NINE_O_CLOCK_S).details == {}
    assert outcome(deciding(suspect).decide_texts(text, NINE_O_CLOCK_S))[1] == Reason.RELATED
    assert outcome(allowing.decide_texts(text, NINE_O_CLOCK_S))[1] == Reason.ALLOWLISTED


def test_a_hit_has_the_fingerprint_of_its_text() -> None:
    engine = deciding(a_text_suspect(TEMPLATE))
    texts = some_texts(VARIANT, "你好，明天见")
    batch = blocked(Channel.TEXT, texts, engine.decide_texts(texts, NINE_O_CLOCK_S), 0)
    assert batch is not None

    (hit,) = written_all([batch])
    (same,) = written_all([sketched(batch)])

    assert decode(hit.fields)["fingerprint"] == fingerprint(VARIANT)
    assert same == hit
    assert [text.body for text in sketched(batch).texts] == [""]


class SeenStage(RelatedStage):
    """Keeps what it found."""

    found: RelatedRows | None = None

    def texts(self, *given: Any) -> RelatedRows | None:
        self.found = super().texts(*given)
        return self.found


def test_a_near_duplicate_is_told_although_its_sender_is_suspected_too() -> None:
    held = SuspectSet()
    held.replace([a_text_suspect(TEMPLATE), a_suspect("+8617000000003", confirmed=True)])
    stage = SeenStage(held, now_ms=lambda: NINE_O_CLOCK_MS)

    an_engine(models=some_models(0.0), related=stage).decide_texts(
        some_texts("你好", VARIANT, sender="+8617000000003"), NINE_O_CLOCK_S
    )

    assert stage.found is not None
    assert list(stage.found.near) == [1]
