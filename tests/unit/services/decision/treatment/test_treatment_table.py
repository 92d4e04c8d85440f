"""Rules pick the treatment of what is let through, and never change allow or block."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.decisions import Action, Detail, DisplayLabel, Reason, Treatment
from fanzha.tables import Channel, Ingress
from services.decision.treatment.treatment_table import (
    TreatedBatch,
    TreatmentTable,
    international_calls,
    read_treatments,
    shipped_table,
)

RULE = """
[[treatment]]
channels = ["text"]
reasons = ["scored"]
score_from = 0.5
treatment = "delay"
delay_ms = 600000
because = "uncertain"
"""
ALLOW, BLOCK = Action.ALLOW, Action.BLOCK


def a_batch(
    *rows: tuple[Action, Reason],
    channel: Channel = Channel.CALL,
    ingress: Ingress = Ingress.LOCAL,
    scores: float = 0.0,
) -> TreatedBatch:
    return TreatedBatch(
        channel=channel,
        actions=np.array([action for action, _ in rows], np.uint8),
        reasons=np.array([reason for _, reason in rows], np.uint8),
        scores=np.full(len(rows), scores, np.float32),
        threshold=0.8,
        ingress=None if channel is Channel.LINK else np.full(len(rows), ingress, np.uint8),
    )


def test_marked_traffic_is_labelled_by_default() -> None:
    calls = shipped_table().treatments(
        a_batch((ALLOW, Reason.SCORED), (ALLOW, Reason.VELOCITY), (BLOCK, Reason.VELOCITY))
    )
    texts = shipped_table().treatments(
        a_batch(
            (BLOCK, Reason.UNREGISTERED),
            (ALLOW, Reason.UNREGISTERED),
            (ALLOW, Reason.LINK_SCORED),
            (BLOCK, Reason.LINK_SCORED),
            channel=Channel.TEXT,
        )
    )

    assert calls == {1: Detail(treatment=Treatment.LABEL, label=DisplayLabel.SUSPECTED_FRAUD)}
    assert texts == {
        1: Detail(treatment=Treatment.LABEL, label=DisplayLabel.UNREGISTERED_SENDER),
        2: Detail(treatment=Treatment.LABEL, label=DisplayLabel.SUSPECTED_FRAUD),
    }


def test_a_band_of_scores_below_the_threshold() -> None:
    table = read_treatments(RULE.encode())
    rows = ((ALLOW, Reason.SCORED),)

    below = table.treatments(a_batch(*rows, channel=Channel.TEXT, scores=0.39))
    within = table.treatments(a_batch(*rows, channel=Channel.TEXT, scores=0.41))
    unscored = table.treatments(a_batch(*rows, channel=Channel.TEXT, scores=float("nan")))

    assert (below, unscored) == ({}, {})
    assert within == {0: Detail(treatment=Treatment.DELAY, delay_ms=600_000)}


def test_international_calls_are_labelled_where_that_is_set_after_the_rules_of_the_file() -> None:
    table = shipped_table().with_rules([international_calls()])
    rows = (ALLOW, Reason.SCORED), (ALLOW, Reason.VELOCITY), (BLOCK, Reason.BLOCKLISTED)

    abroad = table.treatments(a_batch(*rows, ingress=Ingress.INTERNATIONAL))

    assert {row: detail.label for row, detail in abroad.items()} == {
        0: DisplayLabel.INTERNATIONAL,
        1: DisplayLabel.SUSPECTED_FRAUD,
    }
    assert list(table.treatments(a_batch(*rows))) == [1]


@given(
    channel=st.sampled_from(Channel),
    reason=st.sampled_from(Reason),
    action=st.sampled_from(Action),
    ingress=st.sampled_from(Ingress),
    scores=st.one_of(st.floats(0, 1), st.just(float("nan"))),
)
def test_no_blocked_protected_or_unreadable_row_is_treated(
    channel: Channel, reason: Reason, action: Action, ingress: Ingress, scores: float
) -> None:
    rules = "".join(
        f'[[treatment]]\nchannels = ["{name}"]\ntreatment = "challenge"\nbecause = "all"\n'
        for name in ("call", "text", "link")
    )

    found = read_treatments(rules.encode()).treatments(
        a_batch((action, reason), channel=channel, ingress=ingress, scores=scores)
    )

    hinders = action is ALLOW and reason not in {Reason.PROTECTED, Reason.INVALID}
    assert list(found) == [0] * hinders


def test_the_unknown_ingress_can_be_named() -> None:
    rule = (
        '[[treatment]]\nchannels = ["call"]\ningress = ["unspecified", "interconnect"]\n'
        'treatment = "challenge"\nbecause = "all"\n'
    )
    table = read_treatments(rule.encode())

    treated = [
        ingress
        for ingress in Ingress
        if table.treatments(a_batch((ALLOW, Reason.SCORED), ingress=ingress))
    ]

    assert treated == [Ingress.UNSPECIFIED, Ingress.INTERCONNECT]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["text"]', '["mail"]', "treatment 1: channels: 'mail' is none of call, text, link"),
        ('["text"]', "[]", "treatment 1: channels: a list of words"),
        ('["scored"]', '["protected"]', "reasons: protected: gets no treatment"),
        ("0.5", "1.0", "score_from: a share of the threshold"),
        ("0.5", "true", "score_from: a share of the threshold"),
        ("600000", "0", "delay_ms: 1 to 86400000"),
        ("600000", "86400001", "delay_ms: 1 to 86400000"),
        ("delay_ms = 600000", "", "delay_ms: required with treatment delay"),
        ("delay_ms = 600000", 'label = "international"', "label: required with treatment label"),
        ('"delay"', '"block"', "treatment: 'block' is none of label, challenge, delay"),
        ('["text"]', '["call"]', "treatment: a call cannot wait"),
        ('"uncertain"', '""', "because: says why"),
        ("because", "why", "not known: why"),
        ("score_from = 0.5", 'ingress = ["abroad"]', "ingress: 'abroad' is none of"),
        ("[[treatment]]", "[treatment]", "holds [[treatment]] tables, and nothing else"),
    ],
)
def test_a_wrong_table_is_refused(old: str, new: str, message: str) -> None:
    assert old in RULE

    with pytest.raises(ValueError, match=re.escape(message)):
        read_treatments(RULE.replace(old, new).encode())


def test_an_ingress_of_links_is_refused() -> None:
    rule = RULE.replace('["text"]', '["text", "link"]').replace(
        "score_from = 0.5", 'ingress = ["local"]'
    )

    with pytest.raises(ValueError, match="treatment 1: ingress: links have none"):
        read_treatments(rule.encode())


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_table_or_a_value_error(data: bytes) -> None:
    try:
        table = read_treatments(data)
    except ValueError:
        return

    assert isinstance(table, TreatmentTable)


CARRIERS = """
[[treatment]]
channels = ["call"]
carriers = ["cmcc", "cucc"]
treatment = "challenge"
because = "they have a voice CAPTCHA"

