"""Disguised texts are decided on as they read, and counted."""

from dataclasses import replace

from classifiers import bundles
from fanzha.decisions import Action
from services.decision.observer import Observer
from tests.support.builders import NINE_O_CLOCK_S, an_engine, some_models, some_texts

FRAUD = "Your bank account has been suspended. Verify your identity now: http://bank.example/login"
DISGUISED = (
    "Your😀bank🎁account💳has⭐been😀suspended. Verify🎁your💳identity⭐now: "
    "http://bank.example/login"
)


def test_a_disguised_fraud_is_blocked_like_the_plain_one_and_counted() -> None:
    counted: list[int] = []
    models = replace(some_models(), text=bundles.load_first_stage())
    engine = an_engine(models=models, observer=Observer(texts_disguised=counted.append))

    found = engine.decide_texts(some_texts(FRAUD, "See you 😀", DISGUISED), NINE_O_CLOCK_S)
    engine.decide_texts(some_texts("See you at nine"), NINE_O_CLOCK_S)

    assert found.actions.tolist() == [Action.BLOCK, Action.ALLOW, Action.BLOCK]
    assert counted == [1]
