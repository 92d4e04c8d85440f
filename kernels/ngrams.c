/* Hashes the n-grams of normalised texts. */
#include "ngrams.h"

/* Hashes the texts that lie end to end in `codes`. `ids` has the chunks of each text, 0 before. Writes
 * how many n-grams each text has.
 */
EXPORT void fanzha_ngrams(const Grams *grams, const uint32_t *codes, const int64_t *lengths, int64_t texts,
                          int32_t *ids, int64_t *counts) {
    for (int64_t text = 0; text < texts; text++) {
        int64_t length = lengths[text];
        counts[text] = hash_text(grams, codes, length, ids);
        codes += length;
        ids += (length / TEXT_CHUNK + 1) * (SLOTS * TEXT_CHUNK);
    }
}
