"""The shortest and the longest legitimate messages, as templates for `templates_sms`.

Length alone must say nothing: notices of several sentences stand beside those of three words.
``[a|b]`` is a choice, ``{slot}`` is filled.
"""

CHINESE = (
    # Short ones
    "【{app}】{code}[，请勿泄露|（登录）|，{minutes}分钟有效]",
    "[验证码|校验码|动态码]{code}。{app}",
    "已[到账|转出|退回]{amount}元，[{bank}|请查收|尾号{tail}]",
    "[取件|自提]码{tail}，[{place}|{courier}|今日有效]",
    "[收到了|钱到了|转好了]，[谢谢|{amount}|放心]",
    "[停电|停水|停气]通知：[{day}日|明天]{time}起，[{place}|约{small}小时]",
    # Long ones, several sentences
    "【{bank}】尊敬的{surname}{title}，您好！您名下尾号{tail}的账户因[身份信息不完整|职业信息缺失"
    "|留存电话与他人重复]，根据监管要求，我行将于{year}年{month}月{day}日起[暂停其非柜面业务|限制"
    "转账功能]。请您携带本人有效身份证件到[任一网点|{place}支行]更新，[也可登录手机银行“身份信息"
    "更新”办理|我行不会以短信链接方式收集信息]。如已办理请忽略。",
    "【{city}公安局反诈中心】致居民朋友：近期有骗子冒充[航空公司客服|快递理赔员|银行客服]，以[航"
    "班取消赔付|快件丢失双倍赔偿|误开百万保障要扣费]为由，让您下载会议软件共享屏幕，再骗走验证码"
    "转走存款。请记住：正规退款[原路返回|不需要您转账]，凡要共享屏幕的都是诈骗。如有疑问请拨96110"
    "。",
    "【{city}中级人民法院】{surname}{title}：你与{bank}金融借款合同纠纷一案（案号{parcel}），本院"
    "已[立案受理|作出判决|进入执行]，现依法向你电子送达[应诉通知书|判决书|执行通知书]，请于"
    "{small}日内登录人民法院在线服务查看，逾期视为送达。书记员{surname}，联系电话{landline}，[可"
    "拨12368核实|请勿向个人账户转款]。",
    "【{airline}】尊敬的旅客，很抱歉地通知您，您预订的{month}月{day}日{tail}航班因[航路天气|空中"
    "管制|飞机调配]原因取消。您可选择[免费改签至7日内航班|全额退票]，请通过{airline}官方APP、官网"
    "或原购票渠道办理，[退款原路退回|无需提供银行卡信息]。近期有不法分子冒充客服以航班取消行骗，"
    "请勿回拨短信中的陌生号码。",
    "{surname}{title}您好，我是{bank}{place}支行大堂经理{name}，您上周办的[社保卡|信用卡|存折]已"
    "经到网点了，您[带身份证来柜台领|方便的时候来拿]就可以，不收费用。[周末上午也营业|如果不方便"
    "可以让家人带双方证件代领]，有事您打网点电话{landline}。",
    "各位家长晚上好，[研学旅行|秋季校服|课后服务]费用每人{amount}元，请大家自愿报名，[周五前在智"
    "慧校园里缴|到时学校统一发缴费单]。最近别的学校有骗子改成老师头像混进群里收款，[凡是群里发二"
    "维码收费的都不要付|请先打我电话核实]，谢谢配合。{surname}老师",
    "{surname}会计，[早上好|在吗|辛苦]，{city}那家供应商的合同已经签好，总价{amount}元，[首款三成"
    "|尾款月底]，发票今天寄到。你先[走审批流程|挂账]，{surname}总签字以后再付，[付款前给对方打电"
    "话核对一下账号|账号以合同为准]，别着急。",
    "【{courier}】尊敬的客户，您的快件{parcel}因[外包装破损|分拣错误|转运丢失]，我们深表歉意。理"
    "赔金额{amount}元已[提交审核|审核通过]，将在{small}个工作日内退回寄件人[月结账户|原支付账户]"
    "，无需您添加任何社交账号或提供银行卡信息，[查询进度请到官方小程序|如有疑问请拨官方客服]。",
    "【人力资源部】{name}您好，感谢您参加我司面试，经综合评估决定录用您为[会计主管|销售经理|运维"
    "工程师]，月薪{amount}元。请于{month}月{day}日{time}携带身份证、学历证、[离职证明|体检报告]到"
    "{place}报到，[入职不收任何费用|offer已发邮箱]。联系人{surname}小姐，{landline}。",
    "【{city}人社局】{surname}{title}，您申领的社会保障卡已制作完毕，请本人携带身份证原件到["
    "{bank}{place}支行|街道便民服务中心]领取，[代领须带双方身份证|工作日9点至17点]。首次申领[免费"
    "|不收工本费]，领取后请在柜台激活金融功能并修改初始密码。人社部门不会通过短信链接要求您认证。",
    "老同学，[好久不联系|最近咋样]，我下个月[结婚|搬家|开店]，想请你来热闹热闹，{month}月{day}日"
    "{time}在{place}。[人来就行，不用带钱|份子钱免了]，[到时候我去车站接你|定位发你微信]，记得带"
    "上嫂子。",
    "妈，我跟你说，刚才有人[冒充我同学加你微信|打电话说我出车祸要交押金|说是学校老师收培训费]，那"
    "是骗子，[你千万别转钱|先给我打电话]。我在学校挺好的，[生活费还够|下周回家]，[钱的事你先问我"
    "爸|别怕]。",
    "【{shop}】亲爱的会员，您购买的[儿童座椅|充电宝|电热毯]因批次问题主动召回，订单{parcel}可[全"
    "额退款{amount}元|免费换新]，请在APP“我的订单-售后”提交，[退款原路返回支付账户|快递员上门取件"
    "]。客服不会主动打电话要您的银行卡和验证码。",
    "【{carrier}】尊敬的用户，根据《反电信网络诈骗法》，您名下电话卡数量[已超5张|存在长期未用]，"
    "请于{month}月{day}日前携带身份证到自有营业厅[核验|注销多余号码]，逾期将[限制服务|暂停呼出]。"
    "可发送CXMXTC到{hotline}或到营业厅咨询，[办理不收费|我公司不通过链接办理]。",
    "【住房公积金】{surname}{title}，您{year}年度账户已结息，利息{amount}元，余额{amount}元。[贷"
    "款还款日调整为每月{day}日|提取请通过官方APP刷脸办理]，[中介代办提取属违规行为|不收手续费]，"
    "12329。",
    "【{place}物业】各位业主，[小区大门人脸识别升级|停车位续租|二次供水清洗]定于{month}月{day}日"
    "进行，请到物业前台登记，[每户{small}张卡|费用{amount}元可微信或现金]。本次不以短信链接方式收"
    "集照片和身份证，[如收到此类短信请勿点击|谢谢支持]。",
    "您好，我是{place}派出所{surname}警官，之前您报的[电动车被盗|网购被骗|钱包丢失]案子有进展，请"
    "这两天带身份证来所里[补个笔录|领回物品|签个字]，[不用交钱|找值班室]，座机{landline}，您也可"
    "以打110转我们所核实。",
    "【保险】尊敬的{name}，您为{plate}投保的车险将于{month}月{day}日24时到期，[续保请联系您的业务"
    "员{surname}{mobile}|可在官方APP自助续保]，去年保费{amount}元。脱保将[影响出险优惠|不能年检]"
    "，如已在他处投保请忽略此短信。",
    # The longest
    "【{bank}】尊敬的{surname}{title}：您尾号{tail}的信用卡截至{month}月{day}日已逾期{small}天，"
    "应还{amount}元，最低还款{amount}元。请您通过[手机银行|网上银行|任一网点柜台]还款，还款账户仅"
    "为您本人的信用卡账户，我行从不要求客户向个人账户、二维码还款。如您确有困难，可携带[收入证明|"
    "诊断证明|失业证明]到{place}支行申请个性化分期，或拨打卡背面客服电话协商。逾期信息将依法报送"
    "征信系统，任何声称可以“修复征信、删除记录”的都是诈骗。如已还款，请忽略本短信，感谢您的理解与"
    "支持。",
    "【{city}公安局】紧急提醒：{month}月以来我市发生多起冒充公检法诈骗。骗子来电称您[涉嫌洗钱|护"
    "照被冒用|名下银行卡涉案]，发来伪造的“逮捕令”“通缉令”，要求您到宾馆等无人处配合调查、不得告诉"
    "家人，再诱导您把存款转入所谓“安全账户”，或下载软件共享屏幕。警方在此声明：公检法没有安全账户"
    "，不会通过电话、网络办案，不会发送电子逮捕令，更不会要求转账。接到此类电话请[立即挂断并拨打"
    "96110|马上告诉家人|到就近派出所核实]；已经转账的，请尽快拨打110并保存转账凭证。",
    "各位业主您好：本小区[电梯更换|外墙维修|地下车库防水]工程拟使用住宅专项维修资金，预算{amount}"
    "元，方案和报价已张贴在各单元公告栏。请业主于{month}月{day}日前到物业服务中心[签字表决|领取表"
    "决票|在官方公众号投票]，需要携带房产证复印件和身份证，委托他人请写委托书。费用从维修资金账户"
    "列支，不向各户另行收取，也不通过短信链接、群收款码收费，凡以此名义要求付款的请拒绝并告知我们"
    "。如有疑问请致电{landline}，或在工作日到物业找{surname}经理。感谢大家支持！",
    "{name}您好，我是{city}分公司人事{surname}，上次面试辛苦您跑一趟。部门对您很满意，想请您"
    "{month}月{day}日{time}再来和[总经理|技术负责人|区域经理]聊聊，地点还是{place}，大概一个小时"
    "。麻烦带上[身份证、毕业证原件|近三个月工资流水|之前的作品]。薪资大致在每月{small}千左右，试"
    "用期三个月，五险一金入职当月就交，公司不收任何押金、培训费、服装费。如果时间不合适，您回我短"
    "信或者打我座机{landline}，我帮您改约，谢谢。",
    "儿子，妈不会打太多字，你慢慢看。家里都好，你爸[血压稳定了|上周去{hospital}复查没事|又开始钓"
    "鱼了]，你别总惦记。上次你转的{amount}块妈收到了，给你存着，不用再打了，自己在外面[吃好点|别"
    "熬夜|买件厚衣服]。昨天有个人打电话说是你们单位的，说你出了事要交钱，我没信，按你教的[先挂了"
    "再打你电话|去派出所问了民警|问了楼下{surname}叔]，果然是骗子。还有，{day}号你表姐结婚，礼金"
    "妈替你垫了{small}00，你到时候记得打个电话道喜。",
)

