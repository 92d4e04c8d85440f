"""The table of ``tests/cases/protected.toml``, and a million forms of all protected numbers.

Every form of every code is too many (two hundred million); the million holds every code, every
area code and every form, joined by chance from a fixed seed.
"""

import tomllib

import numpy as np
import pytest

from blocklists import protected
from blocklists.entries import Entry, EntryKind
from blocklists.entry_table import EXACT
from fanzha import numbering
from fanzha.decisions import Action, Reason
from fanzha.phone import UNREADABLE, HomePlan
from fanzha.service_codes import AREA_CODES, FORMS, SERVICE_CODES, after_bare_plus
from fanzha.tables import Calls, Ingress, Int64s, Texts, Uint8s
from services.decision.origin.guard import OriginGuard
from services.decision.pipeline import DecisionPipeline
from tests.support.builders import (
    NINE_O_CLOCK_MS,
    NINE_O_CLOCK_S,
    an_engine,
    an_entry,
    some_calls,
    some_models,
)
from tests.support.checkout import CHECKOUT

CASES = tomllib.loads((CHECKOUT / "tests" / "cases/protected.toml").read_text())["case"]
ORDINARY = "+8617000000001"
BATCHES, ROWS = 10, 100_000
SEPARATORS = ("", " ", "-", ".", ") ", "\t")


def everything() -> list[Entry]:
    """Block all numbers there are, as no import would let anybody."""
    digits = "123456789"
    return [an_entry(f"{plus}{digit}*") for plus in ("", "+") for digit in digits]


def ruling(engine: DecisionPipeline, calls: Calls) -> str:
    decisions = engine.decide_calls(calls, NINE_O_CLOCK_S)
    return Reason(int(decisions.reasons[0])).name.lower()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_table_of_cases(case: dict[str, str]) -> None:
    number = case["number"]
    engine = an_engine(
        *everything(), an_entry("①①⓪", kind=EntryKind.SENDER), models=some_models(1.0)
    )
    to = some_calls(ORDINARY, callee=number)
    if case["called"] == "invalid":
        assert to.callees.tolist() == [UNREADABLE]
    else:
        assert ruling(engine, to) == case["called"]

    assert ruling(engine, some_calls(number)) == case["calls"]
    assert ruling(engine, some_calls(number, ingress=Ingress.INTERNATIONAL)) == case["abroad"]


def codes() -> list[str]:
    """Return every protected number."""
    found = []
    for code in SERVICE_CODES:
        head, unknown = code.rstrip("x"), code.count("x")
        found += [f"{head}{rest:0{unknown}d}" if unknown else head for rest in range(10**unknown)]
    return found


def forms(rows: int, seed: int) -> list[str]:
    """Write *rows* forms: each code, area code and form in turn, joined by chance."""
    chance = np.random.default_rng(seed)
    parts = [
        [column[at] for at in _in_turn(chance, rows, len(column)).tolist()]
        for column in (FORMS, AREA_CODES, codes(), SEPARATORS, SEPARATORS)
    ]
    return [
        f"{form.front}{first}{area}{second}{code}" if form.area else f"{form.front}{first}{code}"
        for form, area, code, first, second in zip(*parts, strict=True)
    ]


def _in_turn(chance: np.random.Generator, rows: int, values: int) -> Int64s:
    found: Int64s = np.arange(rows) % values
    chance.shuffle(found)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(BATCHES))
def test_every_written_form_of_a_protected_number_rings(seed: int) -> None:
    texts = forms(ROWS, seed)
    engine = an_engine(*everything(), models=some_models(1.0))

    keys = HomePlan().number_keys(texts)
    to = engine.decide_calls(_calls(np.full(ROWS, 8617000000001), keys), NINE_O_CLOCK_S)
    from_ = engine.decide_calls(_calls(keys, np.full(ROWS, 8617000000001)), NINE_O_CLOCK_S)
    listable = ~protected.refused_numbers(keys, np.full(ROWS, EXACT, np.uint8))

    assert [texts[row] for row in np.flatnonzero(keys == UNREADABLE)] == []
    assert [texts[row] for row in np.flatnonzero(to.reasons != Reason.PROTECTED)] == []
    assert [texts[row] for row in np.flatnonzero(from_.reasons != Reason.PROTECTED)] == []
    assert [texts[row] for row in np.flatnonzero(listable)] == []
    assert (to.actions == Action.ALLOW).all()
    assert (from_.actions == Action.ALLOW).all()
    assert not numbering.impossible(keys).any()
    receivers = _texts(np.full(ROWS, 8617000000001), keys)
    assert OriginGuard().texts(receivers).protected.all()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_no_range_that_holds_a_form_is_accepted(seed: int) -> None:
    chance = np.random.default_rng(seed)
    keys = np.unique(HomePlan().number_keys(forms(ROWS, seed)))
    # Foreign ranges hold forms with a bare plus, see the test below.
    keys = keys[~after_bare_plus(keys) | (keys < 0)]
    size = np.abs(keys)
    written = np.floor(np.log10(size)).astype(np.int64) + 1
    digits = chance.integers(1, written + 1)
    heads = np.sign(keys) * (size // 10 ** (written - digits))

    refused = protected.refused_numbers(heads, digits.astype(np.uint8))

    assert list(zip(heads[~refused].tolist(), digits[~refused].tolist(), strict=True)) == []


def test_callers_from_abroad_are_judged_as_the_bare_code_is() -> None:
    keys = HomePlan().number_keys(forms(ROWS, 0))
    calls = _calls(keys, np.full(ROWS, 8617000000001), Ingress.INTERNATIONAL)

    decisions = an_engine().decide_calls(calls, NINE_O_CLOCK_S)

    assert (decisions.reasons == Reason.IMPLAUSIBLE).all()


@pytest.mark.parametrize(
    ("pattern", "form"),
    [("+1212*", "+12123"), ("+12345*", "+12345"), ("+95912*", "+95912"), ("+961701*", "+961701")],
)
def test_a_foreign_range_is_accepted_and_spares_the_forms_in_it(pattern: str, form: str) -> None:
    found = HomePlan().range_key(pattern)
    assert found is not None
    engine = an_engine(*everything(), an_entry(pattern), models=some_models(1.0))

    assert protected.refusal(EntryKind.RANGE, pattern, *found, Action.BLOCK) == ""
    assert ruling(engine, some_calls(ORDINARY, callee=form)) == "protected"


def _calls(callers: Int64s, callees: Int64s, ingress: Ingress = Ingress.LOCAL) -> Calls:
    return Calls(
        callers=callers,
        callees=callees,
        attempted_at_ms=np.full(len(callers), NINE_O_CLOCK_MS, np.int64),
        ingress=_column(ingress, len(callers)),
        attestations=np.zeros(len(callers), np.uint8),
        trunks=[""] * len(callers),
        names={},
        errors={},
    )


def _texts(senders: Int64s, receivers: Int64s) -> Texts:
    return Texts(
        senders=senders,
        receivers=receivers,
        bodies=["hello"] * len(senders),
        submitted_at_ms=np.full(len(senders), NINE_O_CLOCK_MS, np.int64),
        ingress=_column(Ingress.LOCAL, len(senders)),
        trunks=[""] * len(senders),
        names={},
        errors={},
    )


def _column(value: int, rows: int) -> Uint8s:
    return np.full(rows, value, np.uint8)
