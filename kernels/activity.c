/* The memory of what numbers have been doing: classifiers/caller/activity.py says what it keeps. */
#include <math.h>
#include <stddef.h>

#include "kernels.h"

enum { GROUPS = 4, PERIOD_DAYS = 5, DAYS = 32, COUNTERS = 8, COLUMNS = 14 };
enum { OUTGOING, INCOMING, ENDED, ANSWERED, CONNECTED, SECONDS, SENT, RECEIVED };

/* 96 bytes. */
typedef struct {
    int64_t owner;
    int64_t seen_ms;
    uint64_t days_and_hours;          /* days from the lowest bit up, today first; above them the hours */
    uint64_t counterparts[GROUPS];    /* linear counting, a word cleared in turns */
    uint64_t text_counterparts;       /* the same, a quarter cleared in turns */
    float counters[COUNTERS];         /* weighted by their age, see HALF_LIFE_MS */
} Slot;

/* What a worker keeps, and tables of what bits weigh. */
typedef struct {
    Slot *slots;
    uint64_t *mobility; /* 32 bits of handsets, 32 of areas; NULL until a switch sends either */
    int64_t shift;      /* of a hash, to its slot */
    const float *recent_days, *earlier_days; /* by 16 bits: what these days weigh together */
    const float *distinct;                   /* by set bits of 64: how many are estimated */
    const float *distinct_places;            /* the same of 32 */
} Memory;

#define HALF_LIFE_MS (7.0f * 86400000.0f)
#define HOLD_HALF_LIFE_MS 3600000.0f

static int64_t floor_div(int64_t number, int64_t by) {
    int64_t quotient = number / by;
    return quotient - (number % by < 0);
}

static float faded(int64_t age_ms) { return exp2f((float)age_ms * (-1.0f / HALF_LIFE_MS)); }

static int64_t place_of(const Memory *memory, int64_t key) {
    return (int64_t)(spread(key) >> memory->shift);
}

static uint64_t bit_of_text(uint64_t hash) { return UINT64_C(1) << (hash >> 32 & 63); }

/* Clears the groups whose turn has come between two days (a rolling window of 7 to 13 days). */
static void expire_groups(const Memory *memory, int64_t place, int64_t day_before, int64_t today) {
    Slot *slot = memory->slots + place;
    int64_t before = floor_div(day_before, PERIOD_DAYS), now = floor_div(today, PERIOD_DAYS);
    if (now - before > GROUPS) before = now - GROUPS;
    for (int64_t period = before + 1; period <= now; period++) {
        int group = (int)(((period % GROUPS) + GROUPS) % GROUPS);
        slot->days_and_hours &= ~(UINT64_C(0x111111) << (DAYS + group));
        slot->counterparts[group] = 0;
        slot->text_counterparts &= ~(UINT64_C(0xFFFF) << (16 * group));
        if (memory->mobility)
            memory->mobility[place] &= ~(UINT64_C(0x000000FF000000FF) << (8 * group));
    }
}

/* Ages a slot to the time of an event, unless it has seen a later one. */
static void age(const Memory *memory, int64_t place, int64_t time_ms) {
    Slot *slot = memory->slots + place;
    int64_t before = slot->seen_ms;
    if (time_ms <= before) return;
    float factor = faded(time_ms - before);
    for (int counter = 0; counter < COUNTERS; counter++) slot->counters[counter] *= factor;
    slot->seen_ms = time_ms;
    int64_t day_before = floor_div(before, DAY_MS), today = floor_div(time_ms, DAY_MS);
    if (today == day_before) return;
    expire_groups(memory, place, day_before, today);
    int64_t passed = today - day_before;
    uint64_t days = passed < DAYS ? (slot->days_and_hours << passed) & UINT64_C(0xFFFFFFFF) : 0;
    slot->days_and_hours = (slot->days_and_hours & ~UINT64_C(0xFFFFFFFF)) | days;
}

static float weight(const Slot *slot, int64_t time_ms) { return faded(slot->seen_ms - time_ms); }

