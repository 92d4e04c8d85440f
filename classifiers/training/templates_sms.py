"""Writes messages from our own templates: fraud of the ten kinds and what looks like it but is not.

All names are made up, numbers come from blocks that are not in use, links end in reserved names.
"""

import re
from collections.abc import Callable
from random import Random

from classifiers.training.templates_sms_fraud_all import listed
from classifiers.training.templates_sms_ham_all import BY_LANGUAGE as HAM
from fanzha.fraud import FraudType

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT = re.compile(r"\{([a-z_]+)\}")
_LETTERS = (("th", re.compile("[\u0e00-\u0e7f]")), ("zh", re.compile("[\u4e00-\u9fff]")))
_LANGUAGES = {template: code for code, templates in HAM.items() for template in templates} | {
    template: code for code, _, template in listed()
}
_WORDS = {
    "app": "支付宝 微信 抖音 美团 京东 滴滴出行 小红书 携程 12306 哔哩哔哩 政务服务 云闪付 "
    "高德 百度",
    "bank": "工商银行 农业银行 中国银行 建设银行 交通银行 招商银行 邮储银行 浦发银行 农商银行 "
    "民生银行",
    "carrier": "中国移动 中国电信 中国联通 中国广电",
    "courier": "顺丰速运 中通快递 圆通速递 韵达快递 申通快递 京东物流 中国邮政 极兔速递",
    "shop": "淘宝 京东 拼多多 唯品会 天猫 苏宁 抖音商城 美团",
    "airline": "南方航空 东方航空 中国国航 海南航空 厦门航空 春秋航空",
    "city": "长沙 株洲 湘潭 岳阳 衡阳 北京 上海 广州 深圳 武汉 成都 杭州 南京 西安",
    "hospital": "市第一医院 人民医院 中医院 妇幼保健院 湘雅医院 协和医院",
    "place": "南门 西区3栋 万达广场 大学城 中心路 便利店 火车站 科技园 幸福小区",
    "surname": "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高",
    "name": "王建国 李小梅 张伟明 刘芳 陈志强 杨丽娟 赵海 黄秀英 周涛 吴美玲",
    "title": "先生 女士",
    "chat": "微信 QQ 扣扣 企业微信 抖音私信 钉钉",
    "game": "王者荣耀 和平精英 原神 蛋仔派对 梦幻西游 英雄联盟 第五人格 穿越火线",
    "lender": "京东金融 度小满 微粒贷 借呗 花呗 白条 360借条 拍拍贷",
    "meeting": "腾讯会议 云视讯 Zoom 飞书会议 全时会议",
    "plate": "湘A·D1234 湘B·8K66T 京N·Q2Z31 粤B·F88K2",
    "app_en": "Google WhatsApp Facebook PayPal Netflix Apple Uber Amazon Instagram Microsoft",
    "bank_en": "Chase HSBC Barclays HDFC SBI Citi DBS Santander ANZ Lloyds",
    "courier_en": "DHL UPS FedEx USPS Evri DPD",
    "shop_en": "Amazon Walmart Target Tesco eBay BestBuy Flipkart",
    "carrier_en": "Verizon T-Mobile AT&T Vodafone Airtel O2 EE",
    "city_en": "London Boston Delhi Sydney Austin Toronto Singapore",
    "name_en": "Anna James Maria Kumar Chen Sarah Tom Olga",
    "plate_en": "7ABC123 KX19ABC MH01AB1234",
    "month_en": "Jan Feb March April May June July Aug Sept Oct Nov Dec",
    "airline_code": "BA117 UA902 SQ25 QF9 AI302 EK77 6E204",
    "chat_en": "WhatsApp Telegram Signal Line",
    "coin": "BTC ETH USDT bitcoin",
    "currency": "$ £ € Rs. ₹ RM S$ A$",
    "game_en": "Roblox Fortnite Minecraft Steam PUBG",
    "tax_en": "HMRC IRS ATO CRA Revenue myGov",
    "toll_en": "E-ZPass SunPass FasTrak TxTag Linkt PayToll",
    "bank_id": "BCA BRI Mandiri BNI BSI",
    "bank_th": "กสิกรไทย กรุงไทย ไทยพาณิชย์ กรุงเทพ ออมสิน",
    "shop_id": "Shopee Tokopedia Lazada",
    "name_id": "Budi Siti Agus Dewi Rina Joko",
    "bank_tr": "Ziraat İşbank Akbank Garanti",
    "name_tr": "Ayşe Mehmet Zeynep Emre",
}
_SENDERS = re.compile(
    r"\{((?:bank|carrier|courier|shop|app|tax|toll)(?:_[a-z]{2})?|lender|currency)\}"
)
"""Slots that have one value in a message, however often they stand in it."""
_LISTS = {slot: tuple(words.split(" ")) for slot, words in _WORDS.items()}
_DIGITS = {
    "tail": "####",
    "mobile": "17000000###",
    "mobile_en": "+1 202 555 01##",
    "hotline_en": "1800 555 01##",
    "landline": "0731-8#######",
    "account": "6222############",
    "parcel": "7#############",
    "service": "955##",
    "hotline": "100##",
}


