"""Says what would have to be different for another decision: the rule that decides next.

The rules that held for a row are logged, so what decides without the first of them is known, not
estimated. Of list entries only the one that decided is known: another may match too.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from classifiers.text import link_evidence
from fanzha.decisions import Action, Reason
from services.decision import rules
from services.decision_log.explanation import Sentence

_BY_SCORE = "SCORED", "REVIEW"
_ACTIONS = {Action.BLOCK: ("会被拦截", "be blocked"), Action.ALLOW: ("会被放行", "be let through")}
RULES = {
    "invalid": ("请求无法识别", "the request could not be read"),
    "protected": ("涉及受保护号码或域名", "a protected number or name is involved"),
    "allowlisted": ("命中放行名单", "an allow entry matches"),
    "blocklisted": ("命中拦截名单", "a block entry matches"),
    "implausible": ("号码不可能或系伪造", "the number is impossible or forged"),
    "refused_sender": ("发送方名称未登记", "the sender's name is not registered"),
    "unscored": ("模型未给出评分", "no model was heard"),
    "scored": ("模型评分达到阈值", "the score reaches the threshold"),
    "link_scored": ("链接与文字合并评分", "a link scores, and the words do not speak against it"),
    "sender_history": (
        "发送方近期被拦截，阈值降低",
        "the sender's texts were just blocked, which lowers the threshold",
    ),
    "marked_history": (
        "发送方近期被拦截，阈值降低，仅标记",
        "the sender's texts were just blocked, which lowers the threshold, and it is only marked",
    ),
    "spam": ("垃圾短信", "it is unwanted advertising"),
    "related_blocked": (
        "所涉号码、链接或文本已确认涉诈",
        "a number or link in it, or its text, is confirmed fraud",
    ),
    "related": (
        "与已确认涉诈的号码、链接或文本有关，仅标记",
        "it is related to what is confirmed fraud, and only marked",
    ),
    "cut_off": ("主叫近期行为可疑", "the recent calls of the caller are suspicious"),
    "suspicious": ("主叫近期行为可疑，仅标记", "the caller is suspicious, and only marked"),
    "marked_link": (
        "其中链接会被其渠道拦截，仅标记",
        "a link in it would be blocked by its own channel, and it is only marked",
    ),
    "marked_sender": (
        "发送方名称未登记，仅标记",
        "the sender's name is not registered, only marked",
    ),
    "review": (
        "评分接近阈值，交人工复核",
        "the score comes close to the threshold, and a person is to judge",
    ),
    "under": ("没有规则成立", "no rule holds"),
}
"""The rules of `services.decision.rules` in words, Chinese and English."""

_UNKNOWN = Sentence(
    "当时未记录其他成立的规则（较早版本），无法说明下一条判定规则。",
    "which other rules held was not logged (by an earlier version): what would have decided next "
    "is not known.",
)

_MONITORED = Sentence(
    "该运营者处于监测模式，故未拦截；否则会被拦截。",
    "its carrier is in monitor mode; without that it would be blocked.",
)
_UNREADABLE = Sentence(
    "请求可识别时才会按名单和模型判定，结果无从得知。",
    "a request that can be read is decided by lists and models; what they would say is not known.",
)


class _Change(NamedTuple):
    """A condition, and the rules that do not hold under it."""

    chinese: str
    english: str
    lifts: tuple[str, ...]


def of(row: Mapping[str, Any]) -> list[Sentence]:
    """Say what each change of one circumstance would have led to."""
    if row["reason"] == Reason.INVALID.name:
        return [_UNREADABLE]
    if row.get("monitored"):
        return [_MONITORED, *_by_rules(row)]
    return _by_rules(row)


def _by_rules(row: Mapping[str, Any]) -> list[Sentence]:
    changes = [*_CHANGES.get(row["reason"], _none)(row), *_facts(row)]
    if not row.get("settings"):
        return [*_needed(row), _UNKNOWN]
    held = set(filter(None, (row.get("rules_held") or "").split(",")))
    told = [_after(change, held) for change in changes]
    return [*_needed(row), *told, *_unheard(row), *_lowered(row)]


def _after(change: _Change, held: set[str]) -> Sentence:
    name, action, reason = rules.first_of(held - set(change.lifts))
    (done_zh, done_en), (why_zh, why_en) = _ACTIONS[action], RULES[name]
    return Sentence(
        f"{change.chinese}，则{done_zh}：{why_zh}（{reason.name}）。",
        f"{change.english}, it would {done_en}: {why_en} ({reason.name}).",
    )


def _needed(row: Mapping[str, Any]) -> list[Sentence]:
    """Say how far the score was from the threshold, where the score decided."""
    score, threshold = row["score"], row["threshold"]
    if row["reason"] not in _BY_SCORE or score is None:
        return []
    if score >= threshold:
        return [
            Sentence(
                f"评分需低于 {threshold:.3f}（当时 {score:.3f}）才不会因此拦截。",
                f"the score would have to be under {threshold:.3f}, and was {score:.3f}.",
            )
        ]
    return [
        Sentence(
            f"评分需达到 {threshold:.3f}（当时 {score:.3f}）才会拦截。",
            f"to be blocked, the score would have to reach {threshold:.3f}, and was {score:.3f}.",
        )
    ]


def _unheard(row: Mapping[str, Any]) -> list[Sentence]:
    """Say what would have blocked a row that was let through for want of a score."""
    if row["reason"] != Reason.FAILED_OPEN.name:
        return []
    return [
        Sentence(
            f"若模型评分达到 {row['threshold']:.3f}，则会因模型评分被拦截。",
            f"with a model that scored it {row['threshold']:.3f} or more, it would be blocked "
            "(SCORED).",
        ),
        Sentence(
            "若运营商策略的 on_failure 为 block，则会因模型故障被拦截。",
            "with on_failure block in the policy of its carrier, it would be blocked "
            "(FAILED_CLOSED).",
        ),
    ]


def _none(_row: Mapping[str, Any]) -> list[_Change]:
    return []


def _entry(row: Mapping[str, Any]) -> list[_Change]:
    listed = ("allowlisted", "blocklisted")
    return [
        _Change(
            f"若没有条目 {row['entry_id']}，且没有其他条目命中",
            f"without the entry {row['entry_id']}, and with no other that matches",
            listed,
        )
    ]


def _scored(row: Mapping[str, Any]) -> list[_Change]:
    if row["score"] is None or row["score"] < row["threshold"]:
        return []
    also = "" if row["channel"] != "TEXT" or not row.get("hosts") else "，且其中链接评分不高"
    link = "" if not also else ", and with no link in it that scores high"
    return [
        _Change(f"若评分低于阈值{also}", f"with a score under the threshold{link}", ("scored",))
    ]


def _facts(row: Mapping[str, Any]) -> list[_Change]:
    """Say what would decide if facts on a link's domain had not raised its score so far."""
    facts = row.get("host_facts")
    if not facts or row["score"] is None or facts["model_score"] >= row["score"]:
        return []
    # Of what is reviewed, the review threshold is not logged: it may hold without facts, too.
    if row["reason"] != Reason.SCORED.name or facts["model_score"] >= row["threshold"]:
        return []
    score = f"{facts['model_score']:.3f}"
    return [
        _Change(
            f"若没有已知的域名信息（评分为 {score}），或设置 host_facts_action 为 off",
            f"without what is known of the domain (the score is {score} then), or with "
            "host_facts_action off",
            ("scored",),
        )
    ]


