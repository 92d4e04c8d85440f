"""Every notice tells what the law wants told, in both languages, whatever blocked."""

from dataclasses import replace
from pathlib import Path

import pytest

from blocklists.entries import Direction, EntryKind
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from services.appeals.model import Appeal, AppealOutcome, AppealState, AppealSubject, Document, Lift
from services.appeals.notices import templates, writer
from services.appeals.notices.phrases import Phrases
from services.appeals.notices.templates import KINDS, LANGUAGES
from services.appeals.notices.writer import NoticeFacts, Notices
from tests.support.builders import NINE_O_CLOCK_MS, an_entry

HOUR_MS = 3_600_000
LISTED = "+8617000000123"
TEMPLATES = templates.load(None)
NOTICES = Notices(TEMPLATES, deadline_hours=72)
BY_MODEL = {"reason": "SCORED", "score": "0.97", "model_version": "caller-2"}
CASE = NoticeFacts(
    reference="A7",
    subject=AppealSubject(kind=EntryKind.NUMBER, pattern=LISTED, direction=Direction.FROM),
    entry=an_entry(LISTED, fraud_type=FraudType.FAKE_LOAN, reason="Order 7 names it"),
    since_ms=NINE_O_CLOCK_MS,
    appellant="张三",
    documents=[Document(name="licence.pdf", sha256="0" * 64)],
    received_at_ms=NINE_O_CLOCK_MS,
    deadline_ms=NINE_O_CLOCK_MS + 72 * HOUR_MS,
    closed_at_ms=NINE_O_CLOCK_MS + HOUR_MS,
    outcome=AppealOutcome(
        reason="the number is that of a bank",
        remedy="complain to the communications administration",
        documents_required="a licence for the number",
    ),
    lift=Lift(version=2, workers=2, seconds=0.4, done=True, committed_at_ms=NINE_O_CLOCK_MS),
)
HEADINGS = {
    "zh": ("法律依据", "救济渠道", "需要提交的资料", "期限"),
    "en": ("Legal basis", "What you can do", "Documents"),
}


def written(kind: str, language: str, case: NoticeFacts = CASE) -> str:
    return NOTICES.write(kind, language, case, NINE_O_CLOCK_MS).text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_notice_contains_what_the_law_demands(kind: str, language: str) -> None:
    text = written(kind, language)

    words = TEMPLATES.words[language]
    outcome = CASE.outcome
    assert outcome is not None
    decided = kind in {"upheld", "rejected"}
    assert (outcome.reason if decided else "Order 7 names it") in text
    assert Phrases(language).say("law") in text
    assert (outcome.remedy if kind == "rejected" else words["remedy"]) in text
    assert words["channel"] in text
    assert LISTED in text
    assert "A7" in text
    assert f"{kind}-1" in text
    assert all(heading in text for heading in HEADINGS[language])
    assert "$" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_notice_names_its_documents(language: str) -> None:
    expected = TEMPLATES.words[language]["documents"]

    assert expected in written("restriction", language)
    assert "licence.pdf" in written("receipt", language)
    assert expected in written("overdue", language)
    assert "a licence for the number" in written("rejected", language)


@pytest.mark.parametrize(
    ("kind", "zh", "en"),
    [
        ("restriction", "72小时内核查并答复", "within 72 hours"),
        ("receipt", "2026年1月8日17:00", "8 January 2026, 17:00"),
        ("upheld", "已于2026年1月5日18:00", "lifted on 5 January 2026, 18:00"),
        ("rejected", "再次申诉的，自收到申诉之时起72小时内", "within 72 hours"),
        ("overdue", "2026年1月8日17:00（北京时间），现已超过", "8 January 2026, 17:00"),
    ],
)
def test_each_notice_names_its_deadline(kind: str, zh: str, en: str) -> None:
    assert zh in written(kind, "zh")
    assert en in written(kind, "en")


def test_a_pending_lift_is_not_announced_as_done() -> None:
    assert "正在解除" in written("upheld", "zh", replace(CASE, lift=None))
    assert "being lifted" in written("upheld", "en", replace(CASE, lift=Lift(version=2)))


@pytest.mark.parametrize(
    ("decision", "zh", "en"),
    [
        (BY_MODEL, "涉诈风险评分 0.97", "risk score of 0.97"),
        ({"reason": "IMPLAUSIBLE"}, "第十三条", "Articles 13"),
        ({"reason": "UNREGISTERED"}, "未在该通道登记", "not registered for this route"),
        ({"reason": "FAILED_CLOSED"}, "并非认定涉诈", "not found to be fraud"),
        ({"reason": "SPAM", "model_version": "3"}, "商业性信息", "unwanted advertising"),
        ({"reason": "BLOCKLISTED"}, "该条目现已不在名单中", "has left the lists since"),
        ({"reason": "BLOCKLISTED", "fraud_type": "FAKE_LOAN"}, "（虚假贷款）", "fake loan"),
        ({}, "未查到所述时间的处置记录", "no record of it is found"),
    ],
)
def test_a_block_without_an_entry_has_a_reason(decision: dict[str, str], zh: str, en: str) -> None:
    case = replace(CASE, entry=None, decision=decision)

    assert zh in written("restriction", "zh", case)
    assert en in written("restriction", "en", case)


