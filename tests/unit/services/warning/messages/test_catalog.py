from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from services.warning.messages import linter, template_files
from services.warning.messages.catalog import MessageCatalog, MessageRefused
from services.warning.messages.sms_length import SmsLength, sms_length
from services.warning.messages.template import FORMS, LANGUAGES, MessageFacts
from services.warning.model import Tier

CHINESE = (files("services.warning") / "data" / "templates-1.zh.toml").read_text(encoding="utf-8")


@cache
def shipped() -> MessageCatalog:
    """Return the shipped templates; not read by processes that run other files."""
    return MessageCatalog.load()


def test_every_kind_tier_form_and_language_has_a_template_without_fault() -> None:
    assert len(shipped().all()) == len(FraudType) * len(Tier) * len(FORMS) * len(LANGUAGES)
    for template in shipped().all():
        assert linter.faults(template.filled(MessageFacts())) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_shipped_files_pass_what_those_of_an_operator_must(language: str) -> None:
    file = template_files.newest(files("services.warning") / "data")[language]

    assert template_files.read(file.name, template_files.text_of(file), language)


def test_facts_are_filled_in() -> None:
    message = shipped().render(
        FraudType.FAKE_LOAN, Tier.LOW, facts=MessageFacts(when="11月25日14时", claimed="某某银行")
    )

    assert "11月25日14时自称“某某银行”的人" in message.text
    assert "虚假贷款诈骗" in message.text
    assert (message.template, message.version) == ("sms.fake_loan.low.zh", "1")
    assert (message.length.encoding, message.length.parts) == ("ucs2", 2)


@pytest.mark.parametrize(
    "claimed",
    [
        "evil.test",
        "银行 http://evil.test",
        "客服13800138000",
        "客服一三八零零一三八零零零",
        "客服13时80时01时38",
        "客服一个三个八个零个",
        "加我微信",
        "银行，请回复1",
        "QQ:123456",
        "${kind}@bank.example",
        "银行\u200b客服",
        "某" * 21,
    ],
)
def test_a_message_with_hostile_facts_is_refused_or_goes_without_them(claimed: str) -> None:
    facts = MessageFacts(claimed=claimed)

    for language in LANGUAGES:
        for form in FORMS:
            with pytest.raises(MessageRefused) as refused:
                shipped().render(FraudType.ROMANCE, Tier.HIGH, language, facts, form=form)
            plain = shipped().render_safely(
                FraudType.ROMANCE, Tier.HIGH, language, facts, form=form
            )

            assert refused.value.faults
            assert claimed not in plain.text
            assert plain.without == ("claimed",)


def test_placeholders_in_facts_are_not_filled() -> None:
    message = shipped().render(FraudType.ROMANCE, Tier.LOW, facts=MessageFacts(claimed="$when"))

    assert "“$when”" in message.text


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'fr'"):
        shipped().render(FraudType.ROMANCE, Tier.LOW, "fr")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (("咨询请拨打96110", "咨询请拨打95588"), r"sms\.unspecified\.low\.zh: at .*95588"),
        (
            ("先垫钱再返利的刷单都是诈骗", "详情见evil.test"),
            r"brushing_rebate.*evil\.test.*no link",
        ),
        (("${sign}勿转账", "${sgin}勿转账"), r"\[sms\] low: unknown placeholder \$sgin"),
        (("[kinds.ROMANCE]", "[kinds.LOVE]"), r"\[kinds\]: ROMANCE: missing"),
        (('none = "您可能正在接触"\n', ""), r"\[seen\]: none: missing"),
        (("自称“${claimed}”的人可能", "有人可能"), r"\[seen\] claimed: lacks \$claimed"),
        (('version = "1"', 'version = ""'), "version: letters"),
        (("虚假贷款诈骗", "$5诈骗"), "a lone"),
    ],
)
def test_an_error_in_a_file_names_place_and_reason(change: tuple[str, str], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        template_files.read("templates-2.zh.toml", CHINESE.replace(*change), "zh")


def test_custom_templates_replace_those_of_the_package(tmp_path: Path) -> None:
    text = CHINESE.replace('version = "1"', 'version = "2"').replace("【反诈预警】", "【某市反诈】")
    (tmp_path / "templates-2.zh.toml").write_text(text, encoding="utf-8")
    templates = MessageCatalog.load(tmp_path)

    message = templates.render(FraudType.ROMANCE, Tier.LOW)

    assert message.text.startswith("【某市反诈】")
    assert message.version == "2"
    assert templates.render(FraudType.ROMANCE, Tier.LOW, "en").version == "1"


def test_a_misspelt_file_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "templates_2.zh.toml").write_text("", encoding="utf-8")

    with pytest.raises(ValueError, match=r"its name is not of the form templates-2\.zh\.toml"):
        MessageCatalog.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", SmsLength(encoding="gsm7", units=0, parts=1)),
        ("a" * 160, SmsLength(encoding="gsm7", units=160, parts=1)),
        ("a" * 161, SmsLength(encoding="gsm7", units=161, parts=2)),
        ("[" * 80, SmsLength(encoding="gsm7", units=160, parts=1)),
        ("a" * 151 + "[" * 77, SmsLength(encoding="gsm7", units=305, parts=3)),
        ("诈" * 70, SmsLength(encoding="ucs2", units=70, parts=1)),
        ("诈" * 71, SmsLength(encoding="ucs2", units=71, parts=2)),
        ("😀" * 35, SmsLength(encoding="ucs2", units=70, parts=1)),
    ],
)
def test_the_length_of_a_text_as_sms(text: str, length: SmsLength) -> None:
    assert sms_length(text) == length
