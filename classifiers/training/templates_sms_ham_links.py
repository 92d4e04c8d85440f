"""Legitimate messages with a link, as templates for `templates_sms`.

Most fraud asks for a click; so do parcels, bills, reports, tickets and friends.
``[a|b]`` is a choice, ``{slot}`` is filled.
"""

CHINESE = (
    "【{courier}】您的快递{parcel}[已揽收|运输中|到达{city}]，[实时位置|物流详情|预约派送]：{link}",
    "【{courier}】{surname}{title}，快件[今天送到|{time}前送达|已放{place}]，[改时间点|签收照片|"
    "评价快递员]{link}",
    "{link} [点开看取件码|取件二维码|附近驿站导航]，{courier}包裹{parcel}，[{time}关门|今日有效]",
    "【{shop}】订单{parcel}[物流更新|安装预约|退款进度]请看{link} ，[无需登录密码|链接7天有效]",
    "【{shop}】您的[发票|电子保修卡|保价结果]已生成{link} [请及时下载|可报销用]",
    "【{carrier}】{month}月账单查询{link} ，[合计{amount}元|自动扣款已开|回复TD不再接收]",
    "【{carrier}】[流量余量|积分明细|宽带测速]点{link} [免流量访问|登录本机号码即可]，{hotline}",
    "【{carrier}】请对本次服务评价{link} ，[满分10分|一分钟即可|谢谢您]",
    "【{bank}】您的[电子回单|对账单|贷款合同]请在{link} 下载，[解压密码为身份证后六位|有效期"
    "{small}天]，[我行不索要密码|详询{service}]",
    "【{bank}】{surname}{title}预约的[网点取号|零钱兑换|保险箱]成功，凭码{code}，[地图|指引]{link}",
    "【{app}】[{name}|好友]邀请你[编辑文档|加入会议|共享行程]{link} [仅受邀人可看|会议号{parcel}]",
    "【{app}】您的[数据导出|账单下载|申诉结果]已准备好：{link} [48小时内有效|需在已登录设备打开]",
    "【{airline}】{tail}航班[延误|取消|改登机口]，[改签退票|最新动态|餐券领取]{link} [不收手续费|"
    "原路退款]",
    "【航班管家】您关注的航班[取消|晚点{minutes}分钟]，详情{link} ，[以机场公告为准|祝您旅途顺利]",
    "【酒店】入住{month}月{day}日，[自助办理|路线图|开门密码]{link} ，[押金到店付|前台{landline}]",
    "【{hospital}】您的[检查报告|电子发票|住院清单]：{link} ，[验证身份后查看|请带医保卡复诊]",
    "【{hospital}】[满意度调查|就诊评价]，请点{link} [匿名填写|约一分钟]，谢谢",
    "【{city}医保】[参保凭证|缴费记录]查询{link} ，[线下可到窗口|咨询12393]，[本平台不收集银行卡"
    "信息|勿轻信他人代办]",
    "【{city}人社】社保卡制卡进度[已完成|邮寄中]，查询{link} ，[领卡带身份证|咨询12333|不收费]",
    "【{city}税务】[纳税申报|发票查验|个税问卷]操作指南{link} ，[办理请进电子税务局|{day}日截止]",
    "【{city}法院】您有一份[电子送达文书|开庭通知]，案号{parcel}，查看{link} ，[验证码{code}|核实"
    "请拨12368]",
    "【{city}交警】[违法照片|事故认定书]查看{link} ，[也可到12123或窗口|十五日内处理]，车牌{plate}",
    "【学校】[成绩单|报到须知|家长问卷]{link} ，[学号登录|{day}日前填写]，{surname}老师",
    "【物业】[水电费明细|停水通知|投票结果]见{link} ，[现金可到前台|电话{landline}]",
    "【停车】{plate}[电子小票|月卡续期]：{link} ，[已付{small}元|开票点此]",
    "【供电】户号{parcel}[{month}月电费账单|停电公告]{link} ，[余额{amount}元|95598]",
    "【影院】[取票二维码|退票入口]{link} ，{month}月{day}日{time}{small}号厅",
    "【餐厅】排号[{small}桌|过号可保留]，查看进度{link} ，[菜单在里面|请{minutes}分钟内到店]",
    "【招聘】{name}，[面试地图|测评题|入职资料清单]：{link} ，[{month}月{day}日前完成|不收费用]，"
    "人事{surname}",
    "【保险】[保单|理赔进度|体检预约]{link} ，保单号{parcel}，[客服{service}|如非本人投保请联系我"
    "们]",
    "【证券】[账单|适当性告知|持仓公告]{link} ，[登录交易软件也可查看|不荐股]",
    "[照片|视频|婚礼请柬]都在{link} ，[密码{tail}|慢慢看|别外传]",
    "[导航|共享文档|点菜]点这个{link} [快点|我填了|你看行不行]",
    "[二手书|自行车|房子]在这{link} ，{amount}，[要的话告诉我|走平台]",
    "【捐赠】您的{amount}元[去向|证书]：{link} ，[感谢|可开票]",
    "【气象】[台风路径|暴雨预警|雷达图]{link} ，[减少外出|{city}{time}发布]",
)

