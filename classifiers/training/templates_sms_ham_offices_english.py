"""Legitimate English messages of authorities, hospitals and schools, as templates.

Tax, tolls, appointments, court dates, and warnings that quote the words of fraud.
``[a|b]`` is a choice, ``{slot}`` is filled.
"""

ENGLISH = (
    "{tax_en}: your [return|tax return|notice of assessment] for {year} [was received|is due "
    "{day} {month_en}|has been processed]. [We never text links about refunds|Log in to your "
    "account to see it|Keep this for your records].",
    "{tax_en}: your refund of {money} [will be paid to the account we hold|has been sent by "
    "cheque]. [No action needed|Allow {small} working days|Scammers pretend to be us, don't "
    "share bank details].",
    "Reminder: [council tax|property tax|road tax] of {money} is due on {day} {month_en}. [Pay "
    "by direct debit or at the office|See your bill|If paid, ignore]. {city_en} Council",
    "{toll_en}: your balance is low, {money}. [Auto top-up runs tonight|Add money in the app|"
    "{money} was debited at plaza {small}]. [Plate {plate_en}|Thanks].",
    "Toll notice: {plate_en} passed {small} gantries on {day} {month_en}, {money}. [Invoice by "
    "post|Pay in your account within {small} days|Statement in your account].",
    "[Parking|ParkApp]: session for {plate_en} ends {time}. [Reply 30 to extend|Extend in the app"
    "|Cost so far {money}].",
    "Penalty notice {parcel}: [see the letter we sent|you can pay or appeal by {day} {month_en}|"
    "your appeal was accepted]. {city_en} [Council|City] parking",
    "[DVLA|DMV|RTO]: your [licence|registration|road tax] for {plate_en} [expires {day} "
    "{month_en}|is renewed|is in the post]. [Renew online or at an office|No reply needed].",
    "[NHS|Clinic|GP surgery]: you have an appointment on {day} {month_en} at {time} with Dr "
    "{name_en}. [Reply CANCEL if you can't come|Bring your medicines|Please arrive {minutes} min "
    "early].",
    "[NHS|Health centre]: you're invited to book your [flu jab|smear test|health check]. [Book "
    "at {link} or call us|Free for you|Ignore if done].",
    "Your test results are [normal, no action needed|ready, please call us|in your patient "
    "portal {link}]. {city_en} [Surgery|Clinic|Hospital]",
    "Hospital: your bill of {money} from {day} {month_en} [is ready at {link}|was sent to your "
    "insurer|can be paid by phone or post]. [Questions? {hotline_en}|Payment plans available].",
    "{city_en} school: [early closing at {time} today|school trip payment of {money} due {day} "
    "{month_en}|{name_en} was absent today]. [Please reply with the reason|Pay through the "
    "parent app|Thank you].",
    "[University|Student services]: [your tuition invoice of {money} is due {day} {month_en}|"
    "enrolment opens {day} {month_en}|your results are out]. [Log in to the student portal|We "
    "don't take payment by phone|See your email].",
    "Library: {small} items are overdue, fine {money}. [Renew at {link}|Return by {day} "
    "{month_en}|Pay at the desk].",
    "[Police|Met Police|City police]: your report {parcel} has been [received|assigned to "
    "officer {name_en}|closed]. [We'll call you within {small} days|Quote this number|Never pay "
    "anyone claiming to be us].",
    'SCAM ALERT from {city_en} police: [fake bank calls|toll texts|"hi mum" messages] are going '
    "round. [Don't click, don't pay|Hang up and call the real number|Forward suspicious texts to "
    "7726].",
    "[Action Fraud|ScamShield|Cyber cell]: if someone asks you to [buy gift cards|move money to "
    "a safe account|install remote software], [it is a scam|stop|hang up]. [Call 159|Call 1930|"
    "Call 1799].",
    "Court: your hearing in case {parcel} is on {day} {month_en} at {time}, room {small}. [Bring "
    "ID and your letter|Call the clerk {hotline_en}|Reply STOP to end reminders].",
    "Jury service: your summons {parcel} [has been deferred|is confirmed for {day} {month_en}|no "
    "longer needs you]. [Bring photo ID|See the letter|Check the recorded line after 5pm].",
    "[DWP|Benefits office|Jobcentre]: your payment of {money} [will be made on {day} {month_en}|"
    "was made today|has changed]. [Check your journal|Appointment {day} {month_en} {time}|Reply "
    "not needed].",
    "Passport office: application {parcel} has been [approved|received|posted to you]. [Keep "
    "your old passport|Allow {small} days|Track it in your account].",
    "[Visa centre|Immigration]: [your passport is ready|your documents arrived|appointment {day} "
    "{month_en} {time}]. [Collect with receipt and ID|No extra fee|Status at {link}].",
    "Vote: polls are open {day} {month_en} until {time}. [Bring photo ID|Your station is the "
    "library|Check {link}]. {city_en} elections office",
    "Election survey: {small} short questions about {city_en}. [Take part at {link}|Reply 1 to "
    "start, STOP to opt out|No donations asked].",
    "[Weather alert|Severe weather|Flood warning]: [heavy rain|storm|heatwave|cyclone] in "
    "{city_en} from {time}. [Stay indoors|Move to higher ground|Avoid travel]. [Updates {link}|"
    "Call 112 in danger].",
    "[Red Cross|Food bank|Charity]: thank you {name_en}, your gift of {money} [helps {small} "
    "families|was received]. [Receipt by email|You can cancel any time|See what it did: {link}].",
    "[Census|Statistics office]: your household was chosen for a survey. [Interviewer {name_en} "
    "carries ID|Complete it at {link} with code {code}|It's required by law].",
    "Blood service: [your donation was used at {city_en} hospital|you can give again from {day} "
    "{month_en}|we need O negative]. [Thank you|Book {link}|Reply STOP].",
    "Your [Aadhaar|PAN|NRIC] [update request {parcel} is accepted|OTP is {code}|was used for "
    "verification on {day} {month_en}]. [Do not share OTP|If not you, call 1947|Keep it safe].",
    "EPFO: [claim {parcel} settled, {money} to your bank|contribution for {month_en} is {money}|"
    "passbook updated]. [Do not share OTP with anyone|Check the official portal].",
    "Thanks for visiting {city_en} [library|clinic|town hall]. [Would you recommend us, 1-10|"
    "Tell us about it: {link}|Reply with a number 1 to 5]? [Anonymous|STOP to opt out].",
    "Your feedback matters: [rate your nurse visit|rate our officer|how was your bus ride] ["
    "{link}|reply 0-10]. [Takes one minute|No names asked].",
    "How likely are you to recommend {carrier_en}, 0-10? [Reply by text, free|Reply STOP to end|"
    "Thank you {name_en}].",
    "[NHS friends and family|Patient survey]: how was your appointment on {day} {month_en}? "
    "Reply 1 good to 5 poor, [or go to {link}|STOP to opt out].",
    "We're researching [transport|voting|broadband] in {city_en} and picked numbers at random. ["
    "Do you agree to {small} questions|Begin at {link}]? [Reply STOP to refuse|No sales, no "
    "prizes].",
    "OTP for [Aadhaar|DigiLocker|passport seva] is {code}. [Valid {minutes} min|Do not share "
    "with anyone|Call 1947 if not you].",
    "Your [PAN|voter ID|ration card] application {parcel} is [accepted|dispatched by post|ready "
    "at the centre]. [Carry the slip|No fee is due].",
    "Your [Singpass|myGov|citizen login] [password was reset|code is {code}|account has a new "
    "message]. [Sign in the usual way, we don't send links|Not you? Contact the helpdesk].",
    "[Police|Officer {name_en}]: we tried to reach you about report {parcel}. [Call the station "
    "and quote it|I'm back on duty {time}|You can check me with 101].",
    "If anyone calls saying [you owe tax|your SIM will be cut|a parcel holds drugs in your name],"
    " it's a scam. [Hang up|Report on 1930|Tell your parents]. [Cyber police|Ministry of Home "
    "Affairs]",
    "Survey by {city_en} council: [how safe do you feel at night|how are our parks|is your bin "
    "collected on time]? [Reply 1-5|Open {link}|Takes {small} questions]. [We don't ask for your "
    "name|Ends {day} {month_en}].",
    "You recently called [our helpline|the clinic|the tax office]. [Was your question solved? "
    "Reply Y or N|Rate the call 1-5|Give feedback at {link}]. [Free to reply|Thank you].",
)
