/* Brands that a host or a path names: classifiers/link/url_brands.py says how. */
#ifndef BRANDS_H
#define BRANDS_H

#include "words.h"

enum { NO_BRAND = 0, WITHIN = 1, NAMED_BRAND = 2 };

/* Which of the three characters that words begin or end with may be: a bit for each hash of three. */
enum { EDGE = 3, EDGE_BITS = 15 };

typedef struct {
    Words names;
    Words long_names;     /* that are found within a word, too */
    uint64_t lengths;     /* of these, a bit each */
    const uint8_t *begin; /* edges that these begin with */
    Words near;           /* long names, and each with one letter left out */
    int64_t longest_near;
    const uint8_t *near_begin, *near_end; /* their edges */
    Words owned;                          /* domains of brands */
    const uint8_t *plain;                 /* the letter that each ASCII character passes for */
} Brands;

/* What a host says. */
typedef struct {
    int label, below, misspelt, disguised;
    int is_foreign; /* a brand in the path counts, too */
} BrandsOfHost;

/* Returns how a text names a brand. */
__attribute__((visibility("hidden"))) int brand_named(const Brands *brands, Span text);

/* Returns how the registered label, and the labels below it, name a brand. */
__attribute__((visibility("hidden"))) BrandsOfHost brands_of_host(const Brands *brands, Span label, Span below,
                                                                  Span registered);

#endif
