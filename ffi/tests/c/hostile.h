/* What the generated hostile callers draw their arguments from, and how they judge the answers. hostile.rs writes a
 * caller for every function of the header, which includes this file; the names of pools and kinds come from there.
 *
 * Texts end right before a page that cannot be read, and lengths beyond every limit come with that page itself: a
 * byte too many that is read ends the process. Outputs have a pattern, which a call that fails may not change. */

#ifndef HOSTILE_H
#define HOSTILE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum { SLOTS = 6, TEXT_MAX = 1 << 16, ARENAS = 4, LIST_ENTRIES = 8, STATUSES = 128 };

/* What the generated file knows. */
struct pool {
    const char *name;   /* Of a file NAME.samples in the directory, one sample a line; else of words. */
    int is_batch;       /* Several samples make an array. */
    char **samples;
    size_t count;
};
struct function {
    const char *name;
    int weight;
};
#ifndef HOSTILE_NAMES
#error "the generated file comes first"
#endif
static struct pool pools[POOLS];
static const struct function functions[FUNCTIONS];

/* Handles that all threads share: those that live, and those that did. */
static _Atomic(void *) live[KINDS][SLOTS];
static _Atomic(void *) gone[KINDS][SLOTS];
static atomic_long answers[FUNCTIONS][STATUSES];
static unsigned char *unreadable;

struct arena {
    char *start; /* TEXT_MAX bytes, then a page that cannot be read. */
};

struct hostile {
    uint64_t state;
    struct arena arenas[ARENAS];
    int next_arena;
    long calls;
    int in_callback;
    int64_t now_ms;
};
static _Thread_local struct hostile *this_thread;

/* splitmix64: https://prng.di.unimi.it/splitmix64.c */
static uint64_t draw(struct hostile *hostile) {
    uint64_t z = hostile->state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static size_t below_of(struct hostile *hostile, size_t limit) {
    return (size_t)(draw(hostile) % limit);
}

static int chance(struct hostile *hostile, unsigned percent) {
    return draw(hostile) % 100 < percent;
}

static int64_t draw_integer(struct hostile *hostile) {
    static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, -1000, -1, 0, 1000, 3600000, 1700000000000,
                                    INT32_MAX, (int64_t)UINT32_MAX + 1, 253402300799999, INT64_MAX};
    switch (below_of(hostile, 8)) {
    case 0:
        return edges[below_of(hostile, sizeof edges / sizeof edges[0])];
    case 1:
        return (int64_t)draw(hostile);
    case 2:
        return 1000 + (int64_t)below_of(hostile, 60000);
    default:
        return 1 + (int64_t)below_of(hostile, 20);
    }
}

/* Texts. */

struct words {
    const char *bytes;
    size_t len;
};

static const char *const names[] = {"mug", "cup", "set", "jug", "main", "east", "moon", "web", "till", "mail", "post",
                                    "wms", "shopify", "o-1", "o-2", "o-3", "o-4", "o-5", "o-6", "o-7", "o-8", "o-9",
                                    "h-1", "h-2", "h-3", "k-1", "k-2", "k-3", "EUR", "ring twice", "/shops/berlin",
                                    "\xc3\xa4\xf0\x9f\xab\x96", "'; DROP TABLE stockroom_orders; --", "%s%n", "\x01"};