/* Gives a caller the slot, if it is free or its owner idle for long. */
static void claim(const Memory *memory, int64_t place, int64_t caller, int64_t time_ms) {
    Slot *slot = memory->slots + place;
    if (slot->owner == caller || !is_personal(caller)) return;
    int64_t idle = time_ms - slot->seen_ms;
    if (idle < 0) idle = -idle;
    float hold = slot->counters[OUTGOING] * exp2f((float)idle * (-1.0f / HOLD_HALF_LIFE_MS));
    if (!(hold <= 1)) return;
    *slot = (Slot){.owner = caller, .seen_ms = time_ms};
    if (memory->mobility) memory->mobility[place] = 0;
}

/* Marks the day, the hour and the other party of a call. */
static void mark(Slot *slot, int64_t time_ms, uint64_t other) {
    int64_t hours = time_ms / (DAY_MS / 24), ago = slot->seen_ms / DAY_MS - hours / 24;
    uint64_t day = ago < DAYS ? UINT64_C(1) << ago : 0;
    slot->days_and_hours |= day | UINT64_C(1) << (DAYS + hours % 24);
    slot->counterparts[other >> 38 & (GROUPS - 1)] |= bit_of_text(other);
}

static uint64_t bit_of_place(uint32_t checksum) {
    return checksum ? UINT64_C(1) << (spread(checksum) >> 40 & 31) : 0;
}

static void describe(const Memory *memory, int64_t place, int64_t rows, float *out) {
    const Slot *slot = memory->slots + place;
    float distinct = 0;
    for (int group = 0; group < GROUPS; group++)
        distinct += memory->distinct[__builtin_popcountll(slot->counterparts[group])];
    uint64_t days = slot->days_and_hours;
    float columns[COLUMNS] = {
        slot->counters[OUTGOING],
        slot->counters[INCOMING],
        distinct,
        memory->recent_days[days & 0xFFFF] + memory->earlier_days[days >> 16 & 0xFFFF],
        (float)__builtin_popcountll(days >> DAYS),
        slot->counters[ENDED],
        slot->counters[ANSWERED],
        slot->counters[CONNECTED],
        slot->counters[SECONDS],
        slot->counters[SENT],
        slot->counters[RECEIVED],
        memory->distinct[__builtin_popcountll(slot->text_counterparts)],
        0,
        0,
    };
    if (memory->mobility) {
        uint64_t places = memory->mobility[place];
        columns[12] = memory->distinct_places[__builtin_popcountll(places & UINT64_C(0xFFFFFFFF))];
        columns[13] = memory->distinct_places[__builtin_popcountll(places >> 32)];
    }
    for (int column = 0; column < COLUMNS; column++) out[column * rows] = columns[column];
}

/* Counts calls in, and describes their callers: `out` has COLUMNS columns of `rows`, in the order of
 * CallerActivity. Rows of one batch see each other, so each step is done for all before the next.
 * `handsets` and `areas` are checksums, 0 or NULL where unknown.
 */
EXPORT void fanzha_observe_calls(const Memory *memory, const int64_t *callers, const int64_t *callees,
                                 const int64_t *times, const uint32_t *handsets, const uint32_t *areas,
                                 int64_t rows, float *out) {
    Slot *slots = memory->slots;
    for (int64_t row = 0; row < rows; row++) {
        __builtin_prefetch(slots + place_of(memory, callers[row]), 1);
        __builtin_prefetch(slots + place_of(memory, callees[row]), 1);
    }
    for (int64_t row = 0; row < rows; row++)
        if (callers[row] && callees[row] && times[row] > 0)
            claim(memory, place_of(memory, callers[row]), callers[row], times[row]);
    for (int64_t row = 0; row < rows; row++) {
        if (!callers[row] || !callees[row] || times[row] <= 0) continue;
        int64_t from = place_of(memory, callers[row]), to = place_of(memory, callees[row]);
        if (slots[from].owner == callers[row]) age(memory, from, times[row]);
        if (slots[to].owner == callees[row]) age(memory, to, times[row]);
    }
    for (int64_t row = 0; row < rows; row++) {
        if (!callers[row] || !callees[row] || times[row] <= 0) continue;
        uint64_t by = spread(callers[row]), of = spread(callees[row]);
        int64_t from = (int64_t)(by >> memory->shift);
        Slot *caller = slots + from, *callee = slots + (of >> memory->shift);
        if (caller->owner == callers[row]) {
            caller->counters[OUTGOING] += weight(caller, times[row]);
            mark(caller, times[row], of);
            if (memory->mobility && handsets) memory->mobility[from] |= bit_of_place(handsets[row]);
            if (memory->mobility && areas) memory->mobility[from] |= bit_of_place(areas[row]) << 32;
        }
        if (callee->owner == callees[row]) {
            callee->counters[INCOMING] += weight(callee, times[row]);
            mark(callee, times[row], by);
        }
    }
    for (int64_t row = 0; row < rows; row++) {
        int64_t place = place_of(memory, callers[row]);
        if (callers[row] && slots[place].owner == callers[row])
            describe(memory, place, rows, out + row);
        else
            for (int column = 0; column < COLUMNS; column++) out[column * rows + row] = 0;
    }
}

