/* Writes URLs in their canonical form: fanzha/url.py says which. What is rare (other characters than ASCII,
 * numbers as hosts, what no host can be) is left to it.
 */
#include "kernels.h"

enum { LONGEST_HOST = 253, LONGEST_LABEL = 63, PORT_DIGITS = 5, LAST_PORT = 65535 };

typedef struct {
    const uint8_t *at, *end;
} Bytes;

static int is_slash(uint8_t byte) { return byte == '/' || byte == '\\'; }
static int is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }
static uint8_t lower(uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte; }
static int is_letter(uint8_t byte) { return lower(byte) >= 'a' && lower(byte) <= 'z'; }

/* Returns the value of a hexadecimal digit, or -1. */
static int hex(uint8_t byte) {
    if (is_digit(byte)) return byte - '0';
    return lower(byte) >= 'a' && lower(byte) <= 'f' ? lower(byte) - 'a' + 10 : -1;
}

static int begins(Bytes text, const char *word) {
    for (; *word; word++, text.at++)
        if (text.at >= text.end || lower(*text.at) != (uint8_t)*word) return 0;
    return 1;
}

/* Takes the scheme off, and returns it; null where it is none of the usual. */
static const char *take_scheme(Bytes *text) {
    static const char *const schemes[] = {"https", "http", "ftp"};
    static const int64_t lengths[] = {5, 4, 3};
    for (int nth = 0; nth < 3; nth++) {
        const uint8_t *after = text->at + lengths[nth];
        if (!begins(*text, schemes[nth]) || after >= text->end) continue;
        if (*after == '%') return 0; /* the scheme itself is escaped */
        if (*after != ':') continue;
        for (text->at = after + 1; text->at < text->end && is_slash(*text->at);) text->at++;
        return schemes[nth];
    }
    const uint8_t *slashes = text->at;
    while (slashes < text->end && is_slash(*slashes)) slashes++;
    if (slashes - text->at >= 2) {
        text->at = slashes;
        return "http";
    }
    for (const uint8_t *at = text->at; at < text->end && *at != '?'; at++)
        if (*at == ':') return 0; /* a port, or another scheme */
    return "http";
}

/* Leaves user and port out; returns 0 where what follows the last colon is no port. */
static int take_host(Bytes *host) {
    for (const uint8_t *at = host->end; at > host->at; at--)
        if (at[-1] == '@') {
            host->at = at;
            break;
        }
    const uint8_t *digits = host->end;
    while (digits > host->at && is_digit(digits[-1])) digits--;
    if (digits == host->at || digits[-1] != ':') return 1;
    int64_t port = 0;
    if (host->end - digits > PORT_DIGITS) return 0;
    for (const uint8_t *at = digits; at < host->end; at++) port = port * 10 + (*at - '0');
    host->end = digits - 1;
    return port <= LAST_PORT;
}

/* Tells whether a label is a number to whoever reads addresses. */
static int is_number(const uint8_t *at, const uint8_t *end) {
    if (end - at >= 2 && at[0] == '0' && at[1] == 'x') {
        for (at += 2; at < end; at++)
            if (hex(*at) < 0) return 0;
        return 1;
    }
    for (; at < end; at++)
        if (!is_digit(*at)) return 0;
    return 1;
}

/* Tells whether a host is four numbers from 0 to 255, as addresses are written. */
static int is_address(const uint8_t *at, const uint8_t *end) {
    for (int nth = 0; nth < 4; nth++) {
        const uint8_t *from = at;
        int64_t number = 0;
        while (at < end && is_digit(*at) && at - from < 3) number = number * 10 + (*at++ - '0');
        if (at == from || number > 255 || (*from == '0' && at - from > 1)) return 0;
        if (nth < 3 && (at >= end || *at++ != '.')) return 0;
    }
    return at == end;
}

/* Writes a host of letters, digits, hyphens and underscores; returns its length, 0 for all others. */
static int64_t write_host(Bytes host, uint8_t *out) {
    int64_t length = 0, label = 0; /* where the last label begins */
    for (; host.at < host.end; host.at++) {
        uint8_t byte = lower(*host.at);
        if (byte == '.') {
            if (length == label) continue; /* a dot at the beginning, or beside another */
            label = length + 1;
        } else if (!is_letter(byte) && !is_digit(byte) && byte != '-' && byte != '_') {
            return 0;
        } else if (length - label >= LONGEST_LABEL) {
            return 0;
        }
        if (length > LONGEST_HOST) return 0;
        out[length++] = byte;
    }
    if (length && length == label) {
        length--;
        for (label = length; label && out[label - 1] != '.';) label--;
    }
    if (!length || length > LONGEST_HOST) return 0;
    if (is_number(out + label, out + length) && !is_address(out, out + length)) return 0;
    return length;
}

