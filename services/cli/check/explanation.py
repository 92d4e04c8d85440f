"""What weighed most in a decision: `fanzha check --explain`.

Scores again with the models found here, part by part. A server's decision is explained only
where it was made by the same version of the model; what a server remembers of a caller is not
known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp
from typing import TYPE_CHECKING, Any

from fanzha.translation.catalogue import gettext
from fanzha.v1 import decision_pb2
from fanzha.v1 import interception_pb2 as pb
from services.cli._common.console import fail, out
from services.cli._common.enum_words import field_label
from services.cli._common.tables import RowTable

if TYPE_CHECKING:
    from classifiers.caller.classifier import CallerClassifier
    from fanzha.tables import CallerActivity
    from services.settings.settings import Settings

SAME = 2e-3
"""How far our score may be from the one decided by; processors round differently."""
_JUST_BELOW = 1e-5
"""So near to the threshold is what only its language keeps from being blocked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A sentence on what was done, and parts with their weights, heaviest first."""

    sentence: str
    parts: tuple[tuple[str, float], ...] = ()

    def as_words(self) -> dict[str, Any]:
        """Return it as JSON."""
        parts = [{"part": part, "weight": round(weight, 3)} for part, weight in self.parts]
        return {"sentence": self.sentence, "parts": parts}


def of_text(decision: decision_pb2.Decision, message: pb.Text) -> Explanation:
    """Explain the score of a text by its words."""
    if (without := _not_scored(decision)) is not None:
        return without
    from classifiers import bundles, explain
    from classifiers.text.facts import strongest
    from fanzha.phone import HomePlan
    from services.settings import loader

    settings = loader.load()
    model = bundles.load_text(settings.models_dir)
    _same_version(decision, model.version)
    senders = HomePlan(settings.home_country).sender_keys([message.sender])
    final = float(model.score_bodies([message.body], senders).p_fraud[0])
    fast = 1 / (1 + exp(-float(model.log_odds([message.body], senders)[0])))
    # Links and the sender's last texts raise the score of the second stage, and are not known here.
    highest = float(model.score_bodies([message.body], senders, strongest).p_fraud[0])
    by_facts = final + SAME < decision.score <= highest + SAME
    # A service looks twice as far as time allows: an uncertain text has either score.
    _same_score(decision.score, final, fast, *([decision.score] if by_facts else []))
    found = _by_parts(model.version, explain.text(model, message.body, int(senders[0])))
    found = _with_probability(found, settings, ("sms", model.version), decision.score)
    if abs(fast - decision.score) <= SAME:
        return found
    if model.threshold - _JUST_BELOW < decision.score < model.threshold <= fast:
        sentence = gettext("In its language words alone block nothing; a person may judge.")
        return replace(found, sentence=f"{sentence} {found.sentence}")
    if by_facts:
        sentence = gettext(
            "A second stage decided, which also knew the score of a link or what "
            "the sender had sent; of the first:"
        )
        return replace(found, sentence=f"{sentence} {found.sentence}")
    return replace(found, sentence=f"A second stage decided; of the first: {found.sentence}")


def of_link(decision: decision_pb2.Decision, message: pb.Link) -> Explanation:
    """Explain the score of a link by the pieces of its URL."""
    if (without := _not_scored(decision)) is not None:
        return without
    from classifiers import bundles, explain
    from classifiers.link import lookalike_domains
    from fanzha.url import canonical, split
    from services.settings import loader

    settings = loader.load()
    model = bundles.load_link(settings.models_dir)
    _same_version(decision, model.version)
    url = canonical(message.url)
    final, fast = float(model.score([url])[0]), float(model.fast_scores([url])[0])
    # A service looks twice as far as time allows: an uncertain link has either score.
    facts = dict(decision.host_facts)
    score = facts.get("model_score", decision.score)
    _same_score(score, final, fast)
    is_fast = abs(fast - score) <= SAME
    found = _by_parts(model.version, explain.link(model, url, escalate=not is_fast))
    found = _with_probability(found, settings, ("url", model.version), score)
    if facts:
        found = replace(found, sentence=f"{_by_facts(facts)} {found.sentence}")
    if not is_fast:
        found = replace(found, sentence=f"A second stage decided. {found.sentence}")
    borrowed = lookalike_domains.find_lookalike(split(url)[0])
    # Beside the model, which does not know whose name is whose.
    return found if borrowed is None else replace(found, sentence=f"{borrowed}. {found.sentence}")


def of_call(decision: decision_pb2.Decision, local: bool) -> Explanation:
    """Explain a suspicious velocity; of other calls, say why nothing can be said here."""
    if decision.HasField("velocity_score"):
        return _of_velocity(decision)
    if (without := _not_scored(decision)) is not None:
        return without
    if not local:
        fail(
            gettext(
                "a caller is scored by what the server remembers of it, which is not known here"
            )
        )
    return Explanation(
        sentence=gettext(
            "Here the caller has no past, so no feature could weigh; fanzha check caller "
            "explains subscribers of a table."
        )
    )


def _of_velocity(decision: decision_pb2.Decision) -> Explanation:
    """Explain the velocity of a call by what the server says that it knew."""
    from classifiers import bundles, explain
    from classifiers.card import GoldenRow
    from classifiers.velocity.classifier import read_inputs
    from services.settings import loader

    model = bundles.load_velocity(loader.load().models_dir)
    if decision.velocity_version != model.version:
        fail(
            gettext(
                "decided by velocity model {velocity_version}, and here is {version}",
                velocity_version=decision.velocity_version,
                version=model.version,
            )
        )
    inputs = read_inputs([GoldenRow(inputs=dict(decision.velocity_inputs), score=0.0)])
    score = float(model.score(inputs)[0])
    if not abs(score - decision.velocity_score) <= SAME:
        fail(
            gettext(
                "the model here scores {score:.4f}, the server scored {velocity_score:.4f}",
                score=score,
                velocity_score=decision.velocity_score,
            )
        )
    return _by_parts(
        gettext("velocity {version}", version=model.version), explain.velocity(model, inputs)
    )


def of_subscriber(model: CallerClassifier, activity: CallerActivity) -> Explanation:
    """Explain the score of a caller whose activity is known."""
    from classifiers import explain
    from classifiers.caller.classifier import MINIMUM_CALLS

    parts = explain.caller(model, activity)
    if activity.outgoing_calls[0] < MINIMUM_CALLS:
        return Explanation(
            sentence=gettext(
                "Under {minimum_calls} outgoing calls no score reaches the threshold, whatever "
                "weighs in it.",
                minimum_calls=MINIMUM_CALLS,
            ),
            parts=tuple(parts),
        )
    return _by_parts(model.version, parts)


def show(explanation: Explanation) -> None:
    """Print an explanation."""
    out.print(explanation.sentence, soft_wrap=True)
    if explanation.parts:
        table = RowTable(gettext("part"), gettext("weight"))
        for part, weight in explanation.parts:
            table.add_row(part, f"{weight:+.2f}")
        table.print()


def _not_scored(decision: decision_pb2.Decision) -> Explanation | None:
    if decision.reason in {
        decision_pb2.REASON_SCORED,
        decision_pb2.REASON_LINK_SCORED,
        decision_pb2.REASON_SENDER_HISTORY,
        decision_pb2.REASON_REVIEW,
    }:
        return None
    return Explanation(
        sentence=gettext("No model was decisive, so no words or features are weighed.")
    )


def _same_version(decision: decision_pb2.Decision, version: str) -> None:
    if decision.model_version != version:
        fail(
            gettext(
                "decided by model {model_version}, and here is model {version}: one cannot "
                "explain the other",
                model_version=decision.model_version,
                version=version,
            )
        )


def _same_score(decided: float, *scores: float) -> None:
    # Written so that NaN fails.
    if not any(abs(score - decided) <= SAME for score in scores):
        fail(
            gettext(
                "the model here scores {scores:.4f}, the decision was {score:.4f}: one cannot "
                "explain the other",
                scores=scores[0],
                score=decided,
            )
        )


def _by_facts(facts: Mapping[str, float]) -> str:
    """Say what was told of the host, and what it did."""
    told = ", ".join(
        f"{field_label(name)} {value:,.0f}"
        for name, value in sorted(facts.items())
        if name not in {"model_score", "odds_ratio"}
    )
    return gettext(
        "What is known of the domain ({told}) multiplied the odds by {ratio:.3g}; without "
        "it the score is {score:.4f}.",
        told=told,
        ratio=facts["odds_ratio"],
        score=facts["model_score"],
    )


def _with_probability(
    found: Explanation, settings: Settings, bundle: tuple[str, str], score: float
) -> Explanation:
    """Say first what *score* means where fraud is as rare as in traffic, if the card tells."""
    from classifiers import bundles, card
    from classifiers.evaluation.prevalence import probability

    about = card.read(bundles.folder(settings.models_dir, *bundle))
    if about.calibration_prevalence is None:
        return found
    stated = settings.fraud_prevalence
    said = gettext(
        "The score {score:.4f} is a probability of fraud of {probability:.2%} at {prevalence:g} % "
        "prevalence.",
        score=score,
        probability=probability(score, about.calibration_prevalence, stated),
        prevalence=100 * stated,
    )
    return replace(found, sentence=f"{said} {found.sentence}")


def _by_parts(version: str, parts: Sequence[tuple[str, float]]) -> Explanation:
    if not parts:
        return Explanation(
            sentence=gettext(
                "No part alone weighs in the score of model {version}.", version=version
            )
        )
    return Explanation(
        sentence=gettext(
            "By how much the log-odds of fraud fall without a part, by model {version} here:",
            version=version,
        ),
        parts=tuple(parts),
    )
