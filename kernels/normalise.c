/* Normalises texts: fanzha/text.py says to what, and fanzha/character_table.py has the tables. Each step
 * reads the text that the one before left and writes it anew, in place: none makes it longer.
 */
#include "kernels.h"

enum { ROW_BREAK = 0x1E, EXPANDS = -1, MOST_READ = 8192, FIRST_TAG = 0xE0000, FULL = -1 };
enum { SPACE, NARROW, WIDE, BREAK }; /* kinds of characters */
/* Tokens, in the order of fanzha.text.Token. */
enum { LINK = 0xE000, NUMBER, DIGITS_2, DIGITS_4, DIGITS_6, DIGITS_9, DIGITS_13, DIGITS_MORE, MOBILE,
       HOTLINE, NATIONAL_SERVICE, PUBLIC_CARRIER, PUBLIC_SERVICE, ACCESS_CODE };

typedef struct {
    const uint32_t *folds;  /* of each character below `size` another, 0 for none, or EXPANDS */
    const uint8_t *classes; /* of each its kind */
    int64_t size;
    const uint32_t *expanding; /* the characters that fold to several, ascending, */
    const int64_t *ends;       /* and where what they fold to ends in `expansions` */
    const uint32_t *expansions;
    int64_t expanding_count;
} Characters;

typedef struct {
    const uint32_t *at, *end;
} Span;

static int in_range(uint32_t code, uint32_t first, uint32_t last) { return code - first <= last - first; }
static int is_digit(uint32_t code) { return in_range(code, '0', '9'); }
static int is_lower(uint32_t code) { return in_range(code, 'a', 'z'); }
static int is_upper(uint32_t code) { return in_range(code, 'A', 'Z'); }
static int is_printed(uint32_t code) { return in_range(code, '!', '~'); }
static int is_of_label(uint32_t code) { return is_digit(code) || is_lower(code) || code == '-'; }
static int is_of_number(uint32_t code) { return is_digit(code) || code == 'x' || code == '*'; }

/* Returns the length of `word` if a text begins with it, else 0. */
static int64_t starts(const uint32_t *at, const uint32_t *end, const char *word) {
    int64_t length = 0;
    for (; word[length]; length++)
        if (at + length >= end || at[length] != (uint8_t)word[length]) return 0;
    return length;
}

/* Placeholders of published corpora; upper case tells them from words. */

static int has_placeholder(Span text) {
    static const char *const words[] = {"DIGIT", "WECHAT", "PHONE", "URL", "PLACE", "NAME", "BANK"};
    for (; text.at < text.end; text.at++)
        for (int nth = 0; is_upper(*text.at) && nth < 7; nth++)
            if (starts(text.at, text.end, words[nth])) return 1;
    return 0;
}

/* Returns the length of the placeholder that a text begins with, and what stands for it; else 0. */
static int64_t placeholder(Span text, uint32_t before, uint32_t *token) {
    static const struct {
        const char *rest;
        uint32_t token;
    } ends[] = {{"IGIT", NUMBER}, {"ECHAT", NUMBER}, {"HONE", NUMBER}, {"ELLPHONE", NUMBER},
                {"RL", LINK},     {"LACE", ' '},     {"AME", ' '},     {"ANK", ' '}};
    if (is_upper(before) || is_lower(before) || text.at >= text.end) return 0;
    switch (*text.at) {
    case 'B': case 'C': case 'D': case 'N': case 'P': case 'U': case 'W': break;
    default: return 0;
    }
    for (int nth = 0; nth < 8; nth++) {
        int64_t length = starts(text.at + 1, text.end, ends[nth].rest);
        const uint32_t *after = text.at + 1 + length;
        if (!length || (after < text.end && is_upper(*after))) continue;
        *token = ends[nth].token;
        return 1 + length;
    }
    return 0;
}

static uint32_t fold(const Characters *characters, uint32_t code) {
    if (code < characters->size) return characters->folds[code];
    return code >= FIRST_TAG ? 0 : code;
}

/* Writes what a character of several folds to, as far as there is room; returns how much that is. */
static int64_t expand(const Characters *characters, uint32_t code, uint32_t *out, int64_t room) {
    int64_t low = 0, high = characters->expanding_count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (characters->expanding[middle] < code) low = middle + 1;
        else high = middle;
    }
    if (low == characters->expanding_count || characters->expanding[low] != code) return 0;
    int64_t begin = low ? characters->ends[low - 1] : 0, length = characters->ends[low] - begin;
    for (int64_t nth = 0; nth < length && nth < room; nth++) out[nth] = characters->expansions[begin + nth];
    return length;
}

