/* Describes canonical URLs to the model of links, and scores them: classifiers/link/features.py says
 * what is read of them, classifiers/link/network.py which network it is.
 */
#include <math.h>

#include "network.h"

enum { CHUNK = 8, PARTS = 2, ASCII = 128, CLASSES = 11, SHAPE = CLASSES + 2, START = 2, END = 3 };
enum { MOST_CHARACTERS = MOST_IDS - 2, MOST_SIZES = 4, LONGEST = 8 };
enum { PARTS_WIDTH = PARTS * EMBEDDING, WIDTH = PARTS_WIDTH + PARTS * SHAPE };

static const uint32_t SEEDS[PARTS] = {0, 7};

/* What is read of a URL, and tables by a number of characters or n-grams. */
typedef struct {
    int64_t sizes[MOST_SIZES], size_count; /* of n-grams, ascending, at most LONGEST */
    int64_t bits;
    int64_t characters[PARTS]; /* from the end of the host, and from the beginning of the path */
    const uint8_t *classes;    /* of each ASCII character; CLASSES for what wraps a part */
    const float *logs;         /* log(1 + n) */
    const float *weighted;     /* n log(n) */
    const double *totals;      /* log(n) */
    const float *weights;      /* of the sum of so many embeddings */
} Reading;

/* A part of a URL, wrapped. It is empty without the wrapping, too, where the URL has none. */
typedef struct {
    uint32_t codes[MOST_IDS + LONGEST];
    int64_t length;
} Part;

static void wrap(Part *part, const uint32_t *from, const uint32_t *to) {
    part->length = 0;
    if (from >= to) return;
    part->codes[part->length++] = START;
    while (from < to) part->codes[part->length++] = *from++;
    part->codes[part->length++] = END;
}

/* Takes host and path with its query out of `scheme://host/path`. */
static void divide(const Reading *reading, const uint32_t *at, const uint32_t *end, Part *parts) {
    while (end - at >= 3 && !(at[0] == ':' && at[1] == '/' && at[2] == '/')) at++;
    at = end - at >= 3 ? at + 3 : end;
    const uint32_t *host = at;
    while (at < end && *at != '/') at++;
    const uint32_t *path = at < end ? at + 1 : end;
    if (at - host >= 4 && host[0] == 'w' && host[1] == 'w' && host[2] == 'w' && host[3] == '.') host += 4;
    if (at - host > reading->characters[0]) host = at - reading->characters[0];
    if (end - path > reading->characters[1]) end = path + reading->characters[1];
    wrap(parts, host, at);
    wrap(parts + 1, path, end);
}

static int32_t bucket(uint32_t state, uint32_t size, int64_t bits) {
    /* Fold high bits down before multiplying; the best bits of a product are its top ones. */
    uint32_t mixed = (state ^ state >> 15 ^ size) * UINT32_C(0x2C1B3C6D);
    mixed ^= mixed >> 15;
    uint32_t found = mixed * UINT32_C(0x01000193) >> (32 - bits);
    return found ? (int32_t)found : 1; /* 0 is padding; its n-grams share 1 */
}

/* Hashes the n-grams that begin with each character: `ids` has a place for each of `size_count` sizes
 * of a character, `apart` places from the next character's; sizes are `step` places apart. Returns how
 * many n-grams there are; those with a blank count and have none.
 */
static int64_t hash_part(const Reading *reading, const Part *part, uint32_t seed, int32_t *ids,
                         int64_t apart, int64_t step) {
    int64_t longest = reading->sizes[reading->size_count - 1], count = 0;
    for (int64_t place = 0; place < part->length; place++, ids += apart) {
        uint32_t state = seed + 1;
        int64_t left = part->length - place, nth = 0;
        int whole = 1;
        for (int64_t size = 1; size <= longest; size++) {
            uint32_t code = size <= left ? part->codes[place + size - 1] : 0;
            state = state * UINT32_C(0x01000193) ^ code;
            whole = whole && code;
            if (size != reading->sizes[nth]) continue;
            ids[nth * step] = whole ? bucket(state, (uint32_t)size, reading->bits) : 0;
            count += size <= left;
            nth++;
        }
    }
    return count;
}

