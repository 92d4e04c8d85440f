/* Public suffixes of hosts: fanzha/host_keys.py makes their table. */
#ifndef HOSTS_H
#define HOSTS_H

#include "words.h"

/* The rules of the Public Suffix List. */
typedef struct {
    Words names;
    const uint8_t *kinds;
    int64_t most_labels; /* of a suffix, at most MOST_LABELS */
} Suffixes;

/* Whether a host is an IP address. */
__attribute__((visibility("hidden"))) int is_address(Span host);

/* Returns where the public suffix of a host begins; an unknown last label is one. */
__attribute__((visibility("hidden"))) const uint8_t *public_suffix(const Suffixes *suffixes, Span host);

#endif
