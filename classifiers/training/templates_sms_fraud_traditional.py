"""Chinese fraud as written in Hong Kong and Taiwan, as templates for `templates_sms`.

Written after the public descriptions of each kind, not after any message. ``[a|b]`` is a choice,
``{slot}`` is filled.
"""

from fanzha.fraud import FraudType

CHINESE: dict[FraudType, tuple[str, ...]] = {
    FraudType.FAKE_CUSTOMER_SERVICE: (
        "【香港郵政】您的包裹因地址[不清|錯誤]未能派送，請於今日內[更新資料|繳付{small}元重派費] "
        "{link}",
        "[順豐|黑貓宅急便]：您的包裹{parcel}[已到集散中心|投遞失敗]，[請確認地址|請支付運費差額] "
        "{link}",
        "【{carrier}】您的[積分|點數]{amount}即將於[今日|三日內]到期，請[儘快|立即]兌換禮品 {link}",
        "[匯豐|中銀|恒生]提示：您的[網上理財|戶口]已被[暫停|鎖定]，請[驗證身份|重新登入] {link}",
        "[國泰世華|台新|玉山]銀行：您的帳戶[異常登入|顯示異常]，請[立即綁定|登入]用戶資料 {link}"
        "，否則將凍結使用",
        "[電力公司|自來水公司]：您有一筆[{month}月電費|水費]{amount}元[逾期未繳|扣款失敗]，今日未"
        "繳將[停止供應|移送] {link}",
        "[遠通電收|易通行]：您有[一筆通行費|隧道費]{small}元未繳，[請於期限內繳清|逾期罰款{amount"
        "}元] {link}",
        "您好，我是[{shop}|書店|訂房網]客服，因[工讀生|系統]設定錯誤，您的訂單變成[分期十二期|批"
        "發{small}組]，[等一下銀行專員會打給您|請依指示到自動櫃員機解除設定]。",
        "[八達通|悠遊卡]通知：自動增值[失敗|即將失效]，請[更新付款卡|輸入卡號及驗證碼] {link}",
    ),
    FraudType.IMPERSONATE_AUTHORITY: (
        "[健保署|勞保局]：您的[健保卡|補助]{amount}元[尚未領取|遭停用]，請[登記帳戶|驗證] {link}",
        "[入境處|衞生署]職員{surname}[主任|小姐]：您的身份涉及[發放虛假訊息|洗黑錢]，現轉駁[內地"
        "公安|專案組]，請勿[掛線|告訴家人]，並將保證金轉到指定戶口{account}",
        "[監理站|警政署]：您有[交通違規|罰單]未繳，[點此查詢|逾期加倍] {link}",
        "[國稅局|稅務局]：退稅{amount}元已核准，請[填寫信用卡|登入領取] {link}",
        "[檢察官|書記官]{surname}某通知，您的帳戶涉案需[監管|公證]，請將現金及[提款卡|存摺]交給["
        "專員|替代役]，偵查不公開。",
    ),
    FraudType.FAKE_INVESTMENT: (
        "[飆股|內線]名單免費送，[老師帶單|保證獲利{small}%]，加LINE {contact}",
        "[虛擬貨幣|當沖]投資群，昨日學員賺{amount}元，[先匯入金{amount}|跟單就好]，[出金快速|名額"
        "{small}位] {link}",
    ),
    FraudType.BRUSHING_REBATE: (
        "[在家兼職|打字員|按讚員]日領{amount}元，[免經驗|當天現領]，加LINE {contact}",
    ),
    FraudType.FAKE_LOAN: (
        "[免聯徵|免擔保]，急用錢{amount}元[當日撥款|身分證即可]，[先付手續費{small}00元|寄存摺提"
        "款卡] LINE {contact}",
    ),
    FraudType.IMPERSONATE_ACQUAINTANCE: (
        "[媽|阿姨|阿嬤]，我換手機號碼了，[LINE重加|先別打舊號]，[現在急用|要付貨款]{amount}元，匯"
        "到{account}，[後天還|不要跟爸說]",
        "[阿媽|婆婆]，我[打交俾人拉咗|撞親人]，要{amount}蚊[保釋|賠錢]，[唔好話俾阿爸知|我朋友上"
        "嚟攞]，快啲幫我",
    ),
    FraudType.FAKE_SHOPPING: (
        "[演唱會門票|二手手機]割愛，[不面交|先轉帳]{amount}元到{account}，[收到款寄出|用這個賣貨"
        "便連結 {link}]",
    ),
    FraudType.ROMANCE: (
        "[哥哥|帥哥]，[見面要先|約會需]買[遊戲點數|保證金]{amount}元，[刷完點數卡拍照|超商代碼{pa"
        "rcel}]，加LINE {contact}",
    ),
    FraudType.GAME_TRADE: (
        "[遊戲幣|帳號]交易請用[{link}|第三方平台]，[帳戶凍結需儲值{amount}元解鎖|客服要求保證金{a"
        "mount}元]，完成後全數退回",
    ),
}
