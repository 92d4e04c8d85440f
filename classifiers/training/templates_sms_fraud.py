"""Fraud messages of the ten kinds that we wrote ourselves, as templates for `templates_sms`.

Written after the public descriptions of each kind, not after any message. Links end in reserved
names. ``[a|b]`` is a choice, ``{slot}`` is filled.
"""

from fanzha.fraud import FraudType

CHINESE: dict[FraudType, tuple[str, ...]] = {
    FraudType.BRUSHING_REBATE: (
        "[诚招|招聘][兼职|刷单员]，[在家动动手指|手机即可操作]，日赚{amount}元，[当天结算|"
        "佣金秒到]，加[微信|QQ|扣扣]{contact}。",
        "点赞关注抖音主播，一单{small}元，先领任务后返现，垫付本金立返佣金，名额有限联系{contact}",
        "亲，我们是淘宝商家，需要人刷销量，垫付{amount}返{amount}，做完三单一起返本金和佣金 {link}",
        "宝妈学生都能做的副业，做任务返利，充值{amount}返{amount}，进群领红包：{link}",
        "免费送礼品，关注公众号就送，下载APP做任务得佣金，多充多返，详情加客服{contact}",
    ),
    FraudType.FAKE_INVESTMENT: (
        "[资深老师|内部导师]带你炒股，[牛股推荐|涨停内幕]，稳赚不赔，日收益{small}%，加群{contact}",
        "数字货币投资平台，充{amount}送{amount}，保本保息月入十万，马上注册{link}",
        "我姑父在平台后台有漏洞数据，跟着买稳赚，你先充{amount}试试，能提现，地址{link}",
        "跟着{surname}老师做期货外汇，昨日学员盈利{amount}，今日免费领取内幕资料，扫码入群 {link}",
        "养老项目国家扶持，投资{amount}元每日返{amount}元，随时提现，下载APP {link}",
        "原始股即将上市，内部认购名额最后{small}个，翻倍收益，认购联系{contact}",
    ),
    FraudType.FAKE_SHOPPING: (
        "[海关罚没|内部渠道]手机低价处理，全新{amount}元，货到验机，先付定金{small}00元，加"
        "微信{contact}",
        "演唱会内部票，不用抢，先转{amount}元定金，联系{contact}，不走平台便宜一半",
        "同城[上门服务|按摩]，先付押金{amount}元，服务结束退还，加{contact}",
        "您好，您咨询的商品平台支付失败，请直接转账到商家账户{account}，发货后给您补差价",
        "正品茅台内部价{amount}一箱，仅限今天，付款链接 {link}",
    ),
    FraudType.FAKE_CUSTOMER_SERVICE: (
        "您好，我是{shop}客服，您购买的商品[质量有问题|含甲醛超标]，可三倍理赔{amount}元，"
        "请加客服{contact}办理退款",
        "【{courier}】您的快递{parcel}丢失，现为您办理双倍赔付{amount}元，请点击 {link} 填"
        "写银行卡号和验证码",
        "您的抖音[直播会员|百万保障]即将到期，将每月自动扣费{amount}元，取消请联系客服{contact}",
        "您误开通了{shop}[VIP会员|商家代理]，今日不取消将从银行卡扣款{amount}元，关闭请点 {link}",
        "您的包裹因[地址不详|未付关税]被退回，请在24小时内登录{link}更新信息并支付{small}元",
        "【{bank}】您的[手机银行|网银][今日失效|即将过期]，请立即登录{link}升级验证，逾期将停用",
        "尊敬的用户您的{app}账户异常已被冻结，请点击{link}输入银行卡密码解冻",
        "【{bank}】您的账户积分{amount}分可兑换现金{amount}元，今日到期，请登录{link}兑换",
        "【{carrier}】您的积分已满可兑换{amount}元现金，请登录{link}下载客户端领取",
        "【ETC】您的ETC已[停用|过期]，请点击{link}重新认证，以免影响通行",
    ),
    FraudType.FAKE_LOAN: (
        "无抵押无征信[贷款|借款]，最高{amount}万，[当天放款|三分钟到账]，黑户也可办，下载"
        "APP {link}",
        "您的{amount}元额度已通过审批，请点击{link}提现，先缴纳保证金即可放款",
        "[低息|零利息]贷款，只需身份证，秒批秒到，加微信{contact}，征信花也能做",
        "您在我平台的借款因银行卡号填写错误被冻结，需缴纳解冻金{amount}元，联系客服{contact}",
        "信用卡代办，额度{amount}起，包下卡，先付手续费{small}00元，详询{contact}",
    ),
    FraudType.FAKE_CREDIT: (
        "您的[京东白条|花呗|微粒贷]利率过高不符合国家规定，需注销否则影响征信，请联系{contact}",
        "您好，我是{shop}金融客服，您大学时注册的学生账户需注销，否则影响个人征信，加QQ{contact}",
        "专业[修复征信|消除逾期记录]，银行内部渠道，先付{amount}元，三天见效，加{contact}",
        "银保监会通知：您的校园贷账号未注销，将列入征信黑名单，请登录{link}下载会议软件配合办理",
        "您的征信报告出现异常，请将名下存款转入监管账户{account}清零认证，完成后退回",
    ),
    FraudType.IMPERSONATE_ACQUAINTANCE: (
        "[我是你领导|我是{surname}总]，明天早上来我办公室一趟。现在开会不方便，先帮我转"
        "{amount}元到{account}",
        "小{surname}，我这边有领导在，急需{amount}元打点，你先垫一下，下午还你，账号"
        "{account}户名{name}",
        "爸，我手机丢了，这是我同学手机，学校要交补课费{amount}元，转到老师卡上{account}",
        "妈我被抓了别打电话，急用钱{amount}，打到这个卡{account}，{bank}，{name}",
        "老同学，我是{name}，我在国外买机票付不了款，你帮我转{amount}给{account}，回国马上还",
        "财务{surname}经理，我是董事长，加这个QQ{contact}，有一笔合同款要马上付",
    ),
    FraudType.IMPERSONATE_AUTHORITY: (
        "【{city}公安局】您名下银行卡涉嫌洗钱案件，请立即联系{surname}警官{mobile}配合调查"
        "，否则将[冻结账户|逮捕]",
        "最高人民检察院通知：您已被通缉，请登录{link}查看逮捕令，并将资金转入安全账户{account}",
        "【社保局】您的[社保卡|医保卡]在{city}异地盗刷涉案，请点击{link}认证，逾期停用",
        "【税务局】您有一笔个税退税{amount}元未领取，请点击{link}填写银行卡信息，今日截止",
        "【人社局】您的{year}年工资补贴{amount}元已到，扫码或登录{link}认领，填写卡号密码",
        "【法院】您有一张传票未领取，案件编号{parcel}，请拨打{mobile}转接法官处理，逾期强制执行",
        "【交警】您有一条违章未处理，将扣12分，请登录{link}查询缴纳罚款",
        "【通信管理局】您名下号码涉嫌发送诈骗短信，两小时后停机，请按9转人工，联系{mobile}",
    ),
    FraudType.ROMANCE: (
        "你好，我是[离异单身|丧偶]女士，{small}8岁，想找个真心人，加微信{contact}聊聊",
        "哥哥，[小妹|妹妹]今晚一个人，[同城约会|裸聊]，加{contact}看照片，下载软件 {link}",
        "亲爱的，我在国外给你寄了礼物包裹，被海关扣了，需要你先交{amount}元税费到{account}",
        "富婆重金求子，丈夫不育，通话满意先付定金{amount}元，联系{mobile}",
        "宝贝，我发现一个赚钱的平台，我们一起为以后的家存钱，你先充{amount}，链接{link}",
        "你的裸聊视频在我手上，不想发给通讯录亲友，转{amount}元到{account}，两小时内",
    ),
    FraudType.GAME_TRADE: (
        "高价收[王者荣耀|和平精英|原神]账号，[加客服|加QQ]{contact}，平台担保交易 {link}",
        "您的游戏账号交易款{amount}元被冻结，需充值{amount}元解冻后一起提现，客服{contact}",
        "免费领取游戏皮肤，点{link}登录输入账号密码，用家长手机扫码即可",
        "低价出售游戏装备点券，充{small}00得{amount}，直接转账，加微信{contact}",
        "未成年人解除游戏防沉迷，加QQ{contact}，拿妈妈手机操作支付认证",
    ),
    FraudType.UNSPECIFIED: (
        "恭喜您的手机号被[湖南卫视|快乐栏目]抽中二等奖，奖金{amount}元和电脑一台，请登录"
        "{link}领取，验证码{tail}",
        "{name}，这是我们上次聚会的照片，你看看 {link}",
        "机票改签：您好，您预订的航班因故障取消，请联系客服{mobile}办理改签，可获补偿{small}00元",
        "你看看你干的好事，证据都在这里 {link}",
        "我是房东，房租这次打到我爱人卡上，{bank}{account}，户名{name}",
    ),
}

