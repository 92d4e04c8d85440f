"""The shipped text model on messages of our own, none of which it was trained on."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import bundles
from classifiers.text.classifier import BATCH, TextClassifier, kinds_of
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from fanzha.text import normalise_all
from tests.support.builders import some_texts
from tests.support.effort import examples

LEGITIMATE = (
    "【建设银行】您尾号8806的储蓄卡11月3日09:15工资收入人民币8,520.00元，活期余额12,034.55元。",
    "【交通银行】您信用卡本期账单1,256.30元，到期还款日为11月20日，祝您生活愉快。",
    "【农业银行】动态验证码739105，您正在登录掌上银行，请勿泄露给他人。",
    "【美团】您的登录验证码是204418，10分钟内有效，如非本人操作请忽略。",
    "318842（支付宝验证码），你正在修改支付密码，请勿转发。",
    "【中通快递】您的包裹已到丰巢柜，取件码 71-2-4409，请及时领取。",
    "【菜鸟驿站】凭8-3-1207到校门口东侧领取快递，22点前营业。",
    "【中国移动】您本月套餐流量剩余3.2GB，有效期至11月30日。",
    "【中国联通】您已成功充值100元，当前余额123.40元。",
    "【湖南反诈】96110来电请放心接听，民警提醒：凡是让你转账到安全账户的都是诈骗。",
    "12381提醒您：您可能正遭遇刷单诈骗，请勿转账，如有疑问请咨询110。",
    "【铁路12306】您购买的11月9日G6104次长沙南到广州南的车票已出票，请按时乘车。",
    "【市中心医院】您预约的11月12日上午内科门诊，请提前20分钟取号。",
    "【国网】您的户号本月电费156.20元，请于月底前缴纳。",
    "老师说周五下午三点开家长会，你有空去吗？",
    "妈我到学校了，晚上给你打电话",
    "哥，明天几点的车？我去接你",
    "Your code is 664201. It expires in 10 minutes. Do not share it.",
    "Your table for two is booked for 7pm on Friday. See you then!",
    "Running late, start without me. Be there in ten minutes",
    "Hi Anna, can you pick up the kids after school today? Thanks",
    "Your order has been delivered. Thank you for shopping with us.",
)
FRAUDULENT = (
    "尊敬的建行用户：您的账户积分即将清零，可兑换现金880元，"
    "请立即登录 http://ccb-jf.example 领取【建设银行】",
    "工商银行提醒您：您的电子密码器今日失效，请尽快登录 www.icbc-up.example 升级，逾期作废",
    "尊敬的移动用户，您的话费积分可兑换498元现金礼包，点击 http://10086jf.example 下载领取",
    "手机在家刷单兼职，日赚300-500元，佣金当天结算，加微信kefu2210",
    "您好我是淘宝客服，您买的商品质量有问题，现为您办理三倍理赔，请加QQ 556677889 退款",
    "您的包裹丢失可获双倍赔付，请点击 http://pei.example/k 填写银行卡号和验证码",
    "Your bank account has been suspended. Verify your identity now: http://bank.example/login",
    "Your parcel could not be delivered because of an unpaid fee. Pay at http://fee.example/a",
)


@cache
def shipped() -> TextClassifier:
    return bundles.load_text()


def test_the_version_before_the_newest_loads_for_a_rollback() -> None:
    versions = sorted((one.name for one in (bundles.SHIPPED / "sms").iterdir()), key=int)

    before = bundles.load_first_stage(version=versions[-2])

    # Its table has fewer buckets than the newest one's.
    assert len(versions) > 1
    assert before.score_bodies(FRAUDULENT[:1]).p_fraud[0] >= before.threshold


@pytest.mark.parametrize("text", LEGITIMATE)
def test_a_legitimate_message_is_not_blocked(text: str) -> None:
    assert shipped().score_bodies([text]).p_fraud[0] < shipped().threshold


def test_fraud_scores_above_every_legitimate_message() -> None:
    # Not every fraud passes the threshold, which keeps a budget; but the order must be right.
    legitimate = shipped().score_bodies(LEGITIMATE).p_fraud
    fraudulent = shipped().score_bodies(FRAUDULENT).p_fraud

    assert np.median(fraudulent) > legitimate.max()


def test_a_bank_points_fraud_is_blocked_and_named() -> None:
    scores = shipped().score_bodies(FRAUDULENT[:1])

    assert scores.p_fraud[0] >= shipped().threshold
    assert scores.fraud_types[0] == FraudType.FAKE_CUSTOMER_SERVICE


def test_most_fraud_that_reads_like_a_person_is_blocked() -> None:
    texts = [
        "您好，我是某某商城的售后客服，您上周买的奶粉检测出质量问题，需要给您办理退款，"
        "麻烦您提供银行卡号和短信验证码。",
        "您好，这里是市公安局，您名下的银行卡涉嫌一起洗钱案，请您把存款转到安全账户配合核查，"
        "不要告诉家人。",
        "您好，您申请的贷款已经通过了，放款之前需要您先交一笔保证金，交完马上到账。",
    ]

    # A budget decides how many: not every version blocks all three.
    assert (shipped().score_bodies(texts).p_fraud >= shipped().threshold).sum() >= 2


def test_disguise_does_not_change_the_score() -> None:
    plain = "尊敬的用户，您的积分可换现金500元，请登录 http://a.example 领取"
    disguised = (
        "尊.敬\u200b的 用户，您的積分可換现\u00ad金５００元，请登录ｈｔｔｐ://ａ.example 領取"
    )

    scores = shipped().score_bodies([plain, disguised]).p_fraud

    assert scores[0] == scores[1]


def test_the_sender_has_no_weight_yet() -> None:
    senders = HomePlan().sender_keys(["", "95588", "+12025550123", "Bank", "106900001234"])

    scores = shipped().score_bodies(list(FRAUDULENT[:1]) * len(senders), senders)

    assert np.ptp(scores.p_fraud) == 0


def test_a_table_is_scored_like_its_texts() -> None:
    table = some_texts(*FRAUDULENT)

    assert np.array_equal(
        shipped().score(table).p_fraud, shipped().score_bodies(table.bodies).p_fraud
    )


def test_rows_do_not_depend_on_their_batch() -> None:
    texts = list(LEGITIMATE + FRAUDULENT) * (BATCH // 20)

    together = shipped().score_bodies(texts)

    assert len(texts) > BATCH
    alone = np.concatenate([shipped().score_bodies([text]).p_fraud for text in texts[:30]])
    assert np.allclose(together.p_fraud[:30], alone, atol=1e-5)
    assert np.allclose(together.p_fraud[-30:], together.p_fraud[:30], atol=1e-5)


ODD = ("", " ", "\x1e", "\ud800", "😀" * 200, "字" * 8192, "\u200b" * 4000, "0" * 8000, "\n\x00")


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_get_a_probability_and_pass(text: str) -> None:
    scores = shipped().score_bodies([text])

    assert 0 <= scores.p_fraud[0] < shipped().threshold
    assert 0 <= scores.p_spam[0] <= 1


@settings(max_examples=examples(50), deadline=None)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_texts_get_probabilities(texts: list[str]) -> None:
    scores = shipped().score_bodies(texts)

    assert scores.p_fraud.dtype == np.float32
    assert scores.fraud_types.dtype == np.uint8
    assert len(scores.p_fraud) == len(texts)
    assert np.isfinite(scores.p_fraud).all()
    assert ((scores.p_fraud + scores.p_spam) <= 1 + 1e-5).all()


def test_only_rows_over_the_threshold_have_a_kind() -> None:
    scores = shipped().score_bodies(LEGITIMATE + FRAUDULENT)

    assert not scores.fraud_types[scores.p_fraud < shipped().threshold].any()


def test_a_bundle_made_for_other_features_is_refused(tmp_path: Path) -> None:
    source = bundles.newest(bundles.SHIPPED, "sms")
    bundle = tmp_path / "sms" / source.name
    bundle.mkdir(parents=True)
    for graph in source.glob("*.onnx"):
        (bundle / graph.name).write_bytes(graph.read_bytes())
    card = (source / "card.toml").read_text()
    (bundle / "card.toml").write_text(card.replace("chunk = ", "chunk = 9"))

    with pytest.raises(ValueError, match="chunk is 9"):
        bundles.load_text(tmp_path)


def test_a_bundle_that_knows_fewer_kinds_of_fraud_than_the_taxonomy_names_those_it_knows() -> None:
    kinds = np.zeros((2, len(FraudType) - 1), np.float32)
    kinds[0, 3] = 9.0

    assert kinds_of(["", ""], kinds)[0] == 3


def test_normalised_texts_are_handed_on_so_that_no_other_stage_normalises() -> None:
    texts = ["您的快递Ｎｏ.１２３", "恭喜您获得贷款额度"] * 300

    assert shipped().score_bodies(texts).normal == normalise_all(texts)


DISGUISED = (
    "尊😀敬🎁的💳建⭐行😀用🎁户💳您⭐的😀账🎁户💳积⭐分😀即🎁将💳清⭐零😀可🎁兑💳换⭐现😀金💰 "
    "请登录 http://ccb-jf.example 领取【建设银行】",
    "Your😀bank🎁account💳has⭐been😀suspended. Verify🎁your💳identity⭐now: "
    "http://bank.example/login",
    "Y0ur b@nk acc0unt has b33n susp3nded. V3rify y0ur id3ntity now: http://bank.example/login",
    "Y o u r   b a n k   a c c o u n t   h a s   b e e n   s u s p e n d e d. V e r i f y   "
    "y o u r   i d e n t i t y   n o w: http://bank.example/login",
)  # fmt: skip


@pytest.mark.parametrize("text", DISGUISED)
def test_a_disguised_fraud_is_blocked(text: str) -> None:
    found = shipped().score_bodies(["see you at nine", text])

    assert found.p_fraud[1] >= shipped().threshold
    assert list(found.disguises) == [1]


def test_a_disguised_text_scores_no_less_than_as_it_came() -> None:
    legitimate = "Your table is booked for 7pm on Friday"
    readings = (f"{legitimate} 🎉 See you then!", legitimate)

    scores = shipped().score_bodies(["🎉".join(legitimate.split()), *readings]).p_fraud

    assert scores[0] >= scores[2] - 1e-6
    assert scores.max() < shipped().threshold


def test_normal_forms_are_of_texts_as_they_came() -> None:
    found = shipped().score_bodies(DISGUISED)

    assert found.normal == normalise_all(DISGUISED)
