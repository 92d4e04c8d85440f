"""What the text model learns from."""

import gzip
from pathlib import Path
from random import Random

from classifiers.training import sms_data, templates_sms
from classifiers.training.sms_data import FILES, FRAUD, HAM, SPAM, TEST, Row
from classifiers.training.sms_mutations import join, unmask

HEADER = "id\tsource\tlang\tlabel\tcategory\tgroup\ttext\n"


def a_folder(folder: Path, *lines: str) -> Path:
    for name in FILES:
        with gzip.open(folder / name, "wt", encoding="utf-8") as file:
            file.write(HEADER + ("".join(lines) if name == FILES[0] else ""))
    return folder


def rows_of(folder: Path, *lines: str) -> list[Row]:
    read = sms_data.read(a_folder(folder, *lines), seed=1, templates=1)
    return [row for row in read if row.source != sms_data.OWN]


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


def test_every_template_can_be_filled() -> None:
    chance = Random(1)
    templates = templates_sms.ham_templates() + templates_sms.fraud_templates()

    filled = [templates_sms.fill(template, chance) for template in templates]

    assert not [text for text in filled if "{" in text or "|" in text]


def test_links_of_templates_lead_nowhere() -> None:
    chance = Random(1)

    hosts = [templates_sms.link(chance).split("//")[-1].split("/")[0] for _ in range(100)]

    assert {host.rsplit(".", 1)[1] for host in hosts} == {"example", "test"}


def test_placeholders_are_filled_mostly() -> None:
    texts = [unmask("积分DIGIT登录URL找NAME", Random(seed)) for seed in range(50)]

    assert 0 < sum("DIGIT" in text for text in texts) < 25
    assert all(("URL" in text) == ("DIGIT" in text) for text in texts)


def test_only_short_texts_are_joined() -> None:
    joined = [join("短信", "另一条", Random(seed)) for seed in range(50)]

    assert {"短信"} < set(joined)
    assert join("长" * 100, "另一条", Random(1)) == "长" * 100
