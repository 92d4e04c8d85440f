/* Describes canonical URLs to the trees of the second stage of links: NAMES of
 * classifiers/link/url_columns.py, in that order. What is looked up is made by classifiers/link/url_tables.py.
 */
#include "brands.h"
#include "hosts.h"
#include "names.h"

enum { HOST_CHARACTERS = 100, PATH_CHARACTERS = 100, MOST_COLUMNS = 96, MOST_WORDS = 64 };
enum { SHORTEST_WORD = 3, LONGEST_WORD = 12, HEXADECIMAL_FROM = 8, OTHER_FILE = 9, LETTERS = 26 };
enum { PATH_COLUMNS = 14, IS_ROOT = 3 };

typedef struct {
    const Suffixes *suffixes;
    Words hosting, short_links;
    Figures file_kinds;
    Words page_parts;
    Figures suffix_rates, suffix_domains, top_levels, host_words, name_words, path_words;
    Words lexicon;
    const uint16_t *lengths; /* of the words of the lexicon that begin with three letters, a bit each */
    Letters label_letters, below_letters;
    Brands brands;
} UrlTables;

/* A URL in parts, see classifiers/link/url_parts.py. */
typedef struct {
    Span suffix, label, below, registered;
    Span path, small; /* as it is, and in lower case */
} UrlParts;

static void divide_host(const Suffixes *suffixes, Span host, UrlParts *parts) {
    int has_suffix = !is_address(host) && after_last(host, '.') < host.end;
    const uint8_t *suffix = has_suffix ? public_suffix(suffixes, host) : host.end;
    Span name = {host.at, has_suffix && suffix > host.at ? suffix - 1 : host.at};
    const uint8_t *label = after_last(name, '.');
    parts->suffix = (Span){suffix, host.end};
    parts->label = (Span){label, name.end};
    parts->below = (Span){name.at, label > name.at ? label - 1 : name.at};
    parts->registered = (Span){label, host.end};
}

/* Takes host and path with its query out of `scheme://host/path`; `small` has PATH_CHARACTERS places. */
static UrlParts divide(const Suffixes *suffixes, Span url, uint8_t *small) {
    UrlParts parts;
    while (length_of(url) >= 3 && memcmp(url.at, "://", 3)) url.at++;
    url.at = length_of(url) >= 3 ? url.at + 3 : url.end;
    Span host = {url.at, first_of(url, '/')};
    Span path = {host.end < url.end ? host.end + 1 : url.end, url.end};
    if (length_of(host) >= 4 && !memcmp(host.at, "www.", 4)) host.at += 4;
    if (length_of(host) > HOST_CHARACTERS) host.at = host.end - HOST_CHARACTERS;
    if (length_of(path) > PATH_CHARACTERS) path.end = path.at + PATH_CHARACTERS;
    divide_host(suffixes, host, &parts);
    for (int64_t place = 0; place < length_of(path); place++) small[place] = lower(path.at[place]);
    parts.path = path;
    parts.small = (Span){small, small + length_of(path)};
    return parts;
}

static int64_t count_of(Span text, uint8_t wanted) {
    int64_t count = 0;
    while (text.at < text.end) count += *text.at++ == wanted;
    return count;
}

/* The length of the longest part between two of a character. */
static int64_t longest_between(Span text, uint8_t separator) {
    int64_t longest = 0, run = 0;
    for (; text.at < text.end; text.at++) {
        run = *text.at == separator ? 0 : run + 1;
        if (run > longest) longest = run;
    }
    return longest;
}

static double share(int64_t part, int64_t whole) { return (double)part / (double)(whole ? whole : 1); }

static int is_equal(Span text, const char *word) {
    return length_of(text) == (int64_t)strlen(word) && !memcmp(text.at, word, strlen(word));
}

/* Where a word is in a text; its end where it is nowhere. */
static const uint8_t *find_text(Span text, const char *word) {
    int64_t length = (int64_t)strlen(word);
    for (; length_of(text) >= length; text.at++)
        if (!memcmp(text.at, word, (size_t)length)) return text.at;
    return text.end;
}

