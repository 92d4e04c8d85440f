/* Finds where texts may be disguised: classifiers/text/disguise.py says how, and tells whether they are. */
#include "kernels.h"

/* Kinds of characters and bits of two neighbours, as in classifiers/text/disguise_characters.py. */
enum { OTHER = 0, SUBSTITUTE = 6, ENDING = 7, LEFT = 9 };
enum { BESIDE = 1, PAIR = 2, HALVES_OF_ONE = 4, BEGIN = 8, END = 16, DECORATED = 32, IS_FANCY = 64 };
enum { SPACED_OUT = BEGIN, BY_SOUND = END }; /* what these mean of a hint */
enum { LETTERS = 4, REACH = 21, LONGEST_WORD = 20, FULL = -1 };

typedef struct {
    const uint8_t *kinds; /* of each character below `size`; further ones are as the last */
    const uint8_t *bits;  /* of two kinds, the first times 16 */
    int64_t size;
    const uint8_t *sounds; /* of each three letters, whether a word that spells Chinese begins with them, */
    int64_t shortest_sound; /* and how many letters it has at least */
} Disguises;

typedef struct {
    int32_t *at, *end;
} Hints; /* row, place and bit of each */

static void give(Hints *hints, int64_t row, int64_t place, int bit) {
    if (hints->end - hints->at >= 3) {
        hints->at[0] = (int32_t)row;
        hints->at[1] = (int32_t)place;
        hints->at[2] = bit;
    }
    hints->at += 3;
}

static int kind_of(const Disguises *known, uint32_t code) {
    return known->kinds[code < known->size ? code : known->size - 1];
}

static int is_alphanumeric(uint32_t code) {
    return code - '0' < 10 || code - 'a' < 26 || code - 'A' < 26;
}

static int is_one_of(uint32_t code, const char *characters) {
    for (; *characters; characters++)
        if (code == (uint8_t)*characters) return 1;
    return 0;
}

static int is_mark(const Disguises *known, uint32_t code) {
    int kind = kind_of(known, code);
    return kind == SUBSTITUTE || kind == ENDING;
}

/* Returns where the word of ASCII letters and digits begins that holds a place; -1 where what stands before
 * it belongs to an address or a longer word. With `marks` it may hold them, too.
 */
static int64_t begin_of(const Disguises *known, const uint32_t *text, int64_t place, int marks) {
    int64_t least = place > LONGEST_WORD ? place - LONGEST_WORD : 0;
    while (place > least &&
           (is_alphanumeric(text[place - 1]) || (marks && is_mark(known, text[place - 1]))))
        place--;
    if (!place) return place;
    uint32_t before = text[place - 1];
    int belongs = is_alphanumeric(before) || is_one_of(before, marks ? "_./:&=?-" : "_.@/-");
    return belongs || (marks && is_mark(known, before)) ? -1 : place;
}

/* Tells whether a word that spells Chinese by sound may begin with the letters at a place. */
static int may_spell(const Disguises *known, const uint32_t *letters) {
    enum { ALPHABET = 26 };
    uint32_t number = 0;
    for (int nth = 0; nth < 3; nth++) {
        uint32_t letter = (letters[nth] | 0x20) - 'a';
        if (letters[nth] >= 0x80 || letter >= ALPHABET) return 0;
        number = number * ALPHABET + letter;
    }
    return known->sounds[number];
}

/* Gives the hints of one text. */
static void look_at(const Disguises *known, const uint32_t *text, int64_t length, int64_t row, Hints *hints) {
    int64_t alone[LETTERS] = {0}; /* places of the last letters without one beside them */
    int64_t count = 0, begin = 0, respelt = -1, paired = -1;
    int is_chinese = 0, kind = OTHER;
    for (int64_t place = 0; place < length; place++) is_chinese |= kind_of(known, text[place]) >= LEFT;
    int before = known->bits[OTHER << 4 | (length ? kind_of(known, text[0]) : OTHER)];
    for (int64_t place = 0; place < length; place++) {
        kind = kind_of(known, text[place]);
        int next = place + 1 < length ? kind_of(known, text[place + 1]) : OTHER;
        int bits = known->bits[kind << 4 | next];
        if (bits & DECORATED) {
            give(hints, row, place, DECORATED); /* always a disguise */
            return;
        }
        if (bits & BESIDE) {
            int64_t from = begin_of(known, text, place, 1);
            if (from >= 0 && from != respelt) give(hints, row, respelt = from, BESIDE);
        }
        if (bits & PAIR) {
            int64_t from = begin_of(known, text, place, 0);
            if (from >= 0 && from != paired) give(hints, row, paired = from, PAIR);
        }
        if (bits & HALVES_OF_ONE) give(hints, row, place, HALVES_OF_ONE);
        if (bits & IS_FANCY) give(hints, row, place, IS_FANCY);
        if (before & BEGIN) begin = place;
        if (bits & END) {
            int is_long = place - begin >= known->shortest_sound - 1;
            if (is_chinese && is_long && may_spell(known, text + begin)) give(hints, row, begin, BY_SOUND);
            if (begin == place) {
                int64_t first = alone[(count + 1) % LETTERS]; /* of this one and those before */
                alone[count++ % LETTERS] = place;
                if (count >= LETTERS && place - first <= REACH) give(hints, row, first, SPACED_OUT);
            }
        }
        before = bits;
    }
}

/* Looks at the texts that lie end to end in `codes`. Of each hint three numbers go into `out`, which has
 * `room` of them: the row, the place and the bit, in order of row. Returns how many numbers there are; FULL
 * where there is too little room.
 */
EXPORT int64_t fanzha_disguise_hints(const Disguises *known, const uint32_t *codes, const int64_t *lengths,
                                     int64_t texts, int64_t most, int32_t *out, int64_t room) {
    Hints hints = {out, out + room};
    for (int64_t row = 0; row < texts; row++) {
        look_at(known, codes, lengths[row] < most ? lengths[row] : most, row, &hints);
        if (hints.at > hints.end) return FULL;
        codes += lengths[row];
    }
    return hints.at - out;
}