ENGLISH: dict[FraudType, tuple[str, ...]] = {
    FraudType.BRUSHING_REBATE: (
        "Part time job, work from home {minutes} min a day and earn {money} daily. "
        "Message us on WhatsApp {mobile_en}",
        "We like your profile! Like videos and get paid {money} per task, instant "
        "payout. Telegram {link}",
    ),
    FraudType.FAKE_INVESTMENT: (
        "Invest $250 and earn {money} a week guaranteed, crypto trading bot, no risk. "
        "Start here {link}",
        "Our VIP group doubled their bitcoin this month. Join free signals: {link}",
    ),
    FraudType.FAKE_SHOPPING: (
        "Customs auction: brand new phones only {money}, pay deposit now to reserve {link}",
    ),
    FraudType.FAKE_CUSTOMER_SERVICE: (
        "{courier_en}: your parcel is on hold because of an unpaid fee of {currency}{small}. Pay "
        "now: {link}",
        "{courier_en}: delivery failed due to an incomplete address. Update within 12 "
        "hours: {link}",
        "{bank_en}: your account has been [suspended|locked|restricted]. Verify your "
        "details at {link}",
        "{bank_en}: a new payee was added. If this was NOT you, visit {link} to cancel",
        "Your {app_en} account is on hold, payment failed. Update your billing details: {link}",
        "Dear customer your KYC has expired, your account will be blocked today. Click {link}",
        "{shop_en}: suspicious order of {money}. Call {mobile_en} immediately to get a refund",
        "{carrier_en}: you have been charged twice. Claim your refund of {money} here {link}",
        "Your toll balance of {currency}{small} is unpaid. Avoid a late fee of {money}: {link}",
    ),
    FraudType.FAKE_LOAN: (
        "You are pre approved for a {money} loan, bad credit OK, no checks. Pay a small "
        "fee to release: {link}",
    ),
    FraudType.FAKE_CREDIT: (
        "We erase bad credit in 3 days, inside contacts. Send your SSN and {currency}{small}0 "
        "fee: {link}",
    ),
    FraudType.IMPERSONATE_ACQUAINTANCE: (
        "Hi mum, my phone broke, this is my new number. Can you pay a bill for me? "
        "WhatsApp me {mobile_en}",
        "Are you free? I'm in a meeting, I need you to buy gift cards for a client. Send "
        "me the codes. {name_en}, CEO",
        "Grandma it's me, I'm in jail, please don't tell mom. I need {money} bail sent today",
    ),
    FraudType.IMPERSONATE_AUTHORITY: (
        "IRS: you are owed a tax refund of {money}. Submit your bank details: {link}",
        "Final notice: there is a warrant for your arrest. Call {mobile_en} now to settle "
        "your case",
        "Your social security number has been suspended. Press 1 or call {mobile_en}",
        "Government covid relief: you are eligible for {money}. Apply: {link}",
    ),
    FraudType.ROMANCE: (
        "Hey handsome, I am lonely tonight, see my private pics {link}",
        "I recorded you on camera. Send {money} in bitcoin in 48 hours or all your "
        "contacts see it {account}",
    ),
    FraudType.GAME_TRADE: (
        "Free skins and gems! Log in with your game account at {link} to claim",
    ),
    FraudType.UNSPECIFIED: (
        "Congratulations! You won a {money} {shop_en} gift card. Claim within 24h: {link}",
        "Your number won the {year} lottery, prize {money}. Contact agent {mobile_en}"
        " with your bank details",
    ),
}
