"""`fanzha warnings policy`, `templates` and `where`, which need no server."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.warnings.commands import app

DATA = files("services.warning") / "data"


def run(*arguments: str, text: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=text, env={"COLUMNS": "200"})


def test_the_shipped_policy_is_valid_and_shown() -> None:
    checked, shown = run("policy", "check"), run("policy", "show", "--json")

    assert "policy 1: " in checked.stdout
    assert "nothing wrong" in checked.stdout
    lines = {line["id"]: line for line in json.loads(shown.stdout)["lines"]}
    assert lines["very-long-call"]["effect"] == "at least high"


def test_an_invalid_policy_is_reported_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    policy = (DATA / "policy-1.toml").read_text(encoding="utf-8")
    path.write_text(policy.replace("high = 60", "high = 10"), encoding="utf-8")

    done = run("policy", "check", str(path))

    assert done.exit_code == 2
    assert "0 < medium < high is required: 30, 10" in " ".join(done.stderr.split())


def test_groups_without_rows_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("kind,value,group\nregion,340500,key_region\n", encoding="utf-8")

    done = run("policy", "check", "--groups", str(path))

    assert "has the groups industry, vulnerable" in " ".join(done.stdout.split())


def test_templates_are_listed_with_their_length() -> None:
    done = run("templates", "list", "--form", "sms", "--language", "zh")

    assert "33 templates" in done.stdout
    assert "sms.fake_loan.high.zh" in done.stdout


def test_a_template_is_shown_with_facts_and_refused_with_hostile_ones() -> None:
    good = run("templates", "show", "sms.fake_loan.low.zh", "--claimed", "某某银行")
    bad = run("templates", "show", "sms.fake_loan.low.zh", "--claimed", "evil.test")

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "自称“某某银行”的人" in good.stdout
    assert "link: at " in bad.stdout


def test_a_template_is_shown_without_terminal_escapes() -> None:
    done = run("templates", "show", "sms.fake_loan.low.zh", "--claimed", "某\x1b[2J\x9b\u202e银行")

    assert done.exit_code == 1
    assert "某?[2J??银行" in done.stdout
    assert sorted({one for one in done.output if not one.isprintable() and one != "\n"}) == []


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [("咨询请拨打96110。", 0, "nothing wrong"), ("加我微信", 1, "invitation: at 1: '加我'")],
)
def test_a_text_is_linted(text: str, status: int, said: str) -> None:
    done = run("templates", "lint", "-", text=text)

    assert done.exit_code == status
    assert said in done.stdout


def test_a_file_of_templates_is_linted(tmp_path: Path) -> None:
    text = (DATA / "templates-1.zh.toml").read_text(encoding="utf-8")
    good, bad = tmp_path / "templates-2.zh.toml", tmp_path / "templates-3.zh.toml"
    good.write_text(text, encoding="utf-8")
    bad.write_text(text.replace("咨询请拨打96110", "咨询请拨打95588"), encoding="utf-8")

    right, wrong = run("templates", "lint", str(good)), run("templates", "lint", str(bad))

    assert (right.exit_code, wrong.exit_code) == (0, 2)
    assert "99 templates, nothing wrong" in right.stdout
    assert "95588" in wrong.stderr


def test_the_region_command_locates_numbers() -> None:
    done = run("region", "+8655500000001", "13000000001", "--json")

    found = json.loads(done.stdout)
    assert [one["label"] for one in found] == ["安徽省马鞍山市", "山东省济南市"]
