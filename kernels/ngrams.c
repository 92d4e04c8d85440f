/* Hashes the n-grams of normalised texts: classifiers/text/features.py says which, and what for. */
#include "kernels.h"

enum { CHUNK = 32, SLOTS = 3, LONGEST = 6 };
enum { WIDE = 2 }; /* as in fanzha/character_table.py */

static const int WIDE_SIZES[SLOTS] = {1, 2, 3}, NARROW_SIZES[SLOTS] = {3, 4, 6};

static uint32_t mix(uint32_t state, uint32_t code) {
    state = (state ^ code) * UINT32_C(0x9E3779B1);
    return state ^ state >> 15;
}

/* Hashes the first 1 to LONGEST characters from one on; returns how many there are. */
static int hash_from(const uint32_t *at, const uint32_t *end, uint32_t *states) {
    uint32_t state = 0;
    int length = 0;
    while (length < LONGEST && at + length < end && at[length]) {
        state = mix(state, at[length]);
        states[length++] = state;
    }
    return length;
}

/* Hashes the texts that lie end to end in `codes`. `classes` says of each character up to the last of
 * `class_count` what it is; further ones are wide. `ids` has SLOTS * CHUNK places for each chunk of a
 * text, 0 before; a text of n characters has n / CHUNK + 1 chunks. Writes how many n-grams each text
 * has. With `drops_runs` an n-gram equal to the one before is none.
 */
EXPORT void fanzha_ngrams(const uint32_t *codes, const int64_t *lengths, int64_t texts,
                          const uint8_t *classes, int64_t class_count, int64_t bits,
                          int64_t drops_runs, int32_t *ids, int64_t *counts) {
    for (int64_t text = 0; text < texts; text++) {
        int64_t length = lengths[text], count = 0;
        uint32_t before[SLOTS] = {0}; /* the n-grams of the character before */
        int known[SLOTS] = {0};
        for (int64_t place = 0; place < length; place++) {
            uint32_t states[LONGEST], code = codes[place];
            int found = hash_from(codes + place, codes + length, states);
            int is_wide = code >= class_count || classes[code] == WIDE;
            const int *sizes = is_wide ? WIDE_SIZES : NARROW_SIZES;
            int32_t *out = ids + place / CHUNK * (SLOTS * CHUNK) + place % CHUNK;
            for (int slot = 0; slot < SLOTS; slot++) {
                int whole = sizes[slot] <= found;
                uint32_t state = whole ? states[sizes[slot] - 1] : 0;
                int repeated = drops_runs && whole && known[slot] && before[slot] == state;
                known[slot] = whole;
                before[slot] = state;
                if (!whole || repeated) continue;
                /* Bucket 0 is padding; its n-grams share bucket 1. */
                uint32_t bucket = state * UINT32_C(0x85EBCA6B) >> (32 - bits);
                out[slot * CHUNK] = bucket ? (int32_t)bucket : 1;
                count++;
            }
        }
        counts[text] = count;
        codes += length;
        ids += (length / CHUNK + 1) * (SLOTS * CHUNK);
    }
}
