"""The sentences of notices that depend on the case, in Chinese and in English."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from blocklists.entries import Direction, Entry, Kind, Source
from fanzha.fraud import FraudType
from services.appeals.records import MODEL_REASONS, RULE_REASONS, Document, Lift, Subject

_CHINA_TIME = timezone(timedelta(hours=8))
LAW = {
    "zh": "《中华人民共和国反电信网络诈骗法》第三十二条",
    "en": "Article 32 of the Anti-Telecom and Online Fraud Law of the People's Republic of China",
}
_TRUE_CALLER = {
    "zh": "《中华人民共和国反电信网络诈骗法》第十三条、第三十二条",
    "en": "Articles 13 and 32 of the Anti-Telecom and Online Fraud Law of the People's Republic "
    "of China",
}
_THING = {
    "zh": {Kind.NUMBER: "号码", Kind.SENDER: "短信发送号码", Kind.HOST: "域名",
           Kind.URL_PREFIX: "网址", Kind.FINGERPRINT: "短信内容"},
    "en": {Kind.NUMBER: "the number", Kind.SENDER: "the sender", Kind.HOST: "the domain",
           Kind.URL_PREFIX: "the address", Kind.FINGERPRINT: "texts with the fingerprint"},
}  # fmt: skip
_MEASURE = {
    "zh": {
        Direction.FROM: "拦截该号码发出的呼叫和短信",
        Direction.TO: "拦截发往该号码的呼叫和短信",
        Direction.BOTH: "拦截该号码发出的和发往该号码的呼叫和短信",
    },
    "en": {
        Direction.FROM: "Calls and texts from this number are blocked",
        Direction.TO: "Calls and texts to this number are blocked",
        Direction.BOTH: "Calls and texts from and to this number are blocked",
    },
}
_MEASURE_OF = {
    "zh": {Kind.SENDER: "拦截该发送号码发出的短信", Kind.FINGERPRINT: "拦截内容相同或者近似的短信"},
    "en": {Kind.SENDER: "Texts from this sender are blocked",
           Kind.FINGERPRINT: "Texts that are the same or nearly the same are blocked"},
}  # fmt: skip
_LINKS = {
    "zh": "拦截对其的访问，以及含有该链接的短信",
    "en": "Access to it, and texts with a link to it, are blocked",
}
_SOURCES = {
    Source.MINISTRY: ("国家主管部门", "a ministry"),
    Source.PROVINCE: ("省级主管部门", "the provincial authority"),
    Source.BUREAU: ("通信管理局", "the communications administration"),
    Source.CARRIER: ("电信业务经营者", "a telecommunications operator"),
    Source.TECH_COMPANY: ("互联网服务提供者", "an internet service provider"),
}
_FRAUD = {
    FraudType.BRUSHING_REBATE: ("刷单返利", "task-brushing rebates"),
    FraudType.FAKE_INVESTMENT: ("虚假网络投资理财", "fake online investment"),
    FraudType.FAKE_SHOPPING: ("虚假购物服务", "fake shopping or services"),
    FraudType.FAKE_CUSTOMER_SERVICE: ("冒充电商物流客服", "posing as customer service"),
    FraudType.FAKE_LOAN: ("虚假贷款", "fake loans"),
    FraudType.FAKE_CREDIT: ("虚假征信", "fake credit-record repair"),
    FraudType.IMPERSONATE_ACQUAINTANCE: ("冒充领导、熟人", "posing as an acquaintance"),
    FraudType.IMPERSONATE_AUTHORITY: ("冒充公检法及政府机关", "posing as an authority"),
    FraudType.ROMANCE: ("网络婚恋、交友", "romance and dating"),
    FraudType.GAME_TRADE: ("网络游戏产品虚假交易", "fake trade in game items"),
}


@dataclass(frozen=True, slots=True)
class Phrases:
    """Writes sentences in one language."""

    language: str

    def say(self, zh: str, en: str) -> str:
        """Choose the language."""
        return zh if self.language == "zh" else en

    def moment(self, at_ms: int) -> str:
        """Write a time, which is China's."""
        at = datetime.fromtimestamp(at_ms / 1000, _CHINA_TIME)
        zh = f"{at.year}年{at.month}月{at.day}日{at:%H:%M}"
        return self.say(f"{zh}（北京时间）", f"{at.day} {at:%B %Y, %H:%M} (UTC+8)")

    def end(self, entry: Entry) -> str:
        """Write when an entry ends."""
        if entry.ends:
            return self.moment(int(entry.expires_at.timestamp()) * 1000)
        if entry.review_at is None:
            return self.say("未设截止时间", "no fixed end")
        at = self.moment(int(entry.review_at.timestamp()) * 1000)
        return self.say(f"未设截止时间，{at}前复核", f"no fixed end; it is reviewed by {at}")

    def subject(self, one: Subject) -> str:
        """Write whom or what it is about."""
        thing = _THING[self.language].get(one.kind, "")
        return self.say(f"{thing} {one.pattern}", f"{thing} {one.pattern}")

    def measure(self, one: Subject, entry: Entry | None) -> str:
        """Say what is blocked."""
        if one.kind in {Kind.HOST, Kind.URL_PREFIX}:
            return _LINKS[self.language]
        if one.kind in _MEASURE_OF[self.language]:
            return _MEASURE_OF[self.language][one.kind]
        side = entry.direction if entry else one.direction
        return _MEASURE[self.language][side]

    def reason(self, entry: Entry | None, decision: Mapping[str, str]) -> str:
        """Say why it is blocked."""
        why = decision.get("reason", "")
        if why in RULE_REASONS:
            return self.say(
                "主叫号码不真实或者不规范（号码不存在，或者境内号码从国际来话），依法予以拦截。",
                "The calling number cannot be what it claims to be: no such number exists, or a "
                "domestic number arrived from abroad.",
            )
        if why in MODEL_REASONS:
            return self._by_model(decision)
        if entry is not None:
            return self._by_entry(entry)
        return self.say(
            "经监测识别为涉诈异常情形；处置记录已超过保存期限，将根据申诉进行核查。",
            "It was recognised as abnormal and related to fraud; the record is no longer kept, "
            "and will be examined on appeal.",
        )

    def basis(self, entry: Entry | None, decision: Mapping[str, str]) -> str:
        """Say on what law it stands."""
        if decision.get("reason") in RULE_REASONS:
            return _TRUE_CALLER[self.language]
        told = entry.legal_basis.strip() if entry else ""
        law = LAW[self.language]
        return f"{law}{self.say('；', '; ')}{told}" if told and told not in law else law

    def within(self, hours: int) -> str:
        """Say how soon an appeal is answered."""
        return self.say(
            f"自收到申诉之时起{hours}小时内核查并答复；核查通过的，即时解除有关措施。",
            f"An appeal is examined and answered within {hours} hours of its receipt; if it is "
            "well founded, the measure is lifted at once.",
        )

    def by_then(self, deadline_ms: int) -> str:
        """Say when this appeal is answered."""
        at = self.moment(deadline_ms)
        return self.say(
            f"将于{at}前核查并答复；核查通过的，即时解除有关措施。",
            f"It will be examined and answered by {at}; if it is well founded, the measure is "
            "lifted at once.",
        )

    def late(self, deadline_ms: int) -> str:
        """Say that it is late."""
        at = self.moment(deadline_ms)
        return self.say(
            f"原办理期限为{at}，现已超过。我们将优先核查，并在决定作出后即时告知。",
            f"The time limit was {at} and has passed. Your appeal is examined with priority, and "
            "you will be told as soon as it is decided.",
        )

    def lifted(self, lift: Lift | None, decided_ms: int) -> str:
        """Say whether it is lifted everywhere."""
        if lift is None or not lift.done:
            return self.say(
                "有关措施正在解除，解除后另行告知。",
                "The measure is being lifted; you will be told when that is done.",
            )
        at = decided_ms + round((lift.seconds or 0) * 1000)
        if lift.seconds is None:
            at = lift.committed_at_ms or decided_ms
        return self.say(
            f"有关措施已于{self.moment(at)}解除。",
            f"The measure was lifted on {self.moment(at)}.",
        )

    def received(self, documents: list[Document] | tuple[Document, ...], wanted: str) -> str:
        """Say what documents came, and what is wanted."""
        if not documents:
            return wanted
        names = self.say("、", ", ").join(one.name for one in documents)
        return self.say(
            f"已收到：{names}。核查所需资料：{wanted}", f"Received: {names}. Needed: {wanted}"
        )

    def _by_entry(self, entry: Entry) -> str:
        zh, en = _SOURCES[entry.source]
        kind = _FRAUD.get(entry.fraud_type)
        told = entry.reason.strip() or self.say("未注明", "not stated")
        return self.say(
            f"列入{zh}提供的涉诈名单{f'（{kind[0]}）' if kind else ''}。列入原因：{told}",
            f"It is on a list of numbers and addresses related to fraud, supplied by {en}"
            f"{f' ({kind[1]})' if kind else ''}. Stated reason: {told}",
        )

    def _by_model(self, decision: Mapping[str, str]) -> str:
        version = decision.get("model_version") or "-"
        score = decision.get("score") or "-"
        if decision["reason"] == "SPAM":
            return self.say(
                f"经技术监测识别为未经同意发送的商业性信息（模型版本 {version}）。",
                f"It was recognised as unwanted advertising (model {version}).",
            )
        return self.say(
            f"经技术监测识别，涉诈风险评分 {score} 达到处置标准（模型版本 {version}）。",
            f"It was recognised as likely fraud: its risk score of {score} reached the level for "
            f"this measure (model {version}).",
        )
