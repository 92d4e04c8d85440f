"""Who is protected, and who cannot be what they claim, by ingress, attestation and registries."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import EntryKind
from fanzha.decisions import Action, Reason
from fanzha.phone import HomePlan
from fanzha.tables import Attestation, Calls, Ingress
from services.decision.decision_rules import DecisionRules
from services.decision.origin.guard import OriginGuard, UnregisteredAction
from services.decision.origin.sender_registry import RegisteredSender, SenderRegistry
from services.decision.origin.trunk_groups import TrunkGroups, read_trunks
from services.decision.pipeline import DecisionPipeline
from tests.support.builders import (
    NINE_O_CLOCK_MS,
    NINE_O_CLOCK_S,
    an_engine,
    an_entry,
    some_calls,
    some_models,
    some_texts,
)

GUARD = OriginGuard()
NUMBERS = ["110", "112", "119", "120", "122", "10086", "12345", "12381", "95588", "96110", "961234"]
EMERGENCY = {"110", "112", "119", "120", "122", "12381", "96110"}
ORDINARY = "+8617000000001"
FORMS = ("+86110", "0086110", "8695588", "+861096110", "+12381", "057196110")
TRUNKS = """
[[trunk]]
name = "police"
ingress = "interconnect"
shows = ["110", "96110", "95xxx"]

[[trunk]]
name = "pbx"
ingress = "local"

[[trunk]]
name = "abroad"
ingress = "international"

[[trunk]]
name = "roaming"
ingress = "international"
roamers = true

