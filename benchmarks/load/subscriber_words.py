"""What subscribers write and read: texts between people, notices, links; and some that defraud.

All of our own making. Zeros stand for digits that change each time (`benchmarks.load.subscribers`).
"""

from collections.abc import Sequence

import numpy as np

NOTICE_SHARE = 0.5
"""Of texts; the others are between people."""

_OPENINGS = (
    "今天加班,", "我刚下地铁,", "妈,", "老王,", "在家吗,", "刚开完会,", "周末有空吗,",
    "下雨了,", "我到楼下了,", "孩子睡了,", "路上有点堵,", "昨天忘了跟你说,",
)  # fmt: skip
_MIDDLES = (
    "晚上0点00分左右到家,饭不用等我,给我留一碗汤就行",
    "你上次说的那本书我在图书馆借到了,编号是0000,看完给你",
    "明早0点00分在东门集合,记得带水和帽子,山上风大",
    "小区0号楼的电梯在修,搬东西走西边的楼梯,慢一点",
    "阳台上的花我浇过了,你那盆茉莉开了00朵,闻着很香",
    "医生说恢复得不错,下个月00号再去复查,不用担心",
    "老师说作业写到第00页,剩下的明天课上一起讲",
    "高铁是0000次,十一点多到,不用来接,我自己坐公交",
    "火锅店排到00号,大概还要半小时,你们慢慢来",
    "姐姐家的猫生了0只小猫,都是花的,你要不要来看看",
    "球票买到了,00排00座,我们在体育馆北门见面",
    "会议改到三楼0000室,投影仪已经试过,可以用",
    "冰箱里还有饺子,煮0分钟就好,别忘了放醋",
    "车停在地下二层00号,钥匙在玄关的抽屉里",
)
_CLOSINGS = (
    "。", ",到了给我打电话。", ",回头聊。", ",晚安。", ",你先忙吧。", ",辛苦了!",
    ",注意身体。", ",周末见。", ",谢谢啦。", ",别太晚睡。",
)  # fmt: skip
_NOTICES = (
    "【丰禾快递】您的包裹已放在小区南门0号柜,取件码00-0-0000,营业时间早八点到晚九点,祝您生活愉快。",
    "【安澜水务】您户号尾号0000本月用水00吨,水费00.00元,已从预存款中扣除,余额000.00元。",
    "【青禾市第三医院】您预约的00月00日眼科门诊已成功,请提前00分钟到二楼分诊台签到,请带医保卡。",
    "【云杉图书馆】您借阅的图书将于00月00日到期,可在馆内自助机或服务台续借一次,感谢您的阅读。",
    "【明湖轨道】00月00日0号线末班车延长至23点00分,请留意站内广播,合理安排出行时间。",
    "【海棠小学】家长您好,本周五下午0点00分召开家长会,地点在本班教室,请准时到校,路上注意安全。",
    "【青禾电力】因线路检修,00月00日8时至16时您所在的片区将停电,请提前做好准备,给您带来不便敬请谅解。",
    "【松果出行】您的订单0000已完成,行程00.0公里,费用00.00元,感谢您的乘坐,请带好随身物品。",
    "【竹里银行】您尾号0000的账户于00月00日00:00支出000.00元,余额0000.00元。",
    "【安和燃气】安检员将于00月00日上午到您家做年度安全检查,请留人在家,工作人员会出示工牌。",
    "【丰禾商城】验证码000000,您正在登录,5分钟内有效,请勿告诉任何人,如非本人操作请忽略。",
    "【青禾气象】今天夜间到明天多云转小雨,气温0到00度,早晚温差大,出门请带伞并适当添加衣物。",
    "【白鹭体检】您的体检报告已完成,编号0000000,可凭身份证到一楼服务台领取纸质报告。",
    "【南溪社区】本周六上午0点在活动中心举办义诊,测血压、测血糖、看牙,欢迎居民带上老人参加。",
)
_NOTICE_HOSTS = ("m.fenghe.example/o/000000", "yunshan-lib.example/x/0000", "anlan.example/b/00000")
_WITH_LINK = 0.3
_FRAUDS = (
    "恭喜您获得贷款额度,无需抵押当天放款,名额有限请尽快办理,点击 http://d0000.example/k0000 领取",
    "【安全中心】您的银行账户涉嫌洗钱将被冻结,请立即把资金转入安全账户,并拨打00000000联系办案民警,不得告诉他人",
    "招刷单兼职,在家日赚000元,先垫付后返佣金,加微信a000000,名额有限,马上联系客服领取任务",
    "妈,我手机坏了,用同学的号码,老师让今天交资料费0000元,快转到这张卡上000000,别打电话,收到回复我",
    "您的医保卡已停用,请点击 http://yb000.example/s/0000 输入身份证号和银行卡密码激活,否则清零",
)
_SECTIONS = ("news", "item", "video", "live", "map", "travel", "food", "book", "sport", "help")
_PARTS = ("detail", "list", "city", "view", "topic", "share", "comment", "index", "play", "guide")
_FIRST = ("feng", "yun", "qing", "ming", "an", "nan", "hai", "song", "bai", "zhu", "lan", "he")
_SECOND = ("he", "shan", "lu", "hu", "xi", "tang", "guo", "li", "mu", "qiao", "yuan", "zhou")
_SUBDOMAINS = ("www", "m", "app", "img", "shop", "news")
_BAD_HOSTS = (
    "mybank-login-verify000",
    "account-secure-pay000",
    "card-renew000",
    "prize-win000",
)
_BAD_PATHS = ("login/verify.php?card=0000", "secure/update/bankcard?id=000000", "win/iphone/claim")


def text(chance: np.random.Generator, *, fraud: bool) -> tuple[str, str]:
    """Return sender and body of a text; no sender where it is a subscriber."""
    if fraud:
        return "", _one(chance, _FRAUDS)
    if chance.random() < NOTICE_SHARE:
        number = int(chance.integers(len(_NOTICES)))
        body = _NOTICES[number]
        if chance.random() < _WITH_LINK:
            body += f" https://{_one(chance, _NOTICE_HOSTS)}"
        return f"1069{7_310_000 + number * 100}", body
    first, second = chance.choice(_MIDDLES, 2, replace=False)
    return "", f"{_one(chance, _OPENINGS)}{first}。{second}{_one(chance, _CLOSINGS)}"


def link(chance: np.random.Generator, *, fraud: bool) -> str:
    """Return a link of some 80 characters, as people follow them."""
    if fraud:
        return f"http://{_one(chance, _BAD_HOSTS)}.example/{_one(chance, _BAD_PATHS)}"
    host = f"{_one(chance, _SUBDOMAINS)}.{_one(chance, _FIRST)}{_one(chance, _SECOND)}.example"
    return (
        f"https://{host}/{_one(chance, _SECTIONS)}/{_one(chance, _PARTS)}/2026/00/00000000.html"
        f"?from={_one(chance, _PARTS)}&page=0"
    )


def _one(chance: np.random.Generator, words: Sequence[str]) -> str:
    return words[int(chance.integers(len(words)))]