static int holds(Span text, const char *word) { return find_text(text, word) < text.end; }

/* Takes the next run of two and more small letters out of a text; returns whether there is one. */
static int next_word(Span *rest, Span *word) {
    do {
        while (rest->at < rest->end && !is_small(*rest->at)) rest->at++;
        word->at = rest->at;
        while (rest->at < rest->end && is_small(*rest->at)) rest->at++;
        word->end = rest->at;
    } while (length_of(*word) == 1);
    return length_of(*word) > 0;
}

/* The rates of distinct words. */
typedef struct {
    double sum, highest, lowest;
    int64_t known, seen[MOST_WORDS];
} Rates;

static void add_word(const Figures *figures, Span word, Rates *rates) {
    int64_t number = find_word(&figures->words, word);
    for (int64_t nth = 0; nth < rates->known; nth++)
        if (rates->seen[nth] == number) return;
    if (number < 0 || rates->known == MOST_WORDS) return;
    double rate = figures->figures[number];
    rates->seen[rates->known++] = number;
    rates->sum += rate;
    if (rate > rates->highest) rates->highest = rate;
    if (rate < rates->lowest) rates->lowest = rate;
}

static void add_words(const Figures *figures, Span text, Rates *rates) {
    for (Span rest = text, word; next_word(&rest, &word);) add_word(figures, word, rates);
}

static float *write_rates(const Rates *rates, float *out) {
    *out++ = (float)rates->sum;
    *out++ = (float)rates->highest;
    *out++ = (float)rates->lowest;
    return out;
}

/* The words of the lexicon that a label is made of, and its letters. */
typedef struct {
    int64_t letters, covered, count, longest;
    Rates rates;
} NameWords;

/* Returns the length of the longest word of the lexicon that a name begins with; 0 for none. */
static int64_t lexicon_word(const UrlTables *tables, Span name) {
    if (length_of(name) < SHORTEST_WORD) return 0;
    unsigned lengths = tables->lengths[((name.at[0] - 'a') * LETTERS + name.at[1] - 'a') * LETTERS + name.at[2] - 'a'];
    int64_t size = length_of(name) < LONGEST_WORD ? length_of(name) : LONGEST_WORD;
    for (; size >= SHORTEST_WORD; size--)
        if (lengths >> size & 1 && holds_word(&tables->lexicon, (Span){name.at, name.at + size})) return size;
    return 0;
}

static NameWords split_label(const UrlTables *tables, Span label) {
    NameWords found = {0};
    for (Span word; next_word(&label, &word);) {
        found.letters += length_of(word);
        while (word.at < word.end) {
            int64_t size = lexicon_word(tables, word);
            if (size) add_word(&tables->name_words, (Span){word.at, word.at + size}, &found.rates);
            found.covered += size;
            found.count += size > 0;
            if (size > found.longest) found.longest = size;
            word.at += size ? size : 1;
        }
    }
    return found;
}

/* `_HOST`; whether punycode names something else than it looks like stays open. */
static float *write_host(const UrlTables *tables, const UrlParts *parts, const Counts *label, float *out) {
    int64_t length = length_of(parts->label), below = length_of(parts->below);
    int64_t below_labels = below ? count_of(parts->below, '.') + 1 : 0;
    int64_t longest = longest_between(parts->below, '.');
    *out++ = (float)(below_labels + (length > 0));
    *out++ = (float)length;
    *out++ = (float)count_of(parts->suffix, '.');
    *out++ = (float)below;
    *out++ = (float)below_labels;
    *out++ = parts->suffix.at == parts->suffix.end;
    *out++ = 0; /* is_punycode */
    *out++ = 0; /* mixes_scripts */
    *out++ = (float)label->digits;
    *out++ = (float)label->hyphens;
    *out++ = (float)label->digit_run;
    *out++ = (float)label->consonant_run;
    *out++ = (float)share(label->vowels, length);
    *out++ = (float)(length > longest ? length : longest);
    *out++ = holds_word(&tables->hosting, parts->suffix);
    *out++ = length && holds_word(&tables->short_links, parts->registered);
    *out++ = (float)share(label->distinct, length);
    *out++ = (float)label->letter_digit_turns;
    *out++ = length && is_digit(*parts->label.at);
    return out;
}