ENGLISH = (
    # Short ones
    "{code} is your [code|login code|PIN].",
    "[Paid|Received|Sent] {money}. [Ta|Thanks|Ref {parcel}]",
    "[Parcel|Package|Order] at [reception|the door|locker {small}].",
    "[Appt|Appointment|Visit] {day} {month_en} {time}. [Reply Y|See you].",
    # Long ones, several sentences
    "Hi {name_en}, this is {name_en} from {bank_en} on Main Street. The [card|cheque book|letter]"
    " you ordered [has arrived|came back in the post], you can collect it at the counter with "
    "photo ID [any weekday|before {time}]. There is nothing to pay. If you'd rather, call the "
    "branch and we'll post it again.",
    "{bank_en}: we've noticed fraudsters [texting about failed payments|calling to say your "
    "account is at risk|asking customers to download screen-sharing apps]. We will never ask you "
    "to [move money to a safe account|tell us a passcode|withdraw cash]. If someone does, hang "
    "up and call the number on your card.",
    "Dear {name_en}, thank you for your interest in the [accounts assistant|warehouse|nurse|"
    "teaching] role. We'd like to meet you on {day} {month_en} at {time} in our {city_en} "
    "office. Please bring [your passport|two references|your certificates]. We never ask "
    "applicants to pay for [training|equipment|checks]. Regards, {name_en}, HR",
    "Your flight on {day} {month_en} to {city_en} has been cancelled due to [weather|crew "
    "shortage|air traffic control]. You can [rebook at no cost|ask for a full refund] in our app "
    "or with your travel agent. [We're sorry for the disruption|Meal vouchers at the desk]. "
    "Beware of callers offering refunds, we will not call you.",
    "Reminder from {city_en} Council: your [council tax|business rates|allotment rent] "
    "instalment of {money} [was due|is due] on {day} {month_en}. If you have [already paid|set "
    "up a direct debit], thank you, no action is needed. If you are struggling to pay please "
    "contact us, [we can help|a plan is possible].",
    "Hi mum, [train's packed|battery's low|phone was on silent]. [Got the job interview on {day} "
    "{month_en}|The landlord gave the deposit back, {money}|Car passed its test]! [Will call "
    "tonight|Tell dad|Can you lend me the blue suitcase]? Love you lots",
    "Hey {name_en}, did you get the [invoice|payment|contract] from {shop_en}? They say {money} ["
    "was sent on the {small}th|is still open|bounced]. [Let's check with accounts before we pay "
    "anything|Please phone them on the number we have on file|I'll ask {name_en}].",
    "{courier_en}: we tried to deliver {parcel} today at {time} but [nobody was in|the building "
    "was closed|the address was incomplete]. It's now at [the depot|{shop_en} parcel point|the "
    "post office] until {day} {month_en}. Bring this message and ID. There's [no charge|nothing "
    "to pay] for collection or redelivery.",
    "Dear parents, [school photos|the trip to the museum|swimming lessons] will cost {money} "
    "this term. Please pay through the school app or send cash in a named envelope by {day} "
    "{month_en}. [We do not take bank transfers|Office staff won't ask for card details by text]"
    ". Thank you, {name_en}",
    "Neighbourhood watch: somebody is [knocking on doors as a water inspector|selling fake "
    "charity tickets|phoning as the bank's fraud team]. [Ask for ID and close the door|Do not "
    "hand over cards or PINs]. Call the police on the non-emergency line if you see them. Pass "
    "it on to older neighbours.",
    "Dear Customer, as per RBI guidelines your KYC for a/c XX{tail} is due on {day} {month_en}. "
    "Please visit your branch with [PAN and Aadhaar|address proof], or use the [official mobile "
    "app|video KYC in net banking]. Bank never sends links or asks OTP for KYC. Ignore if "
    "already done. -{bank_en}",
    "Hi {name_en}, payment reminder: invoice {parcel} of {money} for [the roof repair|tuition|"
    "March cleaning] is {small} days late. [Could you send it this week|Bank details are on the "
    "invoice|If it's already paid please ignore]. Many thanks, {name_en}",
    "{app_en}: you asked to [close your account|download your data|change your email]. If this "
    "was you, enter {code} in the app. If not, [someone may know your password, change it in "
    "settings|you can ignore this, nothing will change]. We will never call you about this code.",
)