/* Ages the slots of those parties of readable rows that hold one. */
static void age_both(const Memory *memory, const int64_t *from, const int64_t *to, const int64_t *times,
                     int64_t rows) {
    for (int64_t row = 0; row < rows; row++) {
        if (!from[row] || !to[row] || times[row] <= 0) continue;
        int64_t first = place_of(memory, from[row]), second = place_of(memory, to[row]);
        if (memory->slots[first].owner == from[row]) age(memory, first, times[row]);
        if (memory->slots[second].owner == to[row]) age(memory, second, times[row]);
    }
}

/* Counts texts in for the numbers whose calls are being counted. */
EXPORT void fanzha_observe_texts(const Memory *memory, const int64_t *senders, const int64_t *receivers,
                                 const int64_t *times, int64_t rows) {
    age_both(memory, senders, receivers, times, rows);
    for (int64_t row = 0; row < rows; row++) {
        if (!senders[row] || !receivers[row] || times[row] <= 0) continue;
        uint64_t by = spread(senders[row]), of = spread(receivers[row]);
        Slot *sender = memory->slots + (by >> memory->shift);
        Slot *receiver = memory->slots + (of >> memory->shift);
        if (sender->owner == senders[row]) {
            sender->counters[SENT] += weight(sender, times[row]);
            sender->text_counterparts |= bit_of_text(of);
        }
        if (receiver->owner == receivers[row]) {
            receiver->counters[RECEIVED] += weight(receiver, times[row]);
            receiver->text_counterparts |= bit_of_text(by);
        }
    }
}

static void end_call(Slot *slot, int64_t time_ms, int answered, float seconds, int by_caller) {
    float one = weight(slot, time_ms);
    if (answered) {
        slot->counters[CONNECTED] += one;
        slot->counters[SECONDS] += one * seconds;
    }
    if (by_caller) {
        slot->counters[ENDED] += one;
        if (answered) slot->counters[ANSWERED] += one;
    }
}

/* Counts ended calls in for the numbers whose calls are being counted. */
EXPORT void fanzha_record_ends(const Memory *memory, const int64_t *callers, const int64_t *callees,
                               const uint8_t *answered, const int64_t *durations_ms,
                               const int64_t *ended_at_ms, int64_t rows) {
    age_both(memory, callers, callees, ended_at_ms, rows);
    for (int64_t row = 0; row < rows; row++) {
        if (!callers[row] || !callees[row] || ended_at_ms[row] <= 0) continue;
        /* Nothing from outside may make a counter infinite. */
        int64_t duration = durations_ms[row] < 0 ? 0 : durations_ms[row];
        float seconds = (float)(duration > DAY_MS ? DAY_MS : duration) / 1000.0f;
        Slot *caller = memory->slots + place_of(memory, callers[row]);
        Slot *callee = memory->slots + place_of(memory, callees[row]);
        if (caller->owner == callers[row])
            end_call(caller, ended_at_ms[row], answered[row], seconds, 1);
        if (callee->owner == callees[row])
            end_call(callee, ended_at_ms[row], answered[row], seconds, 0);
    }
}

/* Copies the slots of some keys out, or, to `restore` them, back. */
EXPORT void fanzha_save_slots(const Memory *memory, const int64_t *keys, Slot *slots, int64_t count,
                              uint64_t *mobility, int64_t restore) {
    for (int64_t nth = 0; nth < count; nth++) {
        int64_t place = place_of(memory, keys[nth]);
        if (restore)
            memory->slots[place] = slots[nth];
        else
            slots[nth] = memory->slots[place];
        if (!memory->mobility) continue;
        if (restore)
            memory->mobility[place] = mobility[nth];
        else
            mobility[nth] = memory->mobility[place];
    }
}
