"""What the page about the text model says of misses and false blocks on validation rows."""

ERRORS = """\
## Twenty kinds of errors

Seen on validation rows, after both stages. Of the 1,565 frauds missed in `fbs`, `mendeley`,
`spamhunter_labelled`, `indonesian_reports`, `thai_sms` and our own, 316 had a fast score too low
for a second look; the others got one and stayed below. Missed frauds:

1. `fbs`: groups of traders and tips of stocks from a named broker, like its real adverts.
2. `fbs`: adverts of funds with their real names, where the label itself may be doubted.
3. `fbs`: a higher limit of a credit card, formal, without haste or threat.
4. `fbs`: a card is frozen, call this number: bank notices that are real say much the same.
5. `fbs`: nothing but a bank, a name and the number of an account.
6. `fbs`: fragments of a few characters or in another language, the rest masked by the source.
7. `mendeley`: British premium-rate competitions: send a word to a short code.
8. `mendeley`: secret admirers and dating services with the number of a paid line.
9. `mendeley`: only the end of a message, with its conditions and how to stop it.
10. `spamhunter_labelled`: translated and reduced to word stems, so that the grammar is gone.
11. `spamhunter_labelled`: help or rules in the pandemic, in the language of an office.
12. `indonesian_reports`: an account and a name, or a question about a price, nothing else.
13. `indonesian_reports`: loans and games for money, worded like adverts.
14. `thai_sms`: loans and company for hire with a short link, like adverts that are legitimate.
15. Own: invitations to weddings whose card has to be installed; one detail makes them fraud.
16. Own: tasks, customs, accounts of games or fees told in a few words of everyday language.
17. Own: a chief or a child who cannot be called now and needs a little help.
18. Own: a refund of taxes at a link, named as the real office names it.

Legitimate texts that were blocked, 9 in all:

19. A company's notice that a payment failed or is overdue and has to be made again, without a link
    (five of our own), the notice of an expiring toll card, though it warns of links, and a service
    call that asks for the last digits of a card.
20. A parcel notice with a link in Thai, and one phrase repeated thirty times.
"""
