/* N-grams of normalised texts: classifiers/text/features.py says which, and what for. */
#ifndef NGRAMS_H
#define NGRAMS_H

#include "kernels.h"

enum { TEXT_CHUNK = 32, SLOTS = 3, LONGEST_GRAM = 6 };
enum { WIDE = 2 }; /* as in fanzha/character_table.py */

/* How texts are hashed. */
typedef struct {
    const uint8_t *classes; /* what each character is; from `class_count` on they are wide */
    int64_t class_count;
    int64_t bits;
    int64_t drops_runs; /* whether an n-gram equal to the one before is none */
} Grams;

static const int WIDE_SIZES[SLOTS] = {1, 2, 3}, NARROW_SIZES[SLOTS] = {3, 4, 6};

static inline uint32_t mix_gram(uint32_t state, uint32_t code) {
    state = (state ^ code) * UINT32_C(0x9E3779B1);
    return state ^ state >> 15;
}

/* Hashes the first 1 to LONGEST_GRAM characters from one on; returns how many there are. */
static inline int hash_from(const uint32_t *at, const uint32_t *end, uint32_t *states) {
    uint32_t state = 0;
    int length = 0;
    while (length < LONGEST_GRAM && at + length < end && at[length]) {
        state = mix_gram(state, at[length]);
        states[length++] = state;
    }
    return length;
}

/* Hashes a text into its chunks, each SLOTS * TEXT_CHUNK ids, which are 0 before; a text of n characters
 * has n / TEXT_CHUNK + 1 of them. Returns how many n-grams it has.
 */
static inline int64_t hash_text(const Grams *grams, const uint32_t *codes, int64_t length, int32_t *ids) {
    uint32_t before[SLOTS] = {0}; /* the n-grams of the character before */
    int known[SLOTS] = {0};
    int64_t count = 0;
    for (int64_t place = 0; place < length; place++) {
        uint32_t states[LONGEST_GRAM], code = codes[place];
        int found = hash_from(codes + place, codes + length, states);
        int is_wide = code >= grams->class_count || grams->classes[code] == WIDE;
        const int *sizes = is_wide ? WIDE_SIZES : NARROW_SIZES;
        int32_t *out = ids + place / TEXT_CHUNK * (SLOTS * TEXT_CHUNK) + place % TEXT_CHUNK;
        for (int slot = 0; slot < SLOTS; slot++) {
            int whole = sizes[slot] <= found;
            uint32_t state = whole ? states[sizes[slot] - 1] : 0;
            int repeated = grams->drops_runs && whole && known[slot] && before[slot] == state;
            known[slot] = whole;
            before[slot] = state;
            if (!whole || repeated) continue;
            /* Bucket 0 is padding; its n-grams share bucket 1. */
            uint32_t bucket = state * UINT32_C(0x85EBCA6B) >> (32 - grams->bits);
            out[slot * TEXT_CHUNK] = bucket ? (int32_t)bucket : 1;
            count++;
        }
    }
    return count;
}

#endif
