/* Describes callers and calls to their models: FEATURES of classifiers/caller/classifier.py and of
 * classifiers/velocity/classifier.py. Tables have a column of `rows` for each field; NaN is not known.
 */
#include <math.h>

#include "kernels.h"

/* In the order of CallerActivity. */
enum { OUTGOING, INCOMING, COUNTERPARTS, DAYS, HOURS, ENDED, ANSWERED, CONNECTED, SECONDS, SENT, RECEIVED,
       TEXT_COUNTERPARTS, HANDSETS, AREAS };

static const float KNOWN = 0.5f; /* a call decays below this in a week; ratios are unknown then */
static const float TYPICAL_SECONDS = 60.0f;

static float where_known(float amount, float value) { return amount < KNOWN ? NAN : logf(value); }

static float at_least_one(float number) { return number > 1 ? number : 1; }

/* `activity` has 14 columns, `out` 12. */
EXPORT void fanzha_caller_features(const float *activity, int64_t rows, float *out) {
    for (int64_t row = 0; row < rows; row++) {
#define GIVEN(column) activity[(column) * rows + row]
#define FEATURE(column) out[(column) * rows + row]
        float calls = GIVEN(OUTGOING) + GIVEN(INCOMING), texts = GIVEN(SENT) + GIVEN(RECEIVED);
        float hours = GIVEN(HOURS), connected = GIVEN(CONNECTED);
        FEATURE(0) = logf(calls + 1);
        FEATURE(1) = logf((calls + 1) / (GIVEN(COUNTERPARTS) + 1));
        FEATURE(2) = logf((calls + 1) / (GIVEN(DAYS) + 1));
        FEATURE(3) = logf((GIVEN(OUTGOING) + 1) / (GIVEN(INCOMING) + 1));
        FEATURE(4) = where_known(hours, hours + 1);
        FEATURE(5) = where_known(connected, (GIVEN(SECONDS) + TYPICAL_SECONDS) / (connected + 1));
        FEATURE(6) = where_known(texts, texts + 1);
        FEATURE(7) = where_known(texts, (texts + 1) / (calls + 1));
        FEATURE(8) = where_known(texts, (GIVEN(RECEIVED) + 1) / (GIVEN(SENT) + 1));
        FEATURE(9) = where_known(GIVEN(TEXT_COUNTERPARTS), (texts + 1) / (GIVEN(TEXT_COUNTERPARTS) + 1));
        FEATURE(10) = where_known(GIVEN(HANDSETS), at_least_one(GIVEN(HANDSETS)));
        FEATURE(11) = where_known(GIVEN(AREAS), at_least_one(GIVEN(AREAS)));
#undef GIVEN
    }
}

enum { FLAGS = 8, LOGARITHMS = 3, OF_AN_HOUR = 2, REPEATED = 3, NEIGHBOURS, ENDS, UNANSWERED, BRIEF };

/* `flags` and `counters` have 8 columns each, `out` 16. */
EXPORT void fanzha_attempt_features(const float *flags, const float *counters, const float *outgoing,
                                    const float *incoming, int64_t rows, float *out) {
    for (int64_t row = 0; row < rows; row++) {
#define COUNTED(column) counters[(column) * rows + row]
        for (int flag = 0; flag < FLAGS; flag++) FEATURE(flag) = flags[flag * rows + row];
        for (int nth = 0; nth < LOGARITHMS; nth++) FEATURE(FLAGS + nth) = logf(COUNTED(nth) + 1);
        float attempts = COUNTED(OF_AN_HOUR) + 1, ended = COUNTED(ENDS) + 1;
        int known = COUNTED(ENDS) >= KNOWN;
        FEATURE(11) = COUNTED(REPEATED) / attempts;
        FEATURE(12) = COUNTED(NEIGHBOURS) / attempts;
        FEATURE(13) = known ? (COUNTED(UNANSWERED) + 0.5f) / ended : NAN;
        FEATURE(14) = known ? COUNTED(BRIEF) / ended : NAN;
        FEATURE(15) = logf((outgoing[row] + 1) / (incoming[row] + 1));
#undef COUNTED
#undef FEATURE
    }
}
