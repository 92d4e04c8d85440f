"""Legitimate English messages of travel, home and work, as templates for `templates_sms`.

Cancelled flights, utilities, bookings, recruiters, payroll, colleagues who speak of invoices.
``[a|b]`` is a choice, ``{slot}`` is filled.
"""

ENGLISH = (
    "Your flight [to {city_en}|{airline_code} to {city_en}] on {day} {month_en} has been "
    "cancelled. [Choose a new flight or a refund at {link}|Rebook free in the app|Call us or "
    "your travel agent]. [We're sorry|No fees].",
    "{airline_code} is [delayed to {time}|now boarding at gate {small}|moved to gate {small}]. ["
    "Sorry|Check the screens|See {link}].",
    "Check in is open for {city_en} {day} {month_en}. [Boarding pass {link}|Seat {small}C|Bag "
    "allowance {small} kg].",
    "Your refund of {money} for the cancelled [flight|train|ferry] [is on its way|takes {small} "
    "days|was sent to your card]. [Ref {parcel}|No need to call].",
    "Train {time} to {city_en} is [cancelled|running {minutes} min late|on platform {small}]. ["
    "Your ticket is valid on the next one|Claim at {link}|Sorry].",
    "[IRCTC|Rail]: PNR {parcel}, [{city_en}-{city_en}|coach B{small}], [waitlist cleared|chart "
    "prepared|refund {money} initiated]. [Do not share OTP|Happy journey].",
    "[Hotel|Guest house|Your host {name_en}]: your room for {day} {month_en} is confirmed. [Door "
    "code {code}|Pay at desk {money}|Check-in guide {link}].",
    "{app_en}: your booking in {city_en} was [cancelled by the host, refund {money}|changed|"
    "confirmed]. [Only message and pay on our site|See details in the app].",
    "Hi {name_en}, it's the [garage|vet|salon|dentist]. [Your car is ready, {money}|Your deposit "
    "of {money} is received|We have to move your slot to {time}]. [Call us on {hotline_en}|Reply "
    "Y to confirm|Thanks].",
    "[Water|Gas|Electricity]: your bill of {money} is [ready|overdue|due {day} {month_en}]. [Pay "
    "in the app or at {link}|Avoid disconnection, pay by {day} {month_en}|Direct debit will "
    "collect it].",
    "[Electricity board|Power company]: planned outage {day} {month_en} {time}-{time}. [Report "
    "faults {hotline_en}|No action needed|Sorry].",
    "[Landlord|Letting agent|Condo office]: rent of {money} [is due on the {small}th|has not "
    "arrived yet|received, thanks]. [Same account as always|Call {name_en} if a problem|Receipt "
    "attached].",
    "[Gym|Yoga studio|Pool]: your class {day} {month_en} {time} is [confirmed|full, you're on "
    "the waitlist|cancelled]. [Late cancel fee {money}|See you|Manage: {link}].",
    "Your table for {small} at {time} is [booked|confirmed|released if you're {minutes} min late]"
    ". [Deposit {money} comes off the bill|Reply C to cancel|Directions {link}].",
    "[Cinema|Theatre]: tickets for {day} {month_en} {time}, row {small}. [Code {code}|Show {link}"
    " at the door|Refunds up to 2h before].",
    "Hi {name_en}, thanks for applying at {shop_en}. [Are you free for an interview {day} "
    "{month_en} {time}|We'd like a short call|Please complete the test at {link}]? {name_en}, [HR"
    "|talent team]",
    "Hi {name_en}, {name_en} from [recruiting|the agency] here. [Is your CV still up to date|The "
    "{city_en} role pays {money} a day|The client wants to meet you]. [Call me on {mobile_en}|"
    "Are you free {time}|Email is fine too].",
    "Payroll: [your payslip is at {link}|{money} will be paid {day} {month_en}|please check your "
    "bank details in the HR portal by {day} {month_en}]. [Questions to {name_en}|Do not reply].",
    "[IT helpdesk|IT]: your password expires in {small} days. [Change it with ctrl-alt-del|"
    "Change it in the portal, not by link|Call ext {tail}].",
    "[Team|Hi all|Everyone], [{day} {month_en} is a holiday|timesheets by {time} please|fire "
    "drill {time}]. [Thanks|Ask {name_en}|No excuses :)]",
    "{name_en}, the supplier invoice {parcel} for {money} is [approved|waiting for your OK|wrong,"
    " please call them]. [Pay it Friday|Don't pay till I check|PO attached].",
    "Your [Uber|cab|ride] receipt: {money}. [Rate {name_en}|Lost something? Open the app|Thanks "
    "for riding].",
    "Your [driver|order|food] is [{minutes} min away|outside|running late]. [{plate_en}|Meet at "
    "the door|PIN {tail}].",
    "[Moving company|Plumber|Cleaner]: we'll be there {day} {month_en} {time}. [Cost {money}, "
    "cash or card|Reply to change|{name_en} will call].",
    "How did we do today? [Rate us 1-5|{link} takes one minute|Reply 0-10]. [STOP to opt out|No "
    "prize, just thanks]. {shop_en}",
    "Interview [moved to|confirmed for] {day} {month_en} {time}, [video link {link}|{city_en} "
    "office, floor {small}]. {name_en}, [recruiter|HR].",
    "Your background check for {shop_en} is [complete|waiting for documents]. [Log in at {link}|"
    "We never ask for payment].",
    "Shift available {day} {month_en} {time}, {money} per hour. [Reply YES|First come first "
    "served|Text {name_en}].",
    "{name_en} from [accounts|the office|payroll]: your expenses of {money} [are paid|need a "
    "receipt|were approved].",
    "Can you approve {money} for [the caterer|new laptops|the venue]? [It's in the system|Quote "
    "attached|Not urgent].",
    "[Don't|Please don't] pay that invoice, [the account number changed and it smells wrong|I "
    "phoned them and they never sent it|{name_en} is checking].",
    "Book club: this month {link} [see you {day} {month_en}|bring cake|at {name_en}'s].",
    "The [vet|mechanic|dentist] wants {money} [ouch|can you believe it|in two parts], [paying "
    "tomorrow|card on file].",
    "[Concert|Football|Theatre] tickets came out at {money} each, [pay me whenever|I got 4|"
    "{name_en} can't come, want hers]?",
    "Selling my old [phone|camera|bike] for {money}, [know anyone|still boxed|new battery]? ["
    "Pickup only|Cash please].",
    "Bought it from {shop_en}, {money}, link {link} [really happy with it|don't get the blue one|"
    "arrived next day].",
    "Sorry, [wrong number|wrong person|meant for {name_en}], [ignore that|my bad|have a good day].",
    "My account got hacked, [don't click anything I sent|ignore the money request|changed the "
    "password now]. {name_en}",
    "Are you [home|awake|free]? [Call me when you can|Nothing urgent|Need the wifi password].",
    'Granny got a call from "{bank_en} security", [luckily she hung up|they wanted a code|the '
    "bank knows].",
    "[Game night|LAN|Raid] at {time}? [I'll swap you the skin for nothing lol|bring your "
    "controller|discord link {link}]",
    "Lost dog near [the park|Main Street], answers to [Max|Bella]. [Call {mobile_en}|Reward "
    "{money}|Photos {link}].",
    "Community centre: [bingo|vaccination|tax help] on {day} {month_en} from {time}. [Free|Bring "
    "ID|Tea provided].",
    "Survey from your [bus company|hospital|council]: how was your last visit? [Reply 1-5|{link} "
    "two minutes|STOP to end].",
    "Building notice: [lift out of order|water off {time}-{time}|new door code {tail}]. [Sorry|"
    "Call the office|From management].",
    "[Thames|City|State] Water: your bill for account {parcel} is {money}. [Due {day} {month_en}|"
    "Direct debit set|Pay how you like, options on the bill].",
    "[Gas|Power|Energy] meter reading [due|received, thanks]. [Send it by {day} {month_en}|Reply "
    "with the numbers|Use the app or {link}].",
    "[Electricity bill|Power bill]: consumer {parcel}, amount {money}, due {day}-{month_en}. ["
    "Pay at counters, app or bank|Ignore if paid|Disconnection after due date].",
    "We've not received your [gas|water|broadband] payment of {money}. [Please pay by {day} "
    "{month_en}|If you're struggling call {hotline_en}|Paid in the last {small} days? Ignore this"
    "].",
    "Your smart meter credit is {money}. [Top up at any shop|Emergency credit starts at zero|Top "
    "up in the app].",
    "Refund: your [energy|water] account was {money} in credit. [It goes to your bank account by "
    "{day} {month_en}|We sent a cheque].",
    "Payroll: please [approve your timesheet|check your tax code|upload your receipt] by {time}. "
    "[Use the HR system|Ask {name_en}].",
    "Your payslip for {month_en} is online. [Net pay {money}|Log in from the office or VPN|{link}"
    "].",
    "Anyone up for [chess|football|a quiz] {time}? [Server link {link}|I'll bring snacks|{small} "
    "of us so far].",
    "Trade you my [skin|card|mount] for yours, [in game only|no cash|use the trade window]. [Deal"
    "|lmk].",
    "[gg|nice game], add me [{name_en}|on steam|on the server], [same time tomorrow|we need a "
    "healer].",
)
