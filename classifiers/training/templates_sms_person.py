"""Fraud messages written like a person, as templates for `templates_sms`: long, polite, in steps.

Written after the public descriptions of each kind, not after any message. ``[a|b]`` is a choice,
``{slot}`` is filled.
"""

from fanzha.fraud import FraudType

CHINESE: dict[FraudType, tuple[str, ...]] = {
    FraudType.BRUSHING_REBATE: (
        "您好，我们公司正在招聘线上兼职，只需要给[商家店铺|短视频]点赞关注，每单佣金{small}元，先"
        "做两单试试，[马上结算|佣金当场到账]，有兴趣的话我把您拉进任务群。",
        "亲，前面几单的佣金已经返给您了，这次是[联单任务|组合单]，需要您先垫付{amount}元，完成之"
        "后本金和佣金一起返还，中途退出就不能提现了。",
        "您的任务操作失误，导致[数据异常|账户冻结]，现在需要补做{small}单修复数据，才能把之前的本"
        "金提出来。",
        "你好，我在网上看到你找兼职，我们这边做[电商刷单|网店好评]，时间自由，一天{amount}元，下"
        "载我们的软件注册就能接单。",
    ),
    FraudType.FAKE_INVESTMENT: (
        "您好，我是[证券公司|投资公司]的分析师{name}，我们有内部消息，下周这只股票一定翻倍，跟着"
        "老师操作稳赚不赔，我先拉您进群学习。",
        "这个平台我做了半年，赚了{amount}多，你先投一点试试，可以随时提现，等赚了钱再多投，我带你"
        "一起做。",
        "恭喜您盈利{amount}元，由于金额较大，提现需要先缴纳[个人所得税|保证金]{amount}元，交完马"
        "上到账。",
        "叔叔阿姨您好，我们是[国家扶持的养老项目|民族资产解冻项目]，交{amount}元会费以后每个月可"
        "以领{amount}元，名额不多了。",
    ),
    FraudType.FAKE_SHOPPING: (
        "您好，这款[手机|相机|球鞋]全新没拆封，比专卖店便宜一半，您先付{amount}元定金，我马上发货"
        "，平台手续费高，咱们微信直接转。",
        "您看中的票只剩{small}张了，先交{amount}元占座费，不成功全额退款，直接转到我支付宝就行。",
    ),
    FraudType.FAKE_CUSTOMER_SERVICE: (
        "您好，我是{shop}的客服，[工号{tail}|{name}]，您前几天买的商品经检测不合格，我们要给您办"
        "理退款，请您提供一下银行卡号和手机收到的验证码。",
        "您好，请问是{name}{title}吗？我是{courier}的工作人员，您的快递在运输中丢失了，我们会按三"
        "倍赔付，您加一下理赔专员的微信办理。",
        "{title}您好，这里是[支付宝|微信|抖音]客服中心，您开通的[百万保障|直播会员]明天到期，不关"
        "闭每月会自动扣{amount}元，我来指导您取消，请您打开[屏幕共享|会议软件]。",
        "您的退款已经多转给您{amount}元了，麻烦您把多的钱退回到公司账户{account}，不然会影响您的"
        "信用。",
        "为了把款退到您卡上，需要您把卡里的余额转到我们指定的账户做验证，验证完会原路退给您。",
        "您好，我是{bank}客服，我们监测到您的账户有异常交易，为了保证资金安全，请告诉我您的卡号、"
        "密码和刚才收到的验证码。",
        "您好，我是{airline}客服，您明天的航班因为[机械故障|天气原因]取消，改签可以领{amount}元补"
        "偿，请您按我说的在手机上操作转账验证。",
    ),
    FraudType.FAKE_LOAN: (
        "您好，我是[网贷平台|小额贷款公司]的经理，您的贷款{amount}元已经批下来了，放款之前要先交["
        "保证金|手续费|会员费]{amount}元。",
        "因为您的银行卡号填错了，贷款被冻结了，您需要先打{amount}元解冻金，解冻以后和贷款一起退给"
        "您。",
        "您好，不看征信，无需抵押，只要身份证就能下款{amount}元，先交一点包装费，当天就能放款。",
    ),
    FraudType.FAKE_CREDIT: (
        "您好，我是{shop}金融的工作人员，您以前注册的[校园贷|学生账户]没有注销，会影响您的个人征"
        "信，现在需要把额度提出来转到清零账户。",
        "您名下有一笔[京东白条|借呗|分期]记录，国家现在不允许学生使用，要马上注销，否则会上征信黑"
        "名单，您跟着我的步骤操作就可以。",
        "我们有内部渠道可以帮您[消除逾期|修复征信]，先付{amount}元定金，一个星期之内恢复正常。",
    ),
    FraudType.IMPERSONATE_ACQUAINTANCE: (
        "我是你们单位的{surname}[局长|总|书记]，这是我的私人号码，我有个亲戚急用钱，不方便直接转"
        "，我先把钱转给你，你帮我转给他，账户{account}。",
        "你是财务{surname}会计吧，我现在跟客户谈合同，对方要先付{amount}元保证金，你马上用公司账"
        "户转过去，回来补手续。",
        "妈，我在学校跟同学打架把人打伤了，对方要赔{amount}元，不然就报警，你快转过来，先别告诉爸"
        "爸。",
        "姐，是我，我在外面出了点事，现在借别人手机发的，你先转{amount}元到这张卡，回头跟你说。",
        "你儿子现在在我们手上，想要他平安，马上准备{amount}元打到这个账户，不许报警。",
        "舅舅，我是{name}，换号码了，现在在医院急着交住院费{amount}元，你先借我，明天就还给你。",
    ),
    FraudType.IMPERSONATE_AUTHORITY: (
        "您好，我是{city}市公安局的{surname}警官，警号{tail}，您涉嫌一起[洗钱|非法集资|贩毒]案，"
        "需要您配合做笔录，不许告诉任何人，否则要拘留您。",
        "为了证明您的清白，请您把名下所有的存款转到[安全账户|国家监管账户|核查账户]，核查完以后会"
        "退还给您。",
        "这里是{city}市人民检察院，您的身份证被人冒用办了银行卡，涉案金额{amount}元，现在签发了逮"
        "捕令，请按要求到宾馆开房间单独配合调查。",
        "您好，这里是[医保局|社保中心]，您的医保卡在{city}被盗刷购买违禁药品，马上要停用了，我帮"
        "您转接到公安局报案。",
        "您好，我是[通信管理局|电信公司]工作人员，您名下的手机号发送违法短信，两个小时内要停机，"
        "有疑问我帮您转到{city}公安。",
        "您有一张{bank}的信用卡透支{amount}元没有还，如果不是您本人办的，可能是信息泄露，请向警方"
        "说明情况并做资金清查。",
        "您好，您预订的包裹里查出违禁物品，被海关扣下了，需要先缴{amount}元罚金，不然要追究法律责"
        "任。",
    ),
    FraudType.ROMANCE: (
        "亲爱的，认识你真好，我在[部队|海上平台|国外]工作，想把一箱贵重物品寄给你，需要你先帮我付"
        "{amount}元的清关费。",
        "宝贝，我表哥在[彩票|博彩|期货]平台做技术，知道漏洞，我们一起充钱就能赚，以后结婚买房就够"
        "了。",
        "你刚才视频的内容我都录下来了，你的通讯录我也有，不想让家人看到就转{amount}元过来。",
        "我这边生病住院了，交不起医药费，你先帮我垫{amount}元好吗，等我好了就来找你见面。",
    ),
    FraudType.GAME_TRADE: (
        "你的账号我出{amount}元收，我们在这个交易平台上交易，你先去注册，把链接发给你。",
        "您的提现账号填写错误被平台冻结了，需要充值和交易金额一样的{amount}元激活，激活以后全部退"
        "回。",
        "小朋友，想要[免费皮肤|游戏道具|点券]吗？拿妈妈的手机扫一下码，输入支付密码就可以领取。",
    ),
    FraudType.UNSPECIFIED: (
        "恭喜您，您的手机号码被抽中为本次活动的[一等奖|幸运观众]，奖金{amount}元，领奖前需要先交["
        "公证费|个人所得税]{amount}元。",
    ),
}

