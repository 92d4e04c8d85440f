/* Hashes the names that lists may know a link by: its host, and the hosts above it up to the registrable
 * domain, which fanzha/hosts.py says. A name is hashed by XXH3 (https://github.com/Cyan4973/xxHash, 64 bits,
 * no seed), written here after its specification for names, which are short.
 */
#include "hosts.h"

enum { NAMED = 1, BELOW = 2, EXCEPTED = 4 }; /* rules: a suffix, all labels below one, neither */
enum { MOST_LABELS = 16, MOST_PARENTS = 4, LONGEST_HASHED = 240, LEFT = -1 };

/* Returns the kinds of a rule, 0 where there is none. */
static int rule_of(const Suffixes *suffixes, Span name, uint32_t hash) {
    int64_t rule = find_hashed(&suffixes->names, name, hash);
    return rule < 0 ? 0 : suffixes->kinds[rule];
}

const uint8_t *public_suffix(const Suffixes *suffixes, Span host) {
    const uint8_t *labels[MOST_LABELS]; /* from the last label on, where each suffix begins */
    int rules[MOST_LABELS];
    int64_t count = 0;
    uint32_t hash = 0;
    for (const uint8_t *at = host.end; at > host.at && count < suffixes->most_labels;) {
        hash = hash_more(hash, *--at);
        if (at > host.at && at[-1] != '.') continue;
        labels[count] = at;
        rules[count++] = rule_of(suffixes, (Span){at, host.end}, hash);
    }
    for (int64_t nth = count - 1; nth >= 0; nth--) {
        if (rules[nth] & EXCEPTED && nth) return labels[nth - 1];
        if (rules[nth] & NAMED || (nth && rules[nth - 1] & BELOW)) return labels[nth];
    }
    return count ? labels[0] : host.end;
}

int is_address(Span host) {
    if (host.at < host.end && *host.at == '[') return 1;
    int dots = 0, digits = 0;
    for (const uint8_t *at = host.at; at < host.end; at++) {
        if (*at == '.') {
            if (!digits) return 0;
            dots++;
            digits = 0;
        } else if (*at < '0' || *at > '9' || ++digits > 3) {
            return 0;
        }
    }
    return dots == 3 && digits > 0;
}

static const uint8_t SECRET[192] = {
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e};

static const uint64_t PRIME64_1 = UINT64_C(0x9E3779B185EBCA87), PRIME64_2 = UINT64_C(0xC2B2AE3D27D4EB4F),
                      PRIME64_3 = UINT64_C(0x165667B19E3779F9), PRIME_MX1 = UINT64_C(0x165667919E3779F9),
                      PRIME_MX2 = UINT64_C(0x9FB21C651E98DF25);

/* Machines that this is built for have the lowest byte first, as the hash wants it. */
static uint64_t read64(const uint8_t *at) {
    uint64_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static uint64_t read32(const uint8_t *at) {
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static uint64_t folded_product(uint64_t first, uint64_t second) {
    unsigned __int128 product = (unsigned __int128)first * second;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t rotated(uint64_t number, int bits) { return number << bits | number >> (64 - bits); }

static uint64_t avalanche(uint64_t hash) {
    hash = (hash ^ hash >> 37) * PRIME_MX1;
    return hash ^ hash >> 32;
}

static uint64_t avalanche64(uint64_t hash) {
    hash = (hash ^ hash >> 33) * PRIME64_2;
    hash = (hash ^ hash >> 29) * PRIME64_3;
    return hash ^ hash >> 32;
}

static uint64_t mixed16(const uint8_t *at, const uint8_t *secret) {
    return folded_product(read64(at) ^ read64(secret), read64(at + 8) ^ read64(secret + 8));
}

/* Hashes at most LONGEST_HASHED bytes. */
static uint64_t xxh3(const uint8_t *at, int64_t length) {
    const uint8_t *end = at + length;
    uint64_t size = (uint64_t)length;
    if (!size) return avalanche64(read64(SECRET + 56) ^ read64(SECRET + 64));
    if (size <= 3) {
        uint32_t combined = (uint32_t)at[0] << 16 | (uint32_t)at[size >> 1] << 24 | end[-1] | (uint32_t)size << 8;
        return avalanche64(combined ^ (read32(SECRET) ^ read32(SECRET + 4)));
    }
    if (size <= 8) {
        uint64_t keyed = (read32(end - 4) + (read32(at) << 32)) ^ read64(SECRET + 8) ^ read64(SECRET + 16);
        keyed ^= rotated(keyed, 49) ^ rotated(keyed, 24);
        keyed *= PRIME_MX2;
        keyed ^= (keyed >> 35) + size;
        keyed *= PRIME_MX2;
        return keyed ^ keyed >> 28;
    }
    if (size <= 16) {
        uint64_t low = read64(at) ^ read64(SECRET + 24) ^ read64(SECRET + 32);
        uint64_t high = read64(end - 8) ^ read64(SECRET + 40) ^ read64(SECRET + 48);
        return avalanche(size + __builtin_bswap64(low) + high + folded_product(low, high));
    }
    uint64_t hash = size * PRIME64_1;
    if (size <= 128) {
        for (int64_t pair = (length - 1) / 32; pair >= 0; pair--) {
            hash += mixed16(at + 16 * pair, SECRET + 32 * pair);
            hash += mixed16(end - 16 * (pair + 1), SECRET + 32 * pair + 16);
        }
        return avalanche(hash);
    }
    for (int64_t nth = 0; nth < 8; nth++) hash += mixed16(at + 16 * nth, SECRET + 16 * nth);
    hash = avalanche(hash);
    for (int64_t nth = 8; nth < length / 16; nth++) hash += mixed16(at + 16 * nth, SECRET + 16 * (nth - 8) + 3);
    return avalanche(hash + mixed16(end - 16, SECRET + 136 - 17));
}

/* Writes the hashes of a host and of those above it, the most specific first; returns how many. */
static int64_t hash_names(const Suffixes *suffixes, Span host, uint64_t *keys) {
    const uint8_t *names[MOST_PARENTS];
    int64_t count = 0, given = 0;
    const uint8_t *name = is_address(host) ? host.at : public_suffix(suffixes, host);
    while (name > host.at && count < MOST_PARENTS) {
        for (name--; name > host.at && name[-1] != '.';) name--;
        if (name > host.at) names[count++] = name;
    }
    keys[given++] = xxh3(host.at, host.end - host.at);
    while (count) {
        name = names[--count];
        keys[given++] = xxh3(name, host.end - name);
    }
    return given;
}

/* Hashes the names of the canonical URLs that lie end to end in `bytes`, each of `lengths`; an empty one has
 * none. `keys` has 1 + MOST_PARENTS places for each; `ends` gets where those of each end. Returns LEFT where
 * a host is longer than what is hashed here.
 */
EXPORT int64_t fanzha_host_keys(const Suffixes *suffixes, const uint8_t *bytes, const int64_t *lengths,
                                int64_t urls, uint64_t *keys, int64_t *ends) {
    int64_t given = 0;
    for (int64_t url = 0; url < urls; url++) {
        const uint8_t *end = bytes + lengths[url];
        Span host = {bytes, bytes};
        while (host.at < end && *host.at != ':') host.at++;
        host.at += end - host.at < 3 ? end - host.at : 3; /* after :// */
        for (host.end = host.at; host.end < end && *host.end != '/';) host.end++;
        if (host.end - host.at > LONGEST_HASHED) return LEFT;
        if (lengths[url]) given += hash_names(suffixes, host, keys + given);
        ends[url] = given;
        bytes = end;
    }
    return given;
}
