/* The work of netad's kernel in C, to see what the machine allows: pcap to flow records in one pass over blocks.
 *
 * Reads little-endian Ethernet pcap with microseconds only, which is what captures.py makes. Flows are bidirectional
 * and end after 60 s without a packet, after 1,800 s, or by a new SYN after a reset or FINs from both sides. When the
 * table is full, flows that ended are copied out (where a writer would take them) and the rest moves together, so that the
 * live table stays in the processor's cache.
 *
 * cc -O3 -shared -fPIC -o flow_pass.so flow_pass.c, then flow_pass() through ctypes.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_HEADER = 24, RECORD_HEADER = 16, MAX_CAPTURED = 1 << 18, FIRST_CAPACITY = 1 << 16 };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { INITIATED_BY_B = 1, CLOSED = 2 };
enum { OK = 0, CANNOT_READ = -1, NOT_OUR_KIND = -2, NO_MEMORY = -3 };
enum step { TAKEN, TABLE_FULL };

static const int64_t INACTIVITY_US = 60 * 1000000LL, ACTIVITY_US = 1800 * 1000000LL;
static const int64_t IPV4_PREFIX = 0xFFFF00000000LL;
static const uint64_t TAG_MASK = 0xFFFFFFFF00000000ULL, SEED = 0x1234567;

struct packet {
    int64_t time, source_high, source_low, destination_high, destination_low;
    int64_t source_port, destination_port, protocol, flags, window, ttl, length, payload, vlan;
};

/* A flow's ends are a and b, the smaller first; which of them sent the first packet is in `state`. */
struct flow {
    int64_t a_high, a_low, b_high, b_low, ports_protocol, first, last, state;
};

struct direction {
    int64_t packets, bytes, payload, first, last, length_min, length_max, length_squares;
    int64_t gap_min, gap_max;
    double gap_squares;
    uint8_t flags_seen, ttl_min, ttl_max;
    uint16_t first_window, last_window;
    uint32_t flag_counts[6];
};

struct table {
    int64_t capacity, count, latest;
    uint64_t *slots; /* hash tag above, number of the flow plus one below; 0 is free; twice the capacity */
    struct flow *flows, *ended_flows;
    struct direction *directions, *ended_directions; /* two for each flow */
};

struct totals { int64_t packets, ip_packets, flows; };

static inline int64_t big16(const uint8_t *at) { return at[0] << 8 | at[1]; }
static inline int64_t big32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return __builtin_bswap32(value);
}
static inline int64_t big64(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, 8);
    return (int64_t)__builtin_bswap64(value);
}
static inline int64_t little32(const uint8_t *at) { uint32_t value; memcpy(&value, at, 4); return value; }

/* Hop-by-hop options, routing, fragment, destination options. */
static inline int is_extension(int64_t protocol) {
    return protocol == 0 || protocol == 43 || protocol == 44 || protocol == 60;
}

static inline void decode_transport(const uint8_t *at, const uint8_t *end, int64_t carried, struct packet *packet) {
    int64_t header = 0;
    if (packet->protocol == 6 && at + 14 <= end) {
        packet->source_port = big16(at);
        packet->destination_port = big16(at + 2);
        header = (at[12] >> 4) * 4;
        packet->flags = at[13];
        if (at + 16 <= end) packet->window = big16(at + 14);
    } else if (packet->protocol == 17 && at + 4 <= end) {
        packet->source_port = big16(at);
        packet->destination_port = big16(at + 2);
        header = 8;
    } else if (packet->protocol == 1 || packet->protocol == 58) {
        header = 8;
        if (at + 8 <= end && (at[0] == 8 || at[0] == 0 || at[0] == 128 || at[0] == 129))
            packet->source_port = packet->destination_port = big16(at + 4);
    }
    packet->payload = carried > header ? carried - header : 0;
}