/* Folds a text; returns its length, which is more than `room` where it was not written to the end. */
static int64_t fold_text(const Characters *characters, Span text, uint32_t *out, int64_t room) {
    int with_placeholders = has_placeholder(text);
    int64_t length = 0;
    uint32_t before = 0;
    while (text.at < text.end) {
        uint32_t code = *text.at == ROW_BREAK ? ' ' : *text.at;
        int64_t read = with_placeholders ? placeholder(text, before, &code) : 0;
        text.at += read ? read : 1;
        before = text.at[-1];
        uint32_t folded = fold(characters, code);
        if (folded == (uint32_t)EXPANDS) {
            length += expand(characters, code, out + length, length < room ? room - length : 0);
        } else if (folded) {
            if (length < room) out[length] = folded;
            length++;
        }
    }
    return length;
}

/* http://, also with spaces in it or without the colon, and all that follows. */
static const uint32_t *scheme_link(const uint32_t *at, const uint32_t *end) {
    int64_t length = starts(at, end, "http");
    if (!length) return at;
    const uint32_t *from = at;
    at += length;
    if (at < end && *at == 's') at++;
    if (at < end && *at == ' ') at++;
    if (at < end && *at == ':') at++;
    if (at < end && *at == ' ') at++;
    if (!starts(at, end, "//")) return from;
    at += 2;
    if (at < end && *at == ' ') at++;
    if (at >= end || !is_printed(*at)) return from;
    while (at < end && is_printed(*at)) at++;
    return at;
}

/* A host that begins a word and ends in two letters or more, with what follows a slash, colon or query. */
static const uint32_t *host_link(const uint32_t *at, const uint32_t *end, uint32_t before) {
    const uint32_t *from = at;
    if (*at == '-' || !is_of_label(*at) || is_of_label(before) || before == '.') return from;
    while (at < end && is_of_label(*at)) at++;
    for (;;) {
        if (end - at < 3 || *at != '.') return from;
        const uint32_t *label = at + 1;
        while (label < end && is_of_label(*label)) label++;
        if (label == at + 1 || end - label < 2 || *label != '.' || !is_lower(label[1])) break;
        at = label;
    }
    const uint32_t *last = at + 1;
    while (last < end && is_lower(*last)) last++;
    if (last - at < 3 || (last < end && is_of_label(*last))) return from;
    if (last < end && (*last == '/' || *last == ':' || *last == '?'))
        for (last++; last < end && is_printed(*last);) last++;
    return last;
}

/* Digits, also masked ones, in groups. */
static const uint32_t *number(const uint32_t *at, const uint32_t *end, uint32_t before) {
    const uint32_t *from = at;
    if (is_digit(*at)) {
        while (at < end && is_of_number(*at)) at++;
    } else {
        uint32_t mask = *at;
        if ((mask != 'x' && mask != '*') || (mask == 'x' && is_lower(before))) return from;
        while (at < end && *at == mask) at++;
        if (at - from < 2 || (mask == 'x' && at < end && is_lower(*at))) return from;
        while (at < end && is_digit(*at)) at++;
    }
    while (end - at >= 2 && is_digit(at[1])) {
        if (*at == ' ' || *at == ',') {
            int64_t digits = 0;
            while (at + 1 + digits < end && is_digit(at[1 + digits])) digits++;
            int masked = at + 1 + digits < end && is_of_number(at[1 + digits]);
            if (digits < 3 || digits > 4 || masked) break;
        } else if (*at != '.' && *at != ':' && *at != '/' && *at != '-') {
            break;
        }
        for (at++; at < end && is_of_number(*at);) at++;
    }
    return at;
}

