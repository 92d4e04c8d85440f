/* Decodes the rows of batch requests, straight from their bytes (protobuf encoding, proto3).
 *
 * A request is a sequence of field 1, each a row, whose fields may come in any order. Whatever else
 * protobuf allows (a field twice, unknown fields, other wire types, enum values above 127) is UNUSUAL,
 * and left to protobuf.
 */
#include "kernels.h"

enum { UNUSUAL = -1, ROW_TAG = 0x0A, VARINT = 0, BYTES = 2, LAST_FIELD = 15 };
enum { UNKNOWN = 0, TEXT = 1, SMALL = 2, NUMBER = 3, ASCII = 4, OPTIONAL = 5 };

typedef struct {
    const uint8_t *at, *end;
    int failed;
} Reader;

static uint64_t read_varint(Reader *reader) {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (reader->at >= reader->end) break;
        uint8_t byte = *reader->at++;
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return number;
    }
    reader->failed = 1;
    return 0;
}

/* Reads a length and checks that so many bytes are left. */
static int64_t read_length(Reader *reader) {
    uint64_t length = read_varint(reader);
    if (reader->failed || length > (uint64_t)(reader->end - reader->at)) {
        reader->failed = 1;
        return 0;
    }
    return (int64_t)length;
}

/* Returns how many rows a request has, at most `most`; UNUSUAL for what is no plain sequence of rows. */
EXPORT int64_t fanzha_count_rows(const uint8_t *bytes, int64_t size, int64_t most) {
    Reader reader = {bytes, bytes + size, 0};
    int64_t rows = 0;
    while (reader.at < reader.end) {
        if (*reader.at++ != ROW_TAG || ++rows > most) return UNUSUAL;
        int64_t length = read_length(&reader);
        if (reader.failed) return UNUSUAL;
        reader.at += length;
    }
    return rows ? rows : UNUSUAL;
}

/* Tells where each of `rows` rows ends, which `fanzha_count_rows` counted. */
EXPORT void fanzha_row_ends(const uint8_t *bytes, int64_t size, int64_t rows, int64_t *ends) {
    Reader reader = {bytes, bytes + size, 0};
    for (int64_t row = 0; row < rows; row++) {
        reader.at++;
        reader.at += read_length(&reader);
        ends[row] = reader.at - bytes;
    }
}

static int is_ascii(const uint8_t *at, int64_t length) {
    uint8_t bits = 0;
    for (int64_t place = 0; place < length; place++) bits |= at[place];
    return bits < 0x80;
}

/* Decodes the fields of one row into its place of each column. */
static int decode_row(Reader row, const uint8_t *bytes, const uint8_t *kinds, const uint8_t *columns,
                      int64_t rows, int64_t texts, int64_t *out, int64_t *not_ascii) {
    uint32_t seen = 0;
    while (row.at < row.end) {
        uint8_t tag = *row.at++;
        int field = tag >> 3, type = tag & 7;
        if (tag > 0x7F || kinds[field] == UNKNOWN || seen >> field & 1) return 0;
        seen |= UINT32_C(1) << field;
        int64_t *column = out + columns[field] * rows;
        if (kinds[field] == TEXT || kinds[field] == ASCII) {
            if (type != BYTES) return 0;
            int64_t length = read_length(&row);
            if (row.failed) return 0;
            column[0] = row.at - bytes;
            column[texts * rows] = length;
            if (kinds[field] == ASCII && !is_ascii(row.at, length)) *not_ascii |= INT64_C(1) << field;
            row.at += length;
        } else {
            if (type != VARINT) return 0;
            uint64_t number = read_varint(&row);
            if (row.failed || (kinds[field] == SMALL && number > 0x7F)) return 0;
            if (kinds[field] == OPTIONAL && number++ > UINT32_MAX) return 0;
            column[0] = (int64_t)number;
        }
    }
    return 1;
}

/* Decodes `rows` rows. `kinds` and `columns` say by field (0 to 15) what it is and which column of
 * `out` (each `rows` long) it goes to; of texts that is where they begin, and how long they are is `texts`
 * columns further on; of an OPTIONAL number it is one more, so that 0 is none. The first two columns are where each row begins and ends, its tag left out; `out`
 * is 0 before. Returns the fields of kind ASCII in which another byte was seen, as bits; or UNUSUAL.
 */
EXPORT int64_t fanzha_decode_rows(const uint8_t *bytes, int64_t size, const uint8_t *kinds,
                                  const uint8_t *columns, int64_t rows, int64_t texts, int64_t *out) {
    Reader reader = {bytes, bytes + size, 0};
    int64_t not_ascii = 0;
    for (int64_t row = 0; row < rows; row++) {
        if (reader.at >= reader.end || *reader.at++ != ROW_TAG) return UNUSUAL;
        int64_t length = read_length(&reader);
        if (reader.failed) return UNUSUAL;
        out[row] = reader.at - bytes;
        out[rows + row] = out[row] + length;
        Reader one = {reader.at, reader.at + length, 0};
        if (!decode_row(one, bytes, kinds, columns, rows, texts, out + row, &not_ascii)) return UNUSUAL;
        reader.at += length;
    }
    return reader.at == reader.end ? not_ascii : UNUSUAL;
}