/* Decode Ethernet, VLAN tags, IPv4 or IPv6 and transport; return 0 for what is not IP or cut before its addresses. */
static inline int decode(const uint8_t *frame, int64_t captured, struct packet *packet) {
    if (captured < 14) return 0;
    const uint8_t *end = frame + captured, *at = frame + 14;
    int64_t type = big16(frame + 12), fragment = 0, carried;
    packet->vlan = packet->source_port = packet->destination_port = packet->flags = packet->window = 0;
    while ((type == 0x8100 || type == 0x88A8 || type == 0x9100) && at + 4 <= end) {
        packet->vlan = big16(at) & 0xFFF;
        type = big16(at + 2);
        at += 4;
    }
    if (type == 0x0800) {
        if (at + 20 > end) return 0;
        int64_t header = (at[0] & 15) * 4;
        if (at[0] >> 4 != 4 || header < 20) return 0;
        packet->length = big16(at + 2);
        if (packet->length < header) packet->length = header;
        fragment = big16(at + 6) & 0x1FFF;
        packet->ttl = at[8];
        packet->protocol = at[9];
        packet->source_high = packet->destination_high = 0;
        packet->source_low = big32(at + 12) | IPV4_PREFIX;
        packet->destination_low = big32(at + 16) | IPV4_PREFIX;
        carried = packet->length - header;
        at += header;
    } else if (type == 0x86DD) {
        if (at + 40 > end || at[0] >> 4 != 6) return 0;
        carried = big16(at + 4);
        packet->length = carried + 40;
        packet->protocol = at[6];
        packet->ttl = at[7];
        packet->source_high = big64(at + 8);
        packet->source_low = big64(at + 16);
        packet->destination_high = big64(at + 24);
        packet->destination_low = big64(at + 32);
        at += 40;
        while (is_extension(packet->protocol) && at + 8 <= end) {
            int64_t header = packet->protocol == 44 ? 8 : (at[1] + 1) * 8;
            if (packet->protocol == 44) fragment = big16(at + 2) >> 3;
            packet->protocol = at[0];
            carried -= header;
            at += header;
        }
    } else return 0;
    if (fragment == 0) decode_transport(at, end, carried, packet);
    else packet->payload = carried > 0 ? carried : 0;
    return 1;
}

static inline uint64_t hash(const struct flow *key) {
    uint64_t value = ((uint64_t)key->a_low ^ SEED) * 0x9E3779B97F4A7C15ULL;
    value = (value ^ value >> 32) + (uint64_t)key->b_low;
    value = value * 0xC2B2AE3D27D4EB4FULL + ((uint64_t)key->a_high ^ (uint64_t)key->b_high * 31);
    value = (value ^ value >> 29 ^ (uint64_t)key->ports_protocol) * 0x9E3779B97F4A7C15ULL;
    return value ^ value >> 32;
}

static inline int same(const struct flow *one, const struct flow *other) {
    return one->a_low == other->a_low && one->b_low == other->b_low && one->ports_protocol == other->ports_protocol
        && one->a_high == other->a_high && one->b_high == other->b_high;
}

