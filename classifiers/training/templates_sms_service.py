"""Legitimate messages written like a person, or about what fraud is about, as templates.

A courier, an agent, a bank's adviser or a colleague says "I am…", names money and asks for things,
as fraud does; so do recruiters, and the police when they warn. ``[a|b]`` is a choice, ``{slot}`` is
filled.
"""

CHINESE = (
    # Couriers, drivers, craftsmen
    "您好，我是{courier}快递员{surname}师傅，您的包裹放在[门卫|丰巢|驿站]了，有问题打我电话{mobile}。",
    "您好，{courier}，您的快递{parcel}今天派送，请问下午家里有人吗？没人的话我放门口。",
    "您好，我是{shop}商家，您拍的尺码缺货了，可以换其他颜色吗？不换的话您在订单里申请退款就行。",
    "亲，您好，我是{shop}店铺客服，您的订单地址好像少写了门牌号，麻烦在订单页面补充一下哦。",
    "您好，您反映的商品破损问题我们已经受理，退款{amount}元已原路退回，预计{small}天到账，抱歉给您"
    "带来不便。",
    "您好，我是您的外卖骑手，[楼下门禁进不去|餐洒了一点|电梯停了]，能不能下来拿一下，实在不好意思。",
    "您好，我是{surname}师傅，明天上午{time}来给您[装宽带|修空调|送家具]，请问地址是{place}吗？",
    "您好，您约的保洁阿姨明天{time}到，费用{amount}元，做完在APP里付款。",
    "您好，我是代驾{surname}师傅，已到{place}，请问您在哪个门？",
    # Banks, insurers, carriers, agents
    "您好，我是{bank}{place}支行的客户经理{name}，您的定期存款月底到期，方便时带身份证来网点办理"
    "就可以，祝您生活愉快。",
    "{surname}{title}您好，我是{bank}信用卡中心，您的账单分期已办理成功，每期{amount}元，如有疑问"
    "请拨打卡背面的电话。",
    "您好，您向我行申请的贷款{amount}元资料已收到，请到网点当面签约，我行不收取任何前期费用。",
    "【{bank}】您的贷款{amount}元已发放至尾号{tail}的账户，首次还款日{month}月{day}日。",
    "【{bank}】您尾号{tail}的卡发生一笔异常交易已被拦截，如为本人操作请致电{service}核实。",
    "【{bank}】您的个人征信查询授权已生效，如非本人办理请联系{service}。",
    "您好，我是平安保险的{name}，您的车险下个月到期，报价单发您了，有空看一下。",
    "{surname}{title}，您的理赔案件已结案，赔款{amount}元将打到您登记的账户，请注意查收。",
    "您好，我是{carrier}装维{surname}师傅，宽带故障单已接到，今天{time}上门处理可以吗？",
    "尊敬的客户您好，您反映的信号问题已处理完毕，稍后会有满意度回访，请留意{hotline}来电。【{carrier}】",
    "【{carrier}】您好，您的积分{amount}分将于年底清零，可登录官方APP或到营业厅兑换话费。",
    "您好，我是链家的{name}，您上次看的{place}那套房子房东降价了，周末要不要再看看？",
    "您好，我是{place}汽车店的{surname}顾问，您的爱车该保养了，本周到店免工时费。",
    "{surname}{title}您好，装修方案改好了，报价{amount}元，您看下有没有问题，没有就签合同。",
    # Accounts, codes, securities
    "【{app}】您的账号于{month}月{day}日{time}在{city}修改了密码，如非本人操作请尽快在客户端找回。",
    "【{app}】您正在绑定新邮箱，验证码{code}，{minutes}分钟内有效，转发可能导致账号被盗。",
    "【{bank}】您正通过网银支付，订单号后四位{tail}，金额{amount}元，确认无误后方可输入短信密码：{code}。",
    "{surname}{title}请您帮忙付款{amount}元，请登录支付宝核对后付款。",
    "{code}（{shop}验证码），{small}小时内有效，为了保护账号安全请勿转发他人。",
    "【证券】您今日买入{small}00股，成交价{amount}元，投资有风险，入市需谨慎。",
    "【基金】您持有的基金本季度分红{amount}元已到账，可在APP查看净值与份额。",
    "【证券】尊敬的投资者，您的风险测评将到期，请在[交易软件内|营业部|官网]重新测评，本公司不荐股、不收会员费。",
    # Work
    "您好，我是[人事|HR]{name}，您应聘的岗位简历已通过，邀请您{month}月{day}日{time}到{place}面试，"
    "请带简历和身份证。",
    "{name}您好，恭喜通过面试，录用通知已发到您的邮箱，月薪{amount}元，请在{day}日前回复。",
    "您好，您投递的简历已收到，我们会在{small}个工作日内联系您，感谢关注。",
    "各位同事，{month}月工资今天已发放，请查收，有疑问找财务{surname}会计。",
    "{surname}总您好，合同我已经寄出，麻烦收到后盖章寄回一份，发票随货。",
    "{surname}会计，报销单我放你桌上了，一共{amount}元，发票都在里面。",
    "明天领导来检查，大家把办公室收拾一下，{time}前到岗。",
    "小{surname}，下午{time}来我办公室一下，带上那份报表。",
    "您好，对公账户信息如下，户名：{city}贸易公司，账号{account}，开户行{bank}，付款后请告知。",
    # Family, friends, school
    "妈，生活费快没了，这个月能多给我转{small}00吗？买了几本书。",
    "哥，上次借你的{amount}元我转你微信了，你收一下，谢谢啊。",
    "爸，我到{city}了，住下了，别担心，手机快没电了晚点打给你。",
    "老同学，下个月{day}号我结婚，请你来喝喜酒，地址{place}。",
    "[姐|哥|小姨]，我的手机号换了，以后打这个，微信没变。",
    "亲爱的，今天加班晚点回，你先吃，给你带了[蛋糕|夜宵|水果]。",
    "家长您好，下学期的[餐费|校服费]{amount}元请在学校缴费平台上交，不方便的可以交现金给班主任。",
    "各位家长，学校不会通过群聊收费，凡有人[冒充老师|用班主任头像|自称校长]在群里收钱请先打电话核实。",
    # Police, courts, government, health
    "您好，我是{place}派出所民警{surname}警官，您报的案已受理，请带身份证到所里做笔录，电话{landline}。",
    "您好，这里是96110反诈中心，您刚才接到的电话疑似[冒充公检法|冒充客服|虚假投资]诈骗，请不要转账，挂断后可拨110核实。",
    "【反诈中心】凡是自称[客服|警察|领导]要您转账、共享屏幕、说验证码的，都是骗子，请立即挂断。",
    "【{city}公安】刷单就是诈骗，先垫钱再返利的兼职不要做，安全账户不存在，有疑问请拨96110。",
    "【12381】您[近期|刚刚|多次]可能接到虚假贷款电话，凡放款前先收保证金、解冻金的都是诈骗，请勿相信。",
    "【{bank}】冒充客服退款、注销校园贷、修改征信都是骗局，我行不会索要您的密码和验证码。",
    "您好，您拨打的12345工单{parcel}已转{place}街道办理，{small}个工作日内答复您。",
    "您好，我是{place}社区工作人员{name}，明天上午入户登记人口信息，请准备好户口本。",
    "您好，我是法院书记员{surname}，您的案子开庭时间改为{month}月{day}日，传票已寄出，联系电话{landline}。",
    "【{city}税务】您的退税申请已审核通过，{amount}元将退至您绑定的银行卡，请在个人所得税APP查看进度。",
    "【{city}社保】您的社保卡已制成，请本人持身份证到{bank}网点领取，不收任何费用。",
    "您好，{hospital}提醒，您的住院费余额不足，请到收费窗口补交{amount}元，如有疑问问护士站。",
    "您好，您的体检报告已出，有一项需要复查，请挂{surname}医生的号，电话{landline}。",
    # Travel and everyday services
    "{surname}{title}您好，您预订的航班因天气取消，可在{airline}官方APP免费改签或退票，给您带来不便敬请谅解。",
    "您好，{city}酒店前台，您明天入住的房间已留好，到店出示身份证即可，押金{small}00元退房时退还。",
    "您好，您的快件因地址不详暂存在网点，请拨打官方客服{service}或到{place}自取。",
    "海关通知：您的邮包{parcel}需要申报，请携带身份证到邮局窗口办理，税款以税单为准。",
    "恭喜您抽中本店{small}元优惠券，已放入您的会员账户，下次消费可用。",
    "您的游戏账号在[新设备|网吧|另一台手机]登录，如非本人操作请在客户端修改密码，客服不会索要验证码。",
    "您好，您预约的考试报名费{amount}元已支付成功，准考证{month}月{day}日起在官网打印。",
)