ENGLISH = (
    "{courier_en}: [where's my parcel?|live map|delivery window] {link} [{parcel}|driver "
    "{name_en}|no fee, nothing to sign].",
    "{link} [your QR code|your locker map|your delivery photo], {courier_en} {parcel}. [Open "
    "until {time}|Thanks].",
    "{shop_en}: [invoice|warranty|returns label|size guide] for {parcel}: {link} [valid {small} "
    "days|no login needed].",
    "{bank_en}: your appointment {day} {month_en} {time}. [Change it|Add to calendar|Join the "
    "video call]: {link} [We won't ask for a PIN|Bring ID].",
    "{bank_en}: [new terms|your annual summary|a secure message] can be read at {link} [or in "
    "the app|or in any branch].",
    "{carrier_en}: [check coverage|your bill|engineer tracking] {link} [Account ends {tail}|"
    "Visit {time}|Text STOP to opt out].",
    "{app_en}: [you asked for a sign-in link|confirm this device|download your data] {link} ["
    "works for {minutes} minutes|ignore if not you].",
    "{name_en} invited you to [a shared folder|a calendar|a video call] {link} [{app_en}|code "
    "{code}].",
    "[Boarding pass|Gate change|Refund form]: {link} {airline_code} {day} {month_en}. [Have a "
    "good flight|No fee].",
    "{city_en} [hospital|clinic]: [fill in this form before your visit|join the waiting room|"
    "parking map] {link} [Appt {time}|Reply if you can't].",
    "[School|Nursery]: [permission slip|newsletter|term dates|lunch menu] {link} [by {day} "
    "{month_en}|thanks, {name_en}].",
    "{city_en} council: [your bin days|planning notice|parking permit renewal] {link} [Ref "
    "{parcel}|or call us].",
    "[Hotel|Airbnb|Host]: [check-in guide|wifi and door code|house rules] {link} [arrive after "
    "{time}|Questions? Text {name_en}].",
    "HR: [sign your contract|choose your benefits|training module] at {link} [before {day} "
    "{month_en}|with your work login]. {name_en}",
    "[Vet|Dentist|Salon]: [confirm|move|cancel] your {time} visit: {link} [Deposit {money} paid|"
    "See you {day} {month_en}].",
    "[Ticket|Entry pass|Season card] ready: {link} [Show it at gate {small}|Don't post the code "
    "online].",
    "[Energy|Water|Broadband]: [your bill {money}|meter form|outage map] {link} [Direct debit set"
    "|No action].",
    "[Playlist|Recipe|Map|Meme] {link} [made me think of you|told you|for later] {name_en}",
    "{toll_en}: [your statement|receipt {parcel}] for {month_en}: {link} [Paid {money}|Nothing "
    "due].",
    "{tax_en}: [help sheet|appointment details|webinar] {link} [We don't ask for bank details "
    "here|{day} {month_en} {time}].",
)
