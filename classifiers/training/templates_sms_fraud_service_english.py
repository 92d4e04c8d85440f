"""English phishing, as templates for `templates_sms`: parcels, banks, accounts, offices.

Written after the public descriptions of each kind, not after any message. ``[a|b]`` is a choice,
``{slot}`` is filled.
"""

from fanzha.fraud import FraudType

ENGLISH: dict[FraudType, tuple[str, ...]] = {
    FraudType.FAKE_CUSTOMER_SERVICE: (
        "{courier_en}: [Your parcel|Ur package|Shipment {parcel}] [is held at our depot|could "
        "not be delivered|is on hold] due to [a missing house number|an unpaid "
        "{currency}{small}.{small} fee|an invalid postcode]. [Reschedule|Fix it|Pay now]: {link}",
        "[Hi|Hello|Dear customer], we [missed you|tried to deliver] today. Choose a new "
        "[slot|delivery date] and pay the {currency}{small}.{small} [redelivery|handling] charge "
        "here {link} - {courier_en}",
        "{courier_en} NOTICE - FINAL ATTEMPT. YOUR PARCEL WILL BE [RETURNED TO SENDER|DESTROYED] "
        "UNLESS YOU [CONFIRM YOUR ADDRESS|PAY THE CUSTOMS FEE] AT {link}",
        "[Sorry|Hello], your box is sitting in our [sorting centre|depot] because [the street "
        "name is missing|the label got wet]. Type the correct address here {link} by {time}. [If "
        "the link is grey send us a Y first|No link? Answer 1 and it will work]",
        "{courier_en}: item {parcel} [awaiting|requires] payment of [import VAT|duty] "
        "{currency}{small}. [Track & pay|Settle]: {link}",
        "ur {shop_en} order is [stuck|delayed], we need u to [re-enter card|verify billing] at "
        "{link} or it gets [cancelled|canceld]",
        "{bank_en}: [We have placed a hold on your account|Your online access is suspended] "
        "[after unusual sign-in attempts|due to a failed security check]. [Restore access|Verify "
        "now]: {link}",
        "{bank_en} ALERT: a [payment|transfer] of {money} was [attempted|requested] from a NEW "
        "DEVICE at {time}. If this was NOT you [go to|cancel at] {link}",
        "{bank_en}: You have [set up|added] a new payee {name_en}. [Not you?|If you did not do "
        "this] [visit|tap] {link}",
        "[Dear {bank_en} user|Dear customer], your {bank_en} [account|card ending {tail}] will "
        "be [locked|closed] today. [Kindly|Please] update your [PAN|KYC|ID] details by clicking "
        "{link}",
        "FRM: {bank_en} SUBJ: [card locked|security alert] MSG: your card was "
        "[restricted|blocked], to unlock call {mobile_en} [24/7|immediately]",
        "{bank_en} fraud dept: did you [spend|try to spend] {money} at {shop_en}? Reply YES or "
        "NO. If NO [a specialist will call you|call {mobile_en}] [and ask for your one time "
        "code|have your card and PIN ready]",
        "This is {name_en} from the fraud team at {bank_en}. [Someone is taking money out of "
        "your account|Your savings are at risk] so we have opened a safe account for you. [Move "
        "your balance there now|Transfer everything to {account}] and do not tell branch staff.",
        "[Hi|Hello], I am calling from {bank_en} security. I just sent you a code to [stop a "
        "payment|cancel the order]. [Read it out to me|Reply with the {small} digit code] so I "
        "can [block it|verify you].",
        "{bank_en}: for your security your [mobile app|token] must be re-registered by "
        "{day}/{month}. [Do it here|Start]: {link}",
        "{bank_en}: [Ur|Your] debit card has been [deactivted|de-activated] due to "
        "[suspicous|suspicious] activity. Click {link} [to activate|to re-activate]",
        "Your reward points worth {money} from {bank_en} [expire today|will lapse tonight]. "
        "Redeem as cash at {link} [download the app|enter your card number and CVV]",
        "{app_en}: [We could not process your payment|Your payment was declined]. Your "
        "[membership|account] ends [today|in 24 hours], update your card {link}",
        "{app_en} Support: [new login from|someone signed in from] {city_en}. If it wasn't you "
        "[secure your account|change your password] at {link} [within 1 hour|now]",
        "[YOUR {app_en} ACCOUNT WILL BE DISABLED|{app_en} WARNING: COPYRIGHT VIOLATION]. APPEAL "
        "WITHIN 24 HRS {link}",
        "{app_en} code. You will receive a 6-digit code by SMS by mistake, [it was meant for "
        "me|I typed your number], can you [forward it|send it to me] [please|pls]? 🙏",
        "Hi it's {name_en}, [I'm locked out of {chat_en}|changing phone] and you are my "
        "[recovery contact|trusted friend], [a code is coming to you|you will get a text], just "
        "[send me the numbers|screenshot it]",
        "Netflix: your [subscription|last payment] [has expired|failed]. [Extend for free for 90 "
        "days|Renew now to keep watching]: {link}",
        "[Apple|iCloud]: your lost iPhone was [found|located] near {city_en} at {time}. View "
        "location: {link} [Sign in with your Apple ID and passcode|]",
        "PayPal: you've sent {money} to {shop_en}. [Didn't authorise this?|Not you?] Call our "
        "billing desk {hotline_en} [within 24h for a refund|to cancel].",
        "Your [antivirus|computer protection] plan renewed for {money}. To [cancel and get "
        "refund|dispute] call {hotline_en} [our technician will connect to your computer|]",
        "[Microsoft|Windows] Security: your computer is [infected|sending viruses]. Do not "
        "switch it off. Call {hotline_en} and [allow our engineer to take remote control|install "
        "the support app].",
        "{shop_en}: your account is on hold. An order for [iPhone 15|a MacBook|a TV] {money} "
        "will ship to {city_en}. [If not you press 1|Cancel by calling] {mobile_en}",
        "Hello, we're calling about your {shop_en} Prime renewal of {money}. To [cancel|stop the "
        "charge], [download AnyDesk|open the link {link}] and our agent will guide you.",
        "{shop_en} recall: the item you bought is [unsafe|under recall]. [Full refund, no "
        "return|Request your refund] here {link}",
        "{carrier_en}: [We were unable to process your last bill|Your bill payment was "
        "rejected]. [Update your payment|Avoid disconnection] via {link}",
        "{carrier_en}: your [SIM swap|number port] request is being processed. If you did NOT "
        "request it [cancel here|confirm your PIN at] {link}",
        "{carrier_en}: bill received, you get a [present|free headset|bonus] for being loyal. "
        "[Pick it|Tap to choose], only postage by card: {link}",
        "Dear {carrier_en} customer your SIM KYC is pending, service will [stop|be barred] in 24 "
        "hr. Call our executive {mobile_en} [and keep your Aadhaar ready|]",
        "5G upgrade: {carrier_en} will upgrade your [SIM|eSIM] free. [Reply with the 20 digit "
        "number|Confirm the OTP to our agent {mobile_en}]",
        "Dear customer, your [electricity|power|gas] will be cut tonight at {time} because [last "
        "month bill was not updated|payment not received]. [Call officer|Contact] {mobile_en} "
        "[immediately|asap]",
        "[British Gas|Energy support|Power company]: you are owed a {money} [rebate|bill "
        "refund]. Claim before {day}/{month}: {link}",
        "[Coinbase|Binance|Ledger]: a withdrawal of {small}.{small} {coin} is pending. [Not you? "
        "Call|If unauthorised contact] {mobile_en} [and have your seed phrase ready|]",
        "[MetaMask|Your wallet|Trust wallet]: verify [your wallet|12 word phrase] before "
        "{day}/{month} or it will be [suspended|frozen]. {link}",
        "Your mailbox [is full|will be shut down]. {small} incoming messages [pending|were "
        "blocked]. Sign in to [release|restore] {link}",
        "[Airline|Flight] desk: your flight on {day}/{month} is cancelled, rebook and get "
        "{money} compensation. [Call|WhatsApp] {mobile_en} with your card details",
        "Booking: your hotel reservation [could not be confirmed|will be cancelled]. [Re-verify "
        "your card|Pre-authorise {money}] in 12h: {link}",
        "Voicemail: 1 new [message|Vmail] from {name_en} ({minutes}s). [Press|Listen] {link} "
        "[install the player|]",
        "[Good morning|Good afternoon] {name_en}, this is customer care at {shop_en}. You were "
        "charged twice by mistake and we want to refund you {money}. I only need the [long "
        "number on your card, expiry and the code you get|code we just texted you].",
    ),
    FraudType.IMPERSONATE_AUTHORITY: (
        "{tax_en}: You [are due|have an outstanding] tax refund of {money}. [Claim by|Apply "
        "before] {day}/{month}: {link}",
        "{tax_en}: this is your [final|second] notice. Legal action [has been filed|starts "
        "today] against you for unpaid tax. Call {mobile_en} [to avoid arrest|and speak to "
        "officer {name_en}].",
        "GOV: you [qualify|are eligible] for the [cost of living payment|energy support|winter "
        "heating allowance] of {money}. [Apply|Register] now {link}",
        "[Motor vehicle office|DMV]: a ticket from {month}/{day} is still open on your plate. "
        "[We block your registration|Points and a {currency}{small}0 surcharge are added|Your "
        "licence is withdrawn] tomorrow unless it is paid at {link}",
        "{toll_en}: [you have an unpaid toll|your toll invoice] of ${small}.{small}. [Pay before "
        "{month}/{day}|To avoid a ${small}0 late fee pay] {link}",
        "{toll_en}: your car passed our gate without paying on {month}/{day}. [Clear the "
        "balance|Pay {currency}{small}.{small}] at {link} or [we add a penalty|your licence may "
        "be pulled].",
        "[Parking charge|Penalty notice] {parcel}: you have not paid your fine of "
        "{currency}{small}0. It [doubles tomorrow|goes to court]. Pay: {link}",
        "[The court|County court] [summons|jury duty] notice: you failed to appear. A warrant is "
        "issued. [Pay the bond {money} by gift card|Call deputy {name_en} on {mobile_en}]",
        "This is Officer {name_en} of [the federal police|Interpol|customs]. A parcel in your "
        "name contained [drugs|fake passports]. [Stay on the line and tell nobody|You must join "
        "a video call for a statement], your money has to be [checked|moved to a government "
        "account] first.",
        "Social Security: your number has been [linked to crime in Texas|suspended]. To [speak "
        "to an agent|resolve] [call|press 1] {mobile_en}, [do not hang up|arrest warrant is "
        "ready]",
        "[CBI|Cyber Crime Branch|TRAI]: your Aadhaar is used for illegal bank accounts. You are "
        "under DIGITAL ARREST. [Do not leave the camera|Do not inform family], transfer funds "
        "for verification to {account}",
        "[Home Office|Immigration|USCIS] : your visa [is being cancelled|application has an "
        "error]. Pay {money} [today|right now] or you will be deported. [Call|Officer] "
        "{mobile_en}",
        "Medicare: we're updating your [card|plan]. Confirm your Medicare number and bank "
        "details [with our agent {mobile_en}|at {link}] to keep your benefits.",
        "[NHS|Health dept]: you have been in contact with a positive case. Order your [test "
        "kit|pass] for {currency}{small}.{small} here {link}",
        "Benefits office: your [EBT|universal credit|SNAP] card has been [locked|paused]. To "
        "[unlock|reinstate] call {mobile_en} [and enter your PIN|]",
        "Your unemployment [claim|benefit] is on hold. [Verify identity|Upload licence and SSN]: "
        "{link}",
        "Student loan relief: you're pre-selected for forgiveness of {money} before the program "
        "ends. [Call|Text YES to] {mobile_en} with your FSA ID",
        "[Embassy|Chinese consulate|Consulate] calling: you have an important document about a "
        "crime. [Press 9|Call {mobile_en}] or your passport will be cancelled.",
        "[Council tax|Local council]: you are in the wrong band and are owed {money}. Enter bank "
        "details {link}",
        "Census office: you have not completed the survey and face a {money} fine. "
        "[Complete|Pay] at {link}",
        "Congratulations, you are on the list of the Federal Government grant, {money} that "
        "never has to be repaid. [Text|Message] agent {name_en} {mobile_en}, delivery fee "
        "{currency}{small}0 only",
        "Grants: Money Recovery Unit has found your lost funds {money}. To release, pay {small}% "
        "[tax|legal fee] [in crypto|by transfer]. Ref {parcel}",
    ),
}
