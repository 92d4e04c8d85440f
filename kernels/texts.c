/* Scores normalised texts: which network it is, says classifiers/text/network.py. */
#include <float.h>
#include <math.h>

#include "network.h"
#include "ngrams.h"

enum { MOST_CHARACTERS = 512, MOST_CHUNKS = MOST_CHARACTERS / TEXT_CHUNK + 1, CHUNK_IDS = SLOTS * TEXT_CHUNK };
enum { CLASSES = 3, FRAUD = 2, MOST_LANGUAGES = 32 };
/* In the order of SenderClass. */
enum { UNKNOWN, CHINESE_MOBILE, CHINESE_OTHER, FOREIGN, ACCESS_CODE, NATIONAL_SERVICE, CARRIER,
       PUBLIC_SERVICE, OTHER_CODE, NAME };

typedef struct {
    Grams grams;
    const int8_t *table;        /* 2 to the power of `bits` embeddings */
    const float *senders;       /* a row of `sender_width` numbers for each class */
    const Layer *hidden, *last; /* the last takes what `hidden` gives, then the roots */
    const float *caution;       /* of each language, what is added to the logits of the classes */
    const float *review;        /* of each language, the share that is only reviewed; or null */
    int64_t sender_width, languages, kinds;
    int64_t neutral; /* n-grams that are added to each text */
    float bend, slope, offset; /* of the calibration */
} TextNetwork;

static int sender_class(int64_t key) {
    if (key >= FIRST_SENDER) return NAME;
    if (!key) return UNKNOWN;
    uint64_t leading = key < 0 ? -(uint64_t)key : (uint64_t)key;
    int digits = 3;
    for (; leading >= 1000; digits++) leading /= 10;
    uint64_t two = leading >= 100 ? leading / 10 : leading;
    if (key > 0) {
        if (leading == 861 && digits == 13) return CHINESE_MOBILE;
        return two == 86 ? CHINESE_OTHER : FOREIGN;
    }
    if (leading == 106) return ACCESS_CODE;
    if (two == 95) return NATIONAL_SERVICE;
    if (two == 10) return CARRIER;
    return two == 11 || two == 12 ? PUBLIC_SERVICE : OTHER_CODE;
}

/* Tells the class of each sender. */
EXPORT void fanzha_sender_classes(const int64_t *keys, int64_t rows, int64_t *classes) {
    for (int64_t row = 0; row < rows; row++) classes[row] = sender_class(keys[row]);
}

/* Puts what the network reads of one text into a lane of `in`, and the roots into `roots` again. */
static void read_text(const TextNetwork *network, const uint32_t *codes, int64_t length, int64_t sender,
                      Lanes *in, Lanes *roots, int lane) {
    int32_t ids[MOST_CHUNKS * CHUNK_IDS], bag[EMBEDDING] = {0}, peak[EMBEDDING];
    int64_t chunks = length / TEXT_CHUNK + 1;
    for (int64_t place = 0; place < chunks * CHUNK_IDS; place++) ids[place] = 0;
    int64_t count = hash_text(&network->grams, codes, length, ids);
    for (int64_t place = 0; place < chunks * CHUNK_IDS; place++)
        __builtin_prefetch(network->table + (int64_t)ids[place] * EMBEDDING);
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
        int32_t sums[EMBEDDING] = {0};
        add_embeddings(network->table, ids + chunk * CHUNK_IDS, CHUNK_IDS, sums);
        for (int place = 0; place < EMBEDDING; place++) {
            bag[place] += sums[place];
            if (!chunk || sums[place] > peak[place]) peak[place] = sums[place];
        }
    }
    float weight = (float)(1.0 / (double)(count + network->neutral)), root = sqrtf(weight);
    for (int place = 0; place < EMBEDDING; place++) {
        in[place][lane] = (float)bag[place] * weight;
        in[EMBEDDING + place][lane] = roots[place][lane] = (float)bag[place] * root;
        in[2 * EMBEDDING + place][lane] = (float)peak[place];
    }
    const float *row = network->senders + sender_class(sender) * network->sender_width;
    for (int64_t place = 0; place < network->sender_width; place++)
        in[3 * EMBEDDING + place][lane] = row[place];
}

