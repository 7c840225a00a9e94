/* The common, combined and vhost forms taken apart line by line: the same as shapes.py, and nothing more. Whatever does not look exactly so
   is left to the slow way. Reads nothing but the `length` bytes of whole lines, and writes nothing but its columns. */
#include <stdint.h>
#include <string.h>

#define LONGEST 2048
#define LONGEST_SIZE 15
#define NO_TIME (-(1LL << 40))
#define V4 (1ULL << 32)

typedef struct {
    int64_t lead, address, referred;
} Shape;

typedef struct { /* one entry a line that was read; `odd` holds (start, end) of the others */
    uint64_t *prefix, *hash[4];
    int64_t *at[4], *length[4], *hour, *status, *size, *address_at, *address_length, *odd;
} Columns;

static uint64_t word(const uint8_t *at) {
    uint64_t read;
    memcpy(&read, at, 8);
    return read;
}

static uint64_t hashed(const uint8_t *at, int64_t length, const uint64_t *keys) { /* 8 bytes or more lie before a piece */
    uint64_t sum = (uint64_t)length * keys[LONGEST / 4];
    for (; length > 0; length -= 8, at += 8, keys += 2) {
        uint64_t read = length < 8 ? word(at + length - 8) >> (8 * (8 - length)) : word(at);
        sum += (read & 0xFFFFFFFFULL) * keys[0] + (read >> 32) * keys[1];
    }
    sum = (sum ^ (sum >> 32)) * 0x9E3779B97F4A7C15ULL;
    return sum ^ (sum >> 29);
}

static int known_method(const uint8_t *at, int64_t length) {
    static const char *names[] = {"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PROPFIND"};
    for (int each = 0; each < 10; each++)
        if ((int64_t)strlen(names[each]) == length && !memcmp(names[each], at, (size_t)length)) return 1;
    return 0;
}

static int digits(const uint8_t *at, int count, int64_t *value) {
    *value = 0;
    for (int place = 0; place < count; place++) {
        if (at[place] < '0' || at[place] > '9') return 0;
        *value = *value * 10 + at[place] - '0';
    }
    return 1;
}

static int64_t hours(const uint8_t *t) { /* 17/May/2015:10:05:03 +0000 */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t day, year, hour, minute, second, along, across, month = 0;
    if (!digits(t, 2, &day) || !digits(t + 7, 4, &year) || !digits(t + 12, 2, &hour) || !digits(t + 15, 2, &minute)) return NO_TIME;
    if (!digits(t + 18, 2, &second) || !digits(t + 22, 2, &along) || !digits(t + 24, 2, &across)) return NO_TIME;
    while (month < 12 && memcmp(months + 3 * month, t + 3, 3)) month++;
    if (month == 12 || t[2] != '/' || t[6] != '/' || t[11] != ':' || t[14] != ':' || t[17] != ':' || t[20] != ' ') return NO_TIME;
    if (t[21] != '+' && t[21] != '-') return NO_TIME;
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    int64_t away = along * 60 + across;
    if (hour > 23 || minute > 59 || second > 61 || away >= 1440 || year < 1970 || day < 1) return NO_TIME;
    if (day > lengths[month] + (month == 1 && leap)) return NO_TIME;
    int64_t begun = year - (month < 2), shifted = (month + 10) % 12;
    int64_t days = begun * 365 + begun / 4 - begun / 100 + begun / 400 + (153 * shifted + 2) / 5 + day - 1 - 719468;
    int64_t minutes = (days * 24 + hour) * 60 + minute - (t[21] == '-' ? -away : away);
    return minutes >= 0 ? minutes / 60 : -((-minutes + 59) / 60);
}

/* The same of the line before, if it was of the same minute: most are. */
static int64_t hours_after(const uint8_t *t, const uint8_t **before, int64_t *hour) {
    int64_t second;
    if (*before && !memcmp(t, *before, 18) && !memcmp(t + 20, *before + 20, 6) && digits(t + 18, 2, &second) && second <= 61) return *hour;
    *hour = hours(t);
    *before = *hour == NO_TIME ? 0 : t;
    return *hour;
}