/* Undoes escapes until none is left; those that an undone one completes, too. */
static int64_t unescape(Bytes text, uint8_t *out) {
    int64_t length = 0;
    while (text.at < text.end) {
        out[length++] = *text.at++;
        while (length >= 3 && out[length - 3] == '%' && hex(out[length - 2]) >= 0 && hex(out[length - 1]) >= 0) {
            out[length - 3] = (uint8_t)(hex(out[length - 2]) << 4 | hex(out[length - 1]));
            length -= 2;
        }
    }
    return length;
}

/* Follows `/./` and `/../` of a path; returns how long it is then. A segment is followed by a slash, and the
 * last one, too.
 */
static int64_t resolve(Bytes path, uint8_t *out) {
    int64_t length = 0;
    int is_folder = 0;
    for (;;) {
        const uint8_t *from = path.at;
        while (path.at < path.end && !is_slash(*path.at)) path.at++;
        int64_t size = path.at - from;
        int dots = size <= 2 && (size < 1 || from[0] == '.') && (size < 2 || from[1] == '.') ? (int)size : 0;
        is_folder = dots > 0;
        if (dots == 2 && length) {
            for (length--; length && out[length - 1] != '/';) length--;
        } else if (!dots) {
            while (from < path.at) out[length++] = *from++;
            out[length++] = '/';
        }
        if (path.at >= path.end) break;
        path.at++;
    }
    return length && !is_folder ? length - 1 : length;
}

static uint8_t *write_byte(uint8_t *out, uint8_t byte) {
    static const char digits[] = "0123456789ABCDEF";
    if (byte > 0x20 && byte < 0x7F && byte != '#' && byte != '%') {
        *out++ = byte;
        return out;
    }
    *out++ = '%';
    *out++ = (uint8_t)digits[byte >> 4];
    *out++ = (uint8_t)digits[byte & 15];
    return out;
}

/* Room for two forms of a path, each with a byte more than the URL has. */
typedef struct {
    uint8_t *plain, *resolved;
} Work;

static uint8_t *write_path(Bytes rest, Work work, uint8_t *out) {
    uint8_t *plain = work.plain, *resolved = work.resolved;
    const uint8_t *end = plain + unescape(rest, plain), *query = plain;
    while (query < end && *query != '?') query++;
    int64_t length = resolve((Bytes){plain, query}, resolved);
    uint8_t before = '/';
    *out++ = '/';
    for (int64_t place = 0; place < length; place++) {
        if (resolved[place] != '/' || before != '/') out = write_byte(out, resolved[place]);
        before = resolved[place];
    }
    for (; query < end; query++) out = write_byte(out, *query);
    return out;
}

/* Writes the canonical form of a URL; returns where it ends, `out` where it is left. */
static uint8_t *write_url(Bytes url, Work work, uint8_t *out) {
    uint8_t *const begin = out;
    while (url.at < url.end && *url.at <= ' ') url.at++;
    while (url.at < url.end && url.end[-1] <= ' ') url.end--;
    const uint8_t *end = url.end;
    for (const uint8_t *at = end; at > url.at; at--) {
        if (at[-1] >= 0x80 || at[-1] == '\t' || at[-1] == '\r' || at[-1] == '\n') return begin;
        if (at[-1] == '#') end = at - 1;
    }
    url.end = end;
    const char *scheme = take_scheme(&url);
    if (!scheme) return begin;
    Bytes host = url, rest = url;
    while (rest.at < rest.end && !is_slash(*rest.at) && *rest.at != '?') rest.at++;
    host.end = rest.at;
    if (!take_host(&host)) return begin;
    while (*scheme) *out++ = (uint8_t)*scheme++;
    for (const char *between = "://"; *between;) *out++ = (uint8_t)*between++;
    int64_t length = write_host(host, out);
    return length ? write_path(rest, work, out + length) : begin;
}

/* Writes the canonical forms of the URLs that lie in `bytes`, each of `lengths` from `starts` on, end to end
 * into `out`, which has three bytes for each and 16 for each URL more. Writes where each ends; one that is
 * left has no byte. `work` has `most` bytes twice, one more than the longest has. Returns how many are left.
 */
EXPORT int64_t fanzha_canonical_urls(const uint8_t *bytes, const int64_t *starts, const int64_t *lengths,
                                     int64_t urls, uint8_t *work, int64_t most, uint8_t *out,
                                     int64_t *ends) {
    Work forms = {work, work + most};
    uint8_t *const begin = out;
    int64_t left = 0;
    for (int64_t nth = 0; nth < urls; nth++) {
        const uint8_t *at = bytes + starts[nth];
        uint8_t *end = write_url((Bytes){at, at + lengths[nth]}, forms, out);
        left += end == out;
        out = end;
        ends[nth] = out - begin;
    }
    return left;
}