static void softmax(const float *logits, int64_t count, float *out) {
    float highest = -FLT_MAX, total = 0;
    for (int64_t nth = 0; nth < count; nth++) highest = logits[nth] > highest ? logits[nth] : highest;
    for (int64_t nth = 0; nth < count; nth++) total += out[nth] = expf(logits[nth] - highest);
    for (int64_t nth = 0; nth < count; nth++) out[nth] /= total;
}

/* Turns the logits of one text (classes, languages, kinds; one in a lane each) into probabilities. */
static void conclude(const TextNetwork *network, const Lanes *logits, int lane, float *probabilities,
                     float *kinds, float *review) {
    float classes[CLASSES], languages[MOST_LANGUAGES], shares[MOST_LANGUAGES];
    for (int nth = 0; nth < CLASSES; nth++) classes[nth] = logits[nth][lane];
    for (int64_t nth = 0; nth < network->languages; nth++) languages[nth] = logits[CLASSES + nth][lane];
    for (int64_t nth = 0; nth < network->kinds; nth++)
        kinds[nth] = logits[CLASSES + network->languages + nth][lane];
    softmax(languages, network->languages, shares);
    float only_reviewed = 0, added[CLASSES] = {0};
    for (int64_t nth = 0; nth < network->languages; nth++) {
        for (int to = 0; to < CLASSES; to++) added[to] += shares[nth] * network->caution[nth * CLASSES + to];
        if (network->review) only_reviewed += shares[nth] * network->review[nth];
    }
    *review = only_reviewed;
    for (int nth = 0; nth < CLASSES; nth++) classes[nth] += added[nth];
    float higher = classes[0] > classes[1] ? classes[0] : classes[1];
    float against = higher + logf(expf(classes[0] - higher) + expf(classes[1] - higher));
    float odds = classes[FRAUD] - against;
    odds = odds * (odds * odds * network->bend + network->slope) + network->offset;
    classes[FRAUD] = odds + against;
    softmax(classes, CLASSES, probabilities);
}

/* Scores the texts that lie end to end in `codes`, of each the first MOST_CHARACTERS. Each has CLASSES
 * `probabilities`, the logits of its `kinds`, and a number in `review`. What the layers read and give is at
 * most WIDEST wide.
 */
EXPORT void fanzha_score_texts(const TextNetwork *network, const uint32_t *codes, const int64_t *lengths,
                               const int64_t *senders, int64_t texts, float *probabilities, float *kinds,
                               float *review) {
    const Lanes zero = {0};
    Lanes in[WIDEST], out[WIDEST], roots[EMBEDDING];
    int64_t width = 3 * EMBEDDING + network->sender_width, hidden = network->hidden->outputs;
    for (int64_t first = 0; first < texts; first += LANES) {
        int count = texts - first < LANES ? (int)(texts - first) : LANES;
        for (int64_t place = 0; place < width; place++) in[place] = zero;
        for (int place = 0; place < EMBEDDING; place++) roots[place] = zero;
        for (int lane = 0; lane < count; lane++) {
            int64_t length = lengths[first + lane];
            int64_t read = length < MOST_CHARACTERS ? length : MOST_CHARACTERS;
            read_text(network, codes, read, senders[first + lane], in, roots, lane);
            codes += length;
        }
        Lanes *active = run_layers(network->hidden, 1, in, out), *other = active == in ? out : in;
        for (int64_t nth = 0; nth < hidden; nth++)
            for (int lane = 0; lane < LANES; lane++)
                active[nth][lane] = active[nth][lane] > 0 ? active[nth][lane] : 0;
        for (int place = 0; place < EMBEDDING; place++) active[hidden + place] = roots[place];
        const Lanes *logits = run_layers(network->last, 1, active, other);
        for (int lane = 0; lane < count; lane++) {
            int64_t text = first + lane;
            conclude(network, logits, lane, probabilities + text * CLASSES, kinds + text * network->kinds,
                     review + text);
        }
    }
}