/* Counts the characters of each class, and tells length and entropy; `out` has SHAPE numbers. */
static void describe(const Reading *reading, const Part *part, float *out) {
    int64_t classes[CLASSES + 1] = {0};
    uint16_t characters[ASCII] = {0};
    for (int64_t place = 0; place < part->length; place++) {
        uint32_t code = part->codes[place] < ASCII ? part->codes[place] : ASCII - 1;
        classes[reading->classes[code]]++;
        characters[code]++;
    }
    double weighted = 0;
    for (int code = 0; code < ASCII; code++)
        if (characters[code]) weighted += (double)reading->weighted[characters[code]];
    int64_t total = part->length ? part->length : 1;
    for (int nth = 0; nth < CLASSES; nth++) out[nth] = reading->logs[classes[nth]];
    out[CLASSES] = reading->logs[part->length ? part->length - 2 : 0];
    out[CLASSES + 1] = (float)(reading->totals[total] - weighted / (double)total);
}

/* Describes the URLs that lie end to end in `codes`. The parts of a URL have rows of `size_count` times
 * CHUNK ids one after another, none for an empty part, else room for its characters and one more; `ids`
 * is 0 before. `chunks` and `weights` have a number for each part, `shape` 2 * SHAPE for each URL.
 */
EXPORT void fanzha_link_features(const Reading *reading, const uint32_t *codes, const int64_t *lengths,
                                 int64_t links, int32_t *ids, int64_t *chunks, float *weights,
                                 float *shape) {
    for (int64_t link = 0; link < links; link++) {
        Part parts[PARTS];
        divide(reading, codes, codes + lengths[link], parts);
        codes += lengths[link];
        for (int nth = 0; nth < PARTS; nth++) {
            int64_t count = hash_part(reading, parts + nth, SEEDS[nth], ids, reading->size_count, 1);
            *chunks = parts[nth].length ? parts[nth].length / CHUNK + 1 : 0;
            ids += *chunks++ * CHUNK * reading->size_count;
            *weights++ = reading->weights[count];
            describe(reading, parts + nth, shape);
            shape += SHAPE;
        }
    }
}

typedef struct {
    Reading reading;
    const int8_t *table; /* 2 to the power of `bits` embeddings */
    const Layer *layers;
    int64_t layer_count;
    float bend, slope, offset; /* of the calibration */
} LinkNetwork;

/* Puts what the network reads of one URL into a lane of `in`. */
static void read_link(const LinkNetwork *network, const uint32_t *codes, int64_t length, Lanes *in,
                      int lane) {
    Part parts[PARTS];
    int32_t ids[PARTS][MOST_SIZES * MOST_IDS];
    int64_t counts[PARTS], sizes = network->reading.size_count;
    divide(&network->reading, codes, codes + length, parts);
    for (int nth = 0; nth < PARTS; nth++) {
        counts[nth] = hash_part(&network->reading, parts + nth, SEEDS[nth], ids[nth], 1, MOST_IDS);
        for (int64_t size = 0; size < sizes; size++)
            for (int64_t place = 0; place < parts[nth].length; place++)
                __builtin_prefetch(network->table + (int64_t)ids[nth][size * MOST_IDS + place] * EMBEDDING);
    }
    for (int nth = 0; nth < PARTS; nth++) {
        float shape[SHAPE], weight = network->reading.weights[counts[nth]];
        int32_t sums[EMBEDDING] = {0};
        describe(&network->reading, parts + nth, shape);
        for (int64_t size = 0; size < sizes; size++)
            add_embeddings(network->table, ids[nth] + size * MOST_IDS, parts[nth].length, sums);
        for (int place = 0; place < EMBEDDING; place++)
            in[nth * EMBEDDING + place][lane] = (float)sums[place] * weight;
        for (int place = 0; place < SHAPE; place++)
            in[PARTS_WIDTH + nth * SHAPE + place][lane] = shape[place];
    }
}

/* Scores the URLs that lie end to end in `codes`; the last layer has one output. */
EXPORT void fanzha_score_links(const LinkNetwork *network, const uint32_t *codes, const int64_t *lengths,
                               int64_t links, float *scores) {
    Lanes in[WIDEST], out[WIDEST];
    for (int64_t first = 0; first < links; first += LANES) {
        int count = links - first < LANES ? (int)(links - first) : LANES;
        for (int place = 0; place < WIDTH; place++) in[place] = (Lanes){0};
        for (int lane = 0; lane < count; lane++) {
            read_link(network, codes, lengths[first + lane], in, lane);
            codes += lengths[first + lane];
        }
        const Lanes *raw = run_layers(network->layers, network->layer_count, in, out);
        for (int lane = 0; lane < count; lane++) {
            float odds = raw[0][lane];
            odds = odds * (odds * odds * network->bend + network->slope) + network->offset;
            scores[first + lane] = 1.0f / (1.0f + expf(-odds));
        }
    }
}