ENGLISH: dict[FraudType, tuple[str, ...]] = {
    FraudType.BRUSHING_REBATE: (
        "Hi, I am {name_en} from HR of {shop_en}. We offer a remote job, {money} per week, no "
        "experience. Reply on WhatsApp {mobile_en}",
        "Our recruiters reviewed your resume. Easy online work {minutes} minutes a day, daily "
        "pay {money}. Contact {mobile_en} on Telegram",
    ),
    FraudType.FAKE_INVESTMENT: (
        "I made {money} in one week with this trading platform, my mentor guides everything. "
        "Deposit {money} to begin {link}",
        "Your wallet has been compromised. Move your coins to the safe address shown at {link}",
        "You have received {small} BTC. Log in with password {code} to withdraw: {link}",
    ),
    FraudType.FAKE_CUSTOMER_SERVICE: (
        "{courier_en}: we could not deliver your package today because the house number is "
        "missing. Please confirm your address at {link} within 24 hours.",
        "USPS: the arrived package is waiting for a redelivery fee of {currency}{small}. Reply Y "
        "then open {link}",
        "Your package has been held at customs. Pay the import duty of {currency}{small} here "
        "{link} or it will be returned.",
        "Dear {bank_en} customer, we noticed unusual activity on your account. Please log in to "
        "{link} to restore access.",
        "{bank_en}: your debit card has been temporarily disabled. To reactivate call "
        "{mobile_en} now",
        "{bank_en} alert: a payment of {money} to {name_en} is pending. If you did not make this "
        "payment, cancel at {link}",
        "Dear user, your net banking will be blocked today. Please update your PAN card: {link}",
        "Dear consumer your electricity will be disconnected tonight at {time} as your last bill "
        "was not updated. Call our officer {mobile_en}",
        "Your {app_en} account was accessed from a new device. If this was not you verify now "
        "{link}",
        "{app_en}: your subscription could not be renewed. To avoid losing access update your "
        "card here {link}",
        "Your {app_en} ID expires today. To prevent termination confirm your details: {link}",
        "{shop_en} security: an order for a laptop of {money} was placed. To cancel call "
        "{mobile_en}",
        "{carrier_en}: your last bill was paid twice, get your refund here: {link}",
        "{carrier_en}: your SIM will be deactivated in 24 hours as KYC is incomplete. Call "
        "{mobile_en}",
        "Your cloud storage is full, photos will be deleted today. Upgrade: {link}",
    ),
    FraudType.FAKE_LOAN: (
        "Your loan of {money} has been approved, no credit check. Pay the insurance fee of "
        "{currency}{small} to receive the money today.",
    ),
    FraudType.IMPERSONATE_ACQUAINTANCE: (
        "Hi dad, I dropped my phone in the sink, this is my temporary number. Can you text me "
        "back?",
        "Mum it's me, I cannot get into my banking app on this phone. Could you send {money} to "
        "a friend for me? I'll pay you back tomorrow",
        "Hello, are you available? I'm stuck in a meeting and need a favour done quickly and "
        "quietly. {name_en}, Director",
        "Hello, this is {name_en}, we met at the dinner last month? I have a new number. How are "
        "you?",
    ),
    FraudType.IMPERSONATE_AUTHORITY: (
        "We tried to contact you about a refund of overpaid tax, {money}. Submit your claim {link}",
        "HMRC: you are eligible for a tax rebate of {amount}. Fill in the form with your card "
        "details: {link}",
        "DVLA: your vehicle tax payment failed. Update your payment now or be fined: {link}",
        "Unpaid toll notice: you owe {currency}{small} for a trip on {month}/{day}. Pay at "
        "{link} to avoid losing your licence.",
        "Final reminder: your traffic ticket is overdue. Your registration will be suspended "
        "unless you pay at {link}",
        "This is the police cyber department. Your ID was used in a money laundering case. Call "
        "{mobile_en} or you will be arrested within 2 hours.",
        "Immigration office: there is a problem with your visa. Pay {money} at once to avoid "
        "deportation, call {mobile_en}",
        "Relief fund: the government has approved {money} for you. Confirm your bank account at "
        "{link}",
    ),
    FraudType.UNSPECIFIED: (
        "You have been chosen for a {money} {shop_en} voucher! Complete the short survey {link}",
        "Congrats {name_en}! You came 2nd in this week's draw. Collect your prize: {link}",
        "WINNER! You have been selected to receive {money} cash. To claim call {mobile_en} and "
        "give code {code}",
        "URGENT! Your mobile number has been awarded a {money} prize. Call {mobile_en} before "
        "{month}/{day} to claim",
        "You may be owed a payout for your accident. To claim your {money} reply YES or visit "
        "{link}",
        "You have an unread voice message from {name_en}. Listen here: {link}",
        "Is this you in this video? {link}",
    ),
}
