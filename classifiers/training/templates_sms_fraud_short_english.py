"""Short English fraud messages, as templates for `templates_sms`.

Written after the public descriptions of each kind, not after any message. ``[a|b]`` is a choice,
``{slot}`` is filled.
"""

from fanzha.fraud import FraudType

ENGLISH: dict[FraudType, tuple[str, ...]] = {
    FraudType.FAKE_CUSTOMER_SERVICE: (
        "[Parcel|Package] on hold. [Pay|Fee] {currency}{small}.{small}: {link}",
        "{courier_en} [redelivery|customs] {link}",
        "{bank_en} [locked|suspended] ur card. [Unlock|Verify] {link}",
        "[Not you?|Unrecognised login.] Secure ur {app_en} {link}",
        "[Send me the code|Pls tell me the OTP] you just got, [I'm from {bank_en}|this is "
        "{app_en} support]",
        "Your {carrier_en} bill [failed|bounced], pay {link}",
        "[Refund|Cashback] {money} [approved|waiting], enter card {link}",
        "REFUND DEPT: [CALL|RING] {hotline_en} [TODAY|NOW] REF {tail} - {shop_en} CHARGED YOU "
        "{money}",
        "[Good day|Hello sir|Dear madam], I am [officer|executive] {name_en} from {bank_en} head "
        "office. [Your ATM is expire today|KYC not complete sir], kindly share [16 digit "
        "number|the OTP] so I [renew|update] it",
    ),
    FraudType.IMPERSONATE_AUTHORITY: (
        "[Toll|Fine|Ticket] unpaid. [Pay today|Final notice]: {link}",
        "[Arrest warrant|Court case] in your name, call {mobile_en}",
        "[Tax rebate|Benefit] {money}, [claim|apply] {link}",
    ),
    FraudType.BRUSHING_REBATE: (
        "[Easy job|Side job], {currency}{small}00/day, {chat_en} {mobile_en}",
        "[Like & earn|Get paid to review], [instant pay|no skills] {link}",
    ),
    FraudType.FAKE_INVESTMENT: (
        "[Double|Triple] your {coin} [today|in 24h] {link}",
        "[Turn|Flip] {currency}{small}0 into {money}, dm {chat_en} {mobile_en}",
        "[Pay the tax|Top up] {money} [then you can withdraw|to release your profit]",
    ),
    FraudType.FAKE_LOAN: (
        "[Loan|Cash] {money} [no checks|same day], [upfront fee|deposit] {currency}{small}0 {link}",
    ),
    FraudType.FAKE_CREDIT: (
        "[Bad credit erased|Score +200] in 3 days, {currency}{small}00 first, {mobile_en}",
    ),
    FraudType.IMPERSONATE_ACQUAINTANCE: (
        "[Mum|Dad] new number, [old phone broke|dropped it], need {money} [sent quick|for a "
        "bill] x",
        "[Need a favour|Quick task], buy {small} gift cards, send codes. [Boss|CEO {name_en}]",
    ),
    FraudType.ROMANCE: (
        "[Pay|Send] {money} or your [pics|video] go to everyone",
        "[Hot singles|Girls] near {city_en} {link} [join free|18+]",
    ),
    FraudType.GAME_TRADE: ("[Free|Unlimited] {game_en} [skins|coins] {link} [sign in|verify]",),
    FraudType.UNSPECIFIED: (
        "[U won|You have won] {money}! [Claim|Collect] {link}",
        "Txt [WIN|CASH] to {tail} for ur {money} prize, [{currency}1.50|150p] per msg",
        "[lol is this you|who took this pic of u] {link}",
    ),
}
