"""What the text model learns from."""

import gzip
from pathlib import Path
from random import Random

from classifiers.training.templates import builder, slots
from classifiers.training.text import data
from classifiers.training.text.augmentation import framed, join, recombined, unmask
from classifiers.training.text.data import CALLS, FILES, FRAUD, HAM, SPAM, TEST, LabelledText
from fanzha.fraud import FraudType

HEADER = "id\tsource\tlang\tlabel\tcategory\tgroup\ttext\n"


def a_folder(folder: Path, *lines: str) -> Path:
    for name in (*FILES, CALLS):
        with gzip.open(folder / name, "wt", encoding="utf-8") as file:
            file.write(HEADER + ("".join(lines) if name == FILES[0] else ""))
    return folder


def rows_of(folder: Path, *lines: str) -> list[LabelledText]:
    read = data.read(a_folder(folder, *lines), seed=1, templates=1)
    return [row for row in read if row.source != data.OWN]


def test_a_group_is_never_split(tmp_path: Path) -> None:
    lines = [f"{n}\tw80\tzh\tham\t\tgroup{n % 40}\ttext {n}\n" for n in range(400)]

    rows = rows_of(tmp_path, *lines)

    groups = [{row.split for row in rows[n::40]} for n in range(40)]
    assert all(len(splits) == 1 for splits in groups)
    assert len(set.union(*groups)) == 3


def test_a_source_for_evaluation_only_is_only_tested(tmp_path: Path) -> None:
    lines = [f"{n}\ttelecom_fraud_texts\tzh\tfraud\t\tg{n}\ttext\n" for n in range(50)]

    assert {row.split for row in rows_of(tmp_path, *lines)} == {TEST}


def test_spam_that_may_be_fraud_teaches_only_that_it_is_not_ham(tmp_path: Path) -> None:
    lines = ["1\tspamhunter\ten\tspam\t\tg\ttext\n", "2\tfbs\tzh\tspam\tAD:Other\tg\ttext\n"]

    loose, strict = rows_of(tmp_path, *lines)

    assert (loose.allowed[HAM], loose.allowed[SPAM], loose.allowed[FRAUD]) == (False, True, True)
    assert (strict.allowed[HAM], strict.allowed[SPAM], strict.allowed[FRAUD]) == (
        False,
        True,
        False,
    )


def test_only_calls_that_may_teach_become_texts(tmp_path: Path) -> None:
    a_folder(tmp_path)
    text = "left: 您好，我是某银行的客服，请您提供密码 right: 好的，请稍等，我马上去找"
    with gzip.open(tmp_path / CALLS, "at", encoding="utf-8") as file:
        for source in ("teleantifraud", "robocall"):
            file.write(f"1\t{source}\tzh\tfraud\t\tg\t{text}\n")

    read = data.read(tmp_path, seed=1, templates=1)

    rows = [row for row in read if row.source != data.OWN]
    assert {row.source for row in rows} == {"teleantifraud"}
    assert {row.text for row in rows} == {"您好，我是某银行的客服，请您提供密码"}


def test_no_template_is_both_fraud_and_legitimate_or_written_twice() -> None:
    templates = builder.ham_templates() + builder.fraud_templates()

    assert len(templates) == len(set(templates))


def test_every_template_can_be_filled() -> None:
    chance = Random(1)
    templates = builder.ham_templates() + builder.fraud_templates()

    filled = [builder.fill(template, chance) for template in templates]

    assert not [text for text in filled if "{" in text or "|" in text]


def test_links_of_templates_lead_nowhere() -> None:
    chance = Random(1)

    hosts = [slots.link(chance).split("//")[-1].split("/")[0] for _ in range(100)]

    assert {host.rsplit(".", 1)[1] for host in hosts} == {"example", "test"}


def test_placeholders_are_filled_mostly() -> None:
    texts = [unmask("积分DIGIT登录URL找NAME", Random(seed)) for seed in range(50)]

    assert 0 < sum("DIGIT" in text for text in texts) < 25
    assert all(("URL" in text) == ("DIGIT" in text) for text in texts)


def test_only_short_texts_are_joined() -> None:
    joined = [join("短信", "另一条", Random(seed)) for seed in range(50)]

    assert {"短信"} < set(joined)
    assert join("长" * 100, "另一条", Random(1)) == "长" * 100


def test_recombined_messages_consist_of_clauses_of_both() -> None:
    first, second = "甲一，甲二。", "乙一，乙二。"

    written = [recombined(first, second, Random(seed)) for seed in range(60)]

    assert first in written
    assert any("甲" in text and "乙" in text for text in written)
    clauses = {"甲一，", "甲二。", "乙一，", "乙二。"}
    assert all({text[n : n + 3] for n in range(0, len(text), 3)} <= clauses for text in written)


def test_a_framed_text_stands_whole_between_legitimate_ones() -> None:
    written = [framed("骗局", ["早安" * 50, "晚安"], Random(seed)) for seed in range(40)]

    assert all("骗局" in text and "安" in text for text in written)
    assert any(text.startswith("骗局") for text in written)
    assert any(text.endswith("骗局") for text in written)
    assert max(map(len, written)) < 130


def test_only_fraud_has_a_kind(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path,
        "1\tteleantifraud\tzh\tfraud\t投资诈骗\tg1\ttext\n",
        "2\tfbs\tzh\tfraud\tFR:Phishing(Bank)\tg2\ttext\n",
        "3\tfbs\tzh\tspam\tAD:Loan\tg3\ttext\n",
        "4\tfbs\tzh\tfraud\tFR:Other\tg4\ttext\n",
    )

    assert [row.fraud_type for row in rows] == [
        FraudType.FAKE_INVESTMENT,
        FraudType.FAKE_CUSTOMER_SERVICE,
        FraudType.UNSPECIFIED,
        FraudType.UNSPECIFIED,
    ]


def test_own_fraud_without_a_kind_is_still_fraud(tmp_path: Path) -> None:
    own = [
        row for row in data.read(a_folder(tmp_path), seed=1, templates=1) if row.source == data.OWN
    ]

    kinds = {row.fraud_type for row in own if row.label == "fraud"}
    assert kinds == set(FraudType)
    assert all(row.allowed[FRAUD] == (row.label == "fraud") for row in own)
