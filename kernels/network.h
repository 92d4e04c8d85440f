/* Small dense networks, of which several rows are computed side by side. */
#ifndef NETWORK_H
#define NETWORK_H

#include "kernels.h"

enum { WIDEST = 256, LANES = 16 };

/* One number of each of several rows. */
typedef float Lanes __attribute__((vector_size(LANES * sizeof(float))));

/* One layer: `groups` blocks side by side, each from `inputs` to `outputs` numbers. */
typedef struct {
    const float *weights; /* groups, outputs, inputs */
    const float *biases;  /* groups, outputs */
    int64_t groups, inputs, outputs;
} Layer;

/* Runs `count` layers on the numbers in `in`; all but the last leave out what is below 0. Both arrays
 * have WIDEST places. Returns the one of them that holds what the last layer gives.
 */
__attribute__((visibility("hidden"))) Lanes *run_layers(const Layer *layers, int64_t count, Lanes *in,
                                                        Lanes *out);

/* An embedding: what the table of a model has for an n-gram. */
enum { EMBEDDING = 16, MOST_IDS = 256 };

/* Adds up the embeddings of at most MOST_IDS n-grams; that of padding, 0, is zero. */
static inline void add_embeddings(const int8_t *table, const int32_t *ids, int64_t count,
                                  int32_t *sums) {
    typedef int8_t Row __attribute__((vector_size(EMBEDDING)));
    typedef int16_t Sum __attribute__((vector_size(2 * EMBEDDING)));
    Sum sum = {0}; /* MOST_IDS numbers of 8 bits fit into 16 */
    for (int64_t nth = 0; nth < count; nth++) {
        Row row;
        __builtin_memcpy(&row, table + (int64_t)ids[nth] * EMBEDDING, sizeof row);
        sum += __builtin_convertvector(row, Sum);
    }
    for (int place = 0; place < EMBEDDING; place++) sums[place] += sum[place];
}

#endif
