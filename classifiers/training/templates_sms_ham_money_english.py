"""Legitimate English messages about money, as templates for `templates_sms`.

Bank alerts, codes, instalments, claims and refunds, British, American, Indian and Singaporean.
``[a|b]`` is a choice, ``{slot}`` is filled.
"""

ENGLISH = (
    "{bank_en}: {money} spent at {shop_en} on {day} {month_en} with card {tail}. [Not you? "
    "Freeze it in the app|If this wasn't you call the number on your card|No action needed if "
    "this was you].",
    "{code} is your code to [pay {money} to {shop_en}|send {money} to {name_en}|approve a "
    "transfer of {money}]. [Do NOT share it, even with us|Never tell anyone this code|Anyone who "
    "asks for it is a scammer]. {bank_en}",
    "[OTP|One time password|OTP code] is {code} for txn of {money} at {shop_en} on your card "
    "ending {tail}. [Valid for {minutes} mins|Do not disclose it to anyone|If not done by you "
    "call {hotline_en}]. -{bank_en}",
    "{bank_en}: you're setting up a new payee, {name_en}. Code {code}. [If someone told you to "
    "do this, stop|Only scammers rush you|Fraudsters can fake our number].",
    "[Acct|A/c|Account] XX{tail} [debited|credited] {money} on {day}-{month_en} [UPI ref {parcel}"
    "|by NEFT|towards loan EMI]. Bal {money}. -{bank_en}",
    "Dear [Customer|Card member|{name_en}], your [EMI|card payment|loan instalment] of {money} "
    "is due on {day} {month_en}. [Please keep sufficient balance|Ignore if paid|Pay in the app "
    "to avoid late fees]. {bank_en}",
    "{bank_en}: your card payment is [overdue by {small} days|past due]. Amount due {money}. ["
    "Log in to the app to pay|Call {hotline_en} if you are having difficulty|Late fees may apply]"
    ".",
    "We couldn't take your [direct debit|autopay|monthly payment] of {money} [because there "
    "wasn't enough money in your account|as the card expired]. We'll try again on {day} "
    "{month_en}. {bank_en}",
    "{bank_en}: your new [debit|credit] card ending {tail} is [on its way|in the post|being "
    "printed]. [It should arrive within {small} days|Activate it in the app|Your old card works "
    "until then].",
    "{bank_en} never [asks for your PIN|sends links to log in|asks you to move money]. If you "
    "get a call like that, [hang up and dial 159|hang up and call us|end the call].",
    "Your {bank_en} [app|online banking] password was changed at {time}. [Didn't do this? Call "
    "us now on the number on your card|If it was you, ignore this].",
    "You've [logged in from a new device|added a new phone|signed in on the web] to {bank_en} at "
    "{time}. [Wasn't you? Open the app and tap Help|If this was you there is nothing to do].",
    "{bank_en}: a standing order of {money} to {name_en} [was set up|has been cancelled|leaves "
    "your account tomorrow].",
    "[FRAUD ALERT|Fraud check|Security check] {bank_en}: {money} at {shop_en}, card {tail}. "
    "Reply [Y if genuine, N if not|1 for yes or 2 for no]. [We won't ask for codes|Your card is "
    "on hold until you reply].",
    "Your transfer of {money} to {name_en} is [on hold while we check it|being reviewed|delayed]"
    ". [You may be asked questions in the app|We may phone you, we'll never ask for your password"
    "].",
    "{bank_en}: your account will be charged a [{money} monthly fee|overdraft fee of {money}] on "
    "{day} {month_en}. [Pay in before 2pm to avoid it|See app for details].",
    "[PayNow|Zelle|Interac|UPI]: you have [received|sent] {money} [from|to] {name_en} on {day} "
    "{month_en} at {time}. [Ref {parcel}|Not you? Call {hotline_en}].",
    "Your {bank_en} statement for {month_en} is ready. [View it in online banking|See it at "
    "{link}|Balance {money}, min payment {money}].",
    "{bank_en}: your cheque deposit of {money} [has cleared|was returned unpaid|is available "
    "from {day} {month_en}].",
    "Your KYC [is due for update|documents were accepted|expires on {day} {month_en}]. Please "
    "visit [any branch|your home branch] with [original ID|PAN and address proof]; [we do not "
    "update KYC by phone or link|no charges apply]. {bank_en}",
    "{bank_en}: Your mortgage offer [is ready|has been issued|expires {day} {month_en}]. [Your "
    "adviser {name_en} will call you|Documents are in your secure inbox].",
    "Your credit score changed by {small} points. [See why in the app|Open the app for details]. "
    "{app_en}",
    "[SIP|Mutual fund|Fund] purchase of {money} [processed|allotted] at NAV {small}.{tail}, "
    "folio {parcel}. [Investments are subject to market risks|Statement by email].",
    "Contract note: [bought|sold] {small} shares at {money} on {day} {month_en}. [Log in to your "
    "broker account for details|Funds settle in 2 days].",
    "Insurance: your policy {parcel} [renews on {day} {month_en}|lapses on {day} {month_en}|has "
    "been renewed]. [Premium {money}|No action needed if on auto-pay|Call your agent {name_en}].",
    "Claim {parcel}: [we need photos of the damage|your claim was approved for {money}|an "
    "assessor will visit {day} {month_en}]. [Reply to this text with questions|Your handler is "
    "{name_en}].",
    "Pension: your contribution of {money} for {month_en} [was received|is invested]. [Annual "
    "statement by post|See your member portal].",
    "{bank_en} ATM: withdrawal of {money} on {day} {month_en} {time}, [avl bal {money}|card "
    "{tail}|fee {money}].",
    "Your card {tail} was declined at {shop_en} for {money}: [insufficient funds|wrong PIN|card "
    "locked]. [Unlock it in the app|Try chip and PIN|Call us if you need help].",
    "{bank_en}: {money} refund from {shop_en} is in your account ending {tail}. [Pending|Posted "
    "{day} {month_en}].",
    "Student loan: your first repayment of {money} [is due {day} {month_en}|will be taken {day} "
    "{month_en}]. [Log in to your account to see your balance|We never ask for bank details by "
    "text].",
    "Hi {name_en}, it's {name_en} from {bank_en} [branch|mortgages]. [Your documents are ready "
    "to sign|I tried calling about your appointment]. Please call the branch [when free|before "
    "{time}].",
    "[Receipt|Payment confirmation]: {money} paid to {carrier_en} on {day} {month_en}. [Ref "
    "{parcel}|Thank you|Keep for your records].",
    "Your crypto withdrawal of {small} USDT [is confirmed|is pending review]. [Not you? Lock "
    "your account in the app|Code {code}, never share it].",
    "Dear Customer, your [KYC|re-KYC|CKYC] is [pending|due|overdue] for a/c XX{tail}. Visit your "
    "[nearest branch|home branch] before {day}-{month_en} to avoid [restrictions|inconvenience]. "
    "Bank staff never ask OTP. -{bank_en}",
    "{bank_en}: thank you, your ID documents were [verified|received|accepted]. Your account is ["
    "fully open|active again]. [No further action|Ref {parcel}].",
    "We need to [check|confirm|update] some details we hold about you. Please [log in to the app "
    "and look for the message|bring ID to a branch] by {day} {month_en}. We won't send you a "
    "link. {bank_en}",
    "{bank_en} charges: [arranged overdraft interest {money}|foreign transaction fee {money}|"
    "late fee {money}] will be taken on {day} {month_en}. [Nothing to do|Details in your "
    "statement].",
    "Your account is overdrawn by {money}. Pay in by [2pm|{time}] today [to avoid a fee|or "
    "payments may be returned]. {bank_en} [Text STOP to end alerts|Balance alerts can be changed "
    "in the app].",
    "Low balance alert: a/c {tail} is below {money}. [Balance {money}|Change alerts in settings|"
    "Min balance charges may apply]. {bank_en}",
    "Annual fee of {money} billed to card {tail}. [Waived if you spend {money} a year|Call us to "
    "close the card|See statement]. {bank_en}",
    "Your bill for {carrier_en} of {money} was paid by [BillPay|autopay|UPI] on {day} {month_en}"
    ". [Ref {parcel}|Avl bal {money}].",
    "Premium due: policy {parcel}, {money}, {day} {month_en}. [Pay online, at a branch or to "
    "your agent|Grace period {small} days|Ignore if paid]. [Lapsed policies lose cover|Thank you]"
    ".",
    "{bank_en}: [we're reviewing|we stopped|we're holding] a payment of {money}. [We'll text you "
    "when it's done|Please check the app|Talk to someone you trust before you continue].",
    "{bank_en}: confirm it's you. Open the app to approve {money} at {shop_en}. [Not shopping? "
    "Tap decline|Expires in {minutes} min].",
    "Dear {name_en}, periodic KYC update for a/c XX{tail} is [completed|rejected, photo unclear|"
    "scheduled]. [Visit branch with originals|No action required|Your account works as usual]. "
    "{bank_en}",
    "KYC reminder: [RBI rules|the law] ask us to update your records every {small} years. ["
    "Submit a self-declaration in net banking|Walk in to any branch with Aadhaar]. We never ask "
    "for [OTP|PIN|CVV]. {bank_en}",
    "From {month_en} the monthly fee for your account [will be {money}|drops to {money}|no "
    "longer applies]. [See the letter we posted|You can switch account free of charge]. {bank_en}",
    "{bank_en}: an unpaid item fee of {money} applies as a direct debit to {carrier_en} was "
    "returned. [Please check your balance|We won't charge more this month].",
    "{bank_en}: [PIN changed|address changed|phone number changed] on {day} {month_en}. [Not you?"
    " Call the number on your card|Thanks for keeping details up to date].",
    "Never share this: {code}. It lets you [register {app_en} on a new phone|reset your {app_en} "
    "password|confirm a payment of {money}].",
    "{code} [is your delivery PIN|for your {courier_en} driver|to open the locker], [only give "
    "it at the door|valid today].",
    "Txn alert: {money} at {shop_en} [declined|approved|reversed] {day}/{month} {time}. [Card "
    "{tail}|Avl lmt {money}]. {bank_en}",
    "UPI: {name_en} has requested {money} from you. [Approve only if you know them|You never "
    "need a PIN to receive money|Ignore if unknown]. {bank_en}",
    "Salary of {money} credited to [A/c {tail}|your account]. [Avail Bal {money}|Have a nice day|"
    "{bank_en}]",
    "You have a bill from {carrier_en}, {money}. [BPAY in your banking app|Direct debit on {day} "
    "{month_en}|Pay by post or online].",
    "[GIRO|SEPA|ACH] deduction of {money} for [{carrier_en}|insurance|utilities] on {day} "
    "{month_en} was [successful|not successful, please check your balance].",
    "{bank_en}: your fixed deposit of {money} matures on {day} {month_en}. [It renews "
    "automatically|Give instructions in the app|Visit a branch].",
    "{bank_en}: cheque no {tail} for {money} was [presented|stopped|cleared]. [If not issued by "
    "you call us|Bal {money}].",
    "Card blocked. You asked us to [block|replace] card {tail} at {time}. [New one in {small} "
    "days|Apple Pay still works]. {bank_en}",
    "Your gift card for {shop_en}, {money}, [was added to your account|has {money} left|expires "
    "in {month_en}]. [Thanks {name_en}|From {name_en}].",
    "Split: {name_en} added [Dinner|Taxi|Hotel] {money}. [You owe {money}|You're all settled|"
    "Settle up in the app].",
    "Your mobile top-up from {name_en} of {money} [has arrived|is active]. [Say thanks|Balance "
    "{money}].",
    "[Rent|Nursery|Music lesson] payment of {money} received [{day} {month_en}|with thanks]. "
    "{name_en}",
    "Tip: scam texts often say [your parcel has a fee|your account is locked|you won a prize|mum "
    "I broke my phone]. [We don't|Your bank won't|No office will]. Forward to 7726. {carrier_en}",
)
