"""Short Chinese fraud messages, as templates for `templates_sms`: a lure and a way to reach them.

Written after the public descriptions of each kind, not after any message. ``[a|b]`` is a choice,
``{slot}`` is filled.
"""

from fanzha.fraud import FraudType

CHINESE: dict[FraudType, tuple[str, ...]] = {
    FraudType.BRUSHING_REBATE: (
        "[兼职|副业|零工]日结{small}00，[加|➕]{chat}{contact}",
        "点赞一个[{small}元|五块]，做不做？[回1|加{contact}]",
        "[做单吗|接任务吗]，[本金佣金一起返|做完立返]，{contact}",
        "进群[领红包|签到拿钱]，[跟老师做任务|关注公众号返现] {link}",
        "姐，[我这有个轻松的活|给你介绍个活计]，[在家抖音上点点|手机上点点]就来钱，[你先垫{small}"
        "00|本钱{small}00]，[一哈哈就返你|十来分钟就回本]",
        "[佣金|尾款]卡住了，再[补一单|做个福利单]{amount}就能全提，[别怕|都是这样操作的]",
    ),
    FraudType.FAKE_INVESTMENT: (
        "[跟我买|听老师的]，[稳赚|包赚]，亏了我赔，加{contact}",
        "[内幕股|牛股代码]今晚发，[先到先得|进群领取] {link}",
        "再充{amount}就能[提现|解套]了，[相信我|最后一次]",
        "充{small}00送{small}00，[保本|随时提]，{link}",
        "老哥，[俺|我]跟着这个老师整了[仨月|半年]，[房贷都还清咧|车都换了]，你[整点不|也来点]？["
        "本钱{amount}就中|先投{amount}试试]",
        "平台要[升级VIP|交保证金]{amount}才[放款|给提]，[交了秒到|不交清零]",
    ),
    FraudType.FAKE_LOAN: (
        "[黑户|逾期]也能贷，[秒批|当天放款]，{contact}",
        "借钱[不看征信|凭身份证]，{amount}元[秒到|马上拿] {link}",
        "您有{amount}元待[提现|领取]，[先缴|需付]工本费{small}9元 {link}",
        "放款[失败|冻结]，请打{amount}[解冻金|保证金]到{account}",
        "[手头紧么|缺钱不]？[咱这儿|我这边]放款快得很，[只要身份证|啥也不押]，先交{small}00块[手"
        "续费|包装费]",
    ),
    FraudType.FAKE_CREDIT: (
        "[征信修复|逾期消除]，先付{amount}，包[成功|干净] {contact}",
        "您的[学生贷|校园贷]未注销，[影响征信|今天截止]，加{contact}",
        "[白条|花呗]利率违规，[配合我|跟客服]关闭，否则[上黑名单|罚款]",
        "把额度全[提出来|借出来]转到{account}[清零|认证]，[查完退您|十分钟后返还]",
    ),
    FraudType.IMPERSONATE_ACQUAINTANCE: (
        "[我是你{surname}总|我是{surname}局]，明天[九点|一早]来我办公室[一趟|谈点事]，[这是我新号"
        "|先存下这个号]，[别告诉其他人|有笔款让你先垫]",
        "爸，[换号了|手机坏了]，快打{amount}到{account}，[急|别打电话]",
        "把钱打到[这张卡|我新卡]：{bank}{account}，{name}，[打好回信|等着用]",
        "在吗，[借{amount}|帮我付个款]，[晚上还你|我微信被限额]，卡号{account}",
        "猜猜我是[谁|哪个]？明天去你办公室，[出事了|被抓了]先转我{amount}",
        "[老表|老乡]，[咱屋里|家里]出事咯，[先挪|快借]{amount}给我，[莫跟屋里讲|别跟俺娘说]，打{a"
        "ccount}",
    ),
    FraudType.IMPERSONATE_AUTHORITY: (
        "您涉嫌[洗钱|诈骗]，速与{surname}警官联系{mobile}",
        "[法院传票|逮捕令]请查收 {link}，[不查收强制执行|今日到案]",
        "把存款转到安全账户{account}，[配合清查|查完退回]",
        "您的[社保卡|医保卡]停用，[认证|恢复]点 {link}",
        "[公安局|检察院]的，[按9|别挂电话]，[你的案子不能跟任何人说|去银行把钱转到监管户]",
    ),
    FraudType.FAKE_CUSTOMER_SERVICE: (
        "[退款|理赔]请加客服{contact}，[报验证码即可|带好银行卡]",
        "您的[快递|包裹]丢了，[双倍赔|三倍赔]，点 {link} 填卡号",
        "我是{shop}客服，把[验证码|短信里的数字]报给我[退款|取消扣费]",
        "会员今日扣{amount}元，[取消|关闭]加{contact}",
        "【{bank}】[网银|U盾]过期，[升级|更新] {link}",
        "积分兑现金[今日截止|马上过期] {link} 【{bank}】",
        "打开[屏幕共享|{meeting}]，我[一步步教您|帮您]把扣费取消",
    ),
    FraudType.FAKE_SHOPPING: (
        "[门票|手机|烟酒]半价，先付定金，{contact}",
        "别走平台，[直接转我|扫我码]便宜{small}0",
        "[付款链接发你|点这个付]，{link}，[付完发货|库存最后一件]",
        "货被[海关|物流]扣了，[补税|交押金]{amount}到{account}就放",
    ),
    FraudType.ROMANCE: (
        "[寂寞|一个人]，加{contact}[聊骚|看片]",
        "[约吗|来吗]，先付{small}00[定金|路费]，{contact}",
        "不转{amount}，[视频|照片]就发你[通讯录|家人]",
        "宝贝帮我[充点|垫]{amount}，[下月结婚|回国还你]",
    ),
    FraudType.GAME_TRADE: (
        "[收号|出号]{game}，[加|扣]{contact}，走 {link}",
        "[免费皮肤|送点券]点 {link} 输密码",
        "账号冻结，充{amount}[解冻|激活]提现，找客服{contact}",
        "小朋友拿[妈妈|爸爸]手机[扫码|输密码]，送皮肤",
    ),
    FraudType.UNSPECIFIED: (
        "恭喜[中奖|被抽中]，领{amount}元点 {link}",
        "[看看|你的]照片 {link} [是你吗|别人发我的]",
        "[收卡|收银行卡]，[日结|高价]，{contact}",
    ),
}
