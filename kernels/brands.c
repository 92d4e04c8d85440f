/* Finds brands that a URL names on a host that is not theirs: classifiers/link/url_brands.py is the same in
 * Python. Texts are of at most MOST_READ characters.
 */
#include "brands.h"

enum { MOST_READ = 128, SHORTEST_MISSPELT = 5, MOST_COMPARED = 40 };

static int is_name(uint8_t c) { return is_small(c) || is_digit(c); }

/* Takes the next run of small letters and digits out of a text; returns whether there is one. */
static int next_name(Span *rest, Span *name) {
    while (rest->at < rest->end && !is_name(*rest->at)) rest->at++;
    name->at = rest->at;
    while (rest->at < rest->end && is_name(*rest->at)) rest->at++;
    name->end = rest->at;
    return name->end > name->at;
}

static int has_edge(const uint8_t *edges, const uint8_t *at) {
    unsigned edge = (at[0] & 31u) << 10 | (at[1] & 31u) << 5 | (at[2] & 31u);
    return edges[edge / 8] >> edge % 8 & 1;
}

static Span lowered(Span text, uint8_t *into) {
    int64_t length = length_of(text) < MOST_READ ? length_of(text) : MOST_READ;
    for (int64_t place = 0; place < length; place++) into[place] = lower(text.at[place]);
    return (Span){into, into + length};
}

static int begins_with_brand(const Brands *brands, Span text) {
    for (int64_t length = EDGE; length <= length_of(text) && brands->lengths >> length; length++)
        if (brands->lengths >> length & 1 && holds_word(&brands->long_names, (Span){text.at, text.at + length}))
            return 1;
    return 0;
}

int brand_named(const Brands *brands, Span text) {
    uint8_t small[MOST_READ];
    Span rest = lowered(text, small), name;
    while (next_name(&rest, &name))
        if (holds_word(&brands->names, name)) return NAMED_BRAND;
    for (; length_of(text) >= EDGE; text.at++)
        if (has_edge(brands->begin, text.at) && begins_with_brand(brands, text)) return WITHIN;
    return NO_BRAND;
}

/* Whether a word without the letter at a place is near to a brand. */
static int is_near_without(const Brands *brands, Span word, int64_t place) {
    uint8_t rest[MOST_COMPARED];
    memcpy(rest, word.at, (size_t)place);
    memcpy(rest + place, word.at + place + 1, (size_t)(length_of(word) - place - 1));
    return holds_word(&brands->near, (Span){rest, rest + length_of(word) - 1});
}

/* Whether a letter more, less or changed makes a brand of a word. */
static int is_near(const Brands *brands, Span word) {
    if (length_of(word) > MOST_COMPARED) word.end = word.at + MOST_COMPARED;
    if (length_of(word) > brands->longest_near + 1) return 0;
    /* What is near begins or ends as the word does: for most words that is all there is to do. */
    if (has_edge(brands->near_begin, word.at)) {
        if (holds_word(&brands->near, word)) return 1;
        for (int64_t place = EDGE; place < length_of(word); place++)
            if (is_near_without(brands, word, place)) return 1;
    }
    if (has_edge(brands->near_end, word.end - EDGE))
        for (int64_t place = 0; place < EDGE; place++)
            if (is_near_without(brands, word, place)) return 1;
    return 0;
}

static int is_misspelt(const Brands *brands, Span label) {
    uint8_t small[MOST_READ];
    Span rest = lowered(label, small), word;
    while (next_name(&rest, &word))
        if (length_of(word) >= SHORTEST_MISSPELT && is_near(brands, word)) return 1;
    return 0;
}

/* Whether a label, which names no brand as it is written, names one as it looks. */
static int is_disguised(const Brands *brands, Span label) {
    uint8_t plain[MOST_READ];
    int64_t length = length_of(label) < MOST_READ ? length_of(label) : MOST_READ;
    int differs = 0, others = 0;
    for (int64_t place = 0; place < length; place++) {
        uint8_t c = label.at[place];
        plain[place] = brands->plain[c];
        differs |= plain[place] != c;
        others |= !is_small(lower(c));
    }
    /* Of plain letters none passes for another. */
    return others && differs && brand_named(brands, (Span){plain, plain + length}) != NO_BRAND;
}

BrandsOfHost brands_of_host(const Brands *brands, Span label, Span below, Span registered) {
    BrandsOfHost found = {0};
    found.is_foreign = length_of(label) && !holds_word(&brands->owned, registered);
    if (!found.is_foreign) return found;
    found.label = brand_named(brands, label);
    found.below = brand_named(brands, below);
    found.misspelt = !found.label && is_misspelt(brands, label);
    found.disguised = !found.label && is_disguised(brands, label);
    return found;
}