static uint64_t ipv4(const uint8_t *at, int64_t length) { /* 0: not plain IPv4 */
    uint64_t total = 0, part = 0;
    int count = 0, dots = 0;
    if (length > 15) return 0;
    for (int64_t place = 0; place < length; place++) {
        uint8_t letter = at[place];
        if (letter >= '0' && letter <= '9') {
            if (count && part == 0) return 0;
            part = part * 10 + letter - '0';
            if (part > 255) return 0;
            count++;
        } else if (letter == '.' && count) {
            total = total << 8 | part;
            part = 0, count = 0, dots++;
        } else
            return 0;
    }
    return dots == 3 && count ? V4 | total << 8 : 0;
}

/* One line from `s` to its end `e`; 1 if it was read into entry `n`. */
static int line(const uint8_t *b, int64_t s, int64_t e, const Shape *shape, const uint64_t *keys, const Columns *c, int64_t n,
                const uint8_t **before, int64_t *hour) {
    const uint8_t *quote[7], *end = b + e, *at = b + s;
    int quotes = 0, wanted = shape->referred ? 6 : 2;
    int64_t space[5];
    if (e - s < 34 || memchr(at, '\\', (size_t)(e - s))) return 0;
    for (const uint8_t *found = at; found < end && (found = memchr(found, '"', (size_t)(end - found))); found++) {
        if (quotes == wanted) return 0;
        quote[quotes++] = found;
    }
    if (quotes != wanted) return 0;
    int64_t opened = quote[0] - b, closed = quote[1] - b;
    int64_t from = s;
    for (int each = 0; each < shape->lead; each++) {
        const uint8_t *found = memchr(b + from, ' ', (size_t)(e - from));
        if (!found) return 0;
        space[each] = found - b;
        from = space[each] + 1;
    }
    if (space[0] <= s || space[shape->lead - 1] != opened - 30 || b[opened - 29] != '[' || b[opened - 2] != ']' || b[opened - 1] != ' ') return 0;
    c->hour[n] = hours_after(b + opened - 28, before, hour);
    if (c->hour[n] == NO_TIME) { /* no time; nor is it such a line, unless there is one space before the zone, and one before the quote */
        const uint8_t *inner = memchr(b + opened - 29, ' ', 28);
        if (!inner || memchr(inner + 1, ' ', (size_t)(b + opened - 1 - inner - 1))) return 0;
    }
    const uint8_t *m = memchr(b + opened + 1, ' ', (size_t)(closed - opened - 1));
    if (!m || !known_method(b + opened + 1, m - (b + opened + 1))) return 0;
    const uint8_t *t = memchr(m + 1, ' ', (size_t)(quote[1] - m - 1));
    if (!t || t == m + 1 || memchr(t + 1, ' ', (size_t)(quote[1] - t - 1)) || memcmp(t + 1, "HTTP/", 5)) return 0;
    if (closed + 6 >= e || t - m - 1 > LONGEST || b[closed + 1] != ' ' || b[closed + 5] != ' ' || memchr(b + closed + 2, ' ', 3)) return 0;
    int64_t status, size = 0, stop = shape->referred ? quote[2] - b - 1 : e;
    if (!digits(b + closed + 2, 3, &status)) return 0;
    int64_t width = stop - closed - 6;
    if (width < 1 || width > LONGEST_SIZE || (shape->referred && b[quote[2] - b - 1] != ' ')) return 0;
    if (!(width == 1 && b[closed + 6] == '-') && !digits(b + closed + 6, (int)width, &size)) return 0;
    c->at[2][n] = c->length[2][n] = c->at[3][n] = c->length[3][n] = 0;
    if (shape->referred) {
        if (quote[4] != quote[3] + 2 || quote[3][1] != ' ' || quote[5] + 1 != end) return 0;
        c->at[2][n] = quote[2] - b + 1, c->length[2][n] = quote[3] - quote[2] - 1;
        c->at[3][n] = quote[4] - b + 1, c->length[3][n] = quote[5] - quote[4] - 1;
        if (c->length[2][n] > LONGEST || c->length[3][n] > LONGEST) return 0;
    }
    const uint8_t *mark = memchr(m + 1, '?', (size_t)(t - m - 1));
    if (!mark) mark = t;
    const uint8_t *query = mark + 1 < t ? mark + 1 : t;
    c->at[0][n] = m + 1 - b, c->length[0][n] = mark - m - 1;
    c->at[1][n] = query - b, c->length[1][n] = t - query;
    for (int each = 0; each < 4; each++) c->hash[each][n] = hashed(b + c->at[each][n], c->length[each][n], keys);
    int64_t begin = shape->address ? space[shape->address - 1] + 1 : s;
    c->address_at[n] = begin, c->address_length[n] = space[shape->address] - begin;
    c->prefix[n] = ipv4(b + begin, c->address_length[n]);
    c->status[n] = status, c->size[n] = size;
    return 1;
}

