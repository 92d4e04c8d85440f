"""Scoring links with the model that ships."""

from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import bundles, card
from classifiers.link import features
from classifiers.link.classifier import LinkClassifier
from classifiers.link.features import LinkFeatureSettings
from classifiers.onnx_model import OnnxModel
from fanzha.url import canonicals

BUNDLE = bundles.newest(bundles.SHIPPED, "url")
SHIPPED = LinkClassifier(OnnxModel(BUNDLE))

BANK = "http://bank.example/personal/cards.html"
PHISHING = "http://secure-login-verify-account.update-bank.test/signin.php?id=8f3a91c2"


def test_one_score_per_link_and_none_for_what_could_not_be_read() -> None:
    scores = SHIPPED.score(["", BANK, "", PHISHING])

    assert np.isnan(scores).tolist() == [True, False, True, False]
    assert scores.dtype == np.float32


@pytest.mark.parametrize("urls", [[], [""], ["", ""]])
def test_an_empty_batch_is_scored(urls: list[str]) -> None:
    assert np.isnan(SHIPPED.score(urls)).all()


def test_a_phishing_url_scores_far_above_a_plain_page() -> None:
    plain, phishing = SHIPPED.score([BANK, PHISHING]).tolist()

    assert plain < 0.5 < phishing


@pytest.mark.parametrize(
    "host",
    [
        "icbc.com.cn",
        "10086.cn",
        "gov.cn",
        "taobao.com",
        "tsinghua.edu.cn",
        "accounts.google.com",
        "paypal.com",
        "github.com",
        "bank.pingan.com",
        "mail.163.com",
    ],
)
def test_well_known_hosts_are_let_through(host: str) -> None:
    scores = SHIPPED.score([f"http://{host}/", f"https://www.{host}/login"])

    assert (scores < SHIPPED.threshold).all()


def test_scheme_and_www_do_not_change_the_score() -> None:
    bare, secure, with_www = SHIPPED.score(
        ["http://shop.test/pay", "https://shop.test/pay", "http://www.shop.test/pay"]
    ).tolist()

    assert bare == pytest.approx(secure) == pytest.approx(with_www)


def test_the_score_does_not_depend_on_the_batch() -> None:
    alone = [SHIPPED.score([url]).item() for url in (BANK, PHISHING)]

    together = SHIPPED.score([BANK, *["http://a.test/b"] * 300, PHISHING])

    assert [together[0], together[-1]] == pytest.approx(alone, abs=1e-5)


def test_characters_beyond_the_limit_change_nothing() -> None:
    stem = "http://shop.test/" + "a" * LinkFeatureSettings().path_characters

    scores = SHIPPED.score([stem, stem + "/login" * 1000])

    assert scores[0] == pytest.approx(scores[1])


@given(st.lists(st.text(max_size=40), max_size=5))
def test_whatever_can_be_canonical_gets_a_probability(texts: list[str]) -> None:
    urls = canonicals(texts)

    scores = SHIPPED.score(urls)

    read = np.array([bool(url) for url in urls], np.bool_)
    assert ((scores[read] >= 0) & (scores[read] <= 1)).all()
    assert np.isnan(scores[~read]).all()


@pytest.mark.parametrize("text", ["http:///", "x", "://", "http://\ud800/", "/" * 9000, "\x02\x03"])
def test_text_that_is_no_canonical_url_does_not_break_the_model(text: str) -> None:
    assert 0 <= SHIPPED.score([text]).item() <= 1


def test_the_threshold_is_the_cards() -> None:
    about = card.read(BUNDLE)

    assert (SHIPPED.version, SHIPPED.threshold) == (about.version, about.threshold)


def test_no_source_that_forbids_it_was_trained_on() -> None:
    trained_on = {source.source for source in card.read(BUNDLE).data}

    assert not trained_on & {"openphish", "citizenlab", "awesomelists_zh", "hellogithub_zh"}


def changed_bundle(folder: Path, old: str, new: str) -> Path:
    bundle = copytree(BUNDLE, folder / BUNDLE.name)
    text = (bundle / card.CARD).read_text(encoding="utf-8")
    assert old in text
    (bundle / card.CARD).write_text(text.replace(old, new), encoding="utf-8")
    return bundle


def test_a_bundle_whose_golden_rows_are_off_is_refused(tmp_path: Path) -> None:
    bundle = changed_bundle(tmp_path, "http://bank.example/", "http://shop.example/")

    with pytest.raises(ValueError, match="golden row"):
        LinkClassifier(OnnxModel(bundle))


def test_a_bundle_for_other_features_is_refused(tmp_path: Path) -> None:
    bundle = changed_bundle(tmp_path, features.REVISION, "link-0")

    with pytest.raises(ValueError, match="reads link-0 features"):
        LinkClassifier(OnnxModel(bundle))


def test_a_damaged_graph_is_refused(tmp_path: Path) -> None:
    bundle = copytree(BUNDLE, tmp_path / "url")
    graph = bytearray((bundle / card.GRAPH).read_bytes())
    graph[len(graph) // 2] ^= 1
    (bundle / card.GRAPH).write_bytes(graph)

    with pytest.raises(ValueError, match="sha256"):
        OnnxModel(bundle)