static const char *const bad[] = {"\xff", "mug\xfe", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"};

/* Copies bytes to where they end right before the page that cannot be read. */
static char *at_the_edge(struct hostile *hostile, const char *bytes, size_t len) {
    struct arena *arena = &hostile->arenas[hostile->next_arena++ % ARENAS];
    char *place = arena->start + TEXT_MAX - len;
    memmove(place, bytes, len);
    return place;
}

static struct words ended(struct hostile *hostile, const char *bytes, size_t len) {
    struct words words;
    if (chance(hostile, 30)) {
        char *place = at_the_edge(hostile, bytes, len + 1);
        place[len] = '\0';
        words.bytes = place;
        words.len = STOCKROOM_NUL_TERMINATED;
    } else {
        words.bytes = at_the_edge(hostile, bytes, len);
        words.len = len;
    }
    return words;
}

/* Changes a document here and there. It has room for TEXT_MAX bytes. */
static size_t mutated(struct hostile *hostile, char *text, size_t len) {
    static const char *const pieces[] = {"{", "}", "[", "]", "\"", ",", ":", "0", "-1", "1e999", "9223372036854775808",
                                         "-9223372036854775809", "null", "true", "1.5", "\\u0000", "\\ud800", "{}", "[]",
                                         "\"\"", "\xff", "\xc3", " ", "\\", "NaN", "[[[[[[[[", "\"lines\":", "99999999999"};
    for (size_t changes = 1 + below_of(hostile, 4); changes > 0 && len > 2; changes--) {
        size_t at = below_of(hostile, len);
        size_t run = 1 + below_of(hostile, len - at < 40 ? len - at : 40);
        switch (below_of(hostile, 6)) {
        case 0:
            text[at] ^= (char)(1 << below_of(hostile, 8));
            break;
        case 1:
            memmove(text + at, text + at + run, len - at - run);
            len -= run;
            break;
        case 2:
            if (len + run < TEXT_MAX / 2) {
                memmove(text + at + run, text + at, len - at);
                len += run;
            }
            break;
        case 3:
            len = at;
            break;
        default: {
            const char *piece = pieces[below_of(hostile, sizeof pieces / sizeof pieces[0])];
            size_t size = strlen(piece);
            /* In place of a number, where there is one near. */
            while (at < len - 1 && !(text[at] >= '0' && text[at] <= '9') && chance(hostile, 95)) {
                at++;
            }
            if (len + size < TEXT_MAX / 2) {
                memmove(text + at + size, text + at + 1, len - at - 1);
                memcpy(text + at, piece, size);
                len += size - 1;
            }
        }
        }
    }
    return len;
}

static size_t sample(struct hostile *hostile, const struct pool *pool, char *text) {
    if (pool->count == 0) {
        const char *name = names[below_of(hostile, sizeof names / sizeof names[0])];
        memcpy(text, name, strlen(name));
        return strlen(name);
    }
    size_t len = 0, wanted = pool->is_batch ? below_of(hostile, 6) : 1;
    if (pool->is_batch) {
        text[len++] = '[';
    }
    for (size_t index = 0; index < wanted; index++) {
        const char *found = pool->samples[below_of(hostile, pool->count)];
        if (len + strlen(found) + 2 > TEXT_MAX / 4) {
            continue;
        }
        if (index > 0) {
            text[len++] = ',';
        }
        memcpy(text + len, found, strlen(found));
        len += strlen(found);
    }
    if (pool->is_batch) {
        text[len++] = ']';
    }
    return len;
}

static size_t no_length(struct hostile *hostile) {
    static const size_t lengths[] = {(size_t)STOCKROOM_DOCUMENT_MAX + 1, (size_t)1 << 40, SIZE_MAX / 2, SIZE_MAX - 1};
    return lengths[below_of(hostile, sizeof lengths / sizeof lengths[0])];
}

static struct words draw_words(struct hostile *hostile, int number) {
    static _Thread_local char text[TEXT_MAX];
    const struct pool *pool = &pools[number];
    struct words words = {NULL, 0};
    size_t len;
    switch (below_of(hostile, 40)) {
    case 0: /* Nothing, of any length. */
        words.len = chance(hostile, 50) ? STOCKROOM_NUL_TERMINATED : below_of(hostile, 100);
        return words;
    case 1: /* Empty, where nothing can be read. */
        words.bytes = (const char *)unreadable;
        return words;
    case 2: /* Too long by far, where nothing can be read. */
        words.bytes = (const char *)unreadable;
        words.len = no_length(hostile);
        return words;
    case 3: { /* Too long by little, or just not. */
        static const size_t lengths[] = {63, 64, 65, 127, 128, 129, 2000, 2001, 4096, 4097};
        len = lengths[below_of(hostile, sizeof lengths / sizeof lengths[0])];
        memset(text, 'x', len);
        return ended(hostile, text, len);
    }
    case 4: {
        const char *wrong = bad[below_of(hostile, sizeof bad / sizeof bad[0])];
        return ended(hostile, wrong, strlen(wrong));
    }
    case 5: /* What another parameter takes. */
        len = sample(hostile, &pools[below_of(hostile, POOLS)], text);
        return ended(hostile, text, len);
    case 6: /* A NUL inside. */
        return (struct words){at_the_edge(hostile, "mu\0g", 4), 4};
    case 7: { /* Noise. */
        len = below_of(hostile, 200);
        for (size_t index = 0; index < len; index++) {
            text[index] = (char)draw(hostile);
        }
        words.bytes = at_the_edge(hostile, text, len);
        words.len = len;
        return words;
    }
    default:
        len = sample(hostile, pool, text);
        if (pool->count > 0 && chance(hostile, len > 30 ? 50 : 5)) {
            len = mutated(hostile, text, len);
            if (memchr(text, '\0', len) != NULL) {
                words.bytes = at_the_edge(hostile, text, len);
                words.len = len;
                return words;
            }
        }
        return ended(hostile, text, len);
    }
}

/* Handles. */

static void *draw_handle(struct hostile *hostile, int kind) {
    static int local;
    size_t slot = below_of(hostile, SLOTS);
    switch (below_of(hostile, 40)) {
    case 0:
        return NULL;
    case 1:
    case 2:
    case 3:
        return atomic_load(&gone[kind][slot]);
    case 4:
    case 5:
        return atomic_load(&live[below_of(hostile, KINDS)][slot]);
    case 6:
        return (void *)(uintptr_t)draw(hostile);
    case 7: {
        const uintptr_t made_up[] = {1, 16, UINTPTR_MAX, (uintptr_t)&local, (uintptr_t)hostile, (uintptr_t)unreadable};
        return (void *)made_up[below_of(hostile, sizeof made_up / sizeof made_up[0])];
    }
    case 8: { /* One bit of one that lives is wrong: of the kind, or so high that it is none that comes soon. */
        size_t bits = sizeof(uintptr_t) * 8, bit = below_of(hostile, bits / 2);
        bit = bit < 4 ? bit : bits / 2 + bit;
        return (void *)((uintptr_t)atomic_load(&live[kind][slot]) ^ (uintptr_t)1 << bit);
    }
    default:
        for (size_t index = 0; index < SLOTS; index++) {
            void *handle = atomic_load(&live[kind][(slot + index) % SLOTS]);
            if (handle != NULL) {
                return handle;
            }
        }
        return NULL;
    }
}

/* Remembers a handle that was freed. */
static void remember_gone(struct hostile *hostile, int kind, void *handle) {
    for (int slot = 0; slot < SLOTS; slot++) {
        void *expected = handle;
        atomic_compare_exchange_strong(&live[kind][slot], &expected, NULL);
    }
    atomic_store(&gone[kind][below_of(hostile, SLOTS)], handle);
}

static void let_go(int kind, void *handle);  /* Generated: frees a handle of a kind; it may be stale. */
static void got(struct hostile *hostile, int kind, void *handle); /* Below: looks at what was given out. */

/* Puts a handle among those that live, and frees the one whose place it takes. */
static void publish_handle(struct hostile *hostile, int kind, void *handle) {
    CHECK(handle != NULL);
    got(hostile, kind, handle);
    void *before = atomic_exchange(&live[kind][below_of(hostile, SLOTS)], handle);
    if (before != NULL) {
        let_go(kind, before);
        atomic_store(&gone[kind][below_of(hostile, SLOTS)], before);
    }
}

/* Outputs. */

struct output {
    void *place; /* What the call gets. */
    unsigned char *kept; /* What is behind it; NULL where nothing is. */
    size_t size;
};

static struct output draw_output(struct hostile *hostile, size_t size, size_t alignment, size_t count) {
    struct output output = {NULL, NULL, 0};
    unsigned fate = (unsigned)below_of(hostile, 40);
    if (fate == 0) {
        return output;
    }
    /* More than any list may have is never written to. */
    output.size = size * (count <= STOCKROOM_LIST_MAX ? count : 1);
    output.kept = malloc(output.size + alignment);
    CHECK(output.kept != NULL);
    memset(output.kept, 0xa5, output.size + alignment);
    output.place = output.kept + (fate == 1 && alignment > 1 ? 1 : 0);
    return output;
}

static void settle_output(struct output *output, int32_t status) {
    if (output->kept != NULL && status != STOCKROOM_OK) {
        CHECK(check_untouched(output->kept, output->size));
    }
}

static void drop_output(struct output *output) {
    free(output->kept);
}

/* Lists. */

struct texts {
    stockroom_text *given;
    stockroom_text *kept;
    size_t count;
};

static size_t draw_count(struct hostile *hostile, int *is_huge) {
    *is_huge = 0;
    switch (below_of(hostile, 20)) {
    case 0:
        return 0;
    case 1:
        *is_huge = 1;
        return chance(hostile, 50) ? (size_t)STOCKROOM_LIST_MAX + 1 : SIZE_MAX - below_of(hostile, 2);
    default:
        return 1 + below_of(hostile, LIST_ENTRIES);
    }
}

static stockroom_text draw_text(struct hostile *hostile, unsigned percent_good) {
    const char *name = names[below_of(hostile, sizeof names / sizeof names[0])];
    stockroom_text text = {name, STOCKROOM_NUL_TERMINATED};
    if (chance(hostile, percent_good)) {
        return text;
    }
    switch (below_of(hostile, 5)) {
    case 0:
        text.bytes = NULL;
        break;
    case 1:
        text.bytes = (const char *)unreadable;
        text.len = no_length(hostile);
        break;
    case 2:
        text.bytes = bad[below_of(hostile, sizeof bad / sizeof bad[0])];
        break;
    case 3:
        text.len = strlen(name);
        break;
    default:
        text.bytes = (const char *)unreadable;
        text.len = 0;
    }
    return text;
}

static struct texts draw_texts(struct hostile *hostile) {
    struct texts list = {NULL, NULL, 0};
    int is_huge;
    list.count = draw_count(hostile, &is_huge);
    if (is_huge) {
        list.given = (stockroom_text *)(void *)unreadable;
        return list;
    }
    list.kept = malloc((list.count + 1) * sizeof *list.kept);
    CHECK(list.kept != NULL);
    for (size_t index = 0; index < list.count; index++) {
        list.kept[index] = draw_text(hostile, 97);
    }
    list.given = chance(hostile, 3)   ? NULL
                 : chance(hostile, 3) ? CROOKED(stockroom_text *, list.kept)
                                      : list.kept;
    return list;
}

static void drop_texts(struct texts *list) {
    free(list->kept);
}

struct orders {
    stockroom_order *given;
    stockroom_order *kept;
    stockroom_line *lines;
    char (*ids)[24];
    size_t count;
};

static stockroom_text named(const char *const *from, size_t count, struct hostile *hostile) {
    return (stockroom_text){from[below_of(hostile, count)], STOCKROOM_NUL_TERMINATED};
}

static struct orders draw_orders(struct hostile *hostile) {
    static const char *const skus[] = {"mug", "cup", "set", "jug"};
    struct orders list = {NULL, NULL, NULL, NULL, 0};
    int is_huge;
    list.count = draw_count(hostile, &is_huge);
    if (is_huge) {
        list.given = (stockroom_order *)(void *)unreadable;
        return list;
    }
    size_t room = list.count + 1;
    list.kept = calloc(room, sizeof *list.kept);
    list.lines = calloc(room * 3, sizeof *list.lines);
    list.ids = calloc(room, sizeof *list.ids);
    CHECK(list.kept != NULL && list.lines != NULL && list.ids != NULL);
    for (size_t index = 0; index < list.count; index++) {
        stockroom_order *order = &list.kept[index];
        stockroom_line *lines = &list.lines[index * 3];
        snprintf(list.ids[index], sizeof list.ids[index], "p-%u", (unsigned)below_of(hostile, 100000));
        order->size = chance(hostile, 99) ? sizeof *order : below_of(hostile, 300);
        order->id = chance(hostile, 98) ? (stockroom_text){list.ids[index], STOCKROOM_NUL_TERMINATED}
                                        : draw_text(hostile, 50);
        order->channel = chance(hostile, 98) ? (stockroom_text){"web", 3} : draw_text(hostile, 50);
        order->currency = chance(hostile, 98) ? (stockroom_text){"EUR", 3} : draw_text(hostile, 50);
        order->line_count = chance(hostile, 99) ? 1 + below_of(hostile, 3) : chance(hostile, 50) ? 0 : SIZE_MAX;
        order->lines = chance(hostile, 99)   ? lines
                       : chance(hostile, 50) ? NULL
                                             : CROOKED(stockroom_line *, lines);
        for (size_t line = 0; line < 3; line++) {
            lines[line].sku = chance(hostile, 99) ? named(skus, 4, hostile) : draw_text(hostile, 20);
            lines[line].quantity = chance(hostile, 95) ? 1 + (int64_t)below_of(hostile, 3) : draw_integer(hostile);
            lines[line].unit_price_minor = chance(hostile, 95) ? 500 : draw_integer(hostile);
        }
        order->policy = chance(hostile, 99) ? (int32_t)below_of(hostile, 3) : (int32_t)draw(hostile);
        if (chance(hostile, 5)) {
            order->hold = draw_text(hostile, 90);
        }
        if (chance(hostile, 10)) {
            order->note = draw_text(hostile, 90);
        }
        if (chance(hostile, 10)) {
            order->key = draw_text(hostile, 90);
        }
    }
    list.given = chance(hostile, 2)   ? NULL
                 : chance(hostile, 2) ? CROOKED(stockroom_order *, list.kept)
                                      : list.kept;
    return list;
}

static void drop_orders(struct orders *list) {
    free(list->kept);
    free(list->lines);
    free(list->ids);
}

/* Callbacks. Each calls back in now and then, which is refused. */

static void call_back(struct hostile *hostile) {
    if (!chance(hostile, 10)) {
        return;
    }
    int64_t units;
    FILL(units);
    void *database = atomic_load(&live[KIND_stockroom][below_of(hostile, SLOTS)]);
    SAME(stockroom_available(database, "mug", 3, "main", 4, &units), STOCKROOM_REENTERED);
    SAME(stockroom_close(database), STOCKROOM_REENTERED);
    SAME(stockroom_last_error(), STOCKROOM_REENTERED);
    UNTOUCHED(units);
}

static int64_t hostile_clock(void *context) {
    (void)context;
    struct hostile *hostile = this_thread;
    if (hostile == NULL) { /* A thread of the library's own. */
        return 1700000000000;
    }
    call_back(hostile);
    hostile->now_ms += (int64_t)below_of(hostile, 5000);
    return chance(hostile, 98)   ? hostile->now_ms
           : chance(hostile, 90) ? hostile->now_ms - 86400000 + (int64_t)below_of(hostile, 86400000)
                                 : draw_integer(hostile);
}

static void hostile_log(void *context, int32_t level, const char *message, size_t len) {
    (void)context;
    CHECK((level == 1 || level == 2) && strlen(message) == len);
}

static int64_t hostile_queue(void *context, const char *events, size_t len, size_t count) {
    (void)context;
    CHECK(strlen(events) == len && count > 0 && events[0] == '[' && events[len - 1] == ']');
    struct hostile *hostile = this_thread;
    call_back(hostile);
    return chance(hostile, 60) ? (int64_t)count : draw_integer(hostile);
}

static stockroom_queue draw_queue(struct hostile *hostile) {
    return chance(hostile, 95) ? hostile_queue : NULL;
}

static void *draw_context(struct hostile *hostile) {
    return chance(hostile, 50) ? NULL : (void *)(uintptr_t)draw(hostile);
}

static const stockroom_options *draw_options(struct hostile *hostile, stockroom_options *kept) {
    if (chance(hostile, 40)) {
        return NULL;
    }
    DONE(stockroom_options_init(kept, sizeof *kept));
    kept->durability = chance(hostile, 95) ? STOCKROOM_DURABILITY_NORMAL : (int32_t)draw(hostile);
    kept->busy_timeout_ms = (uint32_t)below_of(hostile, 20);
    kept->cache_kib = chance(hostile, 90) ? 1024 : (uint32_t)below_of(hostile, 4096);
    kept->checksums = chance(hostile, 95) ? (uint32_t)below_of(hostile, 2) : (uint32_t)draw(hostile);
    kept->clock = chance(hostile, 80) ? hostile_clock : NULL;
    kept->clock_context = draw_context(hostile);
    kept->log = chance(hostile, 80) ? hostile_log : NULL;
    kept->log_context = draw_context(hostile);
    if (chance(hostile, 5)) {
        kept->size = (size_t)draw(hostile);
    }
    return chance(hostile, 3) ? CROOKED(const stockroom_options *, kept) : kept;
}

/* Answers. */

static void answered(struct hostile *hostile, int function, int32_t status) {
    (void)hostile;
    static const int32_t possible[] = {
        STOCKROOM_OK,           STOCKROOM_BUSY,      STOCKROOM_UNSUPPORTED, STOCKROOM_MALFORMED,
        STOCKROOM_NULL_ARGUMENT, STOCKROOM_NOT_UTF8, STOCKROOM_LENGTH,      STOCKROOM_STALE_HANDLE,
        STOCKROOM_OPTION,       STOCKROOM_NOT_FOUND, STOCKROOM_CALLBACK,
    };
    int is_possible = 0;
    for (size_t index = 0; index < sizeof possible / sizeof possible[0]; index++) {
        is_possible |= status == possible[index];
    }
    if (!is_possible) {
        fprintf(stderr, "%s answered %d\n", functions[function].name, (int)status);
        CHECK(!"the answer is one that may be");
    }
    if (status != STOCKROOM_OK) {
        SAME(stockroom_last_error(), status);
        CHECK(stockroom_last_error_message()[0] != '\0' && stockroom_last_error_operation()[0] != '\0');
    }
    atomic_fetch_add(&answers[function][status], 1);
}

static void got(struct hostile *hostile, int kind, void *handle) {
    (void)hostile;
    if (kind == KIND_stockroom_document) {
        const char *text = NULL;
        size_t len = 0;
        DONE(stockroom_document_text(handle, &text, &len));
        CHECK(len > 0 && strlen(text) == len);
    } else if (kind == KIND_stockroom) {
        /* So that names are known; where they are already, or time has run out, it is refused. */
        stockroom_document *replies = NULL;
        if (stockroom_execute_batch(handle, pools[POOL_furniture].samples[0], STOCKROOM_NUL_TERMINATED, &replies) ==
            STOCKROOM_OK) {
            DONE(stockroom_document_free(replies));
        }
    }
}

/* The run. */

static void call_one(struct hostile *hostile, int function); /* Generated. */

static int weights;
static long calls_each;

static void set_up_thread(struct hostile *hostile, uint64_t seed) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    memset(hostile, 0, sizeof *hostile);
    hostile->state = seed;
    hostile->now_ms = 1700000000000;
    for (int index = 0; index < ARENAS; index++) {
        char *start = mmap(NULL, TEXT_MAX + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(start != MAP_FAILED && mprotect(start + TEXT_MAX, page, PROT_NONE) == 0);
        hostile->arenas[index].start = start;
    }
    this_thread = hostile;
}

static void *attack(void *state) {
    struct hostile *hostile = state;
    set_up_thread(hostile, hostile->state);
    for (hostile->calls = 0; hostile->calls < calls_each; hostile->calls++) {
        int weight = (int)below_of(hostile, (size_t)weights), function = 0;
        while (weight >= functions[function].weight) {
            weight -= functions[function++].weight;
        }
        call_one(hostile, function);
    }
    return NULL;
}

static void load(struct pool *pool, const char *directory) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.samples", directory, pool->name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return;
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while ((len = getline(&line, &room, file)) > 0) {
        line[len - 1] = '\0';
        pool->samples = realloc(pool->samples, (pool->count + 1) * sizeof *pool->samples);
        CHECK(pool->samples != NULL);
        pool->samples[pool->count] = strdup(line);
        CHECK(pool->samples[pool->count++] != NULL);
    }
    free(line);
    fclose(file);
}

