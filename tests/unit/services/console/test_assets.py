"""What browsers load: small, named by contents, and what others wrote is as they published it."""

import gzip
import tomllib
from hashlib import sha256
from pathlib import Path

from services.console.web.assets import FOLDER, Assets

MOST_SCRIPT_BYTES = 100_000
CHARTS = "vendor/echarts.js"
VENDORED = tomllib.loads((FOLDER / "vendor" / "vendor.toml").read_text())["asset"]


def test_scripts_before_charts_stay_small() -> None:
    scripts = {
        name: len(asset.content)
        for name, asset in Assets().all.items()
        if asset.media_type == "text/javascript" and name != CHARTS
    }

    assert sum(scripts.values()) <= MOST_SCRIPT_BYTES, scripts


def test_a_name_has_the_hash_of_its_contents(tmp_path: Path) -> None:
    (tmp_path / "one.js").write_text("let a = 1;")
    before = Assets(tmp_path).all["one.js"].served_as
    (tmp_path / "one.js").write_text("let a = 2;")

    after = Assets(tmp_path).all["one.js"]

    assert after.served_as != before
    assert gzip.decompress(after.compressed) == after.content == b"let a = 2;"


def test_scripts_of_others_are_those_that_were_published() -> None:
    folder = FOLDER / "vendor"
    files = {one.name for one in folder.glob("*.js")}

    assert files == {asset["file"] for asset in VENDORED}
    for asset in VENDORED:
        assert sha256((folder / asset["file"]).read_bytes()).hexdigest() == asset["sha256"]
        assert asset["licence"]


def test_no_template_has_a_script_or_a_style_inside() -> None:
    templates = FOLDER.parent / "templates"
    found = [
        (path.name, word)
        for path in templates.rglob("*.html")
        for word in ("<style", " style=", "javascript:", " onclick=", " onchange=", " onsubmit=")
        if word in path.read_text()
    ]
    inline = [
        path.name
        for path in templates.rglob("*.html")
        for part in path.read_text().split("<script")[1:]
        if " src=" not in part.partition(">")[0]
    ]

    assert found == []
    assert inline == []
