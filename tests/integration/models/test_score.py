"""The shipped models, run over files as the command does."""

from pathlib import Path

from tests.support.processes import run


def scored(channel: str, folder: Path, name: str, content: str) -> list[list[str]]:
    (folder / name).write_text(content)
    done = run("score", channel, "--data", str(folder / name), "--out", str(folder / "out.tsv"))
    assert done.returncode == 0, done.stderr
    assert (folder / "out.tsv").stat().st_mode & 0o777 == 0o600
    lines = (folder / "out.tsv").read_text().splitlines()
    return [line.split("\t") for line in lines]


def test_texts_give_a_row_each_in_order_with_their_ids(tmp_path: Path) -> None:
    rows = [
        ("a", "您的验证码是 493817，请勿告诉他人。"),
        ("b", ""),
        ("c", "see you at nine"),
        ("", "x" * 9000),
    ]
    content = "id\ttext\n" + "".join(f"{name}\t{text}\n" for name, text in rows)

    head, *out = scored("text", tmp_path, "texts.tsv", content)

    assert head == ["id", "action", "p_fraud", "fraud_type", "p_spam"]
    assert [row[0] for row in out] == ["a", "b", "c", "4"]
    assert {row[1] for row in out} <= {"allow", "block"}
    assert all(0 <= float(row[2]) <= 1 and 0 <= float(row[4]) <= 1 for row in out)


def test_links_are_numbered_where_they_have_no_id_and_unreadable_ones_are_let_through(
    tmp_path: Path,
) -> None:
    content = "url,label\nhttps://shop.example/a,benign\nhttp://,benign\n"

    head, *out = scored("link", tmp_path, "links.csv", content)

    assert head == ["id", "action", "p_fraud", "fraud_type"]
    assert [row[:2] for row in out] == [["1", out[0][1]], ["2", "allow"]]
    assert out[1][2] == ""


def test_callers_are_scored_with_the_available_columns(tmp_path: Path) -> None:
    content = "user,opposite_count,opposite_unique,voccalltype1\nu1,300,250,290\nu2,,,\n"

    _, *out = scored("call", tmp_path, "callers.csv", content)

    assert [row[0] for row in out] == ["u1", "u2"]
    assert all(0 <= float(row[2]) <= 1 for row in out)


def test_a_missing_column_is_reported_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "texts.tsv").write_text("name\tvalue\n1\t2\n")

    done = run(
        "score", "text", "--data", str(tmp_path / "texts.tsv"), "--out", str(tmp_path / "out.tsv")
    )

    assert done.returncode == 2
    assert "needs a column text" in done.stderr
    assert "Traceback" not in done.stderr
