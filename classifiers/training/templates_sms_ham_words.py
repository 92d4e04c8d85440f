"""Legitimate messages in the words of fraud, as templates for `templates_sms`.

Contacts to add, deposits, tasks, freezes, coins and prizes are also part of honest life.
``[a|b]`` is a choice, ``{slot}`` is filled.
"""

CHINESE = (
    # Contacts, groups, applications
    "加我微信{contact}，[发你定位|拉你进班级群|图纸发你]，[备注名字|我是{surname}工|现在就加]。",
    "我QQ{contact}，[作业发这里|游戏里喊我|老同学群在这]，[通过一下|别忘了备注]。",
    "您好，师傅微信{contact}，[装修照片发我|量好尺寸再报价|到了联系]，[不用定金|满意再付]。",
    "{chat}上说吧，[我在开会|电话听不清|打字快]，[现在不方便|晚点回你|文件也发那]。",
    "[公司|年级|车友]群换到{chat}了，群号{contact}，[今天内加|旧群解散|入群写真名]，[不收费|谢谢"
    "配合]。",
    "{meeting}号{parcel}，[周会|家长课堂|面试]{time}开始，[请打开摄像头|不用共享屏幕|提前五分钟进"
    "]。",
    "请下载[公司OA|学校缴费|物业]新版应用，在[手机自带商店|官网]搜名字，[旧版月底停用|账号不变|有"
    "问题找{surname}工]。",
    # Deposits, fees, tasks, places, commissions
    "定金{amount}收到，[给您留货|房子不再带看|档期锁定]，[尾款安装完付|收据已拍给您|七天内可退]。",
    "合同写明先付[三成|一半|首款]，[其余验收后付|发票随后开|对公转账]，您[看看有没有问题|签好拍给"
    "我]。",
    "本月任务[完成了|差{small}单|下周盘点]，[佣金|提成|奖金]{amount}跟工资一起发，[别急|有疑问找"
    "主管]。",
    "内部培训[名额{small}个|已满|加开一场]，[今天下班前报名|填写表格交{surname}姐|自愿参加不收费]"
    "。",
    "[内部通知|工会通知]：[电影票|体检|春游]每人一份，[到{place}领|填表报名|截止{day}日]。",
    "请填写[入职登记表|健康问卷|孩子信息表]，[纸质版交前台|系统里填|周五前]，[身份证号不用写全|谢"
    "谢]。",
    "[孩子|学生|老人]的[学费|护理费|餐费]先交后用，[多退少补|余额{amount}|月底结算]。",
    "[押金|保证金]{amount}退房时[原路退|当面退]，[有损坏才扣|收据别丢]，房东{surname}",
    "您申请的[贷款|授信]{lender}已批，额度{amount}，[利率以合同为准|不用可不提款|随借随还]，[不收"
    "前期费|勿信刷流水]。",
    "【{lender}】您的账单{amount}元将于{day}日扣款，[可提前还|请保证余额]，[注销账户只在APP内办|"
    "我们不会打电话让您清空额度]。",
    "{game}[更新了|账号借你两天|周年皮肤免费领]，[商城里点|别改密码|上线带我]，[不花钱|今晚{time}"
    "]。",
    "【{game}】您的账号[登录地变更|实名信息已更新|处罚已解除]，[在游戏内客服查看|非本人请改密码]。",
    "[股票|基金|黄金]群里那个老师[被抓了|是骗子|又让加仓]，[我没投|亏了{amount}|快退群]。",
    "[内部消息|稳赚不赔|高回报]都是假的，[银行理财经理说的|别信|听妈的]，[存定期吧|少投点]。",
    # Urgency, freezes, crimes, prizes
    "[现在|马上|立刻]来一下[办公室|仓库|门口]，[货到了|客户等着|急]！",
    "[账户|银行卡|工资卡]被冻结了，[我去网点办|说是密码输错|明天解冻]，[先借我{small}00|午饭你请]"
    "。",
    "[恭喜|祝贺]，您在[年会|社区活动|读书会]抽中[水壶|雨伞|二等奖]，[到前台领|凭票根|不用交费]。",
    "[紧急|重要]：[孩子发烧|水管爆了|老人摔倒]，[速回电|在{hospital}|已叫120]。",
    "[涉案|作证|调解]的事，[律师说要本人到|材料寄法院了|下周{small}号开庭]，[费用{amount}|别担心]"
    "。",
    "【律师事务所】{surname}{title}，您的[委托合同|律师函|起诉状]已[寄出|立案]，律师费{amount}元["
    "已开票|对公支付]。",
    "[点一下|打开|填一下]这个{link} ，[班级投票|聚餐统计|疫苗登记]，[不用注册|两分钟]。",
    "[登录|打开]{link} 就能[看监控|改预约|下发票]，[密码是咱家门牌|账号还是手机号]。",
    "您的[商品|礼品|赠品]免费[寄出|补发]，[不用付邮费|单号{parcel}|{courier}]，{shop}客服",
)