/* SEED CALLS THREADS DIRECTORY-OF-SAMPLES; it works in the current directory. */
static int hostile_main(int count, char **arguments) {
    CHECK(count == 5);
    uint64_t seed = strtoull(arguments[1], NULL, 10);
    long calls = strtol(arguments[2], NULL, 10), wanted = strtol(arguments[3], NULL, 10);
    enum { THREADS_MAX = 8 };
    CHECK(wanted >= 1 && wanted <= THREADS_MAX && calls >= wanted);
    unreadable = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(unreadable != MAP_FAILED);
    for (int pool = 0; pool < POOLS; pool++) {
        load(&pools[pool], arguments[4]);
    }
    for (int function = 0; function < FUNCTIONS; function++) {
        weights += functions[function].weight;
    }
    static struct hostile threads[THREADS_MAX], first;
    set_up_thread(&first, seed);
    const char *const places[SLOTS] = {":memory:", "a.sqlite3", "b.sqlite3", "a.sqlite3", ":memory:", "b.sqlite3"};
    for (int slot = 0; slot < SLOTS; slot++) {
        stockroom_options options;
        DONE(stockroom_options_init(&options, sizeof options));
        options.durability = STOCKROOM_DURABILITY_NORMAL;
        options.busy_timeout_ms = 2000;
        options.clock = slot >= 4 ? hostile_clock : NULL;
        stockroom *database = NULL;
        DONE(stockroom_open(places[slot], STOCKROOM_NUL_TERMINATED, &options, &database));
        got(&first, KIND_stockroom, database);
        atomic_store(&live[KIND_stockroom][slot], database);
    }
    calls_each = calls / wanted;
    pthread_t started[THREADS_MAX];
    for (long index = 0; index < wanted; index++) {
        threads[index].state = seed + 1 + (uint64_t)index;
        CHECK(pthread_create(&started[index], NULL, attack, &threads[index]) == 0);
    }
    long done = 0;
    for (long index = 0; index < wanted; index++) {
        CHECK(pthread_join(started[index], NULL) == 0);
        done += threads[index].calls;
    }
    /* After all that every database is sound, and all that was given out can be given back. */
    for (int slot = 0; slot < SLOTS; slot++) {
        stockroom *database = atomic_load(&live[KIND_stockroom][slot]);
        int32_t holds = 0;
        if (database != NULL) {
            DONE(stockroom_verify(database, &holds, NULL));
            SAME(holds, 1);
        }
    }
    for (int kind = KINDS; kind-- > 0;) {
        for (int slot = 0; slot < SLOTS; slot++) {
            void *handle = atomic_exchange(&live[kind][slot], NULL);
            if (handle != NULL) {
                let_go(kind, handle);
            }
        }
    }
    const char *const files[] = {"a.sqlite3", "b.sqlite3"};
    for (size_t index = 0; index < 2; index++) {
        stockroom *database = NULL;
        int32_t holds = 0;
        DONE(stockroom_open(files[index], STOCKROOM_NUL_TERMINATED, NULL, &database));
        DONE(stockroom_verify(database, &holds, NULL));
        SAME(holds, 1);
        DONE(stockroom_close(database));
    }
    for (int pool = 0; pool < POOLS; pool++) {
        for (size_t index = 0; index < pools[pool].count; index++) {
            free(pools[pool].samples[index]);
        }
        free(pools[pool].samples);
    }
    for (int function = 0; function < FUNCTIONS; function++) {
        printf("answers %s", functions[function].name);
        for (int status = 0; status < STATUSES; status++) {
            long times = atomic_load(&answers[function][status]);
            if (times > 0) {
                printf(" %d:%ld", status, times);
            }
        }
        printf("\n");
    }
    printf("calls %ld\n", done);
    printf("processor time %.1f s\n", (double)clock() / CLOCKS_PER_SEC);
    return 0;
}

#endif
