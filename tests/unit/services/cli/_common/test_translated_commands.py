"""Help and errors of a command line are in one language, wherever it is narrow or wrong."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import TypedDict

import pytest

from services.__main__ import COMMANDS
from services.cli._common import typer_words

WRONG = {
    "changes show abc": "应为整数",
    "blocklist list --limit 0": "应不小于 1",
    "blocklist list --nope": "没有选项 --nope",
    "blocklist list --jso": "可能是：--json",
    "blocklist list --limit": "需要一个值",
    "blocklist list 12": "多余的参数（12）",
    "blocklist list --json=1": "不带值",
    "blocklist add": "缺少参数 'patterns'",
    "blocklist add 110": "缺少选项 '--source'",
    "blocklst": "没有命令 'blocklst'。是否想用 'blocklist'？",
    "qqq": "没有命令 'qqq'",
    "eval nonsense f": "不是 'call', 'text', 'link' 之一",
    "replay sms /nowhere/file.tsv": "不存在",
    "check sms x --timeout abc": "应为数字",
    "--nope": "没有选项",
    "--language fr version": "不是 zh 或 en",
}
NAMES = re.compile(
    r"'[^']*'|--?[\w-]+|\{[\w…]+\}(?:\.\.\.)?|fanzha[\w -]*|/[\w/.]+|\bzh\b|\ben\b|[\w.]+:\d+"
)
"""What stays as it is in every language: options, arguments, paths, addresses."""

PROGRAM = """
import json, sys
from typer.testing import CliRunner
from fanzha.translation import catalogue
from services.__main__ import app
catalogue.use(sys.argv[1])
runner = CliRunner()
for line in json.load(sys.stdin):
    done = runner.invoke(app, line.split(), prog_name="fanzha", env={"COLUMNS": "80"})
    print(json.dumps([line, done.exit_code, done.stdout, done.stderr]))
"""


class Run(TypedDict):
    """What a command line ended with."""

    status: int
    stdout: str
    stderr: str


def run(language: str, lines: Sequence[str]) -> dict[str, Run]:
    """Run command lines in a process of that language: a process keeps its language."""
    command = [sys.executable, "-c", PROGRAM, language]
    done = subprocess.run(
        command, input=json.dumps(lines), capture_output=True, text=True, check=True
    )
    rows = map(json.loads, done.stdout.splitlines())
    return {
        line: Run(status=status, stdout=stdout, stderr=stderr)
        for line, status, stdout, stderr in rows
    }


@pytest.fixture(scope="module")
def in_chinese() -> dict[str, Run]:
    return run("zh", [*WRONG, *(f"{name} --help" for name in COMMANDS), "--help"])


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_command_line_is_told_in_chinese(line: str, in_chinese: dict[str, Run]) -> None:
    done = in_chinese[line]

    assert done["status"] == 2
    unfolded = re.sub(r"\s*│\n│\s*", "", done["stderr"])
    assert WRONG[line] in unfolded
    assert re.findall(r"[A-Za-z]{2,}", NAMES.sub("", done["stderr"])) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_in_chinese_and_whole_on_a_narrow_terminal(
    name: str, in_chinese: dict[str, Run]
) -> None:
    done = in_chinese[f"{name} --help"]

    assert done["status"] == 0
    assert "用法：" in done["stdout"]
    assert "显示本帮助并退出。" in done["stdout"]
    assert not re.search(r"[\u4e00-\u9fff] *…|Usage|Options|\[default", done["stdout"])


def test_the_option_outranks_the_environment_even_for_help() -> None:
    english = run("zh", ["--language en --help"])["--language en --help"]["stdout"]
    chinese = run("en", ["--language=zh --help"])["--language=zh --help"]["stdout"]

    assert "Usage: fanzha" in english
    assert not re.search("[\u4e00-\u9fff]", english.replace("反诈", ""))
    assert "用法：fanzha" in chinese


def test_a_sentence_without_a_template_stays_as_it_is() -> None:
    assert typer_words.translated("Something else is wrong: 1") == "Something else is wrong: 1"