/* How many lines were read; `odds` gets how many were not, `done` how far this went: till there were `most` of the one or the other. */
int64_t upheld_split(const uint8_t *b, int64_t length, const Shape *shape, const uint64_t *keys, const Columns *c, int64_t most, int64_t *odds,
                     int64_t *done) {
    const uint8_t *before = 0;
    int64_t read = 0, odd = 0, s = 0, hour = NO_TIME;
    while (s < length && read < most && odd < most) {
        const uint8_t *found = memchr(b + s, '\n', (size_t)(length - s));
        if (!found) break;
        int64_t next = found - b + 1, e = next - 1;
        if (e > s && b[e - 1] == '\r') e--;
        if (line(b, s, e, shape, keys, c, read, &before, &hour))
            read++;
        else
            c->odd[2 * odd] = s, c->odd[2 * odd + 1] = e, odd++;
        s = next;
    }
    *odds = odd, *done = s;
    return read;
}

/* For each hash its place among the `known` distinct ones, which lie in `table` (a power of two of slots; the slot holds place + 1, 0 none)
   and `keys`. New ones are added, for which both must have room, and the first line of each goes to `first`. How many are known then. */
int64_t upheld_encode(const uint64_t *hash, int64_t count, uint64_t *keys, uint32_t *table, int64_t slots, int64_t known, int64_t *places,
                      int64_t *first) {
    int64_t *next = first;
    for (int64_t row = 0; row < count; row++) {
        uint64_t at = hash[row] & (uint64_t)(slots - 1);
        while (table[at] && keys[table[at] - 1] != hash[row]) at = (at + 1) & (uint64_t)(slots - 1);
        if (!table[at]) {
            keys[known] = hash[row];
            *next++ = row;
            table[at] = (uint32_t)++known;
        }
        places[row] = table[at] - 1;
    }
    return known;
}

#define RECENT 16

/* Those lines that are wanted (or all of them) counted into their cells: hits, bytes and time of each. `pairs` gets each cell with a coupon, without most of those that come again;
   how many those are. `recent` has room for 2^RECENT. */
int64_t upheld_count(const uint8_t *wanted, const int64_t *row, const int64_t *column, int64_t columns, const int64_t *size,
                     const int64_t *micros, const uint64_t *coupon, int64_t count, int64_t *hits, int64_t *sizes, int64_t *times,
                     int64_t *timed, uint64_t *recent, uint64_t *pairs) {
    int64_t kept = 0;
    memset(recent, 0xFF, sizeof *recent << RECENT); /* no pair: a cell is less */
    for (int64_t at = 0; at < count; at++) {
        if (wanted && !wanted[at]) continue;
        int64_t cell = row[at] * columns + column[at];
        hits[cell]++;
        sizes[cell] += size[at];
        if (micros[at] >= 0) times[cell] += micros[at], timed[cell]++;
        uint64_t pair = (uint64_t)cell << 32 | coupon[at], *slot = recent + (pair * 0x9E3779B97F4A7C15ULL >> (64 - RECENT));
        if (*slot != pair) *slot = pairs[kept++] = pair;
    }
    return kept;
}

