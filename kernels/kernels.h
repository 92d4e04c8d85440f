/* What all kernels share. Each kernel is a plain loop over the rows of a batch; `fanzha/kernels.py`
 * loads them, and the Python module of each subject declares and calls its own. No kernel allocates,
 * keeps state between calls, or reads beyond the sizes it is given.
 */
#ifndef KERNELS_H
#define KERNELS_H

#include <stdint.h>

#define EXPORT /* of the library; all else is static */

/* Number keys, see fanzha/phone.py: 0 cannot be read, from here on names. */
#define FIRST_SENDER (INT64_C(1) << 62)

#define DAY_MS INT64_C(86400000)

/* A 64-bit hash of a number key, of which the upper half is good: neighbours end up far apart. */
static inline uint64_t spread(int64_t key) {
    uint64_t hash = (uint64_t)key * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= hash >> 32;
    return hash * UINT64_C(0xD6E8FEB86659FD93);
}

/* Service codes are shared by many callers, and so are names such as "anonymous". */
static inline int is_personal(int64_t key) { return key > 0 && key < FIRST_SENDER; }

#endif