def fraud_templates_by_type() -> dict[FraudType, list[str]]:
    """Return all templates of fraud, by kind of fraud."""
    by_type: dict[FraudType, list[str]] = {kind: [] for kind in FraudType}
    for _, kind, template in listed():
        by_type[kind].append(template)
    return by_type


def fraud_templates() -> list[str]:
    """Return all templates of fraud."""
    return [template for _, _, template in listed()]


def ham_templates() -> list[str]:
    """Return all templates of legitimate messages."""
    return [template for templates in HAM.values() for template in templates]


def language(template: str) -> str:
    """Return the language code of *template*, by its letters where it is not one of ours."""
    by_letters = (code for code, letters in _LETTERS if letters.search(template))
    return _LANGUAGES.get(template) or next(by_letters, "en")


def fill(template: str, chance: Random) -> str:
    """Write a message: make the choices and fill the slots of *template*."""
    chosen = _CHOICE.sub(lambda match: chance.choice(match[1].split("|")), template)
    chosen = chosen.replace("{money}", "{currency}{sum}")
    senders = {slot: _value(slot, chance) for slot in dict.fromkeys(_SENDERS.findall(chosen))}
    return _SLOT.sub(lambda match: senders.get(match[1]) or _value(match[1], chance), chosen)


def digits(form: str, chance: Random) -> str:
    """Replace each # of *form* by a digit."""
    return re.sub("#", lambda _: chance.choice("0123456789"), form)


def link(chance: Random) -> str:
    """Return a link to nowhere."""
    label = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=chance.randint(3, 9)))
    path = "".join(chance.choices("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789", k=5))
    scheme = chance.choice(["http://", "https://", "", "www."])
    return f"{scheme}{label}.{chance.choice(['example', 'test'])}{chance.choice(['', '/' + path])}"


def contact(chance: Random) -> str:
    """Return the account a victim is asked to add."""
    return digits(chance.choice(["#########", "wx#####", "abk###"]), chance)


def _sum(chance: Random) -> str:
    whole = int(10 ** chance.uniform(0.5, 4))
    return chance.choice([f"{whole:,}", f"{whole:,}.{chance.randint(0, 99):02d}", str(whole)])


def _value(slot: str, chance: Random) -> str:
    if slot in _LISTS:
        return chance.choice(_LISTS[slot])
    if slot in _DIGITS:
        return digits(_DIGITS[slot], chance)
    return _MAKERS[slot](chance)


_MAKERS: dict[str, Callable[[Random], str]] = {
    "link": link,
    "contact": contact,
    "code": lambda chance: digits(chance.choice(["####", "######", "######"]), chance),
    "amount": lambda chance: chance.choice(
        [
            str(chance.randint(10, 99999)),
            f"{chance.uniform(5, 20000):.2f}",
            f"{chance.randint(1, 50)},000",
        ]
    ),
    "sum": _sum,
    "small": lambda chance: str(chance.randint(1, 30)),
    "minutes": lambda chance: chance.choice(["5", "10", "15", "20", "30"]),
    "month": lambda chance: str(chance.randint(1, 12)),
    "day": lambda chance: str(chance.randint(1, 28)),
    "year": lambda chance: str(chance.randint(2023, 2026)),
    "time": lambda chance: f"{chance.randint(0, 23):02d}:{chance.randint(0, 59):02d}",
}
