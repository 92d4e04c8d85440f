/* Combines the log-odds of both stages of a cascade into one score: classifiers/cascade.py says why. */
#include <math.h>

#include "kernels.h"

static const double MOST = 60; /* log-odds beyond which a score rounds to 1 */

typedef struct {
    double fast_weight, slope, offset;
    double threshold;      /* of the calibrated probability */
    double fast_threshold; /* of the scores */
    float second_weight;
    float edge, below_edge, below_one; /* the threshold of the scores, and the numbers below it and below 1 */
} Combiner;

/* Stretches a probability so that one threshold comes to lie on the other. */
static double on_fast_scale(const Combiner *combiner, double p) {
    double from = combiner->threshold, to = combiner->fast_threshold;
    if (p < from) return to / from * p;
    return p < 1 ? (1 - to) / (1 - from) * (p - from) + to : 1;
}

static float combined(const Combiner *combiner, float fast, float second, double added) {
    double mean = combiner->fast_weight * (double)fast + (double)(combiner->second_weight * second);
    double odds = combiner->slope * mean + combiner->offset + added;
    if (isnan(odds)) return NAN;
    odds = odds < -MOST ? -MOST : odds > MOST ? MOST : odds;
    double p = 1 / (1 + exp(-odds));
    float score = (float)on_fast_scale(combiner, p);
    /* To stretch may round across the threshold, which is compared in 32 bits. */
    int is_blocked = p >= combiner->threshold;
    float least = is_blocked ? combiner->edge : 0, most = is_blocked ? combiner->below_one : combiner->below_edge;
    score = score < least ? least : score;
    return score > most ? most : score;
}

/* Scores `rows` rows; `added` is NULL or what is added to the calibrated mean of each. */
EXPORT void fanzha_combine_scores(const Combiner *combiner, const float *fast, const float *second,
                                  const float *added, int64_t rows, float *out) {
    for (int64_t row = 0; row < rows; row++)
        out[row] = combined(combiner, fast[row], second[row], added ? (double)added[row] : 0);
}
