"""Chat between people about money, links, codes and trades, as templates for `templates_sms`.

Friends lend, families send, strangers sell a telephone, and people tell each other of frauds.
``[a|b]`` is a choice, ``{slot}`` is filled.
"""

CHINESE = (
    # Family and friends about money
    "[妈|爸|姐|哥]，[生活费|房租|话费]没了，[转我{amount}呗|先借我{small}00|这个月多给点]，[发工"
    "资还你|谢谢啦|爱你]。",
    "[儿子|闺女|宝贝]，钱[转你卡上了|打过去了|微信发你了]，{amount}，[收了说一声|省着点花|别跟你"
    "爸说]。",
    "[老{surname}|兄弟|姐妹]，手头紧，[能借我{amount}周转几天吗|帮我垫一下|下个月还你]？[急用|不"
    "方便没关系|写借条都行]",
    "上次[借你的|欠你的|垫的]{amount}，[今天还你|我发支付宝了|再宽限两天]，[不好意思啊|谢谢|你查"
    "收]。",
    "[红包|礼金|份子钱]{small}00帮我[带一下|先垫着|写我名字]，[回头转你|人我去不了了]，新婚快乐。",
    "[你怎么没收红包|红包快过期了|我发的转账你点一下]，[快领|24小时就退回了|别客气]。",
    "[二叔|大姨|外婆]住院了，[押金要{amount}|手术明天做|大家凑一凑]，[你方便的话转给我|有空来看看"
    "|在{hospital}]。",
    "这[账号|卡号]对吗：{account}，{bank}，{name}，[对的话我现在打|你再核对一下|金额{amount}]。",
    "[卡号发我|收款码发我|支付宝多少]，我把[饭钱|油费|票钱]转你，[一共多少|{amount}对吧]。",
    "群里那个[众筹|水滴筹]是{surname}同学家的，[我捐了{small}0|情况属实|能帮就帮]，{link}",
    "[帮我砍一刀|给我家娃投个票|帮点个赞] {link} [谢谢|不用下载|今天最后一天]",
    "[这家店不错|房子链接|攻略在这] {link} [你看看|周末去不去|比上次那个便宜]",
    "我[手机丢了|换手机了|微信登不上]，[先用这个号|有事打这个|晚上再加你]，{surname}",
    "我是{surname}[老师|姐|叔]，这是我[新号|工作号]，[存一下|旧号不用了|收到回复]。",
    "[到了没|出门没|登机没]？[{minutes}分钟后到|在{place}等你|别忘带身份证]",
    "骗子给我打电话说[我涉嫌洗钱|我快递丢了|我要注销校园贷]，[笑死|我直接挂了|让我转安全账户]，["
    "你们小心|别让爸妈上当]。",
    "妈，那个[养生讲座|免费领鸡蛋|投资群]是骗人的，[别交钱|先问我|把群退了]，[我晚上打给你|听话]。",
    "今天[股票又跌了|基金绿了|彩票没中]，[亏了{amount}|吃面吧|不玩了]，[你那只咋样|唉]。",
    "[房贷|信用卡|花呗]又要还了，{amount}，[这个月吃土|先还最低|哭]。",
    "银行打电话说[我卡异常|额度提了|积分要过期]，[我去网点问了没事|是真的吗|你也查查]。",
    # Trades between people
    "[你那个手机|闲鱼上的相机|自行车]还在吗？{amount}[包邮吗|能刀吗|面交行不]？",
    "在的，[{amount}不刀|{amount}包邮|可小刀]，[成色很新|盒子发票都在|走闲鱼验货]，[想要直接拍|"
    "{place}可面交]。",
    "[号|皮肤|游戏币]卖了，[走平台{amount}|你拍下我改价|密码等平台验完给]，[不私下交易|别急]。",
    "[带我上分|组队吗|帮我代练一把]，[{small}块一局|晚上{time}|段位差一点]，[语音群里说|拉我]。",
    "[演唱会票|高铁票|球票]多一张，[原价{amount}|{small}00转]，[要的话{place}当面给|实名的不能转"
    "就算了]。",
    "[猫|狗|钢琴|婴儿车]送人，[自提|{place}|不要钱]，[先到先得|好好养|联系{mobile}]。",
    "房子[看了觉得行|押一付三|房东同意养猫]，[定金{amount}明天签合同再给|身份证复印件带上|中介费"
    "半个月]。",
    "[卖菜的|送水|装锁|开锁]的电话{mobile}，[你直接打|靠谱|价格{small}0]。",
    # Work and groups
    "{surname}工，[图纸|报价|合同]发你[邮箱|微信|钉钉]了，[{time}前确认|金额{amount}|有问题打我]。",
    "客户[说没收到货|要退款{amount}|催发票]，[你跟一下|先安抚|按流程办]，[在线等|今天处理完]。",
    "[总部|税务局|银行]的人[明天来|打电话核实账户]，[把资料备好|公章别忘|{surname}会计接待]。",
    "[出差|招待|加油]报销{amount}元[批了|退回，少发票|下周打卡]，[补一下|财务说的]。",
    "你[社保|公积金|档案]转了没？[要身份证和离职证明|APP上就能办|我昨天弄好了]。",
    "[{surname}总|老板|院长]让你[给他回电话|把{amount}的付款单拿去签|{time}去办公室]，[别拖|他在"
    "开会你等会]。",
    "[兼职|暑假工|家教]找到了，[一小时{small}|日结|{place}]，[不用押金|挺累的|你来不来]？",
    "[业主群|家长群|班级群]通知：[{month}月{day}日{time}开会|水费单贴门口|统计表填一下{link}]，["
    "收到扣1|谢谢配合]。",
    "[面试通过了|offer发了|试用期{small}个月]，[月薪{amount}|下周报到|恭喜]！",
    "[医生说没事|检查结果出来了|药拿了]，花了{amount}，[医保报了一半|别担心|过两周复查]。",
    "[快递|外卖|奶茶]到了，[帮我拿一下|取件码{tail}|放前台了]，[谢谢|在{place}]。",
    "[水卡|饭卡|公交卡]充{small}0块，[钱转你|记得拿小票]。",
    "[链接发错了|刚才那个是广告|我号被盗了别信]，[不好意思|别点|已经改密码了]。",
    "[今晚|周末|下班]吃[火锅|烧烤|日料]，AA，[人均{small}0|我先付，你们转我|{place}见]。",
    "老师您好，我是{name}家长，[学费已交|孩子请假|收费通知是学校发的吗]，[麻烦确认|谢谢|截图发您"
    "了]。",
    "[中介|保险|贷款]又打电话，[烦死了|我说不需要|已经拉黑]。",
    "账号发你：{name}，{bank}，{account}，[押金|班费|拼车钱]{amount}，[转完说一声|备注名字|不急]。",
    "[对|没错]，就是这个卡号{account}，{bank}的，[房租打这里|份子钱一起打|你核对下户名{name}]，["
    "谢谢|收到回你]。",
)

