"""The shipped models, measured on files of our own as the command does."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from classifiers import bundles
from tests.support.model_bundles import a_bundle, add_to_card
from tests.support.processes import run

TEXTS = (
    ("ours", "ham", "", "see you at nine, bring the book"),
    ("ours", "fraud", "fake_customer_service", "尊敬的建行用户：您的账户积分即将清零，可兑换现金"
     "880元，请立即登录 http://ccb-jf.example 领取【建设银行】"),
    ("theirs", "ham", "", "【示例银行】您的验证码是 493817，5分钟内有效，请勿告诉他人。"),
    ("theirs", "spam", "", "本店新品八折，欢迎光临"),
    ("theirs", "odd", "", "hello"),
)  # fmt: skip


def texts(folder: Path) -> Path:
    path = folder / "texts.tsv"
    rows = "".join("\t".join(row) + "\n" for row in TEXTS)
    path.write_text("source\tlabel\tcategory\ttext\n" + rows)
    return path


def measured(*arguments: str) -> Any:
    done = run("eval", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_texts_are_counted_by_source_and_label(tmp_path: Path) -> None:
    found = measured("text", "--data", str(texts(tmp_path)))

    groups = {(one["group"], one["label"]): one["blocked"] for one in found["groups"]}
    assert groups == {
        ("ours", "fraud"): 1,
        ("ours", "ham"): 0,
        ("theirs", "ham"): 0,
        ("theirs", "spam"): 0,
    }
    assert found["auc"] == 1
    assert found["fraud_types"]["macro_f1_of_all"] == 1
    assert found["unknown_labels"] == {"odd": 1}


def test_rows_are_grouped_by_a_chosen_column(tmp_path: Path) -> None:
    found = measured("text", "--data", str(texts(tmp_path)), "--group-by", "category")

    assert {one["group"] for one in found["groups"]} == {"", "fake_customer_service"}


def test_links_and_callers_are_measured_too(tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text(
        "url,label\nhttp://city.gov.example/news/1.html,benign\nhttp://,malicious\n"
    )
    (tmp_path / "callers.csv").write_text(
        "user,opposite_count,opposite_unique,voccalltype1,label\nu1,300,40,120,0\nu2,,,,1\n"
    )

    links = measured("link", "--data", str(tmp_path / "links.csv"))
    callers = measured("call", "--data", str(tmp_path / "callers.csv"))

    assert links["unscored"] == 1
    assert [one["rows"] for one in links["groups"]] == [1, 1]
    assert (callers["legitimate"], callers["fraud"]) == (1, 1)


def test_two_bundles_are_shown_side_by_side_on_the_same_rows(tmp_path: Path) -> None:
    file, newest = tmp_path / "links.csv", bundles.newest(bundles.SHIPPED, "url")
    file.write_text(
        "url,label\nhttp://city.gov.example/news/1.html,benign\n"
        "http://k3j9x0q2.top-shop.test/vip/,malicious\n"
    )
    root = tmp_path / "models"
    other_bundle = a_bundle(root, "url", "99", threshold=0.5)

    same = measured("link", "--data", str(file), "--against", str(newest))["comparison"]
    other = measured(
        "link", "--data", str(file), "--models-dir", str(root), "--against", str(newest)
    )["comparison"]
    shown = run("eval", "link", "--data", str(file), "--against", str(other_bundle)).stdout

    assert same["against"] == same["this"]
    assert same["changed"]["fraud"] == {"newly_blocked": 0, "no_longer_blocked": 0, "chance": 1.0}
    assert other["against"]["model_version"] == newest.name
    assert other["this"]["model_version"] == "99"
    assert other["this"]["threshold"] == 0.5
    assert "model 99" in shown
    assert "by chance" in shown


def test_the_threshold_of_a_promise_is_printed_with_what_each_group_holds(tmp_path: Path) -> None:
    file = tmp_path / "texts.csv"
    rows = [f"many,ham,line {number},see you at {number}" for number in range(40)]
    rows += ["few,ham,,bring the book", "few,fraud,,您的账户已冻结，请登录 http://a.example/x"]
    file.write_text("source,label,group,text\n" + "\n".join(rows) + "\n")
    arguments = ("text", "--data", str(file), "--promise", "0.1")

    found = measured(*arguments)["promise"]
    shown = run("eval", *arguments).stdout

    assert [(one["group"], one["promise"], one["clusters"]) for one in found["groups"]] == [
        ("few", "none", 1),
        ("many", "confident", 40),
        ("small groups together", "none", 1),
    ]
    assert found["needed"] == 29
    assert "with 95 % confidence" in shown
    assert "too few" in shown


def test_a_score_is_told_as_a_probability_at_the_prevalence_of_traffic(tmp_path: Path) -> None:
    bundle = a_bundle(tmp_path / "models", "sms", "9")
    add_to_card(bundle, "calibration_prevalence = 0.25")
    arguments = ("text", "--data", str(texts(tmp_path)), "--models-dir", str(bundle.parents[1]))

    found = measured(*arguments)
    shown = " ".join(run("eval", *arguments).stdout.split())

    odds = found["threshold"] / (1 - found["threshold"]) * 3 * 0.0005 / 0.9995
    assert found["probability_at_threshold"] == pytest.approx(odds / (1 + odds))
    assert "at 0.05% prevalence; scores were calibrated where 25.0% was fraud" in shown
    assert "probability_at_threshold" not in measured(
        *arguments[:3], "--models-dir", str(a_bundle(tmp_path / "bare", "sms", "9").parents[1])
    )


def test_labels_that_scores_contradict_are_counted_without_a_text(tmp_path: Path) -> None:
    file = texts(tmp_path)
    wrong = file.read_text() + "theirs\tfraud\t\tsee you at ten, bring the pen\n"
    file.write_text(wrong)

    found = measured("text", "--data", str(file), "--label-noise")["label_noise"]
    shown = run("eval", "text", "--data", str(file), "--label-noise").stdout

    assert found["groups"][0]["group"] == "theirs"
    assert found["groups"][0]["fraud_like_legitimate"] == 1
    assert found["all"]["legitimate_like_fraud"] == 0
    assert "labels that the scores contradict" in shown
    assert "bring the pen" not in shown


def test_links_are_grouped_by_public_suffix(tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text(
        "url,label\nhttp://www.example.com/a,benign\nhttp://shop.test/,benign\nhttp://,benign\n"
    )

    found = measured("link", "--data", str(tmp_path / "links.csv"), "--group-by", "suffix")

    assert [one["group"] for one in found["groups"]] == ["", "com", "test"]


def test_tables_are_printed_and_unknown_labels_reported(tmp_path: Path) -> None:
    done = run("eval", "text", "--data", str(texts(tmp_path)))

    assert done.returncode == 0, done.stderr
    assert "95 % interval" in done.stdout
    assert "recall at 0.1 % false positives" in done.stdout
    assert "'odd' is not known" in done.stderr


def test_a_file_without_labels_is_reported_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "texts.tsv").write_text("text\nhello\n")

    done = run("eval", "text", "--data", str(tmp_path / "texts.tsv"))

    assert done.returncode == 2
    assert "needs a column label" in done.stderr
    assert "Traceback" not in done.stderr


def test_plots_are_drawn_or_the_missing_extra_is_named(tmp_path: Path) -> None:
    done = run("eval", "text", "--data", str(texts(tmp_path)), "--plots", str(tmp_path / "plots"))

    if find_spec("matplotlib"):
        drawn = {path.name for path in (tmp_path / "plots").iterdir()}
        assert drawn == {"reliability.png", "roc.png", "scores.png"}
    else:
        assert done.returncode == 2
        assert "pip install 'fanzha[plots]'" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_threshold_for_a_budget_is_printed(tmp_path: Path) -> None:
    found = measured("text", "--data", str(texts(tmp_path)), "--budget", "0.4")

    every, together = found["budget"]["thresholds"]
    assert found["budget"]["rate"] == 0.4
    assert every["decided_by"] == "small groups together"
    assert together["decided_by"] == "all rows as one"
    assert 0 < every["threshold"] < 1
    assert every["recall"] == 1
    assert "threshold for 0.1 % false positives" in run("eval", "text", "--data", str(
        texts(tmp_path))).stdout  # fmt: skip


def test_links_are_grouped_by_month_and_by_top_level_domain(tmp_path: Path) -> None:
    file = tmp_path / "links.csv"
    file.write_text(
        "url,label,dateadded\nhttp://a.example/,benign,2026-01-05 10:00:00\n"
        "http://b.test/,malicious,1767603600\nhttp://c.test/,malicious,2025/12/31\n"
    )

    by_month = measured("link", "--data", str(file), "--group-by", "month")
    by_tld = measured("link", "--data", str(file), "--group-by", "tld")

    assert {one["group"]: one["rows"] for one in by_month["groups"]} == {"2026-01": 1, "2025-12": 1}
    assert {one["group"]: one["rows"] for one in by_tld["groups"]} == {"example": 1, "test": 2}


def test_rows_are_told_apart_by_source_language_and_month_where_there_are_such(
    tmp_path: Path,
) -> None:
    file = tmp_path / "texts.tsv"
    lines = "".join(
        f"{source}\t{language}\t2026-01-05\t{label}\t{text}\n"
        for language, (source, label, _, text) in zip("ezzze", TEXTS, strict=True)
    )
    file.write_text("source\tlang\tdate\tlabel\ttext\n" + lines)

    found = measured("sms", "--data", str(file))
    output = measured("sms", "--data", str(file), "--group-by", "language", "--group-by", "month")

    # All rows are of one month, which tells none apart.
    assert {one["by"] for one in found["groups"]} == {"source", "language"}
    assert {(one["by"], one["group"]) for one in output["slices"]} == {
        ("language", "e"),
        ("language", "z"),
    }


def test_figures_that_the_rows_are_too_few_for_are_named(tmp_path: Path) -> None:
    file = tmp_path / "texts.tsv"
    legitimate = "".join(f"see you at {hour} o'clock\tham\tg{hour}\n" for hour in range(300))
    file.write_text(f"text\tlabel\tgroup\n{legitimate}{TEXTS[1][3]}\tfraud\tf\n")
    near = file.with_name("near.tsv")
    near.write_text(file.read_text().replace("\tg1", "\tg2"))

    found = run("eval", "sms", "--data", str(file)).stdout
    points = measured("sms", "--data", str(near))["operating_points"]

    assert "recall at 0.01 % false positives cannot be shown" in found
    assert "recall at 1 % false positives 1.0000" in found
    assert "is fraud if 0.05% of the traffic is" in found
    assert points[2]["needed"] == 299
    assert points[2]["legitimate"] < 299


def test_what_is_put_up_for_review_is_shown_where_the_card_has_a_band(tmp_path: Path) -> None:
    bundle = bundles.newest(bundles.SHIPPED, "sms")
    has_band = "review_threshold = " in (bundle / "card.toml").read_text()

    found = measured("text", "--data", str(texts(tmp_path)))
    shown = run("eval", "text", "--data", str(texts(tmp_path))).stdout

    assert has_band
    assert found["review"]["to"] == found["threshold"]
    assert {one["group"] for one in found["review"]["slices"]} == {"ours", "theirs"}
    assert found["review"]["fraud"]["blocked"] == 1
    assert "put up for review instead of blocked" in shown
    assert "source ours" in shown