/* Tells the token of a number, of which only digits and masks count. */
static uint32_t token_of(const uint32_t *at, const uint32_t *end) {
    enum { DIGITS = 13 };
    static const uint32_t by_length[DIGITS + 1] = {
        DIGITS_2, DIGITS_2, DIGITS_2, DIGITS_4,  DIGITS_4,  DIGITS_6,  DIGITS_6,
        DIGITS_9, DIGITS_9, DIGITS_9, DIGITS_13, DIGITS_13, DIGITS_13, DIGITS_13};
    static const struct {
        const char *first;
        int64_t shortest, longest;
        uint32_t token;
    } special[] = {{"400", 10, 10, HOTLINE},       {"800", 10, 10, HOTLINE},
                   {"95", 5, 8, NATIONAL_SERVICE}, {"100", 5, 5, PUBLIC_CARRIER},
                   {"110", 3, 3, PUBLIC_SERVICE},  {"119", 3, 3, PUBLIC_SERVICE},
                   {"120", 3, 3, PUBLIC_SERVICE},  {"122", 3, 3, PUBLIC_SERVICE},
                   {"96110", 5, 5, PUBLIC_SERVICE}, {"12", 5, 5, PUBLIC_SERVICE},
                   {"106", 8, INT64_MAX, ACCESS_CODE}};
    uint32_t digits[DIGITS];
    int64_t length = 0, masked = 0;
    for (; at < end; at++) {
        if (!is_of_number(*at)) continue;
        if (length < DIGITS) digits[length] = *at;
        masked += !is_digit(*at);
        length++;
    }
    const uint32_t *first = digits, *last = digits + (length < DIGITS ? length : DIGITS);
    if (length == DIGITS && starts(digits, last, "86")) first += 2;
    if (length <= DIGITS && last - first == 11 && *first == '1' && !in_range(first[1], '0', '2')) return MOBILE;
    for (int nth = 0; nth < 11 && !masked; nth++)
        if (special[nth].shortest <= length && length <= special[nth].longest &&
            starts(digits, last, special[nth].first))
            return special[nth].token;
    return length <= DIGITS ? by_length[length] : DIGITS_MORE;
}

enum { SCHEMES, HOSTS, NUMBERS, STEPS };

/* Puts a token for each link or number that a step finds; returns the length that is left. */
static int64_t replace(int step, uint32_t *text, int64_t length) {
    const uint32_t *at = text, *end = text + length;
    uint32_t *out = text, before = 0;
    while (at < end) {
        const uint32_t *after = step == SCHEMES ? scheme_link(at, end)
                                : step == HOSTS ? host_link(at, end, before)
                                                : number(at, end, before);
        if (after == at) {
            before = *at;
            *out++ = *at++;
            continue;
        }
        before = after[-1];
        *out++ = step == NUMBERS ? token_of(at, after) : LINK;
        at = after;
    }
    return out - text;
}

static int kind_of(const Characters *characters, const uint32_t *text, int64_t length, int64_t place) {
    if (place < 0 || place >= length) return BREAK;
    return text[place] < characters->size ? characters->classes[text[place]] : WIDE;
}

/* Leaves one space between words of narrow characters, none elsewhere. */
static int64_t collapse_spaces(const Characters *characters, uint32_t *text, int64_t length) {
    int64_t left = 0;
    int two_before = BREAK, before = BREAK; /* kinds of the characters before, as they were read */
    for (int64_t place = 0; place < length;) {
        int kind = kind_of(characters, text, length, place);
        if (kind != SPACE) {
            text[left++] = text[place++];
            two_before = before;
            before = kind;
            continue;
        }
        int64_t last = place;
        while (kind_of(characters, text, length, last + 1) == SPACE) last++;
        int is_between = before == NARROW && kind_of(characters, text, length, last + 1) == NARROW;
        if (is_between) {
            /* "f r e e": words of one letter each belong together. Runs of x are masked digits. */
            int spelled = two_before != NARROW && kind_of(characters, text, length, last + 2) != NARROW &&
                          text[left - 1] != 'x' && text[last + 1] != 'x';
            if (!spelled) text[left++] = ' ';
        }
        two_before = last > place ? SPACE : before;
        before = SPACE;
        place = last + 1;
    }
    return left;
}

/* Normalises the texts that lie end to end in `codes`, of each the first MOST_READ characters, and writes
 * them end to end into `out`, which has `room` characters, and how long each is into `left`. Returns how
 * many characters that takes; FULL where there is too little room.
 */
EXPORT int64_t fanzha_normalise(const Characters *characters, const uint32_t *codes, const int64_t *lengths,
                                int64_t texts, uint32_t *out, int64_t room, int64_t *left) {
    int64_t used = 0;
    for (int64_t nth = 0; nth < texts; nth++) {
        Span text = {codes, codes + (lengths[nth] < MOST_READ ? lengths[nth] : MOST_READ)};
        int64_t length = fold_text(characters, text, out + used, room - used);
        if (length > room - used) return FULL;
        for (int step = 0; step < STEPS; step++) length = replace(step, out + used, length);
        left[nth] = collapse_spaces(characters, out + used, length);
        used += left[nth];
        codes += lengths[nth];
    }
    return used;
}