[[trunk]]
name = "people"
person_to_person = true
"""
SENDERS = (
    RegisteredSender(header="Bank", owner="A bank", routes=frozenset({"bank-route"})),
    RegisteredSender(header="95588", owner="A bank", routes=frozenset({"bank-route", "people"})),
    RegisteredSender(header="Anywhere", owner="A shop", routes=frozenset()),
)

numbers = st.sampled_from([*NUMBERS, ORDINARY, "+12025550123", "anonymous", "Bank"])


def an_engine_with_registries(
    *entries: Any, unregistered: UnregisteredAction = UnregisteredAction.LABEL, score: float = 0.0
) -> DecisionPipeline:
    trunks, senders = read_trunks(TRUNKS.encode()), SenderRegistry(SENDERS)
    return an_engine(
        *entries,
        models=some_models(score),
        rules=DecisionRules(unregistered_senders=unregistered),
        origin=OriginGuard(current_trunks=lambda: trunks, current_senders=lambda: senders),
    )


def reason_of_call(engine: DecisionPipeline, *callers: str, **given: Any) -> list[str]:
    found = engine.decide_calls(some_calls(*callers, **given), NINE_O_CLOCK_S)
    return [Reason(reason).name.lower() for reason in found.reasons.tolist()]


def reason_of_text(engine: DecisionPipeline, sender: str, **given: Any) -> str:
    texts = some_texts("see evil.example/x", sender=sender, **given)
    return Reason(int(engine.decide_texts(texts, NINE_O_CLOCK_S).reasons[0])).name.lower()


@given(st.sampled_from(NUMBERS), numbers, st.sampled_from(Ingress), st.sampled_from(Attestation))
def test_whoever_calls_a_protected_number_is_connected(
    number: str, caller: str, ingress: Ingress, attestation: Attestation
) -> None:
    calls = some_calls(caller, callee=number, ingress=ingress, attestation=attestation)

    assert GUARD.calls(calls).protected.tolist() == [True]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_calls_to_the_police_are_never_blocked(seed: int) -> None:
    # A million: any caller, also a malformed one, any ingress, attestation and trunk, against
    # lists that block everything and a model that is sure of fraud.
    chance, rows = np.random.default_rng(seed), 100_000
    everything = [an_entry(f"{plus}{digit}*") for plus in ("", "+") for digit in "123456789"]
    engine = an_engine_with_registries(*everything, score=1.0)
    callees = HomePlan().number_keys(["110", "+86110", "0110", "0571110", "86110"])
    callers = chance.integers(-(10**18), 10**18, rows) // 10 ** chance.integers(0, 18, rows)
    names = np.array(["", "police", "pbx", "abroad", "people", "unknown"])
    calls = Calls(
        callers=np.where(callers == 0, 1, callers),
        callees=chance.choice(callees, rows),
        attempted_at_ms=np.full(rows, NINE_O_CLOCK_MS, np.int64),
        ingress=chance.integers(0, len(Ingress), rows).astype(np.uint8),
        attestations=chance.integers(0, len(Attestation), rows).astype(np.uint8),
        trunks=chance.choice(names, rows).tolist(),
        names={},
        errors={},
    )

    decisions = engine.decide_calls(calls, NINE_O_CLOCK_S)

    assert np.count_nonzero(decisions.actions != Action.ALLOW) == 0


@pytest.mark.parametrize("number", NUMBERS)
def test_a_protected_number_needs_evidence_to_call_and_text(number: str) -> None:
    for ingress in Ingress:
        call = GUARD.calls(some_calls(number, ingress=ingress))
        text = GUARD.texts(some_texts("hello", sender=number, ingress=ingress))
        beyond = ingress == Ingress.INTERCONNECT and number in EMERGENCY

        protected = bool(call.protected[0]), bool(text.protected[0])
        implausible = bool(call.implausible[0]), bool(text.implausible[0])

        assert protected == (ingress == Ingress.LOCAL,) * 2
        assert implausible == (beyond or ingress == Ingress.INTERNATIONAL,) * 2


@pytest.mark.parametrize("ingress", Ingress)
def test_full_attestation_is_evidence_and_a_failed_one_never(ingress: Ingress) -> None:
    full = some_calls(*NUMBERS, *FORMS, ingress=ingress, attestation=Attestation.FULL)
    failed = some_calls(*NUMBERS, *FORMS, ingress=ingress, attestation=Attestation.FAILED)

    assert GUARD.calls(full).protected.all()
    assert not GUARD.calls(full).implausible.any()
    assert not GUARD.calls(failed).protected.any()


def test_a_caller_is_protected_at_home_in_whatever_form_its_code_is_shown() -> None:
    assert GUARD.calls(some_calls(*FORMS)).protected.all()
    assert not GUARD.calls(some_calls(*FORMS, ingress=Ingress.INTERNATIONAL)).protected.any()


def test_the_police_after_a_country_code_is_a_forgery_unless_the_own_network_shows_it() -> None:
    forged = ["+86110", "0086110", "+110", "+8696110"]

    assert reason_of_call(an_engine(), *forged, ingress=Ingress.UNSPECIFIED) == ["implausible"] * 4
    assert reason_of_call(an_engine(), "+861096110", ingress=Ingress.UNSPECIFIED) == ["scored"]
    assert reason_of_call(an_engine(), *forged) == ["protected"] * 4


@pytest.mark.parametrize("number", ["571110", "10110", "1096110"])
def test_after_an_area_code_alone_only_the_callee_is_protected(number: str) -> None:
    assert GUARD.calls(some_calls(ORDINARY, callee=number)).protected.all()
    assert not GUARD.calls(some_calls(number)).protected.any()


@pytest.mark.parametrize("name", ["①①⓪", "Bank 110", "一一〇"])
def test_a_name_that_reads_like_a_protected_number_gets_no_protection(name: str) -> None:
    assert not GUARD.calls(some_calls(name)).protected.any()


@pytest.mark.parametrize("address", ["tel:110", "sip:96110@ims.example", "<tel:+8610110>;tag=1"])
def test_an_address_of_a_protected_number_is_that_number(address: str) -> None:
    assert GUARD.calls(some_calls(address)).protected.all()
    assert GUARD.calls(some_calls(ORDINARY, callee=address)).protected.all()


def test_ordinary_traffic_gets_no_protection() -> None:
    assert not GUARD.calls(some_calls(ORDINARY, "1069012345", "Bank")).protected.any()
    assert not GUARD.texts(some_texts("www.gov.cn", sender="Bank")).protected.any()


@pytest.mark.parametrize(
    ("caller", "ingress", "trunk", "reason"),
    [
        ("110", Ingress.INTERCONNECT, "", "implausible"),
        ("110", Ingress.INTERCONNECT, "police", "protected"),
        ("110", Ingress.UNSPECIFIED, "police", "protected"),
        ("+86110", Ingress.INTERCONNECT, "police", "protected"),
        ("95588", Ingress.INTERCONNECT, "police", "protected"),
        ("10086", Ingress.INTERCONNECT, "police", "scored"),
        ("120", Ingress.LOCAL, "police", "implausible"),
        ("110", Ingress.LOCAL, "pbx", "implausible"),
        ("95588", Ingress.LOCAL, "pbx", "scored"),
        ("110", Ingress.LOCAL, "nowhere", "protected"),
        # The registry is stricter than the switch.
        ("110", Ingress.LOCAL, "abroad", "implausible"),
        (ORDINARY, Ingress.LOCAL, "abroad", "implausible"),
        (ORDINARY, Ingress.LOCAL, "roaming", "scored"),
        ("95588", Ingress.LOCAL, "roaming", "implausible"),
        (ORDINARY, Ingress.INTERNATIONAL, "pbx", "implausible"),
        (ORDINARY, Ingress.LOCAL, "pbx", "scored"),
    ],
)
def test_the_trunk_group_counts(caller: str, ingress: Ingress, trunk: str, reason: str) -> None:
    engine = an_engine_with_registries()

    assert reason_of_call(engine, caller, ingress=ingress, trunk=trunk) == [reason]


@pytest.mark.parametrize(
    ("sender", "given", "reason"),
    [
        (ORDINARY, {"ingress": Ingress.INTERNATIONAL}, "implausible"),
        (ORDINARY, {"trunk": "abroad"}, "implausible"),
        ("+8617", {}, "implausible"),
        ("+12025550123", {"ingress": Ingress.INTERNATIONAL}, "scored"),
        ("95588", {"ingress": Ingress.UNSPECIFIED}, "scored"),
        ("95588", {"ingress": Ingress.LOCAL}, "protected"),
        ("95588", {"ingress": Ingress.INTERCONNECT, "trunk": "bank-route"}, "protected"),
        ("95566", {"ingress": Ingress.INTERCONNECT, "trunk": "bank-route"}, "scored"),
        ("95566", {"trunk": "people"}, "implausible"),
        ("95588", {"trunk": "people"}, "protected"),
        ("1069012345", {"trunk": "people"}, "implausible"),
        (ORDINARY, {"trunk": "people"}, "scored"),
        ("Bank", {"trunk": "people"}, "implausible"),
        ("Bank", {"trunk": "bank-route"}, "scored"),
        ("BANK", {"trunk": "bank-route"}, "scored"),
        ("Bank", {"trunk": "other-route"}, "unregistered"),
        ("Bank", {}, "unregistered"),
        ("Nobody", {"trunk": "bank-route"}, "unregistered"),
        ("Anywhere", {"trunk": "other-route"}, "scored"),
        ("Anywhere", {}, "scored"),
    ],
)
def test_a_sender_name_must_match_its_route(
    sender: str, given: dict[str, Any], reason: str
) -> None:
    assert reason_of_text(an_engine_with_registries(), sender, **given) == reason


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (UnregisteredAction.ALLOW, (Action.ALLOW, Reason.SCORED)),
        (UnregisteredAction.LABEL, (Action.ALLOW, Reason.UNREGISTERED)),
        (UnregisteredAction.BLOCK, (Action.BLOCK, Reason.UNREGISTERED)),
    ],
)
def test_the_setting_decides_about_unregistered_names(
    action: UnregisteredAction, expected: tuple[Action, Reason]
) -> None:
    engine = an_engine_with_registries(unregistered=action)
    texts = some_texts("hello", sender="Nobody")

    found = engine.decide_texts(texts, NINE_O_CLOCK_S)

    assert (found.actions[0], found.reasons[0]) == expected


def test_an_unregistered_name_is_still_judged_by_lists_and_model() -> None:
    sure = an_engine_with_registries(score=1.0)
    listed = an_engine_with_registries(an_entry("Nobody", kind=EntryKind.SENDER))
    allowed = an_engine_with_registries(
        an_entry("Nobody", Action.ALLOW, kind=EntryKind.SENDER),
        unregistered=UnregisteredAction.BLOCK,
    )

    assert reason_of_text(sure, "Nobody") == "scored"
    assert reason_of_text(listed, "Nobody") == "blocklisted"
    assert reason_of_text(allowed, "Nobody") == "allowlisted"


def test_without_registries_names_and_trunks_change_nothing() -> None:
    engine = an_engine(rules=DecisionRules(unregistered_senders=UnregisteredAction.BLOCK))

    assert reason_of_text(engine, "Nobody", trunk="people") == "scored"
    assert len(TrunkGroups()) == 0


def test_a_spoofed_bank_is_judged_by_the_link_in_its_text() -> None:
    engine = an_engine_with_registries(an_entry("evil.example"))

    assert reason_of_text(engine, "95588", ingress=Ingress.UNSPECIFIED) == "blocklisted"
    assert reason_of_text(engine, "95588", ingress=Ingress.LOCAL) == "protected"
