/* Fills the tables of words that other kernels look words up in. */
#include "words.h"

/* Puts `count` distinct words into `slots`, those of the table, which are 0 before and more than the words. */
EXPORT void fanzha_index_words(const Words *words, int64_t count, int32_t *slots) {
    uint32_t mask = (UINT32_C(1) << words->bits) - 1;
    const uint8_t *begin = words->names;
    for (int64_t number = 0; number < count; number++) {
        Span word = {begin, words->names + words->ends[number]};
        uint32_t slot = slot_of(words, hash_of(word));
        while (slots[slot]) slot = (slot + 1) & mask;
        slots[slot] = (int32_t)number + 1;
        begin = word.end;
    }
}
