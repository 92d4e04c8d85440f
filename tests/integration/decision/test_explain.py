"""`fanzha check --explain`, without a server and against one."""

import json
from pathlib import Path
from typing import Any

from tests.support.processes import NO_WARNINGS, fanzha_up, run

FRAUD = (
    "尊敬的建行用户：您的账户积分即将清零，可兑换现金880元，"
    "请立即登录 http://ccb-jf.example 领取【建设银行】"
)
SUBSCRIBERS = (
    "user,opposite_count,opposite_unique,voccalltype1,voc_day_nunique,call_dur_mean,sms_count,"
    "calltype_2\nu1,300,295,290,10,25,4,4\nu2,5,5,5,1,60,0,0\n"
)


def explained(folder: Path, *arguments: str) -> Any:
    done = run("check", *arguments, "--explain", "--json", FANZHA_DATA_DIR=str(folder))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["explanation"]


def test_words_and_pieces_of_a_link_are_weighed_without_a_server(tmp_path: Path) -> None:
    text = explained(tmp_path, "sms", "--local", "--from", "1069000000", FRAUD)
    link = explained(tmp_path, "url", "--local", "http://pay.bank-login.example/verify?id=7")

    assert all(part["part"] in FRAUD for part in text["parts"])
    assert len(text["parts"]) > 1
    assert link["parts"]


def test_a_decision_without_a_model_has_no_contributions(tmp_path: Path) -> None:
    call = ("call", "--local", "--from", "+8617000000123", "--to", "110")

    assert explained(tmp_path, *call) == {
        "sentence": "No model was decisive, so no words or features are weighed.",
        "parts": [],
    }


def test_a_server_decision_is_explained_by_the_local_model_of_the_same_version(
    tmp_path: Path,
) -> None:
    with fanzha_up(tmp_path, workers=1, **NO_WARNINGS) as service:
        done = service.fanzha("check", "sms", "--explain", "--from", "1069000000", FRAUD)
        call = service.fanzha(
            "check", "call", "--explain", "--from", "+8617000000123", "--to", "+8619900000001",
            check=False,
        )  # fmt: skip

    assert "log-odds of fraud fall without a part" in done.stdout
    assert call.returncode == 2
    assert "which is not known here" in call.stderr


def test_a_caller_of_a_table_is_explained_by_its_features(tmp_path: Path) -> None:
    table = tmp_path / "callers.csv"
    table.write_text(SUBSCRIBERS)

    busy, new, unknown = (
        run("check", "caller", "--data", str(table), "--id", who) for who in ("u1", "u2", "u3")
    )

    assert "log_calls_per_counterpart" in busy.stdout
    assert "no score reaches the threshold" in new.stdout
    assert unknown.returncode == 1
    assert "has no row 'u3'" in unknown.stderr
