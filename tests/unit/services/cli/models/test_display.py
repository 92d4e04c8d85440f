"""What is shown of model bundles."""

import json
from pathlib import Path

from classifiers.card import SITE_LICENCE
from fanzha.translation import catalogue
from fanzha.v1 import model_pb2 as pb
from services.cli.models import display
from services.decision.model_kinds import ModelKind
from services.models import bundle_listing
from services.rpc.models import messages
from tests.support.model_bundles import a_bundle, edit_card


def shown(root: Path) -> str:
    found = messages.bundles(ModelKind.CALL, bundle_listing.summaries(root, ModelKind.CALL))
    return "\n".join(display.kind_lines("call", pb.ModelStatus(), found.bundles))


def test_a_bundle_trained_with_local_examples_is_marked(tmp_path: Path) -> None:
    bundle = a_bundle(tmp_path, "caller", "7")
    before = shown(tmp_path)

    edit_card(bundle, "licence", json.dumps(SITE_LICENCE))

    assert "training rows" in before
    assert "this site's own" not in before
    assert "of them this site's own: not to be passed on" in shown(tmp_path)


def test_kinds_and_figures_are_named_in_chinese_with_the_word_to_type() -> None:
    figures = pb.ModelTest(figures={"blocked_frauds": 3, "unheard_of": 1})
    bundle = pb.ModelBundle(version="7", threshold=0.5, tests={"test": figures})

    try:
        catalogue.use("zh")
        lines = list(display.kind_lines("call", pb.ModelStatus(), [bundle]))
    finally:
        catalogue.use("en")

    assert lines[0] == "主叫 (call)"
    assert "测试集: 拦截诈骗 3" in lines[1]
    assert next(display.kind_lines("call", pb.ModelStatus(), [])) == "call"
