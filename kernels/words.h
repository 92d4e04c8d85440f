/* Sets of words, and what is known of each: classifiers/link/word_tables.py makes them. */
#ifndef WORDS_H
#define WORDS_H

#include <string.h>

#include "kernels.h"

/* Characters from one place to before another. */
typedef struct {
    const uint8_t *at, *end;
} Span;

static inline int64_t length_of(Span text) { return text.end - text.at; }

/* Words in a table by hash. */
typedef struct {
    const int32_t *slots; /* 2 to the power of `bits`, of each the number of a word from 1 on, 0 for none */
    int64_t bits;
    const int32_t *ends; /* of each word, where it ends in `names` */
    const uint8_t *names;
} Words;

/* Words with a figure each. */
typedef struct {
    Words words;
    const double *figures;
} Figures;

/* A hash is made from the last character to the first: so all endings of a word have one on the way. */
static inline uint32_t hash_more(uint32_t hash, uint8_t before) {
    return (hash ^ before) * UINT32_C(0x01000193);
}

static inline uint32_t hash_of(Span word) {
    uint32_t hash = 0;
    while (word.end > word.at) hash = hash_more(hash, *--word.end);
    return hash;
}

static inline uint32_t slot_of(const Words *words, uint32_t hash) {
    return (hash ^ hash >> 15) & ((UINT32_C(1) << words->bits) - 1);
}

/* Returns the number of a word from 0 on, -1 where it is none of these. */
static inline int64_t find_hashed(const Words *words, Span word, uint32_t hash) {
    uint32_t slot = slot_of(words, hash), mask = (UINT32_C(1) << words->bits) - 1;
    for (; words->slots[slot]; slot = (slot + 1) & mask) {
        int64_t number = words->slots[slot] - 1, begin = number ? words->ends[number - 1] : 0;
        if (words->ends[number] - begin != length_of(word)) continue;
        if (!memcmp(words->names + begin, word.at, (size_t)length_of(word))) return number;
    }
    return -1;
}

static inline int64_t find_word(const Words *words, Span word) {
    return find_hashed(words, word, hash_of(word));
}

static inline int holds_word(const Words *words, Span word) { return find_word(words, word) >= 0; }

static inline double figure_of(const Figures *figures, Span word, double otherwise) {
    int64_t number = find_word(&figures->words, word);
    return number < 0 ? otherwise : figures->figures[number];
}

/* Kinds of ASCII characters. */
static inline int is_small(uint8_t c) { return c >= 'a' && c <= 'z'; }
static inline int is_capital(uint8_t c) { return c >= 'A' && c <= 'Z'; }
static inline int is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static inline uint8_t lower(uint8_t c) { return is_capital(c) ? c + ('a' - 'A') : c; }

/* The place after the last of a character in a text; its beginning where there is none. */
static inline const uint8_t *after_last(Span text, uint8_t wanted) {
    while (text.end > text.at && text.end[-1] != wanted) text.end--;
    return text.end;
}

/* The place of the first of a character in a text; its end where there is none. */
static inline const uint8_t *first_of(Span text, uint8_t wanted) {
    while (text.at < text.end && *text.at != wanted) text.at++;
    return text.at;
}

#endif