/* `_BRANDS` */
static float *write_brands(const UrlTables *tables, const UrlParts *parts, float *out) {
    const Brands *brands = &tables->brands;
    BrandsOfHost found = brands_of_host(brands, parts->label, parts->below, parts->registered);
    *out++ = (float)found.label;
    *out++ = (float)found.below;
    *out++ = found.is_foreign ? (float)brand_named(brands, parts->small) : NO_BRAND;
    *out++ = (float)found.misspelt;
    *out++ = (float)found.disguised;
    return out;
}

/* Whether a text has `.com`, and then no letter, digit or underscore. */
static int holds_com(Span small) {
    for (; (small.at = find_text(small, ".com")) < small.end; small.at++) {
        if (small.at + 4 == small.end) return 1;
        uint8_t next = small.at[4];
        if (!is_small(next) && !is_capital(next) && !is_digit(next) && next != '_') return 1;
    }
    return 0;
}

/* Whether a path is that of a first page: `en/index.html`, `main/`. */
static int is_index_page(Span path) {
    static const char *const PAGES[] = {"",          "index.htm", "index.html", "index.php", "index.jsp",
                                        "index.asp", "index.aspx", "home",      "main"};
    for (int with_language = 0; with_language < 2; with_language++) {
        Span page = path;
        if (with_language) {
            if (length_of(path) < 3 || !is_small(path.at[0]) || !is_small(path.at[1]) || path.at[2] != '/') break;
            page.at += 3;
        }
        if (length_of(page) && page.end[-1] == '/') page.end--;
        for (size_t nth = 0; nth < sizeof PAGES / sizeof *PAGES; nth++)
            if (is_equal(page, PAGES[nth])) return 1;
    }
    return 0;
}

/* `_PATH` */
static float *write_path(const UrlTables *tables, const UrlParts *parts, float *out) {
    Span path = parts->path;
    if (!length_of(path)) {
        for (int nth = 0; nth < PATH_COLUMNS; nth++) *out++ = nth == IS_ROOT;
        return out;
    }
    Counts counts = counts_of(path);
    Span folders = {path.at, first_of(path, '?')};
    Span query = {folders.end < path.end ? folders.end + 1 : path.end, path.end};
    int64_t file = after_last(folders, '/') - path.at, whole = length_of(folders);
    Span last = {parts->small.at + file, parts->small.at + whole}, trimmed = folders;
    const uint8_t *ending = after_last(last, '.');
    Span kind = {ending > last.at ? ending : last.end, last.end};
    while (trimmed.end > trimmed.at && trimmed.end[-1] == '/') trimmed.end--;
    *out++ = whole ? (float)(count_of(trimmed, '/') + 1) : 0;
    *out++ = length_of(query) ? (float)(count_of(query, '&') + 1) : 0;
    *out++ = (float)length_of(path);
    *out++ = 0; /* is_root */
    *out++ = length_of(kind) ? (float)figure_of(&tables->file_kinds, kind, OTHER_FILE) : 0;
    *out++ = (float)longest_between(folders, '/');
    *out++ = counts.hexadecimal_run < HEXADECIMAL_FROM ? 0 : (float)counts.hexadecimal_run;
    *out++ = (float)counts.kind_turns;
    *out++ = (float)counts.digits;
    *out++ = (float)length_of(last);
    *out++ = holds(parts->small, "http");
    *out++ = holds(parts->small, "www.") || holds_com(parts->small);
    *out++ = holds(path, "//");
    *out++ = is_index_page(parts->small);
    return out;
}