@pytest.mark.parametrize(
    ("subject", "zh"),
    [
        (AppealSubject(kind=EntryKind.HOST, pattern="shop.example"), "拦截对其的访问"),
        (AppealSubject(kind=EntryKind.SENDER, pattern="Bank"), "拦截该发送号码发出的短信"),
        (AppealSubject(kind=EntryKind.FINGERPRINT, pattern="fp1:00"), "近似的短信"),
    ],
)
def test_the_measure_is_that_of_the_subject(subject: AppealSubject, zh: str) -> None:
    assert zh in written("restriction", "zh", replace(CASE, subject=subject))


def test_the_legal_basis_of_the_entry_stands_beside_the_law() -> None:
    entry = replace(an_entry(LISTED), legal_basis="Order 7")

    assert f"{Phrases('zh').say('law')}；Order 7" in written(
        "receipt", "zh", replace(CASE, entry=entry)
    )


def test_a_notice_that_lacks_a_required_part_is_not_written() -> None:
    case = replace(CASE, outcome=AppealOutcome(reason="no", remedy="", documents_required="none"))

    with pytest.raises(InvalidInput, match="would lack: remedy"):
        written("rejected", "zh", case)


def test_texts_of_appellants_cannot_inject_terminal_escapes() -> None:
    assert "\x1b" not in written("receipt", "zh", replace(CASE, appellant="\x1b[2J张三 $office"))


def an_appeal(state: AppealState) -> Appeal:
    return Appeal(
        appeal_id=7,
        state=state,
        received_at_ms=NINE_O_CLOCK_MS,
        deadline_ms=NINE_O_CLOCK_MS + HOUR_MS,
        appellant="张三",
        contact="-",
        grounds="-",
        subject=CASE.subject,
        opened_by="li",
    )


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (AppealState.RECEIVED, "receipt"),
        (AppealState.UPHELD, "upheld"),
        (AppealState.REJECTED, "rejected"),
    ],
)
def test_the_notice_that_fits_is_chosen(state: AppealState, kind: str) -> None:
    assert writer.kind_of(an_appeal(state), "", NINE_O_CLOCK_MS) == kind


@pytest.mark.parametrize(
    ("state", "wanted"),
    [(AppealState.RECEIVED, "upheld"), (AppealState.REJECTED, "upheld"), (AppealState.RECEIVED,
    "overdue"),  (AppealState.WITHDRAWN, "")],
)  # fmt: skip
def test_a_notice_that_does_not_fit_is_refused(state: AppealState, wanted: str) -> None:
    with pytest.raises(InvalidInput):
        writer.kind_of(an_appeal(state), wanted, NINE_O_CLOCK_MS)


def test_an_overdue_appeal_gets_an_apology() -> None:
    late = NINE_O_CLOCK_MS + HOUR_MS

    assert writer.kind_of(an_appeal(AppealState.RECEIVED), "overdue", late) == "overdue"


def test_a_custom_template_takes_precedence(tmp_path: Path) -> None:
    own = _package_text("rejected").replace("申诉处理决定书", "某省申诉处理决定书")
    (tmp_path / "rejected-2.zh.txt").write_text(own, encoding="utf-8")
    (tmp_path / "words.toml").write_text('[zh]\noffice = "某省通信管理局"\n', encoding="utf-8")

    notice = Notices(templates.load(tmp_path), deadline_hours=72).write(
        "rejected", "zh", CASE, NINE_O_CLOCK_MS
    )

    assert notice.template == "rejected-2"
    assert notice.text.startswith("某省申诉处理决定书")
    assert "某省通信管理局" in notice.text


@pytest.mark.parametrize(
    ("name", "change", "wrong"),
    [
        ("rejected-2.zh.txt", ("$remedy", ""), r"lacks \$remedy"),
        ("rejected-2.zh.txt", ("$remedy", "$remedy $measur"), r"unknown placeholder \$measur"),
        ("rejected-2.zh.txt", ("$remedy", "$remedy 5$ "), r"a lone \$"),
        ("reject-2.zh.txt", ("", ""), "its name is not of the form"),
    ],
)
def test_a_wrong_template_is_refused_at_start(
    name: str, change: tuple[str, str], wrong: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(_package_text("rejected").replace(*change), encoding="utf-8")

    with pytest.raises(ValueError, match=wrong):
        templates.load(tmp_path)


@pytest.mark.parametrize("words", ['[zh]\noffice = ""\n', '[zh]\nphone = "1"\n', "[zh"])
def test_wrong_words_are_refused_at_start(words: str, tmp_path: Path) -> None:
    (tmp_path / "words.toml").write_text(words, encoding="utf-8")

    with pytest.raises(ValueError, match=r"words\.toml"):
        templates.load(tmp_path)


def _package_text(kind: str) -> str:
    return TEMPLATES.by_kind[kind, "zh"].text.template
