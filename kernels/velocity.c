/* The memory of how callers have been calling in the last minutes: classifiers/velocity/memory.py says
 * what it keeps.
 */
#include <math.h>
#include <stdlib.h>

#include "kernels.h"

enum { KINDS = 8, HISTORY = 8, NEAR = 9, BRIEF_MS = 2000 };
enum { MINUTE, TEN_MINUTES, HOUR, REPEATED, NEIGHBOURS, ENDED, UNANSWERED, BRIEF };

/* 64 bytes, a line of the processor's cache. */
typedef struct {
    int64_t owner;
    int64_t seen_ms;
    uint16_t callees[HISTORY]; /* the low bits of the last ones, the latest first; 0 is empty */
    float counters[KINDS];
} CallerSlot;

static const float FADING[3] = {-1.0f / 60000.0f, -1.0f / 600000.0f, -1.0f / 3600000.0f};

static float faded(int64_t age_ms, int kind) {
    return exp2f((float)age_ms * FADING[kind < HOUR ? kind : HOUR]);
}

/* Ages a slot to the time of an event, unless it has seen a later one. */
static void age(CallerSlot *slot, int64_t time_ms) {
    if (time_ms <= slot->seen_ms) return;
    int64_t passed = time_ms - slot->seen_ms;
    float by_the_hour = faded(passed, HOUR);
    slot->counters[MINUTE] *= faded(passed, MINUTE);
    slot->counters[TEN_MINUTES] *= faded(passed, TEN_MINUTES);
    for (int kind = HOUR; kind < KINDS; kind++) slot->counters[kind] *= by_the_hour;
    slot->seen_ms = time_ms;
}

static void claim(CallerSlot *slot, int64_t caller, int64_t time_ms) {
    if (slot->owner == caller || !is_personal(caller)) return;
    int64_t idle = time_ms - slot->seen_ms;
    if (idle < 0) idle = -idle;
    /* A hold of one call ends at once, that of sixty in an hour; sooner than counters fade. */
    if (!(slot->counters[HOUR] * faded(idle, TEN_MINUTES) <= 1)) return;
    *slot = (CallerSlot){.owner = caller, .seen_ms = time_ms};
}

/* Pushes a callee into the history, and counts whether it, or a neighbour, was there. */
static void push(CallerSlot *slot, int64_t callee, float amount) {
    uint16_t latest = (uint16_t)callee ? (uint16_t)callee : 1;
    uint16_t nearest = UINT16_C(1) << 15;
    for (int place = 0; place < HISTORY; place++) {
        uint16_t before = slot->callees[place];
        if (!before) continue;
        /* Unsigned: 2**15 apart, the difference has no absolute value as a signed number. */
        uint16_t apart = (uint16_t)abs((int16_t)(uint16_t)(before - latest));
        if (apart < nearest) nearest = apart;
    }
    if (nearest == 0)
        slot->counters[REPEATED] += amount;
    else if (nearest <= NEAR)
        slot->counters[NEIGHBOURS] += amount;
    for (int place = HISTORY - 1; place > 0; place--) slot->callees[place] = slot->callees[place - 1];
    slot->callees[0] = latest;
}

/* Counts calls in, and tells how their callers have been calling: `out` has KINDS columns of `rows`, 0
 * where nothing is known. Rows of one batch see each other, so each step is done for all before the next.
 */
EXPORT void fanzha_observe_attempts(CallerSlot *slots, int64_t shift, const int64_t *callers,
                                    const int64_t *callees, const int64_t *times, int64_t rows,
                                    float *out) {
    for (int64_t row = 0; row < rows; row++)
        __builtin_prefetch(slots + (spread(callers[row]) >> shift), 1);
    for (int64_t row = 0; row < rows; row++)
        if (callers[row] && callees[row] && times[row] > 0)
            claim(slots + (spread(callers[row]) >> shift), callers[row], times[row]);
    for (int64_t row = 0; row < rows; row++) {
        CallerSlot *slot = slots + (spread(callers[row]) >> shift);
        if (!callers[row] || !callees[row] || times[row] <= 0 || slot->owner != callers[row]) continue;
        age(slot, times[row]);
        int64_t ago = slot->seen_ms - times[row];
        for (int kind = MINUTE; kind <= HOUR; kind++) slot->counters[kind] += faded(ago, kind);
        push(slot, callees[row], faded(ago, HOUR));
    }
    for (int64_t row = 0; row < rows; row++) {
        const CallerSlot *slot = slots + (spread(callers[row]) >> shift);
        int counted = callers[row] && callees[row] && times[row] > 0 && slot->owner == callers[row];
        for (int kind = 0; kind < KINDS; kind++)
            out[kind * rows + row] = counted ? slot->counters[kind] : 0;
    }
}

/* Counts ended calls in for callers that are known. */
EXPORT void fanzha_record_attempt_ends(CallerSlot *slots, int64_t shift, const int64_t *callers,
                                       const uint8_t *answered, const int64_t *durations_ms,
                                       const int64_t *ended_at_ms, int64_t rows) {
    for (int64_t row = 0; row < rows; row++) {
        CallerSlot *slot = slots + (spread(callers[row]) >> shift);
        if (!callers[row] || ended_at_ms[row] <= 0 || slot->owner != callers[row]) continue;
        age(slot, ended_at_ms[row]);
        float amount = faded(slot->seen_ms - ended_at_ms[row], HOUR);
        slot->counters[ENDED] += amount;
        if (!answered[row]) slot->counters[UNANSWERED] += amount;
        if (answered[row] && durations_ms[row] < BRIEF_MS) slot->counters[BRIEF] += amount;
    }
}