[[treatment]]
channels = ["call"]
carriers = ["default"]
treatment = "label"
label = "suspected_fraud"
because = "nobody else can be asked"
"""


@pytest.mark.parametrize(
    ("carriers", "expected"),
    [
        ([("cmcc", 2), ("ctcc", 1), ("", 1), ("cucc", 1)], {0: 2, 1: 2, 3: 1, 4: 2}),
        ([("cucc", 1)], dict.fromkeys(range(5), 2)),
        ([("ctcc", 1)], {}),
        ([], dict.fromkeys(range(5), 1)),
    ],
)
def test_a_rule_may_name_the_carriers_it_is_for(
    carriers: list[tuple[str, int]], expected: dict[int, int]
) -> None:
    batch = a_batch(*[(ALLOW, Reason.VELOCITY)] * 5)._replace(carriers=carriers)

    found = read_treatments(CARRIERS.encode()).treatments(batch)

    assert {row: int(one.treatment) for row, one in found.items()} == expected


@pytest.mark.parametrize("carriers", ['"cmcc"', "[]", '["CMCC"]', "[1]", '["a b"]', "[true]"])
def test_a_carrier_that_cannot_be_one_is_refused(carriers: str) -> None:
    document = RULE.replace("score_from = 0.5", f"carriers = {carriers}")

    with pytest.raises(ValueError, match="treatment 1: carriers"):
        read_treatments(document.encode())