def _lowered(row: Mapping[str, Any]) -> list[Sentence]:
    """Say of a link that facts let through what the model by itself would have done."""
    facts = row.get("host_facts")
    if not facts or row["action"] == Action.BLOCK.name or row["reason"] not in _BY_SCORE:
        return []
    score, threshold = facts["model_score"], row["threshold"]
    if score < threshold:
        return []
    return [
        Sentence(
            f"若没有已知的域名信息，则会因模型评分 {score:.3f} 被拦截。",
            f"without what is known of the domain, it would be blocked: the score is "
            f"{score:.3f} then (SCORED).",
        )
    ]


def _implausible(_row: Mapping[str, Any]) -> list[_Change]:
    return [
        _Change(
            "若号码可信，或设置 block_implausible_callers 为 false",
            "with a plausible number, or with the setting block_implausible_callers false",
            ("implausible",),
        )
    ]


def _unregistered(row: Mapping[str, Any]) -> list[_Change]:
    registered = _Change(
        "若该名称已为此路由登记，或设置 unregistered_senders 为 allow",
        "with the name registered for this route, or with unregistered_senders allow",
        ("refused_sender", "marked_sender"),
    )
    if row["action"] != Action.BLOCK.name:
        return [registered]
    return [
        registered,
        _Change(
            "若设置 unregistered_senders 为 label",
            "with the setting unregistered_senders label",
            ("refused_sender",),
        ),
    ]