ENGLISH = (
    "Enter {code} to sign in to {app_en}. Didn't ask for it? You can ignore this text.",
    "Your {app_en} login code: {code}. Valid for {minutes} minutes. Do not give it to anyone.",
    "{app_en} security code {code}. Our staff will never ask for it.",
    "{code} is the code to confirm your new phone number on {app_en}.",
    "<#> {app_en}: your code is {code}",
    "Your {app_en} password was changed successfully. If you did not do this, contact our support.",
    "Your {app_en} password has been reset. Not you? Open the app to secure your account.",
    "Your {app_en} account was activated on {month}/{day}. Enjoy your free month.",
    "Transfer ref {parcel}: ${amount} from {name_en} received on {month}/{day}.",
    "Request received: refill of ${amount}, transaction {parcel}. Please pay at the counter.",
    "{courier_en}: your parcel is at the depot because nobody was home. Rebook delivery in our app "
    "or bring ID to collect.",
    "{courier_en}: customs charges of ${small} are due on parcel {parcel}. You can pay the driver "
    "or at the post office.",
    "{courier_en}: your delivery is running late, new estimate {month}/{day}. Sorry for the delay.",
    "Hi, this is {name_en} your {courier_en} driver, I left the box with your neighbour at number "
    "{small}.",
    "{courier_en}: track your parcel at {link}. Delivery expected {month}/{day}.",
    "{shop_en}: we received your return. ${amount} goes back to your card in {small} days.",
    "{shop_en}: the item you ordered is out of stock, we have cancelled it and you were "
    "not charged.",
    "Hi {name_en}, this is HR at {shop_en}. We would like to invite you to an interview on "
    "{month}/{day} at {time}. Please confirm.",
    "Thank you for [applying|your time|your CV]. After careful review we decided to go on "
    "with other candidates.",
    "Congratulations {name_en}, we are pleased to offer you the position. The contract is in "
    "your email.",
    "Your application for the {city_en} office has moved to the next stage. Book a slot: {link}",
    "{bank_en}: we declined a payment of ${amount} that looked unusual. Call the number on the "
    "back of your card.",
    "{bank_en}: your new card has been posted. Activate it in the app or at any ATM.",
    "{bank_en}: scheduled maintenance {month}/{day} {time}. Cards keep working.",
    "{bank_en}: your loan payment of ${amount} is due on {month}/{day}. Make sure your account has "
    "funds.",
    "{bank_en}: criminals pretend to be us. We never ask you to move money or to share a code. "
    "Hang up and call us.",
    "{bank_en}: you added {name_en} as a payee. Didn't do it? Call the number on your card.",
    "Dear customer, your KYC is complete. No further action is needed. -{bank_en}",
    "{carrier_en}: we found a fault in your area and expect a fix by {time}. No need to call.",
    "{carrier_en}: your plan changes to ${small} a month from {month}/{day}. See your bill for "
    "details.",
    "{carrier_en}: your payment did not go through. Please update your card in the app by "
    "{month}/{day}.",
    "{app_en}: your subscription renews on {month}/{day} for ${small}. Cancel any time in "
    "settings.",
    "New sign-in to your {app_en} account from {city_en}. If this was you, ignore this message.",
    "Hi {name_en}, your car is ready, total ${amount}. We are open until {time}.",
    "Toll statement: ${small} was paid from your tag on {month}/{day}. Thank you for driving "
    "safely.",
    "City court: you are summoned for jury duty on {month}/{day}. See the letter for instructions.",
    "Your tax return was accepted. The refund of ${amount} is usually paid within {small} days.",
    "Vote on {month}/{day}. Your polling place is the school on Main Street, open {time}.",
    "Your energy bill of ${amount} is ready. It will be taken by direct debit on {month}/{day}.",
    "Dentist: we have a cancellation on {month}/{day} {time}, would you like to come earlier?",
    "Hi mum, got a new phone, same number. Talk [tonight|later|on Sunday]!",
    "Dad can you send me ${small} for the bus, I forgot my card. Home at {time}",
    "Hey it's {name_en}, this is my new number, save it please",
    "Hi {name_en}, could you pay the plumber ${amount} today? I will transfer it back on Friday",
    "Boss says the client call moved to {time}, can you join? Link is in the calendar",
    "You won the office raffle! Pick up your mug from {name_en} at the desk",
    "Reminder: rent of ${amount} is due on the {small}th. Thanks, {name_en}",
    "Thanks for your order, table is booked under {name_en}. Deposit of ${small} is refundable.",
    "Get {small}% off at {shop_en} this weekend with your member card. Reply STOP to opt out.",
    "Flight to {city_en} is cancelled. Rebook free of charge in the airline app or at the desk.",
)
