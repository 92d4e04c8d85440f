"""What the models for texts and links saw, from what was logged of the text or link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp
from typing import Any

import numpy as np

from classifiers import explain
from classifiers.explain import ExplainedPart
from classifiers.link.classifier import LinkClassifier
from classifiers.text import link_evidence
from classifiers.text.facts import strongest
from fanzha.decisions import Reason
from services.decision_log.analysis.bundle_loader import BundleLoader, NoBundle
from services.decision_log.analysis.call_models import no_bundle
from services.decision_log.analysis.model import SAME, FeatureWeight, ModelAnalysis
from services.decision_log.explanation import Sentence

_METHOD = Sentence(
    "权重：去掉该部分后，诈骗对数几率的下降值（逐一遮挡法）；各权重之和不等于总分。",
    "weight: by how much the log-odds of fraud fall when this part alone is left out (occlusion); "
    "weights do not add up to the score.",
)
_SECOND_STAGE = Sentence(
    "评分由第二级模型给出；以下权重属于第一级（逐一遮挡法）。",
    "a second stage gave the score; the weights are those of the first (occlusion of one part).",
)
_WITH_FACTS = Sentence(
    "评分由第二级模型给出，其中还计入了链接评分或发送方此前被拦截的短信；以下权重属于第一级（逐一遮挡法）。",
    "a second stage gave the score, which also counts the score of a link or what of the sender "
    "was blocked before; the weights are those of the first (occlusion of one part).",
)
_BOTH_STAGES = Sentence(
    "评分由第二级模型给出；权重：去掉该部分后，该评分的诈骗对数几率的下降值（逐一遮挡法）。",
    "a second stage gave the score; weight: by how much the log-odds of that score fall when this "
    "part alone is left out (occlusion).",
)
_NOT_SHOWN = Sentence(
    "短信内容未在此次查询中调取，故不列出词语权重；有权者可加 --text。",
    "the content of the text was not requested, so no words are weighed; --text does, for those "
    "who may read it.",
)
_NOT_KEPT = Sentence(
    "短信内容未保存（decision_log_texts）或已过期，无法列出词语权重。",
    "the content of the text is not kept (decision_log_texts) or no longer, so no words can be "
    "weighed.",
)
_NO_URL = Sentence("未记录链接。", "the link was not logged.")
_HIDDEN = "…"
"""In place of a part of a link beyond its host, where links are not shown whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextContent:
    """What a text said."""

    requested: bool
    """Whether the request may show it."""
    body: str | None = None
    """None where it is not kept."""
    urls: Sequence[str] = ()

    def missing(self) -> Sentence:
        """Say why there is no body."""
        return _NOT_KEPT if self.requested else _NOT_SHOWN


def of_text(row: Mapping[str, Any], content: TextContent, loader: BundleLoader) -> ModelAnalysis:
    """Analyse the score of the words of a text."""
    about = ModelAnalysis(
        model="text",
        version=row["model_version"] or "",
        score=row["score"],
        threshold=row["threshold"],
        method=content.missing(),
    )
    if content.body is None or row["score"] is None:
        return about
    try:
        found = _of_words(about, loader, content.body, int(row["from_key"])).checked()
    except NoBundle as error:
        return replace(about, method=no_bundle(about.version, error))
    if row["reason"] == Reason.SPAM.name and found.reproduces():
        return replace(found, alternatives=(_spam(row, loader, content.body),))
    return found


def of_text_link(
    row: Mapping[str, Any], content: TextContent, loader: BundleLoader
) -> ModelAnalysis:
    """Analyse the score of the link of a text that scored highest."""
    about = ModelAnalysis(
        model="link",
        version=row.get("link_version") or "",
        score=row["link_score"],
        threshold=float(link_evidence.LINK_SCORE),
        method=content.missing(),
    )
    if not content.urls:
        return about
    try:
        model = loader.link(about.version)
    except NoBundle as error:
        return replace(about, method=no_bundle(about.version, error))
    scores = model.score(content.urls)
    return _of_url(about, model, content.urls[int(np.argmax(scores))], shown="").checked()


