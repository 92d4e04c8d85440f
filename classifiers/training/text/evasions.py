"""Evasions that training never uses, to measure what they cost.

Each rewrites a raw text the way an evader would: sound-alikes, characters taken apart, spelling by
sound, separators, wrong letters, and a harmless frame around the fraud.
"""

from collections.abc import Callable
from random import Random

_SHARE = 0.5
"""Share of the places an evasion could change that it does change."""
_SEPARATED = 0.25
_MISSPELT = 0.06

_SOUND_ALIKES = dict(
    zip(
        "微加信银账转钱兑奖积分现款贷费提单佣客服登录证码投资户领退赔",
        "威茄芯吟帐砖前对桨机份限宽袋废题丹拥喀伏蹬碌正马头姿护岭腿培",
        strict=True,
    )
)
_TAKEN_APART = {
    "信": "亻言",
    "银": "钅艮",
    "行": "彳亍",
    "钱": "钅戋",
    "账": "贝长",
    "证": "讠正",
    "积": "禾只",
    "红": "纟工",
    "税": "禾兑",
    "码": "石马",
    "话": "讠舌",
    "加": "力口",
    "转": "车专",
    "领": "令页",
    "佣": "亻用",
    "投": "扌殳",
}
_SPELT = {
    "微信": "weixin",
    "银行": "yinhang",
    "账户": "zhanghu",
    "转账": "zhuanzhang",
    "积分": "jifen",
    "兑换": "duihuan",
    "现金": "xianjin",
    "客服": "kefu",
    "贷款": "daikuan",
    "佣金": "yongjin",
    "验证码": "yanzhengma",
    "密码": "mima",
    "投资": "touzi",
    "退款": "tuikuan",
}
_SEPARATORS = ".·*_ 、☆"
_FRAMES = (
    ("今天天气不错，记得多喝水。", "祝你一切顺利，周末愉快。"),
    ("Hope you are well and enjoying the week. ", " Have a lovely evening!"),
)


def sound_alikes(text: str, chance: Random) -> str:
    """Write some characters with one of the same sound."""
    return _replaced(text, _SOUND_ALIKES, chance)


def taken_apart(text: str, chance: Random) -> str:
    """Write some characters as their two halves."""
    return _replaced(text, _TAKEN_APART, chance)


def spelt(text: str, chance: Random) -> str:
    """Write some words by their sound in Latin letters."""
    for word, letters in _SPELT.items():
        if word in text and chance.random() < _SHARE:
            text = text.replace(word, letters)
    return text


def separated(text: str, chance: Random) -> str:
    """Put marks between characters."""
    return "".join(
        [
            character + chance.choice(_SEPARATORS)
            if character.isalpha() and not character.isascii() and chance.random() < _SEPARATED
            else character
            for character in text
        ]
    )


def misspelt(text: str, chance: Random) -> str:
    """Double or leave out some Latin letters."""
    return "".join(
        [
            chance.choice(["", character * 2])
            if character.isascii() and character.isalpha() and chance.random() < _MISSPELT
            else character
            for character in text
        ]
    )


def framed(text: str, _chance: Random) -> str:
    """Put harmless sentences around the text."""
    before, after = _FRAMES[text.isascii()]
    return f"{before}{text}{after}"


EVASIONS: dict[str, Callable[[str, Random], str]] = {
    "sound alikes": sound_alikes,
    "taken apart": taken_apart,
    "spelt by sound": spelt,
    "separators": separated,
    "misspelt": misspelt,
    "harmless frame": framed,
}


def _replaced(text: str, table: dict[str, str], chance: Random) -> str:
    return "".join([table[c] if c in table and chance.random() < _SHARE else c for c in text])
