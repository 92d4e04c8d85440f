/* Finds what texts may hold: links and telephone numbers. fanzha/text_hints.py says what is done with it.
 *
 * A text with one plain link and nothing else that looks like part of one is told apart: most texts with a
 * link are such. Of all others it is only said that they may hold some.
 */
#include "kernels.h"

enum { MAY_HOLD_LINKS = 1, HAS_PLAIN_LINK = 2, MAY_HOLD_NUMBERS = 4 };
enum { ALONE = 1, PAIRED = 2 | 4 | 8, SHIFT = 3 }; /* as in fanzha/link_deobfuscation.py */
enum { SEVEN = 7, MOST_BETWEEN = 2, WORD = 16 };

typedef struct {
    const uint8_t *kinds; /* bits of each character below `size` */
    int64_t size;
    const char (*domains)[WORD]; /* last labels that count where a dot is only hinted at */
    int64_t domain_count;
} Hinting;

typedef struct {
    int32_t found, start, host_end, end; /* of a plain link */
} Hint;

static int in_range(uint32_t code, uint32_t first, uint32_t last) { return code - first <= last - first; }
static int is_digit(uint32_t code) { return in_range(code, '0', '9'); }
static int is_lower(uint32_t code) { return in_range(code, 'a', 'z'); }
static int is_letter(uint32_t code) { return is_lower(code | 0x20) && code < 0x80; }

static int is_one_of(uint32_t code, const char *characters) {
    for (; *characters; characters++)
        if (code == (uint8_t)*characters) return 1;
    return 0;
}

/* What Unicode calls white space. */
static int is_space(uint32_t code) {
    return in_range(code, 0x09, 0x0D) || in_range(code, 0x1C, 0x20) || code == 0x85 || code == 0xA0 ||
           code == 0x1680 || in_range(code, 0x2000, 0x200A) || in_range(code, 0x2028, 0x2029) ||
           code == 0x202F || code == 0x205F || code == 0x3000;
}

/* Digits of telephone numbers, also full-width ones. */
static int is_dialled(uint32_t code) { return is_digit(code) || in_range(code, 0xFF10, 0xFF19); }

static int is_between_digits(uint32_t code) {
    return is_one_of(code, " ().-") || code == 0xFF08 || code == 0xFF09;
}

static int may_hold_number(const uint32_t *text, int64_t length) {
    for (int64_t place = 0; place + SEVEN <= length; place++) {
        if (!is_dialled(text[place])) continue;
        uint32_t before = place ? text[place - 1] : ' ';
        if (is_dialled(before) || is_letter(before) || is_one_of(before, "_./=&%#-")) continue;
        int64_t at = place + 1;
        int digits = 1;
        for (; digits < SEVEN; digits++) {
            for (int between = 0; between < MOST_BETWEEN && at < length && is_between_digits(text[at]);)
                between++, at++;
            if (at >= length || !is_dialled(text[at++])) break;
        }
        if (digits == SEVEN) return 1;
    }
    return 0;
}

static int may_hold_link(const Hinting *hinting, const uint32_t *text, int64_t length) {
    int before = 0;
    for (int64_t place = 0; place < length; place++) {
        int kinds = text[place] < hinting->size ? hinting->kinds[text[place]] : 0;
        if (kinds & ALONE || (before & PAIRED) << SHIFT & kinds) return 1;
        before = kinds;
    }
    return 0;
}

/* A part of a text around its link: nothing is read from `end` on. */
typedef struct {
    const uint32_t *start, *end; /* of the part */
    const uint32_t *text;        /* which begins here */
} Around;

/* Letters that are the same whatever their case; two signs of Unicode are among them. */
static uint32_t in_lower_case(uint32_t code) {
    if (in_range(code, 'A', 'Z')) return code | 0x20;
    return code == 0x17F ? 's' : code == 0x212A ? 'k' : code;
}

static int is_domain(const Hinting *hinting, const uint32_t *at, const uint32_t *end) {
    for (int64_t nth = 0; nth < hinting->domain_count; nth++) {
        const char *name = hinting->domains[nth];
        int64_t length = 0;
        while (name[length] && at + length < end && in_lower_case(at[length]) == (uint8_t)name[length]) length++;
        if (!name[length] && (at + length >= end || !is_lower(at[length]))) return 1;
    }
    return 0;
}

/* Tells whether a full stop is one of a number or ends a sentence. */
static int is_quiet_stop(const Hinting *hinting, const Around *around, const uint32_t *at) {
    const uint32_t *next = at + 1;
    if (at > around->text && is_digit(at[-1]) && next < around->end && is_digit(*next)) {
        while (next < around->end && is_digit(*next)) next++;
        if (next >= around->end || *next != '.') return 1;
        next = at + 1;
    }
    if (next >= around->end) return 1;
    return around->end - next >= 3 && *next == ' ' && is_letter(next[1]) && is_letter(next[2]) &&
           !is_domain(hinting, next + 1, around->end);
}