/* Return the slot of the key: its own, or the free one where it belongs. */
static inline uint64_t find_slot(const struct table *table, const struct flow *key, uint64_t hashed) {
    uint64_t mask = (uint64_t)table->capacity * 2 - 1, slot = hashed & mask, held;
    while ((held = table->slots[slot])) {
        if ((held & TAG_MASK) == (hashed & TAG_MASK) && same(&table->flows[(uint32_t)held - 1], key)) break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

static inline void count_packet(struct direction *side, const struct packet *packet) {
    if (side->packets == 0) {
        side->first = packet->time;
        side->first_window = (uint16_t)packet->window;
    } else {
        int64_t gap = packet->time - side->last;
        if (gap < side->gap_min) side->gap_min = gap;
        if (gap > side->gap_max) side->gap_max = gap;
        side->gap_squares += (double)gap * (double)gap;
    }
    side->last = packet->time;
    side->packets++;
    side->bytes += packet->length;
    side->payload += packet->payload;
    if (packet->length < side->length_min) side->length_min = packet->length;
    if (packet->length > side->length_max) side->length_max = packet->length;
    side->length_squares += packet->length * packet->length;
    if (packet->ttl < side->ttl_min) side->ttl_min = (uint8_t)packet->ttl;
    if (packet->ttl > side->ttl_max) side->ttl_max = (uint8_t)packet->ttl;
    side->flags_seen |= (uint8_t)packet->flags;
    side->last_window = (uint16_t)packet->window;
    for (int bit = 0; bit < 6; bit++) side->flag_counts[bit] += packet->flags >> bit & 1;
}

static inline enum step take(struct table *table, const struct packet *packet) {
    struct flow key;
    int from_b = packet->source_high > packet->destination_high
        || (packet->source_high == packet->destination_high
            && (packet->source_low > packet->destination_low
                || (packet->source_low == packet->destination_low && packet->source_port > packet->destination_port)));
    key.a_high = from_b ? packet->destination_high : packet->source_high;
    key.a_low = from_b ? packet->destination_low : packet->source_low;
    key.b_high = from_b ? packet->source_high : packet->destination_high;
    key.b_low = from_b ? packet->source_low : packet->destination_low;
    int64_t a_port = from_b ? packet->destination_port : packet->source_port;
    int64_t b_port = from_b ? packet->source_port : packet->destination_port;
    key.ports_protocol = a_port << 24 | b_port << 8 | packet->protocol;
    uint64_t hashed = hash(&key), slot = find_slot(table, &key, hashed), held = table->slots[slot];
    int64_t number = held ? (int64_t)(uint32_t)held - 1 : -1;
    if (number >= 0) {
        const struct flow *flow = &table->flows[number];
        int reopened = (flow->state & CLOSED) && (packet->flags & (SYN | ACK)) == SYN;
        int over = packet->time - flow->last > INACTIVITY_US || packet->time - flow->first > ACTIVITY_US;
        if (over || reopened) number = -1;
    }
    if (number < 0) {
        if (table->count >= table->capacity) return TABLE_FULL;
        number = table->count++;
        table->slots[slot] = (hashed & TAG_MASK) | (uint64_t)(number + 1);
        int answers = packet->protocol == 6 && (packet->flags & (SYN | ACK)) == (SYN | ACK);
        key.first = packet->time;
        key.state = (from_b ^ answers) | packet->vlan << 8;
        table->flows[number] = key;
        struct direction *sides = &table->directions[2 * number];
        memset(sides, 0, 2 * sizeof *sides);
        sides[0].length_min = sides[1].length_min = sides[0].gap_min = sides[1].gap_min = INT64_MAX;
        sides[0].ttl_min = sides[1].ttl_min = 255;
    }
    struct flow *flow = &table->flows[number];
    struct direction *sides = &table->directions[2 * number];
    flow->last = packet->time;
    count_packet(&sides[from_b ^ (int)(flow->state & INITIATED_BY_B)], packet);
    int both_fin = packet->flags & sides[0].flags_seen & sides[1].flags_seen & FIN;
    if ((packet->flags & RST) || both_fin) flow->state |= CLOSED;
    return TAKEN;
}

static void free_table(struct table *table) {
    free(table->slots), free(table->flows), free(table->ended_flows);
    free(table->directions), free(table->ended_directions);
}

static int grow(struct table *table, int64_t capacity) {
    struct table grown = {capacity, table->count, table->latest, NULL, NULL, NULL, NULL, NULL};
    grown.slots = malloc((size_t)capacity * 2 * sizeof *grown.slots);
    grown.flows = malloc((size_t)capacity * sizeof *grown.flows);
    grown.ended_flows = malloc((size_t)capacity * sizeof *grown.flows);
    grown.directions = malloc((size_t)capacity * 2 * sizeof *grown.directions);
    grown.ended_directions = malloc((size_t)capacity * 2 * sizeof *grown.directions);
    if (!grown.slots || !grown.flows || !grown.ended_flows || !grown.directions || !grown.ended_directions) {
        free_table(&grown);
        return NO_MEMORY;
    }
    if (table->count) {
        memcpy(grown.flows, table->flows, (size_t)table->count * sizeof *grown.flows);
        memcpy(grown.directions, table->directions, (size_t)table->count * 2 * sizeof *grown.directions);
    }
    free_table(table);
    *table = grown;
    return OK;
}

/* Copy ended flows out, move the others together, and index them anew in a table at least half of which is free. */
static int sweep(struct table *table, struct totals *totals) {
    int64_t kept = 0, ended = 0;
    for (int64_t number = 0; number < table->count; number++) {
        int over = table->latest - table->flows[number].last > INACTIVITY_US;
        struct flow *flow = over ? &table->ended_flows[ended] : &table->flows[kept];
        struct direction *sides = over ? &table->ended_directions[2 * ended++] : &table->directions[2 * kept++];
        if (flow == &table->flows[number]) continue;
        *flow = table->flows[number];
        memcpy(sides, &table->directions[2 * number], 2 * sizeof *sides);
    }
    totals->flows += ended;
    table->count = kept;
    if (kept > table->capacity / 2) {
        int outcome = grow(table, table->capacity * 2);
        if (outcome != OK) return outcome;
    }
    memset(table->slots, 0, (size_t)table->capacity * 2 * sizeof *table->slots);
    for (int64_t number = 0; number < kept; number++) {
        uint64_t hashed = hash(&table->flows[number]);
        /* Of two flows with one key the later is the live one. */
        table->slots[find_slot(table, &table->flows[number], hashed)] = (hashed & TAG_MASK) | (uint64_t)(number + 1);
    }
    return OK;
}

/* Take the whole records of a block; return how many bytes they are, or a negative outcome. */
static int64_t take_block(struct table *table, const uint8_t *block, int64_t size, struct totals *totals) {
    int64_t at = 0;
    struct packet packet;
    while (at + RECORD_HEADER <= size) {
        const uint8_t *record = block + at;
        int64_t captured = little32(record + 8), next = at + RECORD_HEADER + captured;
        if (captured > MAX_CAPTURED) return NOT_OUR_KIND;
        if (next > size) break;
        packet.time = little32(record) * 1000000 + little32(record + 4);
        if (decode(record + RECORD_HEADER, captured, &packet)) {
            while (take(table, &packet) == TABLE_FULL) {
                int outcome = sweep(table, totals);
                if (outcome != OK) return outcome;
            }
            totals->ip_packets++;
        }
        totals->packets++;
        if (packet.time > table->latest) table->latest = packet.time;
        at = next;
    }
    return at;
}

/* Read a capture in blocks of `block_bytes` and count packets, IP packets and flows into `totals`. 0, or negative. */
int flow_pass(const char *path, int64_t block_bytes, struct totals *totals) {
    int file = open(path, O_RDONLY), outcome = OK;
    if (file < 0) return CANNOT_READ;
    struct table table = {0};
    uint8_t *block = malloc((size_t)block_bytes + RECORD_HEADER + MAX_CAPTURED);
    uint8_t header[FILE_HEADER];
    memset(totals, 0, sizeof *totals);
    if (!block || grow(&table, FIRST_CAPACITY) != OK) outcome = NO_MEMORY;
    else if (read(file, header, FILE_HEADER) != FILE_HEADER) outcome = CANNOT_READ;
    else if (little32(header) != 0xA1B2C3D4 || little32(header + 20) != 1) outcome = NOT_OUR_KIND;
    else memset(table.slots, 0, (size_t)table.capacity * 2 * sizeof *table.slots);
    int64_t left = 0, got = 0;
    while (outcome == OK && (got = read(file, block + left, (size_t)block_bytes)) > 0) {
        int64_t size = left + got, used = take_block(&table, block, size, totals);
        if (used < 0) outcome = (int)used;
        else memmove(block, block + used, (size_t)(left = size - used));
    }
    if (got < 0) outcome = CANNOT_READ;
    totals->flows += table.count;
    free_table(&table), free(block), close(file);
    return outcome;
}
