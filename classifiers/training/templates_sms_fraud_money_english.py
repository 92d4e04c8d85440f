"""English fraud about money, as templates for `templates_sms`: tasks, investments, sales, loans.

Written after the public descriptions of each kind, not after any message. ``[a|b]`` is a choice,
``{slot}`` is filled.
"""

from fanzha.fraud import FraudType

ENGLISH: dict[FraudType, tuple[str, ...]] = {
    FraudType.BRUSHING_REBATE: (
        "Hello, I'm {name_en} from [a recruitment agency|Indeed|{shop_en} HR]. We have a "
        "[part-time|remote] job: [rate hotels|like videos|review products] {minutes} mins a day "
        "and earn {currency}{small}0-{currency}{small}00 daily. [Contact|Add] {chat_en} "
        "{mobile_en}",
        "Hi dear, [are you looking for a job|do you want extra income]? [No experience|No "
        "interview], [paid daily|same day pay]. [Just need phone|Work from home]. [Reply "
        "YES|Text 1] or {chat_en} me {mobile_en}",
        "We got your number from [a job board|a partner agency]. {minutes} minutes a day on your "
        "phone, {money} every [four days|week], [trial shift is paid|age 21+]. [Start by "
        "messaging|Say hi to] our trainer on {chat_en} {mobile_en}",
        "Task completed! {currency}{small} sent. Next is a prepaid task: deposit "
        "{currency}{small}00 receive {money}. [Your receptionist|Your tutor] {link}",
        "You have a combination order, to withdraw your {money} you need to [top up|recharge] "
        "{money} more. [Others in the group already finished|Finish in {minutes} min] or balance "
        "is frozen.",
        "Earn by [clicking ads|following YouTube channels|giving 5 stars]: {currency}{small} per "
        "click, registration bonus {currency}{small}0. Join {link}",
        "URGENT HIRING!! [Data entry|Product optimizer|Online typist], {money}/week, training "
        "fee {currency}{small}0 refundable. Send ID and bank details to {mobile_en}",
        "Mystery shopper wanted! We mail you a cheque for {money}, keep {currency}{small}00, "
        "[send the rest|buy gift cards and send codes]. Apply {link}",
        "Car wrap offer: drive as usual with our sticker, {currency}{small}00 weekly. Deposit "
        "the cheque and forward {money} to the installer. Text {mobile_en}",
    ),
    FraudType.FAKE_INVESTMENT: (
        "[My mentor|Our analyst] [turned|grew] {currency}{small}00 into {money} in [3 days|a "
        "week]. [I can show you how|Let me teach you]. [No risk|Guaranteed]. {chat_en} "
        "{mobile_en}",
        "Invest {money} get {money} in {minutes} minutes!! {coin} mining, [100% legit|no scam], "
        "inbox me {link}",
        "AI trading robot: [{small}% daily|double your money], withdrawals anytime, [min "
        "deposit|start from] {currency}250. {link}",
        "You're invited to a VIP stock group led by Professor {name_en}. Tomorrow's pick will "
        "[rise {small}0%|limit up]. [Join now|Seats are limited] {link}",
        "{coin} giveaway! Send {small}.{small} {coin} to the address and receive double back. "
        "[Event ends|Only] {minutes} min left {link}",
        "Dear investor, your profit is {money}. Before withdrawal please pay [{small}% tax|the "
        "verification fee|an anti money laundering deposit] of {money}. [The account will be "
        "frozen|Support] {link}",
        "[Celebrity|Bank] backed platform that banks don't want you to know. [Retired "
        "teacher|Mum of two] makes {money} monthly. Sign up {link} a manager will call you",
        "Gold and forex signals by {name_en}, {small}0% accuracy. Send {currency}{small}00 to my "
        "account, I trade for you, [share profit 70/30|capital protected].",
        "Pre-IPO shares of [a space company|a chip maker] at {currency}{small} each, guaranteed "
        "buy back. Wire to {account} by {day}/{month}. {name_en}, Senior Broker",
        "Old pension? Release cash early and put it in our bond, {small}% fixed a year, "
        "government backed. [Call back|Free review] {mobile_en}",
        "Presale token X{small}0 soon 🚀🚀 connect your wallet to claim the airdrop {link}",
        "I help people recover lost crypto. I got back {money} from a scam broker. Contact my "
        "hacker {chat_en} {mobile_en}, pay {currency}{small}00 first",
    ),
    FraudType.FAKE_SHOPPING: (
        "[Brand new|Sealed] [iPhone|PS5|dyson] for {currency}{small}0, [clearance|customs "
        "seized|staff price]. [Pay deposit|Pay by transfer only], ship today {link}",
        "Concert tickets [row {small}|front row], half price, [can't go|family emergency]. [Bank "
        "transfer|PayPal friends and family] {money} to {account}, I'll send the e-ticket.",
        "Flat in {city_en}, {money} a month all included. I'm abroad, keys by post. Send deposit "
        "{money} [first|to hold it] and passport copy. {name_en}",
        "Designer bags & watches {small}0% off TODAY ONLY, pay {currency}{small}9 {link} [no "
        "returns|gift free]",
        "Puppy for free to a good home, just pay shipping {currency}{small}00. "
        "[Crate|Insurance|Vaccine] fee of {currency}{small}00 is refundable at the airport. Text "
        "{mobile_en}",
        "Hi I want to buy your item. [My courier will collect|I already paid], [just open this "
        "link to receive the money|enter your card to accept {money}] {link}",
        "I'm interested in your ad. I sent {money} by mistake, please [refund the extra|send "
        "back {currency}{small}00] to my cousin {account}",
        "Miracle cure for [diabetes|joint pain], {small}0% discount, doctors hate it. Free "
        "trial, only {currency}{small} postage {link}",
        "Cheap car insurance from {currency}{small} a month, pay year upfront to my account "
        "{account}, certificate by {chat_en}. {name_en} broker",
    ),
    FraudType.FAKE_LOAN: (
        "[Need cash today?|Bad credit?] {money} [approved|ready] for you, [no checks|no "
        "paperwork]. [Pay {currency}{small}0 processing fee|Send bank login] {link}",
        "Congratulations {name_en}, your {shop_en} instant loan of {money} is sanctioned. "
        "Download app {link} [allow contacts and photos|pay GST {currency}{small}00]",
        "Hi I'm {name_en}, loan officer. You are approved for {money} at {small}%, we only need "
        "[first payment in advance|insurance {currency}{small}00 by gift card] to release funds. "
        "Is that ok?",
        "PAYDAY LOAN {money} IN {minutes} MIN. [BLACKLISTED OK|EVERYONE ACCEPTED]. FEE "
        "{currency}{small}0 UPFRONT. WHATSAPP {mobile_en}",
        "Your loan cannot be credited as your account number is wrong. Pay {money} to unfreeze, "
        "refunded together with the loan. {link}",
        "You owe {money}. Pay in {minutes} minutes or we will send your edited photos to [all "
        "your contacts|your family]. {link}",
        "Mr {name_en} private lender, [business|personal|student] loans at 2%, apply with name, "
        "country, amount. Email reply only, [transfer charge|notary fee] {currency}{small}00",
        "Credit card limit {money} guaranteed, send {currency}{small}0 activation and CVV photo "
        "to agent {mobile_en}",
    ),
    FraudType.FAKE_CREDIT: (
        "[Boost|Fix] your credit score {small}0 points [overnight|in 48 hours], [legal "
        "loophole|inside man]. {currency}{small}00 upfront, send SSN + ID {mobile_en}",
        "CREDIT REPAIR: we delete [evictions|late payments|bankruptcy] 100% guaranteed, pay "
        "{currency}{small}0 [by Cash App|Zelle], start {link}",
        "Your credit file shows a default of {money}. Pay our clearing agent {account} today or "
        "your score is ruined. Ref {parcel}",
        "New credit identity (CPN) for {currency}{small}00, start fresh, any loan approved. "
        "{chat_en} {mobile_en}",
        "Credit bureau: your score dropped by {small}0 points after {small} loans. [Dispute "
        "now|Stop it] {link} [card needed for identity check|login with your bank]",
        "Your CIBIL is blocked due to an unpaid app loan. [Settle {money} today|Share OTP to "
        "close the account] {mobile_en}",
    ),
}
