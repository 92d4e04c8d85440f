/* Looks a number, sender or host up in the file of a mirror (docs/reference/edge-lists.md).
 *
 *   cc -O2 -o edge_lookup edge_lookup.c
 *   edge_lookup lists.txt from +8617000000001     a caller: number, then ranges
 *   edge_lookup lists.txt to +8617000000001       somebody who is called
 *   edge_lookup lists.txt sender Bank             the sender of a text
 *   edge_lookup lists.txt host www.bank.example   a host name
 *
 * Prints "allow", "block" or "none", and the id of the entry that decides; ends with 0 for let
 * through, 1 for block, 2 for an error. A switch maps the file once and looks up in microseconds:
 * the file is sorted text, replaced as a whole by rename(2), so map it anew when its inode changes.
 *
 * A number is written as lists write it: with + and country code, or as a bare service code.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct copy {
    const char *bytes;
    size_t length;
};

struct found {
    int blocks;
    char id[40];
};

/* Returns where the first line begins that is not less than prefix. */
static size_t first_not_less(const struct copy *copy, const char *prefix, size_t length)
{
    size_t low = 0, high = copy->length;
    while (low < high) {
        size_t middle = low + (high - low) / 2, begin = middle, rest;
        while (begin > low && copy->bytes[begin - 1] != '\n')
            begin--;
        rest = copy->length - begin;
        const char *line = copy->bytes + begin;
        int order = memcmp(line, prefix, rest < length ? rest : length);
        if (order < 0) {
            const char *end = memchr(line, '\n', rest);
            low = end ? (size_t)(end - copy->bytes) + 1 : copy->length;
        } else {
            high = begin;
        }
    }
    return low;
}

/* Copies a field of a line, counted from 0; empty where the line has none. */
static void field(const char *line, const char *end, int number, char *out, size_t size)
{
    size_t length = 0;
    while (number-- > 0) {
        line = memchr(line, '\t', (size_t)(end - line));
        if (line == NULL)
            break;
        line++;
    }
    if (line != NULL)
        while (line + length < end && line[length] != '\t' && length + 1 < size)
            length++;
    if (length)
        memcpy(out, line, length);
    out[length] = '\0';
}

/* Finds what acts about exactly this pattern; lines with "allow" come first, and win. */
static int find(const struct copy *copy, const char *kind, const char *pattern, size_t length,
                const char *side, struct found *found)
{
    char prefix[2200];
    int written = snprintf(prefix, sizeof prefix, "%s\t%.*s\t", kind, (int)length, pattern);
    if (written < 0 || (size_t)written >= sizeof prefix)
        return 0;
    size_t at = first_not_less(copy, prefix, (size_t)written);
    while (at + (size_t)written <= copy->length &&
           memcmp(copy->bytes + at, prefix, (size_t)written) == 0) {
        const char *line = copy->bytes + at;
        const char *end = memchr(line, '\n', copy->length - at);
        char action[8], scope[8], expiry[24];
        if (end == NULL)
            break;
        field(line, end, 2, action, sizeof action);
        field(line, end, 3, scope, sizeof scope);
        field(line, end, 4, expiry, sizeof expiry);
        int ends = strcmp(expiry, "-") != 0 && strtoll(expiry, NULL, 10) <= (long long)time(NULL);
        int meant = !strcmp(scope, "-") || !strcmp(scope, "both") || !strcmp(scope, "below") ||
                    !strcmp(scope, side);
        if (!ends && meant) {
            found->blocks = strcmp(action, "block") == 0;
            field(line, end, 6, found->id, sizeof found->id);
            return 1;
        }
        at = (size_t)(end - copy->bytes) + 1;
    }
    return 0;
}

static int find_range(const struct copy *copy, const char *number, const char *side,
                      struct found *found)
{
    char range[40];
    size_t length = strlen(number);
    if (length > 32 || length == 0 || strspn(number + (*number == '+'), "0123456789") !=
                                          length - (size_t)(*number == '+'))
        return 0;
    for (; length > 0; length--) {
        memcpy(range, number, length);
        range[length] = '*';
        if (find(copy, "range", range, length + 1, side, found))
            return 1;
    }
    return 0;
}

static int find_sender(const struct copy *copy, const char *sender, struct found *found)
{
    struct found other;
    char folded[256];
    size_t length = strlen(sender);
    if (length >= sizeof folded)
        return 0;
    for (size_t at = 0; at <= length; at++) /* senders are listed in lower case */
        folded[at] = (char)(sender[at] >= 'A' && sender[at] <= 'Z' ? sender[at] + 32 : sender[at]);
    int by_name = find(copy, "sender", folded, length, "from", found);
    if (find(copy, "number", sender, length, "from", &other) && (!by_name || !other.blocks)) {
        *found = other;
        return 1;
    }
    return by_name || find_range(copy, sender, "from", found);
}

/* The name itself may be meant "exact" or "below"; a name above it only "below". The list says
 * "exact" where names below belong to others, so no public suffix reaches them. */
static int find_host(const struct copy *copy, const char *host, struct found *found)
{
    if (find(copy, "host", host, strlen(host), "exact", found))
        return 1;
    while ((host = strchr(host, '.')) != NULL && *++host)
        if (find(copy, "host", host, strlen(host), "below", found))
            return 1;
    return 0;
}

int main(int count, char **arguments)
{
    struct found found = {0, ""};
    struct copy copy;
    struct stat status;
    int is_found, file;
    if (count != 4 || (file = open(arguments[1], O_RDONLY)) < 0 || fstat(file, &status) < 0) {
        fprintf(stderr, "usage: edge_lookup FILE from|to|sender|host PATTERN\n");
        return 2;
    }
    copy.length = (size_t)status.st_size;
    copy.bytes = mmap(NULL, copy.length, PROT_READ, MAP_SHARED, file, 0);
    if (copy.bytes == MAP_FAILED || copy.length < 16 ||
        memcmp(copy.bytes, "!fanzha-lists\t1\t", 16) != 0) {
        fprintf(stderr, "%s is no copy of the lists\n", arguments[1]);
        return 2;
    }
    const char *what = arguments[2], *pattern = arguments[3];
    if (!strcmp(what, "host"))
        is_found = find_host(&copy, pattern, &found);
    else if (!strcmp(what, "sender"))
        is_found = find_sender(&copy, pattern, &found);
    else
        is_found = find(&copy, "number", pattern, strlen(pattern), what, &found) ||
                   find_range(&copy, pattern, what, &found);
    printf("%s %s\n", !is_found ? "none" : found.blocks ? "block" : "allow", found.id);
    return is_found && found.blocks;
}
