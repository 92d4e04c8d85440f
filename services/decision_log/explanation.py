"""Says in plain words, Chinese and English, why a logged decision was what it was."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fanzha.decisions import Reason

_SIDES = {
    "CALLER": ("主叫号码", "the caller"),
    "CALLEE": ("被叫号码", "the called number"),
    "SENDER": ("短信发送方", "the sender"),
    "RECEIVER": ("短信接收方", "the receiver"),
    "LINK": ("链接", "the link"),
    "TEXT": ("短信文本特征", "the words of the text"),
    "CALLBACK": ("短信中的号码", "a number in the text"),
}
_FACTS = {
    "domain_age_days": ("域名注册天数", "days since registration"),
    "first_seen_days": ("本网首见天数", "days since first seen"),
    "popularity_rank": ("访问排名", "popularity rank"),
}
_CHANNELS = {"CALL": ("呼叫", "call"), "TEXT": ("短信", "text"), "LINK": ("链接", "link")}


class Sentence(NamedTuple):
    """The same in two languages."""

    chinese: str
    english: str


def why(row: Mapping[str, Any]) -> Sentence:
    """Say why a decision was what it was."""
    channel = _CHANNELS.get(row["channel"], ("事件", "event"))
    blocked = row["action"] == "BLOCK"
    reason = _REASONS.get(row["reason"], _other)(row)
    begin = (
        (f"该{channel[0]}已被拦截：", f"This {channel[1]} was blocked: ")
        if blocked
        else (f"该{channel[0]}已放行：", f"This {channel[1]} was let through: ")
    )
    if row.get("monitored"):
        begin = (
            f"该{channel[0]}因监测模式放行，否则会被拦截：",
            f"This {channel[1]} was let through in monitor mode, and would have been blocked: ",
        )
    return Sentence(begin[0] + reason.chinese, begin[1] + reason.english)


def would_have(row: Mapping[str, Any]) -> Sentence | None:
    """Say which shadow entry would have blocked it; None for none."""
    entry = row.get("would_block_entry_id")
    if not entry:
        return None
    return Sentence(
        f"观察条目 {entry} 若生效则会拦截；观察条目不影响判定。",
        f"The shadow entry {entry} would have blocked it; shadow entries decide nothing.",
    )


def _by_entry(row: Mapping[str, Any]) -> Sentence:
    side = _SIDES.get(row.get("evidence") or "", ("通信一方", "a party"))
    allowed = row["reason"] == Reason.ALLOWLISTED.name
    kind = ("放行名单", "allow") if allowed else ("拦截名单", "block")
    return Sentence(
        f"{side[0]}命中{kind[0]}条目 {row['entry_id'] or '–'}，名单版本 {row['list_version']}。",
        f"{side[1]} matched the {kind[1]} entry {row['entry_id'] or '–'} of the lists, "
        f"version {row['list_version']}.",
    )


def _by_score(row: Mapping[str, Any]) -> Sentence:
    if row["score"] is None:
        return _unheard(row)
    reached = row["score"] >= row["threshold"]
    zh, en = ("达到", "reached") if reached else ("未达到", "stayed under")
    facts = _facts(row)
    return Sentence(
        f"模型 {row['model_version']} 评分 {row['score']:.3f}，{zh}阈值 {row['threshold']:.3f}"
        f"{facts.chinese}。",
        f"the score {row['score']:.3f} of model {row['model_version']} {en} the threshold "
        f"{row['threshold']:.3f}{facts.english}.",
    )


def _facts(row: Mapping[str, Any]) -> Sentence:
    """Say what facts on a link's domain did to its score; empty without any."""
    facts: Mapping[str, float] | None = row.get("host_facts")
    if not facts:
        return Sentence("", "")
    told = [(zh, en, facts[name]) for name, (zh, en) in _FACTS.items() if name in facts]
    zh = "、".join(f"{words} {value:,.0f}" for words, _, value in told)
    en = ", ".join(f"{words} {value:,.0f}" for _, words, value in told)
    ratio, score = facts["odds_ratio"], facts["model_score"]
    return Sentence(
        f"（已知{zh}，几率乘以 {ratio:.3g}；仅凭网址评分 {score:.3f}）",
        f" (known: {en}, which multiplied the odds by {ratio:.3g}; by the URL alone it "
        f"scored {score:.3f})",
    )


def _by_link(row: Mapping[str, Any]) -> Sentence:
    score = row.get("link_score")
    shown = "–" if score is None else f"{score:.3f}"
    return Sentence(
        f"短信中的链接评分 {shown}，文字评分 {row['score']:.3f}。",
        f"a link in the text scored {shown}, and its words {row['score']:.3f}.",
    )


