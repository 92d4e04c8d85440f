/* Reads the common spellings of parties as number keys (fanzha/phone.py has all): E.164 with its plus,
 * service and access codes, and Chinese mobile numbers as dialled at home.
 */
#include "kernels.h"

enum { LEAST_DIGITS = 3, MOST_DIGITS = 15, MOST_OF_SHORT_CODE = 6, MOBILE_DIGITS = 11 };

#define CHINA INT64_C(8600000000000)

/* Reads digits of which the first is not 0; returns 0 for anything else. */
static int64_t read_digits(const uint8_t *at, int64_t count) {
    if (count < LEAST_DIGITS || count > MOST_DIGITS || at[0] == '0') return 0;
    int64_t number = 0;
    for (int64_t place = 0; place < count; place++) {
        uint8_t digit = at[place] - '0';
        if (digit > 9) return 0;
        number = number * 10 + digit;
    }
    return number;
}

/* Reads what has no plus; returns 0 for what is none of these. */
static int64_t read_at_home(const uint8_t *at, int64_t count, int home_is_china) {
    int64_t number = read_digits(at, count);
    if (!number) return 0;
    int first_two = (at[0] - '0') * 10 + (at[1] - '0');
    /* 86110 is a forged 110; access codes begin with 10. */
    if (count <= MOST_OF_SHORT_CODE) return first_two == 86 ? 0 : -number;
    if (first_two == 10) return -number;
    if (home_is_china && count == MOBILE_DIGITS && first_two >= 13 && first_two < 20)
        return CHINA + number;
    return 0;
}

/* Reads `count` spellings; `keys` is 0 where a spelling is none of the common ones. Returns how many
 * were not read.
 */
EXPORT int64_t fanzha_party_keys(const uint8_t *bytes, const int64_t *starts, const int64_t *lengths,
                                 int64_t count, int64_t home_is_china, int64_t *keys) {
    int64_t unread = 0;
    for (int64_t row = 0; row < count; row++) {
        const uint8_t *at = bytes + starts[row];
        int64_t length = lengths[row];
        if (length > 0 && at[0] == '+')
            keys[row] = read_digits(at + 1, length - 1);
        else
            keys[row] = read_at_home(at, length, (int)home_is_china);
        unread += keys[row] == 0;
    }
    return unread;
}