def of_link(row: Mapping[str, Any], loader: BundleLoader, *, unmasked: bool) -> ModelAnalysis:
    """Analyse the score of a link; without *unmasked*, parts beyond its host are hidden.

    Where facts on its domain moved the score, that of the URL alone is analysed.
    """
    facts: Mapping[str, float] = row.get("host_facts") or {}
    about = ModelAnalysis(
        model="link",
        version=row["model_version"] or "",
        score=facts.get("model_score", row["score"]),
        threshold=row["threshold"],
        method=_NO_URL,
    )
    if not row["url"] or row["score"] is None:
        return about
    try:
        model = loader.link(about.version)
    except NoBundle as error:
        return replace(about, method=no_bundle(about.version, error))
    shown = "" if unmasked else row["host"] or _HIDDEN
    return _of_url(about, model, row["url"], shown=shown).checked()


def _of_words(about: ModelAnalysis, loader: BundleLoader, body: str, sender: int) -> ModelAnalysis:
    model = loader.text(about.version)
    senders = np.array([sender], np.int64)
    odds = float(model.log_odds([body], senders)[0])
    fast = _probability(odds)
    found = replace(
        about,
        method=_METHOD,
        recomputed=fast,
        features=_weights(explain.text(model, body, sender)),
    )
    if about.score is not None and abs(fast - about.score) <= SAME:
        return _with_strongest(found, lambda weight: _probability(odds - weight))
    # A service uses its second stage as far as time allows: an uncertain text has either score.
    both = loader.text(about.version, second_stage=True)
    final = float(both.score_bodies([body], senders).p_fraud[0])
    # The log keeps no link scores and no history: so far at most can they have raised the score.
    highest = float(both.score_bodies([body], senders, strongest).p_fraud[0])
    if about.score is not None and final + SAME < about.score <= highest + SAME:
        return replace(found, method=_WITH_FACTS, recomputed=about.score)
    return replace(found, method=_SECOND_STAGE, recomputed=final)


def _spam(row: Mapping[str, Any], loader: BundleLoader, body: str) -> Sentence:
    """Say how probable spam was, which the log does not keep, and from where it blocks."""
    model = loader.text(row["model_version"])
    senders = np.array([row["from_key"]], np.int64)
    probability = float(model.score_bodies([body], senders).p_spam[0])
    settings = dict(word.split("=", 1) for word in (row.get("settings") or "").split())
    threshold = float(settings.get("spam_threshold", model.spam_threshold))
    return Sentence(
        f"垃圾短信概率为 {probability:.3f}，自 {threshold:.3f} 起拦截；以上权重属于诈骗评分。",
        f"the probability of spam is {probability:.3f}, and blocks from {threshold:.3f}; the "
        "weights are those of the score for fraud.",
    )


def _of_url(about: ModelAnalysis, model: LinkClassifier, url: str, *, shown: str) -> ModelAnalysis:
    """Analyse *url*; parts that are not in *shown* are hidden, none where that is empty."""
    # A service uses its second stage as far as time allows: an uncertain link has either score.
    fast, final = float(model.fast_scores([url])[0]), float(model.score([url])[0])
    # Where both are the same, links like it are explained as a service with time judges them.
    is_fast = about.score is not None and abs(fast - about.score) <= SAME < abs(final - about.score)
    score = fast if is_fast else final
    parts = [
        ExplainedPart(part if not shown or part in shown else _HIDDEN, weight)
        for part, weight in explain.link(model, url, escalate=not is_fast)
    ]
    method = _METHOD if is_fast or fast == final else _BOTH_STAGES
    found = replace(about, method=method, recomputed=score, features=_weights(parts))
    return _with_strongest(found, lambda weight: explain.without(score, weight))


def _with_strongest(about: ModelAnalysis, without: Any) -> ModelAnalysis:
    """Say what the score would be without the part that did most for the side it is on."""
    threshold = about.threshold or 0.0
    reached = about.recomputed is not None and about.recomputed >= threshold
    wanted = [one for one in about.features if (one.weight > 0) == reached]
    if not wanted:
        return about
    score = without(wanted[0].weight)
    zh, en = ("达到", "reach") if score >= threshold else ("未达到", "stay under")
    part = wanted[0].name
    said = Sentence(
        f"若没有“{part}”，评分为 {score:.3f}，{zh}阈值 {threshold:.3f}。",
        f'without "{part}" the score would be {score:.3f}, and {en} the threshold {threshold:.3f}.',
    )
    return replace(about, alternatives=(said,))


def _weights(parts: Sequence[ExplainedPart]) -> list[FeatureWeight]:
    return [FeatureWeight(name=part, weight=weight) for part, weight in parts]


def _probability(odds: float) -> float:
    # Beyond this a float64 overflows, and the probability is 0 or 1 all the same.
    return 1 / (1 + exp(-max(-700.0, min(700.0, odds))))
