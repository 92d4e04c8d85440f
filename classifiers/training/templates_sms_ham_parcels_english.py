"""Legitimate English messages of couriers, shops, carriers and apps, as templates.

Delivery links, refunds, failed payments of subscriptions, number transfers, recalls.
``[a|b]`` is a choice, ``{slot}`` is filled.
"""

ENGLISH = (
    "{courier_en}: your parcel {parcel} is [out for delivery|arriving today|with your driver "
    "{name_en}]. [Track: {link}|Follow it at {link}|Manage your delivery {link}]",
    "{courier_en}: sorry we missed you. [Parcel {parcel} is at the {shop_en} pickup point|We'll "
    "try again tomorrow|It's with your neighbour at no {small}]. [Details {link}|Bring ID|Card "
    "left at door].",
    "Your {courier_en} delivery [needs a signature|needs a safe place|has been rescheduled to "
    "{day} {month_en}]. [Tell us where to leave it: {link}|Change it in the app|No fee].",
    "{courier_en}: [import duty|VAT and handling|customs charge] of {money} is due on {parcel} "
    "before delivery. [Pay in our app or to the driver|Pay at your post office with the grey card"
    "|See the letter we posted].",
    "{courier_en}: your parcel from {shop_en} has [cleared customs|left {city_en}|arrived in the "
    "country]. [Delivery by {day} {month_en}|Nothing to pay|Track {link}].",
    "{courier_en} locker code {code}. [Parcel waits {small} days|Collect by {day} {month_en}|"
    "Scan the QR at {link}]. [Don't share the code|Thanks].",
    "[Delivered|Your parcel was delivered|Package delivered] {time}. [Photo: {link}|Left in porch"
    "|Handed to resident|Left with reception]. {courier_en}",
    "Hi I'm {name_en}, your {courier_en} driver. [Can't find the door|Gate is locked|Nobody "
    "answers], [can you call me|where shall I leave it|what's the code for the gate]?",
    "{shop_en}: order {parcel} [is delayed, new date {day} {month_en}|was split into {small} "
    "parcels|has been cancelled and refunded {money}]. [Sorry about that|See it at {link}|"
    "Questions? Reply here].",
    "{shop_en}: your refund of {money} [has been sent to your original payment method|should "
    "arrive in {small} days|is complete]. [No action needed|Order {parcel}|Details {link}].",
    "{shop_en}: return label for order {parcel}: {link} [Drop it off by {day} {month_en}|Print "
    "or show the QR|Free return].",
    "{shop_en} will never [ask you to pay with gift cards|call about a suspicious order and ask "
    "for remote access|ask for your password]. [Report it in the app|Hang up].",
    "{shop_en}: your [click and collect order|grocery delivery|sofa] is [ready|arriving {day} "
    "{month_en} {time}-{time}|packed]. [Bring code {code}|Driver will text|Change slot: {link}].",
    "{shop_en}: payment for order {parcel} failed. [Update your card in your account|Try again "
    "in the app|We'll hold the items until {day} {month_en}].",
    "[Netflix|Spotify|Disney+|{app_en}]: we couldn't process your payment. [We'll try again in a "
    "few days|Please update your payment details in your account|Go to the app to keep watching].",
    "[Netflix|Spotify|{app_en}]: your plan price changes to {money} a month from {day} {month_en}"
    ". [Cancel anytime|See your account for details|No action needed].",
    "{app_en}: your free trial ends {day} {month_en}, then {money} a month. [Cancel in settings|"
    "Manage your subscription at {link}|Turn off renewal any time].",
    "{app_en}: someone [requested a password reset|tried to log in from {city_en}|knows your "
    "password]. [If it wasn't you, change it in the app|Code {code}|Ignore if this was you].",
    "{app_en} code {code}. [Don't reply with this code|We will never call you for it|If a friend "
    "asks for it, their account may be hacked].",
    "{app_en}: your account is [suspended for {small} days for breaking our rules|restricted|"
    "back online]. [You can appeal in the app|Log in to see why].",
    "{app_en}: your ad was [approved|rejected], [spent {money} today|billing threshold {money} "
    "reached]. [See Ads Manager|Receipt by email].",
    "{carrier_en}: your bill is {money}, due {day} {month_en}. [View at {link}|Pay in the app|"
    "Autopay will take it]. [Thanks|Reply HELP for help].",
    "{carrier_en}: your service [will be suspended on {day} {month_en} unless {money} is paid|"
    "has been suspended|is restored]. [Pay in the app or any store|Already paid? Ignore|Call 611]"
    ".",
    "{carrier_en}: a SIM swap was requested for your number. [If this wasn't you call us right "
    "now|Reply NO to stop it|Not you? Visit a store with ID].",
    "{carrier_en}: your transfer PIN is {code}. [Only give it to your new provider if you asked "
    "to switch|Didn't ask for it? Call us|Expires {day} {month_en}].",
    "{carrier_en}: recharge of {money} successful. [Validity {small} days|Txn {parcel}|Balance "
    "{money}]. [Dial *121# for offers|Thank you].",
    "{carrier_en}: outage in {city_en} [is fixed|should be fixed by {time}|affects calls]. [Sorry"
    "|Check {link}|We credited {money}].",
    "Your [phone|laptop|washing machine] repair {parcel} is [done|waiting for a part|quoted at "
    "{money}]. [Reply OK to go ahead|Collect before {time}|Pay on collection].",
    "{shop_en} pharmacy: [refill due {day} {month_en}, reply YES|prescription for {name_en} ready"
    "|we're waiting for your doctor]. [Cost {money}|Open till {time}].",
    "Your [eBay|marketplace|Etsy] item sold for {money}! [Post it by {day} {month_en}|Keep "
    "messages on the platform|Funds released after delivery].",
    "Warranty: your {shop_en} product is covered until {day} {month_en} {year}. [Register at "
    "{link}|Keep your receipt|Recall notice: please return it to any store].",
    "We recall the product you bought at {shop_en}. [Stop using it|Return it for a full refund "
    "of {money}]. [See {link}|Ask in store|We'll never ask for bank details].",
    "Your delivery PIN is {code}. [Tell it to the driver only at your door|{courier_en} will ask "
    "for it on arrival|Not needed if you collect].",
    "{code}: [show this code|give this code|type this code] [to collect your {shop_en} order|at "
    "the {courier_en} counter|on the locker screen].",
    "{courier_en}: happy delivery! Share OTP {code} with the agent [after checking your parcel|"
    "only at the doorstep]. [Order {parcel}|From {shop_en}].",
    "{carrier_en}: you asked to [move your number to a new SIM|get an eSIM|port out]. [Not you? "
    "Call {hotline_en} now|It takes {small} hours|Reply CANCEL to stop].",
    "{carrier_en}: your [eSIM is ready|new SIM is active|SIM was blocked as you asked]. [Restart "
    "your phone|Old SIM stops working at {time}|PUK is on the card].",
    "{carrier_en}: your account is past due, {money}. To avoid [suspension|a late fee|"
    "disconnection] please pay by {day} {month_en} [in the app|at a store|by dialling 611]. ["
    "Thank you|If you paid, ignore this].",
    "{carrier_en}: your line is [barred for outgoing calls|suspended] as {money} is unpaid. [Pay "
    "in the app to be reconnected|Call us if you need more time].",
    "{shop_en}: we couldn't charge your card for [order {parcel}|your membership|your "
    "subscription]. [Choose another way to pay in your account|We'll try again on {day} "
    "{month_en}].",
    "{app_en}: your payment of {money} was declined. [Try another card in the app|Your access "
    "continues until {day} {month_en}|Contact your bank].",
    "{app_en}: your storage is [almost full|full]. [Delete files or change your plan in settings|"
    "You can't receive mail until you free space].",
    "{courier_en}: you have {small} parcels due {day} {month_en}. [Leave instructions at {link}|"
    "No fee to reschedule|A driver will text the hour].",
    "{courier_en}: your parcel is being returned to the sender because [it was not collected|the "
    "address was wrong]. [Ask the shop for a refund|Nothing for you to do].",
    "We've restricted your {carrier_en} service because the bill of {money} wasn't paid. [Pay by "
    "card in the app|Call 150 to pay|Visit a store] [and you'll be back online within the hour|"
    "to avoid a reconnection fee].",
    "Friendly reminder: {carrier_en} bill {money} was due {day} {month_en}. [Already paid? Thank "
    "you|Need more time? Chat with us in the app|A late fee of {money} may be added].",
    "Thanks! Your {carrier_en} payment of {money} was received and [service is restored|your "
    "line is active again|nothing more is due].",
    "{shop_en}: your card on file expires in {month_en}. [Add a new one in your account|Orders "
    "already placed are not affected].",
)
