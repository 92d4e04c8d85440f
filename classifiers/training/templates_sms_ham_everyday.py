"""Legitimate Chinese messages of travel, home and work, as templates for `templates_sms`.

Cancelled flights, toll accounts, utilities, bookings, recruiters, payroll, real payment requests.
``[a|b]`` is a choice, ``{slot}`` is filled.
"""

CHINESE = (
    # Flights, trains, hotels, cars
    "【{airline}】抱歉通知，您{month}月{day}日{city}-{city}的[MU|CZ|CA]{tail}航班因[天气|机械故障"
    "|公司计划]取消，请[在官方APP免费退改|拨打{service}|到值机柜台办理]，[勿信陌生来电|不收取任何"
    "手续费]。",
    "{surname}{title}，您乘坐的[MF|HU|9C]{tail}航班[取消|延误至{time}|改为{time}起飞]，[已为您保"
    "护至后续航班|可全额退款，原路退回|请回复Y确认改签]。【{airline}】",
    "【航旅】{airline}{tail}航班[取消|变动]，如需退票改签请[联系原购票渠道|点{link}办理|打开携程"
    "订单]，[退款原路返回|无需提供银行卡号]。",
    "【{airline}】您的[值机成功，座位{small}A|行李{parcel}已到达|里程{amount}将于年底到期]，[登机"
    "口{small}|查看{link}|登录官网查询]。",
    "【铁路12306】因[暴雨|设备故障|线路施工]G{tail}次列车[停运|晚点{minutes}分钟]，[可在30日内办"
    "理退票，不收手续费|给您带来不便深表歉意]。",
    "【铁路12306】您的[候补订单已兑现|退票{amount}元已受理|改签成功]，[退款7个工作日内到账|请按时"
    "乘车|检票口{small}B]。",
    "【12306】您的账户在新设备[登录|修改手机号]，验证码{code}，[为防止账号被盗请勿转发|抢票软件存"
    "在风险]。",
    "【{app}】您预订的[{city}酒店|民宿|{place}店]已[确认|取消，退款{amount}元|满房，可免费换房]，"
    "[入住凭身份证|{time}前保留|有问题在订单内联系客服]。",
    "您好，这边是[酒店前台|民宿房东|客栈]，您{month}月{day}日的房[留好了|密码{code}|入户指引"
    "{link}]，[押金{small}00元退房退|到了给我打电话{mobile}|停车免费]。",
    "【ETC】{plate}于{month}月{day}日[{city}站出口|{place}收费站]通行，扣费{amount}元，[余额不足"
    "请及时充值|发票请到票根网开具|有疑问拨{service}]。",
    "【ETC服务】您{month}月通行费电子发票已可开具，请登录[票根网|发行方APP]，[无需点击链接|合计"
    "{amount}元]。",
    "【ETC】您的设备[电量低|标签脱落|签约卡将过期]，请到[{bank}网点|服务网点]处理，[官方不会发链"
    "接让您认证|免费更换]。",
    "【停车】{plate}已停{small}小时，费用{small}元，[缴费{link}|扫码缴费后{minutes}分钟内离场|前"
    "15分钟免费]。",
    "【租车】您的订单{parcel}[已取车|违章押金{amount}元已退还|产生一笔违章待处理]，[请在APP内处理"
    "|联系门店{landline}|原路退回]。",
    "【打车】您有一笔{small}元行程未支付，[请在APP内支付|不影响继续用车]，[司机{surname}师傅|订单"
    "{parcel}]。",
    "【共享单车】您的押金{small}9元[已退回|退款处理中]，[原支付渠道|1-{small}个工作日]到账，[感谢"
    "使用|如有疑问请在APP联系客服]。",
    "【加油】油卡尾号{tail}[充值{amount}元成功|消费{amount}元]，余额{amount}元，[{place}站|开票请"
    "到网点]。",
    # Property, utilities, bookings
    "【供电公司】户号{parcel}本月电费{amount}元，[余额{small}元请及时充值|已欠费，逾期将停电|缴费"
    "请用网上国网APP]，95598。",
    "【燃气】您家燃气[安检定于{month}月{day}日|表电量不足|费用{amount}元]，[工作人员佩戴工牌|请留"
    "人在家|可微信生活缴费]，{landline}。",
    "【自来水】{place}{time}至{time}[停水|水压偏低]，[请提前储水|恢复后先放水]，户号{parcel}欠费"
    "{small}元[请缴|已缴忽略]。",
    "【物业】{surname}{title}，您{small}栋{tail}室物业费{amount}元[已到期|逾期未缴]，请到[物业中"
    "心|公众号{link}]缴纳，[可开发票|电话{landline}|已缴请忽略]。",
    "【物业】电梯[检修|困人演练|故障]，{time}恢复，[请走楼梯|敬请谅解]。",
    "[水管漏到楼下了|您家门没关|您车挡道了]，[麻烦回个电话|方便下来一下吗]，物业{surname}{mobile}",
    "【健身房】会员{name}，您的[私教课{month}月{day}日{time}|会员卡还剩{small}天|团课已取消]，[不"
    "能来请提前取消|到店前台办理]。",
    "【影城】取票码{code}，{month}月{day}日{time}{small}号厅{small}排{small}座，[退票请提前1小时|"
    "扫码入场|观影愉快]。",
    "【餐厅】{surname}{title}，您预订的[{small}人桌|包间]{month}月{day}日{time}已留，[保留"
    "{minutes}分钟|定金{small}00元|取消请回电{landline}]。",
    "【驾校】学员{name}，科目{small}考试[约在{month}月{day}日|合格|费用{amount}元请到前台缴]，[带"
    "身份证|{time}集合|教练{surname}{mobile}]。",
    "【婚纱摄影】您的[照片可以选片了|尾款{amount}元|相册到店]，[请预约时间|带上收据]，门店"
    "{landline}。",
    "【装修】工地今天[水电验收|贴砖|封窗]，[照片发群里了|第{small}期款{amount}元请按合同付|请业主"
    "到场]，项目经理{surname}",
    "【搬家】{month}月{day}日{time}搬，车[{plate}|4米2]，价{amount}元，[不满意不收钱|请提前打包|"
    "司机{mobile}]。",
    "【满意度】您对本次[{bank}服务|{carrier}装机|维修]是否满意？[回复1-10|点{link}评价]，[不收费|"
    "谢谢]。",
    "【考试院】准考证[{month}月{day}日起打印|打印入口{link}]，请带[身份证|2B铅笔]，[成绩查询不收"
    "费|谨防“改分”诈骗]。",
    # Recruiters, human resources, work and payments
    "【招聘】{name}您好，您投递的[会计|店长|前端工程师|仓管]岗位，我们想约{month}月{day}日{time}["
    "面试|视频面试，会议号{parcel}|笔试]，地址{place}，[请带简历|不收任何费用]，人事{surname}"
    "{landline}",
    "您好，看到您在[招聘网站|Boss|智联]的简历，我们招[客服|文员|司机]，月薪{small}千，五险一金，["
    "方便聊聊吗|可以加我微信{contact}|地址{place}]？",
    "【人力资源】{name}，您{month}月工资{amount}元已发放，[工资条查看{link}|密码为身份证后四位|如"
    "有疑问联系薪酬组]，[保密|请勿回复]。",
    "【劳务】{name}，[工资结算{amount}元|工伤赔付]已打到{bank}尾号{tail}，[收到请回复|差额下月补]"
    "。",
    "各位，[年终奖明天发|下周三交报销单|合同章在我这]，[发票抬头别写错|过期不候|有事打{landline}]"
    "，财务{surname}",
    "{surname}总，[{city}项目的尾款|这批货款|保证金]{amount}元对方说[今天打|已经走流程了|要先开票"
    "]，[您看怎么回|到账我告诉您|发票我明天寄]。",
    "小{surname}，供应商那笔{amount}元[下午付了|先别付，等合同|按流程走审批]，[水单发我|付之前给"
    "我打个电话]。",
    "[老板|{surname}总|领导]，回单收到了，{amount}元，[账对上了|少了{small}块手续费|谢谢]。",
    "这是我司账户：{city}商贸有限公司，{bank}{place}支行，{account}，[付款请备注订单{parcel}|财务"
    "核对后付|合同第{small}条有写]。",
    "你好，[货到了|样品寄出|对账单发你邮箱]，[尾款{amount}元月底结|有两箱破损|请签回]，谢谢，"
    "{surname}{mobile}",
    "[开会改到{time}|腾讯会议{parcel}|群里链接进不去用这个{link}]，[资料带上|别迟到|不来的请假]。",
    "各位群友，[团建费每人{small}0元转给{surname}姐|聚餐AA，{amount}元|奶茶钱收一下]，[收款码在群"
    "里|现金也行]。",
)