def _velocity(row: Mapping[str, Any]) -> list[_Change]:
    threshold = row.get("velocity_threshold")
    limit = "–" if threshold is None else f"{threshold:.3f}"
    return [
        _Change(
            f"若行为评分低于 {limit}，或设置 velocity_action 为 off",
            f"with a velocity score under {limit}, or with velocity_action off",
            ("cut_off", "suspicious"),
        )
    ]


def _link_scored(row: Mapping[str, Any]) -> list[_Change]:
    link, words = float(link_evidence.LINK_SCORE), float(link_evidence.WORD_SCORE)
    both = ("link_scored", "marked_link")
    own = ("链接渠道的阈值", "the threshold of its own channel")
    if row["action"] != Action.BLOCK.name:
        return [_Change(f"若各链接评分低于{own[0]}", f"with each link under {own[1]}", both)]
    return [
        _Change(
            f"若各链接评分低于 {link:.2f}，且低于{own[0]}",
            f"with each link under {link:.2f}, and under {own[1]}",
            both,
        ),
        _Change(
            f"若文字评分低于 {words:.2f}",
            f"with words that score under {words:.2f}",
            ("link_scored",),
        ),
    ]


def _sender_history(row: Mapping[str, Any]) -> list[_Change]:
    limit = (row.get("sender_history") or {}).get("threshold", row["threshold"])
    both = ("sender_history", "marked_history")
    return [
        _Change(
            "若该发送方近期没有短信因内容被拦截，或设置 sender_history_action 为 off",
            "with no texts of that sender just blocked, or with sender_history_action off",
            both,
        ),
        _Change(
            f"若文字评分低于 {limit:.3f}，链接低于其渠道阈值，且与已确认文本不近似",
            f"with words that score under {limit:.3f}, no link that its own channel blocks, and "
            "near no confirmed text",
            both,
        ),
    ]


def _review(row: Mapping[str, Any]) -> list[_Change]:
    setting = f"{row['channel'].lower()}_reviews_per_minute"
    return [
        _Change(
            f"若评分低于模型的复核阈值，或设置 {setting} 为 0",
            f"with a score under the review threshold of the model, or with {setting} 0",
            ("review",),
        )
    ]


def _related(_row: Mapping[str, Any]) -> list[_Change]:
    return [
        _Change(
            "若该号码、链接或文本的确认被撤销，或设置 related_action 为 off",
            "with that confirmation dismissed, or with the setting related_action off",
            ("related_blocked", "related"),
        )
    ]


def _spam(_row: Mapping[str, Any]) -> list[_Change]:
    return [_Change("若设置 block_spam 为 false", "with the setting block_spam false", ("spam",))]


def _protected(_row: Mapping[str, Any]) -> list[_Change]:
    return [
        _Change(
            "受保护的事件不受任何名单或模型影响；若无保护",
            "no entry and no model acts on what is protected; without the protection",
            ("protected",),
        )
    ]


def _failed(_row: Mapping[str, Any]) -> list[_Change]:
    return [
        _Change(
            "若模型给出的评分低于阈值",
            "with a model that scored it under the threshold",
            ("unscored",),
        )
    ]


def _failed_closed(row: Mapping[str, Any]) -> list[_Change]:
    return [
        *_failed(row),
        _Change(
            "若运营商策略的 on_failure 为 allow",
            "with on_failure allow in the policy of its carrier",
            (),
        ),
    ]


_CHANGES = {
    "BLOCKLISTED": _entry,
    "ALLOWLISTED": _entry,
    "SCORED": _scored,
    "IMPLAUSIBLE": _implausible,
    "UNREGISTERED": _unregistered,
    "VELOCITY": _velocity,
    "LINK_SCORED": _link_scored,
    "SENDER_HISTORY": _sender_history,
    "RELATED": _related,
    "REVIEW": _review,
    "SPAM": _spam,
    "PROTECTED": _protected,
    "FAILED_OPEN": _failed,
    "FAILED_CLOSED": _failed_closed,
}