ENGLISH = (
    "[Mum|Dad|Hey sis|Bro], can you [send|lend|transfer] me {money}? [Left my wallet at home|"
    "Rent is due and pay comes Friday|Card got declined lol]. [I'll pay you back|Thank you|Love "
    "you]",
    "[hey|hi|yo] {name_en} [new phone who dis lol its {name_en}|this is my new number, old one "
    "is dead|lost my phone, text me here]. [call me later|same whatsapp|ignore the old one]",
    "[I sent you|just paid you|transferred] {money} for [dinner|the tickets|petrol|the gift], ["
    "check if it arrived|thanks again|let me know].",
    "[can u|could you|pls] [venmo|paypal|bank] me {money} for [last night|pizza|the cab] when u "
    "get a sec. [no rush|ta|x]",
    "[Have you seen this|lol look at this|here's the recipe|the house I told you about] {link} ["
    "what do you think|so good|tell dad]",
    "Photos from [Saturday|the wedding|{city_en}] are here {link} [password is the dog's name|"
    "enjoy|lmk if it doesn't open]",
    "Is the [iphone|bike|sofa|PS5] still available? [I can pay {money} cash|Could you do {money}|"
    "Can I pick it up {time}]? [{name_en}|Thanks]",
    "[Yes still available|Sorry sold|Reserved till {time}], {money} [cash on pickup|paypal goods "
    "only|no offers]. [I'm in {city_en}|Address when you're on the way].",
    "[I'm in the hospital but fine|Train's cancelled again|Stuck at work], [call you tonight|"
    "home by {time}|don't wait up]. [Love you|x|Sorry]",
    "[Happy birthday|Congrats|Merry Christmas] {name_en}! [Sent you a little something, {money}|"
    "Gift card is in the email|Dinner's on me]. [Xx|Enjoy]",
    "I [won {money} on the lottery lol|got the job!!|lost {money} on that stock], [drinks on me|"
    "never again|tell you later]",
    "My bank blocked my card [again|after that weird charge], [can you pay for lunch|waiting on "
    "hold with {bank_en}|new one comes {day} {month_en}].",
    "Did you [get a text about a parcel fee|get that toll message]? [It's a scam don't click|I "
    "nearly paid {money}|Mum got it too].",
    "[Btc is crazy today|Sold half my coins|Thinking of buying gold], [what would you do|up "
    "{small}%|not financial advice haha]",
    "Your mother gave me your number, I'm {name_en} from [church|the tennis club|next door]. ["
    "Are you still looking for a flat|Could you feed the cat|Parcel for you here].",
    "{name_en} hasn't paid [me back|his share] yet, {money}. [Can you remind him|Awkward|Whatever"
    "].",
    "[Running late|On the bus|At the gate], [{minutes} min|see you soon|order for me].",
)