def _by_sender(row: Mapping[str, Any]) -> Sentence:
    history: Mapping[str, float] | None = row.get("sender_history")
    if not history:
        return Sentence(
            "发送方近期短信多被拦截，阈值因此降低。",
            "texts of the sender were just blocked, which lowers the threshold.",
        )
    score, texts, blocked = row["score"], history["texts"], history["blocked"]
    limit, link = history["threshold"], row.get("link_score")
    shown = "–" if link is None else f"{link:.3f}"
    return Sentence(
        f"发送方近期 {texts:.1f} 条短信中 {blocked:.1f} 条因内容被拦截（按小时衰减），接收方约 "
        f"{history['receivers']:.0f} 个；文字评分 {score:.3f}，降低后的阈值 {limit:.3f}，"
        f"链接评分 {shown}。",
        f"of the sender's last {texts:.1f} texts {blocked:.1f} were blocked for what they say "
        f"(halved every hour), to some {history['receivers']:.0f} receivers; the words scored "
        f"{score:.3f}, the lowered threshold is {limit:.3f}, a link scored {shown}.",
    )


def _by_velocity(row: Mapping[str, Any]) -> Sentence:
    score = row.get("velocity_score")
    score_text = "–" if score is None else f"{score:.3f}"
    return Sentence(
        f"主叫近期行为可疑，行为模型 {row.get('velocity_version') or '–'} 评分 {score_text}。",
        f"the recent calls of the caller were suspicious: score {score_text} of the "
        f"velocity model {row.get('velocity_version') or '–'}.",
    )


def _by_review(row: Mapping[str, Any]) -> Sentence:
    facts = _facts(row)
    return Sentence(
        f"评分 {row['score']:.3f} 未达阈值 {row['threshold']:.3f} 但已接近{facts.chinese}，"
        "放行并交人工复核。",
        f"the score {row['score']:.3f} comes close to the threshold {row['threshold']:.3f}"
        f"{facts.english}: let through, for a person to judge.",
    )


def _by_relation(row: Mapping[str, Any]) -> Sentence:
    side = _SIDES.get(row.get("related_evidence") or "", ("通信一方", "a party"))
    since_ms = row.get("related_since_ms")
    since = "–" if since_ms is None else datetime.fromtimestamp(since_ms / 1000, UTC).isoformat()
    if row.get("related_evidence") == "TEXT":
        side = ("近似文本", "a near-duplicate of the text")
    if not row.get("related_to"):
        return Sentence(
            f"{side[0]}自 {since} 起被确认涉诈。", f"{side[1]} is confirmed fraud since {since}."
        )
    return Sentence(
        f"{side[0]}曾与已确认涉诈的号码、链接或文本一同出现，自 {since} 起存疑。",
        f"{side[1]} is seen with a number, link or text that is confirmed fraud; "
        f"suspected since {since}.",
    )


def _fixed(chinese: str, english: str) -> Callable[[Mapping[str, Any]], Sentence]:
    return lambda _row: Sentence(chinese, english)


_unheard = _fixed(
    "模型未能给出评分，疑则放行。", "no model was heard, and in doubt the phone rings."
)
_other = _fixed("原因未知。", "for a reason that this version does not know.")
_REASONS: Mapping[str, Callable[[Mapping[str, Any]], Sentence]] = {
    "BLOCKLISTED": _by_entry,
    "ALLOWLISTED": _by_entry,
    "SCORED": _by_score,
    "VELOCITY": _by_velocity,
    "LINK_SCORED": _by_link,
    "SENDER_HISTORY": _by_sender,
    "RELATED": _by_relation,
    "REVIEW": _by_review,
    "FAILED_OPEN": _unheard,
    "FAILED_CLOSED": _fixed(
        "模型未能给出评分，按运营商策略予以拦截。",
        "no model was heard, and the policy of the carrier blocks then.",
    ),
    "INVALID": _fixed("请求内容无法识别，疑则放行。", "the request could not be read."),
    "PROTECTED": _fixed(
        "涉及受保护的号码或域名，任何名单和模型都不得拦截。",
        "a protected number or name is involved, which nothing may block.",
    ),
    "IMPLAUSIBLE": _fixed(
        "主叫或发送方号码不存在或系伪造。",
        "the number of the caller or sender cannot exist, or is forged.",
    ),
    "UNREGISTERED": _fixed(
        "发送方名称未在该通道登记。", "the sender's name is not registered for this route."
    ),
    "SPAM": _fixed("属于垃圾广告短信。", "it is unwanted advertising."),
}