/* Tells whether after a Chinese full stop, or the word for a dot, no domain or bracket follows. */
static int is_quiet_chinese_stop(const Around *around, const uint32_t *at) {
    const uint32_t *next = at + 1;
    if (next < around->end && is_space(*next)) next++;
    if (next >= around->end) return 1;
    return !(is_letter(*next) || is_digit(*next) || is_one_of(*next, "[](){}<>") || *next == 0x3011 ||
             *next == 0xFF09 || *next == 0x3015 || *next == 0xFF3D);
}

static int is_word_for_dot(const Around *around, const uint32_t *at) {
    return around->end - at >= 3 && (at[1] | 0x20) == 'o' && (at[2] | 0x20) == 't';
}

/* Words without a slash, an @, or a character that is written in place of others or goes unseen. What is a
 * dot, or may stand for one, must not look as if a domain followed.
 */
static int is_quiet(const Hinting *hinting, const Around *around) {
    for (const uint32_t *at = around->start; at < around->end; at++) {
        uint32_t code = *at;
        int quiet;
        if (code == '.') quiet = is_quiet_stop(hinting, around, at);
        else if (code == 'd' || code == 'D') quiet = !is_word_for_dot(around, at);
        else if (code == 0x70B9 || code == 0x3002) quiet = is_quiet_chinese_stop(around, at);
        else if (code < 0x80) quiet = in_range(code, ' ', '~') && !is_one_of(code, "/@\\");
        else quiet = in_range(code, 0x3000, 0x3001) || in_range(code, 0x3005, 0x3017) ||
                     in_range(code, 0x3400, 0x9FFF) || code == 0xA5 || code == 0xB7 || code == 0x2014 ||
                     in_range(code, 0x2018, 0x201D) || code == 0x2026 || code == 0xFF01 ||
                     in_range(code, 0xFF08, 0xFF0C) || code == 0xFF1A || code == 0xFF1B || code == 0xFF1F ||
                     code == 0xFF5E || code == 0xFFE5;
        if (!quiet) return 0;
    }
    return 1;
}

static int is_of_label(uint32_t code) { return is_lower(code) || is_digit(code) || code == '-'; }

/* Reads `host/path` after a scheme; returns where it ends, or null. */
static const uint32_t *plain_end(const uint32_t *at, const uint32_t *end, const uint32_t **host_end) {
    if (at >= end || *at == '-' || !is_of_label(*at)) return 0;
    while (at < end && is_of_label(*at)) at++;
    for (;;) {
        if (at >= end || *at != '.') return 0;
        const uint32_t *label = at + 1;
        while (label < end && is_of_label(*label)) label++;
        if (label == at + 1 || label >= end || *label != '.') break;
        at = label;
    }
    const uint32_t *last = ++at;
    while (at < end && is_lower(*at)) at++;
    if (at - last < 2) return 0;
    *host_end = at;
    if (at < end && *at == '/') {
        at++;
        for (; at < end; at++) {
            if (is_letter(*at) || is_digit(*at) || is_one_of(*at, "_%+&=?-")) continue;
            if (*at == '/' && !(end - at >= 2 && at[1] == '/')) continue;
            int goes_on = end - at >= 3 && (is_letter(at[1]) || is_digit(at[1])) &&
                          (is_letter(at[2]) || is_digit(at[2]));
            if (*at == '.' && goes_on) continue;
            break;
        }
    }
    return at[-1] == '?' || (at < end && in_range(*at, '!', '~')) ? 0 : at;
}

static int starts(const uint32_t *at, const uint32_t *end, const char *word) {
    for (; *word; word++, at++)
        if (at >= end || *at != (uint8_t)*word) return 0;
    return 1;
}

/* Fills in the only link of a text, where it is plain. */
static int has_plain_link(const Hinting *hinting, const uint32_t *text, int64_t length, Hint *hint) {
    const uint32_t *at = text, *end = text + length, *host_end = 0;
    while (at < end && !starts(at, end, "http")) at++;
    if (at >= end || (at > text && is_one_of(at[-1], "=/?&%"))) return 0;
    const uint32_t *host = at + 4;
    if (host < end && *host == 's') host++;
    if (!starts(host, end, "://")) return 0;
    const uint32_t *last = plain_end(host + 3, end, &host_end);
    if (!last) return 0;
    Around before = {text, at, text}, after = {last, end, text};
    if (!is_quiet(hinting, &before) || !is_quiet(hinting, &after)) return 0;
    hint->start = (int32_t)(at - text);
    hint->host_end = (int32_t)(host_end - text);
    hint->end = (int32_t)(last - text);
    return 1;
}

/* Looks through the texts that lie end to end in `codes`. */
EXPORT void fanzha_text_hints(const Hinting *hinting, const uint32_t *codes, const int64_t *lengths,
                              int64_t texts, Hint *hints) {
    for (int64_t text = 0; text < texts; text++) {
        int64_t length = lengths[text];
        Hint *hint = hints + text;
        *hint = (Hint){0};
        if (may_hold_number(codes, length)) hint->found |= MAY_HOLD_NUMBERS;
        if (has_plain_link(hinting, codes, length, hint)) hint->found |= HAS_PLAIN_LINK;
        else if (may_hold_link(hinting, codes, length)) hint->found |= MAY_HOLD_LINKS;
        codes += length;
    }
}
