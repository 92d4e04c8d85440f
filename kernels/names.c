/* Describes the names of a host: their characters, letters and syllables. */
#include "names.h"

enum { ORDER = 5, WINDOW = 4, MOST_CHARACTERS = 60, START = '^', END = '$' };

static const double UNKNOWN = 4.1588830833596715; /* log(64), of a character without any context */

/* A bit for each small letter. */
#define BIT(letter) (UINT32_C(1) << ((letter) - 'a'))
static const uint32_t VOWELS = BIT('a') | BIT('e') | BIT('i') | BIT('o') | BIT('u') | BIT('y');
static const uint32_t NO_INITIALS = BIT('a') | BIT('e') | BIT('i') | BIT('o') | BIT('u') | BIT('v');
static const uint32_t WITH_H = BIT('z') | BIT('c') | BIT('s');

static int is_one_of(uint32_t letters, uint8_t c) { return is_small(c) && letters >> (c - 'a') & 1; }

/* Goes on with a run, or ends it. */
static void run_on(int goes_on, int64_t *run, int64_t *longest) {
    *run = goes_on ? *run + 1 : 0;
    if (*run > *longest) *longest = *run;
}

Counts counts_of(Span text) {
    Counts found = {0};
    int64_t digits = 0, consonants = 0, hexadecimal = 0, same = 0;
    uint64_t seen[4] = {0};
    enum { OTHER, SMALL, CAPITAL, DIGIT } before = OTHER, kind;
    found.repeat = 1;
    for (const uint8_t *at = text.at; at < text.end; at++) {
        uint8_t c = *at;
        kind = is_small(c) ? SMALL : is_capital(c) ? CAPITAL : is_digit(c) ? DIGIT : OTHER;
        found.digits += kind == DIGIT;
        found.hyphens += c == '-';
        found.vowels += is_one_of(VOWELS, c);
        found.distinct += !(seen[c / 64] >> c % 64 & 1);
        seen[c / 64] |= UINT64_C(1) << c % 64;
        run_on(kind == DIGIT, &digits, &found.digit_run);
        run_on(is_small(c) && !is_one_of(VOWELS, c), &consonants, &found.consonant_run);
        run_on(kind == DIGIT || (c >= 'a' && c <= 'f'), &hexadecimal, &found.hexadecimal_run);
        same = at > text.at && c == at[-1] && c != '\n' ? same + 1 : 1;
        if (same > found.repeat) found.repeat = same;
        if (before != kind && before != OTHER && kind != OTHER) {
            found.kind_turns++;
            found.letter_digit_turns += before != CAPITAL && kind != CAPITAL;
        }
        before = kind;
    }
    return found;
}

/* Returns the number of the longest n-gram that ends a text and has figures, -1 where none has. */
static int64_t gram_before(const Letters *letters, Span text) {
    uint32_t hashes[ORDER + 1] = {0};
    int64_t longest = length_of(text) < ORDER ? length_of(text) : ORDER;
    for (int64_t size = 1; size <= longest; size++)
        hashes[size] = hash_more(hashes[size - 1], text.end[-size]);
    for (int64_t size = longest; size > 0; size--) {
        int64_t number = find_hashed(&letters->grams, (Span){text.end - size, text.end}, hashes[size]);
        if (number >= 0) return number;
    }
    return -1;
}

float *write_letters(const Letters *letters, Span name, float *out) {
    uint8_t text[MOST_CHARACTERS + 2];
    double ratios[MOST_CHARACTERS + 1], total = 0, window = 0, highest = 0, familiar = 0;
    int64_t count = length_of(name) < MOST_CHARACTERS ? length_of(name) : MOST_CHARACTERS;
    if (!count) {
        for (int nth = 0; nth < 3; nth++) *out++ = 0;
        return out;
    }
    text[0] = START;
    memcpy(text + 1, name.at, (size_t)count);
    text[++count] = END;
    for (int64_t nth = 0; nth < count; nth++) {
        int64_t gram = gram_before(letters, (Span){text, text + nth + 2});
        ratios[nth] = gram < 0 ? 0 : letters->ratios[gram];
        familiar += gram < 0 ? -UNKNOWN : letters->legitimate[gram];
        total += ratios[nth];
        window += ratios[nth] - (nth < WINDOW ? 0 : ratios[nth - WINDOW]);
        if (window > highest) highest = window;
    }
    *out++ = (float)total;
    *out++ = (float)highest;
    *out++ = (float)(familiar / (double)count);
    return out;
}

/* The longer ones before those that they begin with. */
static const char *const FINALS[] = {
    "iang", "iong", "uang", "ang", "eng", "ing", "ong", "ian", "iao", "uai", "uan", "ai", "ei", "ao", "ou", "an",
    "en",   "in",   "un",   "ia",  "ie",  "iu",  "ua",  "ui",  "uo",  "ue",  "a",   "e",  "i",  "o",  "u",  "v"};

/* Returns how many characters the syllable that a text begins with has: an initial and a final; 0 for none. */
static int64_t syllable(Span text) {
    if (length_of(text) < 2 || !is_one_of(~NO_INITIALS, *text.at)) return 0;
    const uint8_t *at = text.at + 1;
    if (is_one_of(WITH_H, *text.at) && *at == 'h') at++;
    for (size_t nth = 0; nth < sizeof FINALS / sizeof *FINALS; nth++) {
        const char *final = FINALS[nth];
        int64_t size = 0;
        while (final[size] && at + size < text.end && at[size] == (uint8_t)final[size]) size++;
        if (!final[size]) return at + size - text.at;
    }
    return 0;
}

float *write_syllables(Span name, float *out) {
    int64_t covered = 0, count = 0, length = length_of(name) ? length_of(name) : 1;
    while (name.at < name.end) {
        int64_t size = syllable(name);
        covered += size;
        count += size > 0;
        name.at += size ? size : 1;
    }
    *out++ = (float)((double)covered / (double)length);
    *out++ = (float)count;
    return out;
}
