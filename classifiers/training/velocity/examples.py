"""Golden rows of the velocity model: calls of our own making."""

from classifiers.card import GoldenRow
from classifiers.velocity.classifier import VelocityInputs, read_inputs
from fanzha.tables import Float32s

EXAMPLES: tuple[dict[str, float], ...] = (
    # A SIM box in the middle of its work.
    {"home_number": 1, "attempts_minute": 1.3, "attempts_ten_minutes": 9, "attempts_hour": 30,
     "repeated": 1, "ended": 28, "unanswered": 15, "brief": 3, "outgoing_calls": 200},
    # Rings once, from abroad.
    {"international": 1, "foreign_number": 1, "attempts_minute": 8, "attempts_ten_minutes": 60,
     "attempts_hour": 120, "neighbours": 20, "ended": 118, "unanswered": 112, "brief": 4,
     "outgoing_calls": 300, "incoming_calls": 6},
    # Dials a block of numbers.
    {"home_number": 1, "interconnect": 1, "attempts_minute": 4, "attempts_ten_minutes": 25,
     "attempts_hour": 80, "neighbours": 70, "outgoing_calls": 80},
    # Somebody who tries a friend again.
    {"home_number": 1, "attempts_minute": 1.8, "attempts_ten_minutes": 2.6, "attempts_hour": 2.9,
     "repeated": 1.9, "ended": 1.9, "unanswered": 1.9, "outgoing_calls": 40,
     "incoming_calls": 42},
    # A courier.
    {"home_number": 1, "attempts_minute": 1.2, "attempts_ten_minutes": 6, "attempts_hour": 22,
     "repeated": 6, "ended": 20, "unanswered": 6, "brief": 1, "outgoing_calls": 160,
     "incoming_calls": 40},
    # A first call from abroad.
    {"international": 1, "foreign_number": 1, "attempts_minute": 1, "attempts_ten_minutes": 1,
     "attempts_hour": 1, "outgoing_calls": 1},
)  # fmt: skip


def inputs() -> VelocityInputs:
    """Return the examples as the classifier reads them from a card."""
    return read_inputs([GoldenRow(inputs=example, score=0.0) for example in EXAMPLES])


def golden(scores: Float32s) -> list[dict[str, float]]:
    """Return the examples with their *scores*, as a card has them."""
    return [
        {**example, "score": round(score, 5)}
        for example, score in zip(EXAMPLES, scores.tolist(), strict=True)
    ]