#define DIGITS 6
#define DIGIT 11

/* Numbers in order, each once, in `values`; how many those are. `other` has as much room. */
int64_t upheld_distinct(uint64_t *values, uint64_t *other, int64_t count) {
    static const uint64_t mask = (1 << DIGIT) - 1;
    int64_t begins[DIGITS][1 << DIGIT];
    uint64_t *from = values, *to = other;
    memset(begins, 0, sizeof begins);
    for (int64_t at = 0; at < count; at++)
        for (int digit = 0; digit < DIGITS; digit++) begins[digit][values[at] >> (DIGIT * digit) & mask]++;
    for (int digit = 0; digit < DIGITS && count; digit++) {
        if (begins[digit][from[0] >> (DIGIT * digit) & mask] == count) continue; /* the same in all */
        int64_t sum = 0;
        for (int each = 0; each < 1 << DIGIT; each++) {
            int64_t here = begins[digit][each];
            begins[digit][each] = sum;
            sum += here;
        }
        for (int64_t at = 0; at < count; at++) to[begins[digit][from[at] >> (DIGIT * digit) & mask]++] = from[at];
        uint64_t *sorted = to;
        to = from, from = sorted;
    }
    int64_t kept = 0;
    uint64_t last = count ? ~from[0] : 0;
    for (int64_t at = 0; at < count; at++)
        if (from[at] != last) values[kept++] = last = from[at];
    return kept;
}

#define KEPT_BITS 26

/* What a sketch keeps of hashes: the place in the low bits, above it how many zeros the rest begins with, and one. */
void upheld_coupons(const uint64_t *hash, int64_t count, uint64_t *made) {
    for (int64_t at = 0; at < count; at++) {
        uint64_t rest = hash[at] >> KEPT_BITS, rank = 1;
        for (uint64_t bit = 1ULL << (63 - KEPT_BITS); bit && !(rest & bit); bit >>= 1) rank++;
        made[at] = rank << KEPT_BITS | (hash[at] & ((1ULL << KEPT_BITS) - 1));
    }
}

#define TURN(x, by) ((x) << (by) | (x) >> (64 - (by)))
#define ROUND                                                                                                                              \
    do {                                                                                                                                   \
        v0 += v1, v1 = TURN(v1, 13) ^ v0, v0 = TURN(v0, 32), v2 += v3, v3 = TURN(v3, 16) ^ v2;                                             \
        v0 += v3, v3 = TURN(v3, 21) ^ v0, v2 += v1, v1 = TURN(v1, 17) ^ v2, v2 = TURN(v2, 32);                                             \
    } while (0)

/* SipHash-2-4 of pairs of words. */
void upheld_siphash(const uint64_t *first, const uint64_t *second, int64_t count, uint64_t k0, uint64_t k1, uint64_t *made) {
    for (int64_t row = 0; row < count; row++) {
        uint64_t v0 = k0 ^ 0x736F6D6570736575ULL, v1 = k1 ^ 0x646F72616E646F6DULL;
        uint64_t v2 = k0 ^ 0x6C7967656E657261ULL, v3 = k1 ^ 0x7465646279746573ULL, words[3] = {first[row], second[row], 16ULL << 56};
        for (int each = 0; each < 3; each++) {
            v3 ^= words[each];
            ROUND;
            ROUND;
            v0 ^= words[each];
        }
        v2 ^= 0xFF;
        ROUND;
        ROUND;
        ROUND;
        ROUND;
        made[row] = v0 ^ v1 ^ v2 ^ v3;
    }
}
