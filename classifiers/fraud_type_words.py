"""Guesses the kind of a fraud from words, for texts that the model already takes for fraud.

A small lexicon that anyone can read and correct; it never decides whether something is fraud. The
kind with the most different words in the text wins, the earlier one of equals; no word, no kind.
Words are written as `fanzha.text` leaves them: simplified, lower case; a Latin word must stand
alone, and ``_`` is a space within a phrase.
"""

import re

from fanzha.fraud import FraudType

WORDS: dict[FraudType, str] = {
    FraudType.IMPERSONATE_AUTHORITY: """
        公安 警官 民警 检察院 法院 法官 通缉 逮捕 洗钱 涉案 传票 社保 医保 税务 退税 补贴 违章 罚款
        人社 安全账户 通信管理局 irs arrest warrant tax court police social_security lawsuit
        penalty government pajak polisi polri กรมสรรพากร ตำรวจ
    """,
    FraudType.FAKE_CREDIT: """
        征信 校园贷 白条 微粒贷 注销账户 逾期记录 学生账户 credit_repair bad_credit credit_record
    """,
    FraudType.FAKE_LOAN: """
        贷款 借款 放款 额度 无抵押 黑户 下卡 代办信用卡 信用卡代办 低息 保证金 解冻金 loan
        pre_approved pinjaman kta bunga สินเชื่อ กู้ เงินด่วน
    """,
    FraudType.BRUSHING_REBATE: """
        刷单 兼职 佣金 返利 垫付 日赚 做任务 点赞 刷销量 日结 part_time work_from_home per_task
        earn commission kerja_sampingan รายได้ งานออนไลน์
    """,
    FraudType.FAKE_INVESTMENT: """
        投资 理财 炒股 股票 牛股 涨停 内幕 期货 外汇 数字货币 比特币 原始股 收益 稳赚 保本 带单
        invest investment crypto bitcoin trading profit guaranteed investasi ลงทุน หุ้น
    """,
    FraudType.GAME_TRADE: """
        游戏 账号交易 装备 皮肤 点券 防沉迷 王者荣耀 代练 game skins gems steam เกม เติม
    """,
    FraudType.ROMANCE: """
        交友 离异 单身 约会 裸聊 重金求子 富婆 寂寞 同城约 亲爱的 lonely dating private_pics singles
        handsome sexy
    """,
    FraudType.IMPERSONATE_ACQUAINTANCE: """
        我是你领导 来我办公室 我是房东 房租 老同学 手机丢了 董事长 财务 换号 新号码 急用钱 照片 聚会
        hi_mum hi_mom new_number gift_cards grandma bail mama papa
    """,
    FraudType.FAKE_SHOPPING: """
        定金 低价 内部价 罚没 演唱会 正品 押金 茅台 auction pay_deposit murah
    """,
    FraudType.FAKE_CUSTOMER_SERVICE: """
        客服 理赔 退款 快递 包裹 积分 兑换 网银 手机银行 银行卡 升级 失效 过期 冻结 停用 会员
        改签 航班 赔付 口令 parcel package delivery suspended locked restricted verify kyc
        refund payee your_account rekening hadiah pemenang ธนาคาร บัญชี พัสดุ
    """,
}


def likely_type(normal: str) -> FraudType:
    """Return the kind of fraud whose words a normalised text has most of."""
    found = counts(normal)
    # Of equals the one that stands first in `WORDS`.
    kind = max(WORDS, key=lambda kind: found[kind])
    return kind if found[kind] else FraudType.UNSPECIFIED


def counts(normal: str) -> list[int]:
    """Return how many words of each kind a normalised text has, by the number of the kind."""
    found = [0] * len(FraudType)
    # Most words begin with a character that the text does not have: these cost nothing.
    for first in _BY_FIRST.keys() & set(normal):
        for kind, word, alone in _BY_FIRST[first]:
            # A look for the substring first: it is quick, and most words are not there.
            if word in normal and (alone is None or alone.search(normal)):
                found[kind] += 1
    return found


def _by_first_character() -> dict[str, list[tuple[FraudType, str, re.Pattern[str] | None]]]:
    words: dict[str, list[tuple[FraudType, str, re.Pattern[str] | None]]] = {}
    for kind, listed in WORDS.items():
        for written in listed.split():
            word = written.replace("_", " ")
            alone = re.compile(rf"(?<![a-z]){word}(?![a-z])") if word.isascii() else None
            words.setdefault(word[0], []).append((kind, word, alone))
    return words


_BY_FIRST = _by_first_character()