/* `_RATES` */
static float *write_words(const UrlTables *tables, const UrlParts *parts, float *out) {
    Span suffix = parts->suffix;
    Rates host = {0}, path = {0};
    NameWords name = split_label(tables, parts->label);
    add_words(&tables->host_words, parts->below, &host);
    add_words(&tables->host_words, parts->label, &host);
    add_words(&tables->path_words, parts->small, &path);
    *out++ = (float)figure_of(&tables->suffix_rates, suffix, 0);
    *out++ = (float)figure_of(&tables->suffix_domains, suffix, 0);
    *out++ = (float)figure_of(&tables->top_levels, (Span){after_last(suffix, '.'), suffix.end}, 0);
    out = write_rates(&host, out);
    *out++ = (float)host.known;
    out = write_rates(&path, out);
    *out++ = (float)path.known;
    *out++ = (float)(1 - share(name.covered, name.letters));
    *out++ = (float)name.count;
    *out++ = (float)name.longest;
    *out++ = (float)name.letters;
    return write_rates(&name.rates, out);
}

/* `name_columns.NAMES` */
static float *write_names(const UrlTables *tables, const UrlParts *parts, const Counts *label, float *out) {
    Counts below = counts_of(parts->below);
    out = write_letters(&tables->label_letters, parts->label, out);
    out = write_letters(&tables->below_letters, parts->below, out);
    out = write_syllables(parts->label, out);
    *out++ = (float)label->repeat;
    *out++ = length_of(parts->label) && is_digit(parts->label.end[-1]);
    *out++ = (float)below.digits;
    *out++ = (float)below.consonant_run;
    *out++ = (float)share(below.distinct, length_of(parts->below));
    return out;
}

/* Whether a query names a version: `?ver=`, `&v=`. */
static int tells_version(Span query) {
    static const char *const MARKS[] = {"ver=", "v=", "rev=", "version="};
    for (; query.at < query.end; query.at++) {
        if (*query.at != '?' && *query.at != '&') continue;
        for (size_t nth = 0; nth < sizeof MARKS / sizeof *MARKS; nth++) {
            int64_t length = (int64_t)strlen(MARKS[nth]);
            if (query.end - query.at > length && !memcmp(query.at + 1, MARKS[nth], (size_t)length)) return 1;
        }
    }
    return 0;
}

static float *write_page_part(const UrlTables *tables, const UrlParts *parts, float *out) {
    Span folders = {parts->small.at, first_of(parts->small, '?')};
    Span kind = {after_last(folders, '.'), folders.end};
    *out++ = length_of(parts->path) && holds_word(&tables->page_parts, kind);
    *out++ = tells_version((Span){folders.end, parts->small.end});
    return out;
}

/* Describes the URLs that lie end to end in `bytes`, each of `lengths`. Each has the first `columns` columns, at
 * most MOST_COLUMNS, `apart` places from the next one's. Writes into `left` which URLs have a punycode label: of
 * those is_punycode, mixes_scripts and brand_disguised are left to Python. Returns how many these are.
 */
EXPORT int64_t fanzha_url_columns(const UrlTables *tables, const uint8_t *bytes, const int64_t *lengths,
                                  int64_t urls, int64_t columns, int64_t apart, float *out, int64_t *left) {
    int64_t with_punycode = 0;
    for (int64_t url = 0; url < urls; url++, out += apart) {
        uint8_t small[PATH_CHARACTERS];
        float row[MOST_COLUMNS], *to = row;
        UrlParts parts = divide(tables->suffixes, (Span){bytes, bytes + lengths[url]}, small);
        Counts label = counts_of(parts.label);
        to = write_host(tables, &parts, &label, to);
        to = write_brands(tables, &parts, to);
        to = write_path(tables, &parts, to);
        to = write_words(tables, &parts, to);
        to = write_names(tables, &parts, &label, to);
        write_page_part(tables, &parts, to);
        memcpy(out, row, (size_t)columns * sizeof *row);
        if (length_of(parts.label) >= 4 && !memcmp(parts.label.at, "xn--", 4)) left[with_punycode++] = url;
        bytes += lengths[url];
    }
    return with_punycode;
}
