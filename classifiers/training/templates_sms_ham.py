"""Legitimate service messages that we wrote ourselves, as templates for `templates_sms`.

Public corpora hold next to none of them in Chinese, and blocking one is the costliest error: a
one-time code or a bank notice that does not arrive. ``[a|b]`` is a choice, ``{slot}`` is filled.
"""

CHINESE = (
    # One-time codes
    "【{app}】验证码{code}，[5|10|15]分钟内有效，请勿[泄露给他人|告诉任何人]。",
    "【{app}】您的验证码是：{code}。[如非本人操作，请忽略本短信|工作人员不会向您索要，请勿泄露]。",
    "{code}（{app}登录验证码），请勿转发。【{app}】",
    "您正在[修改密码|绑定手机|更换设备登录|支付]，校验码{code}，{minutes}分钟内输入有效。【{app}】",
    "【{bank}】您正在进行[网上支付|转账|快捷支付签约]，金额{amount}元，动态密码{code}，"
    "切勿告知他人。",
    "【{bank}】手机银行登录验证码{code}，序号{small}，任何人索要均为诈骗！",
    "尊敬的客户，您的短信验证码为{code}，有效期{minutes}分钟，{bank}工作人员不会索取。",
    # Banks
    "【{bank}】您尾号{tail}的储蓄卡{month}月{day}日{time}[消费支出|转出|扣款]{amount}元"
    "，余额{amount}元。",
    "【{bank}】您账户{tail}于{month}月{day}日{time}[收到|存入|工资入账]人民币{amount}元"
    "，活期余额{amount}元。",
    "您尾号{tail}信用卡{month}月账单{amount}元，最低还款{amount}元，到期还款日{month}月"
    "{day}日。【{bank}】",
    "【{bank}】尊敬的{surname}{title}，您的信用卡{month}月{day}日已自动还款{amount}元，感谢使用。",
    "【{bank}】您申请的信用卡已[审批通过|寄出]，[挂号信号|快递单号]{parcel}，收到后请致"
    "电{service}激活。",
    "【{bank}】您的积分将于12月31日到期，当前积分{amount}，可在手机银行-积分商城查看。"
    "详询{service}。",
    "【{bank}】您在我行的定期存款将于{month}月{day}日到期，可在手机银行办理续存，退订回T。",
    "【{bank}】温馨提示：近期有不法分子冒充我行客服，请勿点击陌生链接、勿透露密码和验证"
    "码，有疑问请拨{service}。",
    "【{bank}】系统将于{month}月{day}日{time}至{time}升级，期间暂停[转账|手机银行]服务，敬请谅解。",
    "【{bank}】您的个人住房贷款本月应还{amount}元，请于{day}日前存入尾号{tail}的还款账户。",
    # Carriers
    "【{carrier}】您本月已使用流量{small}GB，套餐剩余{small}GB，[查询详情|办理流量包]请登录APP。",
    "尊敬的客户，您当前话费余额{amount}元，已低于{small}元，为免影响使用请及时充值。【{carrier}】",
    "【{carrier}】您{month}月账单：套餐费{amount}元，合计消费{amount}元，可用余额{amount}元。",
    "您好，您已成功充值{amount}元，当前余额{amount}元，回复YE查询。【{carrier}】",
    "【{carrier}】您的号码已开通国际漫游，到达后资费请拨{hotline}查询，紧急求助可联系使领馆。",
    "尊敬的用户，您的宽带将于{month}月{day}日到期，可到营业厅或拨打{hotline}续费。【{carrier}】",
    "【{carrier}】来电提醒：{mobile}于{month}月{day}日{time}给您来电，请及时回复。",
    "【{carrier}】实名登记提醒：请本人携带身份证到自有营业厅办理，我公司不会通过链接收集信息。",
    # Parcels and shops
    "【{courier}】您的快递{parcel}已到[{city}驿站|菜鸟驿站|丰巢柜]，取件码{tail}，请于"
    "{time}前领取。",
    "【{courier}】凭取件码{small}-{small}-{tail}到{place}取件，营业时间{time}-{time}，"
    "电话{mobile}。",
    "您的包裹正在派送，快递员{surname}师傅，电话{mobile}，[请保持手机畅通|不便请放门卫]"
    "。【{courier}】",
    "【{shop}】您的订单{parcel}已发货，{courier}承运，预计{month}月{day}日送达。",
    "【{shop}】您申请的退款{amount}元已原路退回，预计{small}个工作日到账，请留意银行卡入账。",
    "【{shop}】订单已签收，感谢购买。平台不会以退款、会员扣费为由要求转账，谨防诈骗。",
    "【{shop}】您预约的商品{month}月{day}日{time}开售，可在APP购物车查看。",
    "【外卖】您的订单已由骑手{surname}师傅取餐，预计{time}送达，联系电话{mobile}。",
    # Government, police, health, school
    "【国家反诈中心】接到96110来电请务必接听，民警提醒您：凡要求[转账到安全账户|共享屏"
    "幕|提供验证码]的都是诈骗。",
    "【12381预警】您可能正遭遇[刷单返利|虚假投资理财|冒充客服|虚假贷款]诈骗，请勿转账汇"
    "款，咨询请拨110或96110。",
    "【{city}公安】近期冒充公检法、刷单返利诈骗高发，不轻信、不透露、不转账。如有疑问请拨打96110。",
    "【{city}公安局】您的身份证已制作完成，请持领取凭证到{place}派出所领取。",
    "【{city}交警】您的小型汽车{plate}于{month}月{day}日{time}在{place}违停，请立即驶离。",
    "【交管12123】您的驾驶证将于{month}月{day}日到期，请在期满前90日内办理换证。",
    "【{city}人社局】您的养老保险缴费已到账，{month}月缴费基数{amount}元，查询请拨12333。",
    "【{city}医保】您{month}月{day}日在{hospital}就诊，个人账户支付{amount}元，余额{amount}元。",
    "【{hospital}】您已预约{month}月{day}日{time}{surname}医生门诊，请提前{minutes}分钟"
    "到院取号，退号请拨{landline}。",
    "【{hospital}】您的检查报告已出，可在自助机打印或在公众号查询。",
    "【国家税务总局】您{year}年度个税汇算[尚未办理|已审核通过]，请在官方个人所得税APP内查看。",
    "【{city}气象台】{month}月{day}日{time}发布[暴雨|大风|寒潮|高温]橙色预警，请注意防范。",
    "【{city}供电公司】因检修，{place}{month}月{day}日{time}至{time}停电，请做好准备，咨询95598。",
    "【自来水公司】您户号{parcel}本期水费{amount}元，请于{day}日前缴纳。",
    "各位家长：{month}月{day}日{time}在学校召开家长会，请准时参加。{surname}老师",
    "家长您好，孩子今天[体温|作业|考试]情况正常，{month}月{day}日放假，注意出行安全。",
    "【人民法院】{surname}{title}，您的案件定于{month}月{day}日{time}在{place}第{small}"
    "法庭开庭，请携带身份证。",
    # Travel and everyday services
    "【铁路12306】订单{parcel}，{surname}{title}您已购{month}月{day}日G{tail}次{small}"
    "车{small}号，{city}{time}开。",
    "【{airline}】您预订的{month}月{day}日{city}至{city}航班[因天气原因延误|已开放值机|"
    "登机口变更]，客服{service}。",
    "【{airline}】很抱歉通知您，航班因流量控制取消，可在官方APP免费退改，勿信陌生来电。",
    "【酒店】{surname}{title}，您已预订{city}{place}店{month}月{day}日入住1晚，房费"
    "{amount}元，到店付。",
    "【打车】司机{surname}师傅已接单，车牌{plate}，请在上车点等候。",
    "【物业】本小区{month}月{day}日{time}消毒，请关好门窗。物业电话{landline}。",
    "【证券】您委托的{tail}已成交{small}00股，成交价{amount}元，详情请查看交易软件。",
    "【保险】您的车险将于{month}月{day}日到期，如已续保请忽略，客服{service}。",
    "【支付宝】你有一笔{amount}元的花呗账单待还，{month}月{day}日自动扣款，请保证余额充足。",
    "【公积金】您{month}月公积金汇缴{amount}元，账户余额{amount}元，可登录官方网站查询。",
    # People
    "{surname}哥，我[到楼下了|堵车了|晚点到]，大概{minutes}分钟，你先[点菜|进去|等我]。",
    "妈，钱我转给你了，{amount}块，你查一下[银行卡|微信]。",
    "房租{amount}元已经转你卡上了，收到回个信。",
    "老板，货款{amount}今天下午打过去，账号还是上次那个吗？",
    "明天{time}开会，地点{place}，带上资料，收到请回复。{surname}",
    "我是{surname}师傅，修空调的，{minutes}分钟后到，您家里有人吗？",
    "快递放[门口|鞋柜上|门卫]了，[记得拿|有空取一下]，谢谢。",
    "晚上一起吃饭吗？{place}，{time}，我订位子。",
    "[号码换了|新号码]，以后打这个，{surname}。",
)