ENGLISH = (
    "Hello, [is this the plumber|this is {name_en} from flat {small}|wrong bin day again], [call "
    "me back|thanks|sorry to bother].",
    "Add me on {chat_en}, [same number|user {contact}|I'll send the photos there], [easier than "
    "text|it's {name_en} from class].",
    "We moved the [team|parents|neighbours] group to {chat_en}: {link} [old one closes Friday|no "
    "fee lol|mute if too noisy].",
    "[mom|mum|dad], [phone fixed|battery dead, on Tom's phone|got a new SIM], [still the old "
    "number|call the landline|home {time}].",
    "[Hi|Hello] {name_en}, it's mom. [Did you eat|Dropped my phone but it works|Call your brother"
    "], [he's stuck at work|love you].",
    "{game_en} [is down|update tonight|friday]? [I'll bring pizza|{time} on the server|got "
    "{small} coins free].",
    "{game_en}: your receipt for {currency}{small}. [Parental limit reached|Refunds in settings|"
    "Thanks for playing].",
    "{coin} [fell again|is up {small}%|hit {currency}{amount}], [glad I sold|not touching it|"
    "told you lol].",
    "{coin} withdrawal [complete|waiting for your approval in the app]. [Support never asks for "
    "your seed phrase|Not you? Freeze withdrawals].",
    "[Government|Ministry|Federal] notice: offices closed {day} {month_en}. [Legal deadlines "
    "move a day|Payments as usual].",
    "[Final|Second|Friendly] reminder: [return your laptop|timesheet due {time}|library book "
    "overdue]. [Thanks|HR|IT].",
    "Final notice from {city_en} [Water|Council]: {currency}{amount} is unpaid. [Call the number "
    "on your bill|Court action may follow|Pay at the post office].",
    "Please verify [the attached numbers|your address with the front desk|who signed for this], ["
    "must go out today|legal needs it|no rush].",
    "Verify your email by typing {code} in {app_en}. [Not you? Nothing will happen|Expires soon].",
    "{app_en}: to restore your account [open the app|visit the help page in settings], [press "
    "Restore|follow the steps]. [You asked for this at {time}|Not you? Ignore].",
    "My [account|card] is frozen, [bank says fraud check|they'll release it tomorrow|third time],"
    " [can you get dinner|paid with cash].",
    "{toll_en}: [auto-pay posted {currency}{small}|your tag was mailed|statement ready]. [No "
    "action needed|Log in as usual|We don't text links to pay].",
    "{toll_en}: a toll of {currency}{small} for plate {plate_en} [will be invoiced by mail|was "
    "paid|was disputed and removed].",
    "{tax_en}: [payment received|return filed|appointment {day} {month_en}]. [Keep this message|"
    "We will never threaten arrest by text|Refund goes to the account on file].",
    "{name_en} at {tax_en} [returned your call|needs form {small}]. [Ring the published helpline|"
    "Reply not monitored].",
    "You are eligible for [a free eye test|early boarding|the staff pension]. [Ask at the desk|"
    "Book by phone|No cost].",
    "[Winner|Congrats]! Your [pie|pumpkin|costume] won at the fair, [collect the ribbon from "
    "{name_en}|photo in the newsletter].",
    "You earn {currency}{small} per hour, [paid weekly|first shift {time}|bring your ID]. [No "
    "fees|Uniform provided]. {shop_en}",
    "Daily task list: [stock count|mop|open till], [ask {name_en}|done by {time}].",
    "[Lawyer|Solicitor|Legal aid]: your case {parcel} [is listed {day} {month_en}|settled for "
    "{currency}{amount}]. [Call the office|Do not pay anyone else].",
    "Police [got|released] the man who [did the scams|took my bike], [he must pay {currency}"
    "{amount}|finally|gave a statement].",
    "I was in [a small accident|traffic court], [all fine|car's at the garage|fine {currency}"
    "{small}0], [don't tell mum yet|insurance pays].",
    "Upgrade [your app|to seat {small}A|of the lift] is ready. [Free of charge|Press install in "
    "the store|Thanks].",
    "Investment club [meets {day} {month_en}|minutes attached|lost {small}%]. [Tea at {name_en}'s"
    "|No guaranteed returns haha].",
    "Identity check done, [welcome aboard|you can start {day} {month_en}|documents deleted]. "
    "{shop_en} HR",
    "Press 1 to [confirm|cancel] your [table|taxi|visit] at {time}, [or just reply|or ignore].",
    "By mistake I [sent you {currency}{small} twice|texted you], [no worries if you keep it|can "
    "you send one back|sorry].",
    "u [still up|coming|ok]? ur [bag is here|turn to cook|mum called], [am outside|lol|brb]",
)
