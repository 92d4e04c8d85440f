/* Finds the entry that decides for each number key: blocklists/indexes/numbers.py says which that is.
 *
 * An index is sorted slots (the key, mixed), a directory of where each bucket of leading bits begins,
 * and marks, a bit for some more leading bits, set where there is a slot: most keys end there.
 */
#include "kernels.h"

#define MIX UINT64_C(0x9E3779B97F4A7C15)

enum { ALLOW = 1, FROM = 1, TO = 2, EXACT = 255, LENGTHS = 16, BLOCK_ROWS = 64, WIDEST = 16 };

typedef struct {
    const uint64_t *slots;
    const uint32_t *directory;
    const uint8_t *marks; /* NULL in files of earlier versions */
    int64_t count;
    int64_t bucket_bits;
    int64_t mark_bits;
} Slots;

/* Entries of one kind in one layer; rows of its columns are those of the segment. */
typedef struct {
    Slots index;
    int64_t first_row; /* of the index, in the segment */
    int64_t layer_row; /* of the segment, in the snapshot */
    int64_t of_senders;
    const uint8_t *actions;
    const uint8_t *directions;
    const uint32_t *expires_s;
    const int64_t *dead; /* rows that were removed or replaced, sorted */
    int64_t dead_count;
} Group;

/* All live ranges of a snapshot; columns by place in the index. */
typedef struct {
    Slots index;
    const int64_t *rows;
    const uint8_t *actions;
    const uint8_t *directions;
    const int64_t *expires_s;
    const uint8_t *lengths; /* the numbers of digits there are, descending */
    int64_t length_count;
} Ranges;

static int64_t first_place(const Slots *index, uint64_t slot) {
    uint64_t bucket = slot >> (64 - index->bucket_bits);
    int64_t low = index->directory[bucket], high = index->directory[bucket + 1];
    /* Chosen keys may crowd a bucket. */
    while (high - low > WIDEST) {
        int64_t middle = low + (high - low) / 2;
        if (index->slots[middle] < slot)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < index->count && index->slots[low] < slot) low++;
    return low;
}

static int is_marked(const Slots *index, uint64_t slot) {
    if (!index->marks) return 1;
    uint64_t lead = slot >> (64 - index->mark_bits);
    return index->marks[lead >> 3] >> (lead & 7) & 1;
}

static int is_dead(const Group *group, int64_t row) {
    int64_t low = 0, high = group->dead_count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (group->dead[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < group->dead_count && group->dead[low] == row;
}

/* Takes the acting entries about one key from a group. Of two, ALLOW stays, else the later one. */
static void take_exact(const Group *group, uint64_t slot, uint8_t side, int64_t now_s, int64_t *entry,
                       uint8_t *action, uint8_t *rank) {
    const Slots *index = &group->index;
    for (int64_t place = first_place(index, slot); place < index->count && index->slots[place] == slot;
         place++) {
        int64_t row = place + group->first_row;
        if (group->expires_s[row] <= now_s || !(group->directions[row] & side)) continue;
        if (*rank == EXACT && *action == ALLOW && group->actions[row] != ALLOW) continue;
        if (group->dead_count && is_dead(group, row)) continue;
        *entry = row + group->layer_row;
        *action = group->actions[row];
        *rank = EXACT;
    }
}

static int count_digits(int64_t size) {
    int digits = 0;
    for (; size; size /= 10) digits++;
    return digits;
}

/* Takes the longest acting range that covers a key; of two alike ALLOW. */
static void take_range(const Ranges *ranges, int64_t key, uint8_t side, int64_t now_s, int64_t *entry,
                       uint8_t *action, uint8_t *rank) {
    if (key >= FIRST_SENDER) return; /* hashed senders have no leading digits */
    int64_t leading = key < 0 ? -key : key;
    int digits = count_digits(leading);
    for (int64_t nth = 0; nth < ranges->length_count; nth++) {
        int length = ranges->lengths[nth];
        if (length > digits) continue;
        for (; digits > length; digits--) leading /= 10;
        uint64_t slot = (uint64_t)((key < 0 ? -leading : leading) * LENGTHS + length) * MIX;
        const Slots *index = &ranges->index;
        int64_t found = -1;
        for (int64_t place = first_place(index, slot);
             place < index->count && index->slots[place] == slot; place++) {
            if (ranges->expires_s[place] <= now_s || !(ranges->directions[place] & side)) continue;
            /* Of places alike the later, as `lexsort` leaves it last. */
            if (found < 0 || ranges->actions[place] <= ranges->actions[found]) found = place;
        }
        if (found >= 0) {
            *entry = ranges->rows[found];
            *action = ranges->actions[found];
            *rank = (uint8_t)length;
            return;
        }
    }
}

/* Finds the deciding entry of each key: its row, -1 for none; its action and how specific it is, 0
 * for none. Up to row `first_to` keys are of those who call, from there on of those who are called; for
 * the first `names` sender entries count, too.
 */
EXPORT void fanzha_find_numbers(const Group *groups, int64_t group_count, const Ranges *ranges,
                                const int64_t *keys, int64_t count, int64_t first_to, int64_t names,
                                int64_t now_s, int64_t *entries, uint8_t *actions, uint8_t *ranks) {
    for (int64_t row = 0; row < count; row++) {
        entries[row] = -1;
        actions[row] = ranks[row] = 0;
        if (ranges->length_count)
            take_range(ranges, keys[row], row < first_to ? FROM : TO, now_s, entries + row,
                       actions + row, ranks + row);
    }
    uint8_t marked[BLOCK_ROWS];
    for (int64_t nth = 0; nth < group_count; nth++) {
        const Group *group = groups + nth;
        const Slots *index = &group->index;
        int64_t end = group->of_senders && names < count ? names : count;
        /* A block at a time, so that the processor fetches the lines of many keys at once. */
        for (int64_t first = 0; first < end; first += BLOCK_ROWS) {
            int64_t last = first + BLOCK_ROWS < end ? first + BLOCK_ROWS : end;
            if (index->marks && last - first > 1)
                for (int64_t row = first; row < last; row++) {
                    uint64_t lead = (uint64_t)keys[row] * MIX >> (64 - index->mark_bits);
                    __builtin_prefetch(index->marks + (lead >> 3));
                }
            for (int64_t row = first; row < last; row++) {
                uint64_t slot = (uint64_t)keys[row] * MIX;
                marked[row - first] = (uint8_t)is_marked(index, slot);
                if (marked[row - first])
                    __builtin_prefetch(index->directory + (slot >> (64 - index->bucket_bits)));
            }
            for (int64_t row = first; row < last; row++)
                if (marked[row - first])
                    take_exact(group, (uint64_t)keys[row] * MIX, row < first_to ? FROM : TO, now_s,
                               entries + row, actions + row, ranks + row);
        }
    }
}
