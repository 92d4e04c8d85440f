"""Makes ready protocol answers from decisions, for requests that ask for them.

They cost some microseconds a row, and a block page some kilobytes, so nobody gets them unasked.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from fanzha.decisions import Action, Decisions, Detail, DisplayLabel, Treatment
from fanzha.tables import Attestation, Calls, Ingress, Links, Texts
from services.decision.protocol_answer import links
from services.decision.protocol_answer.model import ProtocolAnswer, SmppAnswer
from services.decision.protocol_answer.sip import CALL_REJECTED, SipResponses

MAX_PAGES = 512
"""Block pages in one answer; the body of others is empty."""

ESME_RSUBMITFAIL, ESME_RX_R_APPN = 0x45, 0x66
"""SMPP 3.4, section 5.1.3; SMPP 5.0, section 4.7.6. Both mean that this message failed for good and
is not to be retried. 0x65 (ESME_RX_P_APPN) would also stop all others to the same destination."""
_SMPP = SmppAnswer(submit_status=ESME_RSUBMITFAIL, deliver_status=ESME_RX_R_APPN)

LABELS = {
    "zh": {
        DisplayLabel.INTERNATIONAL: "国际来电",
        DisplayLabel.SUSPECTED_FRAUD: "疑似诈骗",
        DisplayLabel.UNREGISTERED_SENDER: "未登记签名",
    },
    "en": {
        DisplayLabel.INTERNATIONAL: "International",
        DisplayLabel.SUSPECTED_FRAUD: "Suspected fraud",
        DisplayLabel.UNREGISTERED_SENDER: "Unregistered",
    },
}
"""Each English label fits the 15 characters of a CNAM."""
_NO_DETAIL = Detail()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolAnswers:
    """How this network answers in its protocols."""

    sip: SipResponses = field(default_factory=SipResponses)
    language: str = "zh"
    """Of labels: zh or en."""
    rpz_action: str = "nxdomain"
    """One of `links.RPZ_ACTIONS`."""

    def of_rows(
        self,
        table: Calls | Texts | Links,
        decisions: Decisions,
        rows: Iterable[int],
        *,
        max_pages: int = MAX_PAGES,
    ) -> dict[int, ProtocolAnswer]:
        """Return the answers to *rows* that are blocked or labelled, with at most so many pages."""
        found: dict[int, ProtocolAnswer] = {}
        for row in rows:
            detail = decisions.details.get(row, _NO_DETAIL)
            if decisions.actions[row] == Action.BLOCK:
                with_page = len(found) < max_pages
                found[row] = self._blocked(table, decisions, row, detail, with_page=with_page)
            elif label := self._label(table, row, detail):
                found[row] = ProtocolAnswer(label=label)
        return found

    def _blocked(
        self,
        table: Calls | Texts | Links,
        decisions: Decisions,
        row: int,
        detail: Detail,
        *,
        with_page: bool,
    ) -> ProtocolAnswer:
        decision_id = decisions.id_of(row)
        if isinstance(table, Calls):
            forged = bool(table.attestations[row] == Attestation.FAILED)
            sip = self.sip.of(int(decisions.reasons[row]), decision_id, forged=forged)
            return ProtocolAnswer(sip=sip, isup_cause=CALL_REJECTED)
        if isinstance(table, Texts):
            return ProtocolAnswer(smpp=_SMPP)
        ttl = detail.cache_seconds
        if ttl is None:
            ttl = decisions.block_cache_seconds or 0
        redress = self.sip.redress
        return ProtocolAnswer(
            rpz=links.rpz(table.urls[row], detail.pattern, action=self.rpz_action, ttl=ttl),
            http=links.http(decision_id, detail.legal_basis, redress, with_page=with_page),
        )

    def _label(self, table: Calls | Texts | Links, row: int, detail: Detail) -> str:
        labels = LABELS[self.language]
        shown = []
        # Whoever asks for labels gets that of Art. 13, also where label_international is off.
        if isinstance(table, Calls) and table.ingress[row] == Ingress.INTERNATIONAL:
            shown.append(labels[DisplayLabel.INTERNATIONAL])
        if detail.treatment is Treatment.LABEL and labels[detail.label] not in shown:
            shown.append(labels[detail.label])
        return " ".join(shown)