ENGLISH = (
    "{code} is your {app_en} verification code. Don't share it with anyone.",
    "Your {bank_en} one-time passcode is {code}. It expires in {minutes} minutes. Never share it.",
    "G-{code} is your {app_en} code.",
    "{bank_en}: a purchase of ${amount} was made with your card ending {tail} on {month}/{day}.",
    "{bank_en} alert: deposit of ${amount} received to account ending {tail}. Avail bal ${amount}.",
    "{bank_en}: your statement is ready. Minimum payment ${amount} due {month}/{day}. "
    "Reply STOP to opt out.",
    "Dear customer, Rs {amount} debited from a/c XX{tail} on {day}-{month}. Not you? "
    "Call {hotline_en}. -{bank_en}",
    "{bank_en} Fraud Alert: did you attempt ${amount} at {shop_en}? Reply YES or NO. "
    "We never ask for your PIN.",
    "Your {courier_en} parcel {parcel} will be delivered today between {time} and {time}.",
    "{courier_en}: your package was left at the front door. Track it in our app.",
    "{courier_en}: we missed you. Collect your parcel from the depot with ID, open until {time}.",
    "{shop_en}: order {parcel} has shipped and should arrive {month}/{day}.",
    "{shop_en}: your refund of ${amount} has been issued to your original payment method.",
    "Reminder: appointment with Dr {name_en} on {month}/{day} at {time}. Reply C to confirm.",
    "Your prescription is ready for pickup at {shop_en} pharmacy. Open until {time}.",
    "{carrier_en}: your bill of ${amount} is due {month}/{day}. Autopay is on, nothing to do.",
    "{carrier_en}: you have used 80% of your data. Your plan renews on {month}/{day}.",
    "Thanks for your payment of ${amount}. Your {carrier_en} account is up to date.",
    "Flight update: your flight to {city_en} on {month}/{day} now departs at {time}"
    " from gate {small}.",
    "Your table for {small} at {time} on {month}/{day} is confirmed. See you soon!",
    "Your ride is arriving. Driver {name_en}, plate {plate_en}.",
    "City of {city_en}: water service will be interrupted {month}/{day} {time}-{time}"
    " on your street.",
    "School notice: classes are cancelled [tomorrow|today|on Monday] because of the weather.",
    "Police advice: no bank or officer will ever ask you to [move money to a safe account|buy "
    "gift cards|hand over a card]. Report scams.",
    "{bank_en}: your direct deposit of ${amount} posted to checking {tail}. Balance ${amount}.",
    "{bank_en}: payment of ${amount} to {carrier_en} was sent. Card ending in {tail}.",
    "You received ${amount} from {name_en}. Money is in your {app_en} balance.",
    "Your {bank_en} password was changed on {month}/{day}. If this wasn't you, call "
    "the number on your card.",
    "{bank_en}: new sign-in from a phone in {city_en}. If it was you, no action is needed.",
    "INR {amount} credited to your a/c no. XX{tail} on {day}-{month} by NEFT. Avl bal "
    "INR {amount}.",
    "Thank you for shopping at {shop_en}. Your receipt total is ${amount}. See you again.",
    "Use {code} to log in to {app_en}. If you didn't request it, ignore this message.",
    "{shop_en}: your order is ready for collection. Bring code {tail} and photo ID.",
    "Your {courier_en} shipment {parcel} is out for delivery. No signature needed.",
    "{courier_en}: delivered at {time}, signed by {name_en}. Thank you for choosing us.",
    "{carrier_en}: your top-up of ${amount} was successful. Balance ${amount}, valid "
    "to {month}/{day}.",
    "Welcome to {city_en}! Calls and data cost the same as at home. {carrier_en}",
    "Hospital reminder: please arrive {minutes} minutes early and bring your insurance card.",
    "Your job application was received. We will contact you within {small} days.",
    "Library: the book you reserved is available until {month}/{day}.",
    "Electricity outage planned {month}/{day} from {time} to {time} for maintenance work.",
    "The deposit was refunded, ${amount} should be on your card in {small} days. {name_en}",
    "Can you transfer me the ${small} for lunch when you get a chance? no rush",
    "Happy birthday {name_en}! Hope you have a great day",
    "Meeting moved to {time}, room {small}. Please confirm.",
    "Hi mum, train is late, home about {time}. Love you",
    "Hey {name_en}, can you send me the address again? Running {minutes} min late",
    "I paid the rent, ${amount} went out this morning. Let me know when it lands",
    "Dinner at ours on {month}/{day}? Bring the kids",
)
