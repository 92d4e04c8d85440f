"""The sentences of notices that depend on the case, as `notices/phrases.toml` has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from blocklists.entries import Entry, EntryKind
from fanzha.decisions import Reason
from services.appeals.model import (
    LIST_REASONS,
    MODEL_REASONS,
    RULE_SENTENCES,
    AppealSubject,
    Document,
    Lift,
)
from services.appeals.notices.phrase_texts import PhraseTexts, texts

_CHINA_TIME = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Phrases:
    """Writes sentences in one language."""

    language: str

    @property
    def _texts(self) -> PhraseTexts:
        return texts()[self.language]

    def say(self, name: str, **values: object) -> str:
        """Write the sentence of that name."""
        return self._texts.sentences[name].format_map(values)

    def moment(self, at_ms: int) -> str:
        """Write a time in China Standard Time."""
        return self.say("moment", at=datetime.fromtimestamp(at_ms / 1000, _CHINA_TIME))

    def end(self, entry: Entry) -> str:
        """Write when an entry ends."""
        if entry.ends:
            return self.moment(int(entry.expires_at.timestamp()) * 1000)
        if entry.review_at is None:
            return self.say("no_end")
        at = self.moment(int(entry.review_at.timestamp()) * 1000)
        return self.say("no_end_reviewed", at=at)

    def subject(self, one: AppealSubject) -> str:
        """Write the subject of the appeal."""
        thing = self._texts.things.get(one.kind.name, "")
        return self.say("subject", thing=thing, pattern=one.pattern)

    def measure(self, one: AppealSubject, entry: Entry | None) -> str:
        """State what is blocked."""
        measures = self._texts.measures
        if one.kind not in {EntryKind.NUMBER, EntryKind.RANGE}:
            return measures[one.kind.name]
        side = entry.direction if entry else one.direction
        return measures[str(side.name)]

    def reason(self, entry: Entry | None, decision: Mapping[str, str]) -> str:
        """State why it is blocked."""
        why = decision.get("reason", "")
        if why in RULE_SENTENCES:
            return self.say(RULE_SENTENCES[why])
        if why in MODEL_REASONS:
            return self._by_model(decision)
        if entry is not None:
            return self._by_entry(entry)
        if why in LIST_REASONS:
            return self.say("listed_then", of_kind=self._of_kind(decision.get("fraud_type", "")))
        return self.say("record_gone")

    def basis(self, entry: Entry | None, decision: Mapping[str, str]) -> str:
        """State the legal basis."""
        if decision.get("reason") == Reason.IMPLAUSIBLE.name:
            return self.say("law_on_true_callers")
        basis = entry.legal_basis.strip() if entry else ""
        law = self.say("law")
        return self.say("law_and_more", law=law, more=basis) if basis and basis not in law else law

    def within(self, hours: int) -> str:
        """State the time limit for an answer."""
        return self.say("answered_within", hours=hours)

    def by_then(self, deadline_ms: int) -> str:
        """State the deadline of this appeal."""
        return self.say("answered_by", at=self.moment(deadline_ms))

    def late(self, deadline_ms: int) -> str:
        """State that the deadline has passed."""
        return self.say("late", at=self.moment(deadline_ms))

    def lifted(self, lift: Lift | None, decided_ms: int) -> str:
        """State whether every worker has lifted the block."""
        if lift is None or not lift.done:
            return self.say("being_lifted")
        at = decided_ms + round((lift.seconds or 0) * 1000)
        if lift.seconds is None:
            at = lift.committed_at_ms or decided_ms
        return self.say("lifted", at=self.moment(at))

    def received(self, documents: list[Document] | tuple[Document, ...], required: str) -> str:
        """List the documents received, and those still required."""
        if not documents:
            return required
        names = self.say("list_separator").join(one.name for one in documents)
        return self.say("received", names=names, required=required)

    def _by_entry(self, entry: Entry) -> str:
        return self.say(
            "listed",
            source=self._texts.sources[entry.source.name],
            of_kind=self._of_kind(entry.fraud_type.name),
            stated_reason=entry.reason.strip() or self.say("not_stated"),
        )

    def _of_kind(self, fraud_type: str) -> str:
        fraud = self._texts.frauds.get(fraud_type)
        return self.say("of_kind", fraud=fraud) if fraud else ""

    def _by_model(self, decision: Mapping[str, str]) -> str:
        version = decision.get("model_version") or "-"
        score = decision.get("score") or "-"
        if decision["reason"] == "SPAM":
            return self.say("spam", version=version)
        return self.say("likely_fraud", score=score, version=version)
