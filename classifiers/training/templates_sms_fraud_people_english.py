"""English fraud by invented people, as templates for `templates_sms`: family, lovers, prizes.

Written after the public descriptions of each kind, not after any message. ``[a|b]`` is a choice,
``{slot}`` is filled.
"""

from fanzha.fraud import FraudType

ENGLISH: dict[FraudType, tuple[str, ...]] = {
    FraudType.IMPERSONATE_ACQUAINTANCE: (
        "[Hi mum|Hey dad|Hi mom] it's me, [dropped my phone down the toilet|my phone is "
        "smashed|lost my phone], [texting off a friend's phone|this is my new number], can u "
        "[message me on {chat_en}|text me on] {mobile_en} xx",
        "Mum are you busy? My [banking|bank app] is locked for 48h on the new phone and I've got "
        "a bill due today. Could you pay {money} and I'll give it back tomorrow? 🙏❤️",
        "[Dad|Mum] [pls dont call|can't talk mic is broken], [save this number|delete the old "
        "one]. I need help with something [urgent|quick], it's {money}",
        "[Are you at your desk|Are you available|Got a minute]? I'm in a [board "
        "meeting|conference] and can't take calls. I need you to get {small} gift cards, "
        "{currency}{small}00 each, [scratch and send pictures|email me the codes]. Keep it "
        "between us. {name_en}",
        "Hi {name_en}, it's {name_en} ([CEO|Managing Director]). [Text me when you get this|Send "
        "your mobile], I need a wire of {money} processed before {time}, [confidential "
        "acquisition|supplier will chase], paperwork later.",
        "Grandma, it's me. [I was in an accident|I got arrested]. Please don't tell [mom|dad]. "
        "My lawyer will call from {mobile_en}, he needs {money} for bail in cash.",
        "Hey it's {name_en}, [stuck in {city_en}|lost my wallet abroad], hotel won't let me "
        "leave. Can you send {money} by [Western Union|transfer] I'll pay you as soon as I'm home",
        "Pastor {name_en} here. A church member needs help in hospital, can you buy "
        "[Apple|Steam] cards for {currency}{small}00 and send the codes? God bless",
        "bro can u lend me {currency}{small}00 till friday, my acc is frozen, send to my mate "
        "{account} not me",
        "Hi, we changed our bank details. Please pay invoice {tail} ({money}) to the new account "
        "{account}. Regards, {name_en}, accounts",
        "Hi this is {name_en} your landlord. Pay [this month|rent] to my new account {account}, "
        "old one is being audited.",
        "We have your [daughter|son]. [Don't call police|Stay on the line]. {money} in {minutes} "
        "minutes to {account} or you won't see them again.",
    ),
    FraudType.ROMANCE: (
        "[Hi|Hello] [is this|are you] {name_en}? Sorry wrong number, my assistant saved it "
        "badly. You seem kind 😊 I do [crypto|gold] on the side, my uncle's tips made me "
        "{money}. Add me {chat_en} {mobile_en}",
        "My dear, I'm a [doctor with the UN|soldier|oil rig engineer], I sent you a box with "
        "{money} and jewellery. Customs ask {currency}{small}00, please pay the agent {name_en} "
        "{mobile_en}, then we will be together.",
        "Babe I can't video, [camera is broken|base rules]. If you love me send "
        "{currency}{small}00 [Steam|Apple] cards so I can [renew my leave|pay the internet]. "
        "Miss you xx",
        "[Lonely|Bored] [girl|milf] near {city_en} wants to meet tonight 🔥 [see pics|chat] "
        "{link} [verify age with card|free signup]",
        "I have your nudes and your followers list. {money} in {coin} [within {minutes} "
        "minutes|or I post it]. Don't block me.",
        "I hacked your webcam and [filmed you|know your password {code}]. Send {money} {coin} or "
        "everyone gets the video. 48 hours.",
        "Honey the platform says we must [upgrade|deposit {money}] before withdrawing for our "
        "wedding. I put in {money} already, please help with the rest, don't tell your family "
        "yet.",
        "I want to visit you so much but I'm short {money} for [the ticket|my visa]. Can you "
        "help me? I will repay when my inheritance comes. {name_en}",
        "Escort booking: pay {currency}{small}0 deposit by gift card first then hotel room. "
        "[Deposit failed pay again|Safety fee {currency}{small}00], or our boys visit your family",
        "I'm a widow with cancer and wish to donate {money} to you. Reply with name and account "
        "so my lawyer can send, legal fee {currency}{small}00.",
    ),
    FraudType.GAME_TRADE: (
        "FREE [Robux|V-Bucks|gems|skins]!! [login|verify] with your {game_en} password {link} "
        "[only {minutes} min left|no human check]",
        "I'll buy your {game_en} account for {money}, use this middleman site {link}, you [send "
        "login first|pay the security deposit]",
        "{game_en} support: your account will be banned for [chargeback|cheating]. "
        "[Appeal|Confirm ownership]: {link}",
        "Hey I accidentally reported you on Steam, an admin {name_en} needs to check your items "
        "or you'll be banned. [Add him|Log in] {link}",
        "Your {money} from selling the {game_en} account is frozen, deposit the same amount to "
        "unlock. Live support {link}",
        "Selling {game_en} coins, 10k = {currency}{small}, pay [first|by gift card], trusted "
        "seller ✅ {chat_en} {mobile_en}",
        "kid want a rare pet? take mum's phone, scan the code, type the numbers she gets, then u "
        "get it. dont tell her {link}",
        "vote for my team in the tournament pls, sign in with {game_en} {link}",
    ),
    FraudType.UNSPECIFIED: (
        "[WINNER|CONGRATS|Well done] {name_en}! You've won a [{money} prize|£2000 prize|holiday "
        "for 2]. Claim by calling {hotline_en}, calls cost [150p|£3] per min. Code {code}",
        "FREE MSG: your number won {money} [bonus|cash] in our weekly draw. Text CLAIM to "
        "{tail}, [ends|valid] {day}/{month}. 18+ T&C apply",
        "URGENT!! We've tried to reach you {small} times. You have WON a guaranteed "
        "[{money}|camera phone|cruise]. Call {hotline_en} from land line now, box {tail}",
        "You are the {amount}th visitor of {shop_en}! Spin to win a [phone|gift card], only pay "
        "{currency}{small} shipping {link}",
        "Dear lucky winner your email/mobile won {money} in the "
        "[international|Facebook|Coca-Cola] lottery {year}. Send [full name, age, address|your "
        "bank details] to agent {name_en} {mobile_en}, release fee {currency}{small}00.",
        "{shop_en} {minutes}th anniversary! Answer 4 questions, share with 20 friends and "
        "receive {money} {link}",
        "I'm barrister {name_en}. A client with your surname died leaving {money}. As next of "
        "kin you get 50%. Reply in confidence.",
        "omg is this u in the pic?? 😂 {link}",
        "[He is cheating|Look what they say about you], proof here {link}",
        "[Were you|U] in an accident that wasn't your fault? {money} is waiting in your name, "
        "final day, reply with date of birth and account number",
        "[LAST CHANCE|Reminder]: {small}.{small} {coin} has been mined for your number. Collect: "
        "{link} user {tail} pass {code}",
        "[A retired farmer|Mr {name_en}] gives {money} to {small} random people after lottery "
        "win. You're one! {chat_en} {mobile_en} to claim",
        "Rent your bank account, {currency}{small}00 a day, just receive and forward money. "
        "Safe. {chat_en} {mobile_en}",
        "Be our payment agent: get money in ur acc, keep 10%, send rest in {coin}. [students "
        "welcome|no questions] {mobile_en}",
    ),
}
