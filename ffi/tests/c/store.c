/* What goes wrong below the library: damaged, locked, foreign and full files. main.rs prepares them, and says which
 * is to be looked at. */

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shop.h"

static const char *directory;
static stockroom *out;
static stockroom_document *reply;

#define RECEIVE                                                                                                       \
    "{\"action\":{\"receive_stock\":{\"location\":\"main\",\"lines\":[{\"sku\":\"mug\",\"quantity\":1}]}}}"

/* A newer version's: refused, and not a byte of it changed (which main.rs looks at). */
static void newer(void) {
    FILL(out);
    REFUSED(STOCKROOM_SCHEMA_TOO_NEW, stockroom_open(below(directory, "newer.sqlite3"), NUL, NULL, &out));
    UNTOUCHED(out);
}

/* Every function that reads or writes answers as the store does. */
#define ALL_ANSWER(status, database)                                                                                  \
    do {                                                                                                              \
        stockroom_line line;                                                                                          \
        stockroom_order order = order_of("n-1", &line, "mug", 1);                                                     \
        stockroom_placed placed;                                                                                      \
        FILL(reply);                                                                                                  \
        FILL(placed);                                                                                                 \
        REFUSED(status, stockroom_execute(database, RECEIVE, NUL, &reply));                                           \
        REFUSED(status, stockroom_execute_batch(database, "[" RECEIVE "]", NUL, &reply));                             \
        REFUSED(status, stockroom_take(database, "wms", NUL, 10, 1000, &reply));                                      \
        REFUSED(status, stockroom_place(database, &order, 1, &placed));                                               \
        UNTOUCHED(reply);                                                                                             \
        UNTOUCHED(placed);                                                                                            \
    } while (0)

static void damaged(void) {
    /* The first page is one of a database, the others are not. */
    FILL(out);
    FILL(reply);
    REFUSED(STOCKROOM_CORRUPT, stockroom_open(below(directory, "torn.sqlite3"), NUL, NULL, &out));
    UNTOUCHED(out);
    /* It opens, and its rows of stock cannot be read. */
    stockroom *database = opened(below(directory, "damaged.sqlite3"), NULL);
    int64_t units;
    int32_t holds;
    uint8_t digest[32];
    FILL(units);
    FILL(holds);
    FILL(digest);
    stockroom_text mug = text("mug");
    REFUSED(STOCKROOM_CORRUPT, stockroom_available(database, "mug", NUL, "main", NUL, &units));
    REFUSED(STOCKROOM_CORRUPT, stockroom_availability(database, "main", NUL, &mug, 1, &units));
    REFUSED(STOCKROOM_CORRUPT, stockroom_digest(database, digest));
    REFUSED(STOCKROOM_CORRUPT, stockroom_read(database, "{\"stock_levels\":{}}", NUL, &reply));
    REFUSED(STOCKROOM_CORRUPT, stockroom_execute(database, RECEIVE, NUL, &reply));
    REFUSED(STOCKROOM_CORRUPT, stockroom_preview(database, RECEIVE, NUL, &reply));
    UNTOUCHED(units);
    UNTOUCHED(digest);
    UNTOUCHED(reply);
    /* verify says what is wrong, or that it cannot be read; it never says that all is well. */
    int32_t status = stockroom_verify(database, &holds, NULL);
    CHECK(status == STOCKROOM_CORRUPT || (status == STOCKROOM_OK && holds == 0));
    DONE(stockroom_close(database));
}

/* Another process holds the write lock. Reads go on. */
static void busy(void) {
    stockroom_options options;
    DONE(stockroom_options_init(&options, sizeof options));
    options.busy_timeout_ms = 60;
    stockroom *database = opened(below(directory, "locked.sqlite3"), &options);
    ALL_ANSWER(STOCKROOM_BUSY, database);
    SAME(available(database, "mug", "main"), 30);
    close_sound(database);
    /* One that is new has to be set up first. */
    FILL(out);
    REFUSED(STOCKROOM_BUSY, stockroom_open(below(directory, "fresh.sqlite3"), NUL, &options, &out));
    UNTOUCHED(out);
}

/* A limit on the size of files, which SQLite meets as an error in writing. Then it is lifted. */
static void limited(void) {
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    const char *path = below(directory, "limited.sqlite3");
    stockroom *database = opened(path, NULL);
    furnish(database);
    DONE(stockroom_close(database));
    database = opened(path, NULL);
    uint8_t before[32], after[32];
    DONE(stockroom_digest(database, before));
    struct rlimit limit, wide;
    CHECK(getrlimit(RLIMIT_FSIZE, &wide) == 0);
    limit = wide;
    limit.rlim_cur = 16;
    fflush(NULL);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    FILL(reply);
    FILL(out);
    stockroom_line line;
    stockroom_order order = order_of("n-1", &line, "mug", 1);
    stockroom_placed placed;
    FILL(placed);
    int32_t statuses[4], errors[2];
    /* What is printed might itself meet the limit: it waits. */
    statuses[0] = stockroom_execute(database, RECEIVE, NUL, &reply);
    errors[0] = stockroom_last_error_retryable();
    statuses[1] = stockroom_execute_batch(database, "[" RECEIVE "," RECEIVE "]", NUL, &reply);
    statuses[2] = stockroom_open(below(directory, "limited-2.sqlite3"), NUL, NULL, &out);
    errors[1] = stockroom_last_error_retryable();
    statuses[3] = stockroom_place(database, &order, 1, &placed);
    CHECK(setrlimit(RLIMIT_FSIZE, &wide) == 0);
    for (int index = 0; index < 4; index++) {
        SAME(statuses[index], STOCKROOM_IO);
    }
    SAME(errors[0], 1);
    SAME(errors[1], 1);
    UNTOUCHED(reply);
    UNTOUCHED(out);
    UNTOUCHED(placed);
    const char *const names[] = {"execute", "execute_batch", "open", "place"};
    for (int index = 0; index < 4; index++) {
        printf("provoked stockroom_%s STOCKROOM_IO\n", names[index]);
    }
    DONE(stockroom_digest(database, after));
    CHECK(memcmp(before, after, sizeof before) == 0);
    do_action(database, "{\"receive_stock\":{\"location\":\"main\",\"lines\":[{\"sku\":\"mug\",\"quantity\":1}]}}");
    SAME(available(database, "mug", "main"), 31);
    close_sound(database);
}

/* A disk of four megabytes, of which one can be made free. */
static void full(void) {
    char filler[4096];
    snprintf(filler, sizeof filler, "%s", below(directory, "filler"));
    FILE *file = fopen(filler, "w");
    CHECK(file != NULL);
    static char zeros[1 << 20];
    CHECK(fwrite(zeros, sizeof zeros, 1, file) == 1 && fclose(file) == 0);
    stockroom *database = opened(below(directory, "shop.sqlite3"), NULL);
    furnish(database);
    do_action(database, "{\"count_stock\":{\"location\":\"main\",\"sku\":\"mug\",\"counted\":100000}}");
    char note[1500];
    memset(note, 'x', sizeof note);
    int met = 0;
    for (int batch = 0; batch < 40 && !met; batch++) {
        enum { ORDERS = 200 };
        static stockroom_line lines[ORDERS];
        static stockroom_order orders[ORDERS];
        static stockroom_placed placed[ORDERS];
        static char ids[ORDERS][32];
        for (int index = 0; index < ORDERS; index++) {
            snprintf(ids[index], sizeof ids[index], "o-%d-%d", batch, index);
            orders[index] = order_of(ids[index], &lines[index], "mug", 1);
            orders[index].note.bytes = note;
            orders[index].note.len = sizeof note;
        }
        uint8_t before[32], after[32];
        DONE(stockroom_digest(database, before));
        FILL(placed);
        int32_t status = stockroom_place(database, orders, ORDERS, placed);
        if (status != STOCKROOM_OK) {
            SAME(status, STOCKROOM_FULL);
            REFUSED(STOCKROOM_FULL, stockroom_place(database, orders, ORDERS, placed));
            UNTOUCHED(placed);
            DONE(stockroom_digest(database, after));
            CHECK(memcmp(before, after, sizeof before) == 0);
            met = 1;
        }
    }
    CHECK(met);
    FILL(out);
    REFUSED(STOCKROOM_FULL, stockroom_open(below(directory, "second.sqlite3"), NUL, NULL, &out));
    UNTOUCHED(out);
    CHECK(remove(filler) == 0);
    do_action(database, "{\"receive_stock\":{\"location\":\"main\",\"lines\":[{\"sku\":\"mug\",\"quantity\":1}]}}");
    close_sound(database);
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    directory = arguments[1];
    const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {{"newer", newer}, {"damaged", damaged}, {"busy", busy}, {"limited", limited}, {"full", full}};
    for (size_t index = 0; index < sizeof parts / sizeof parts[0]; index++) {
        if (strcmp(arguments[2], parts[index].name) == 0) {
            parts[index].run();
            return 0;
        }
    }
    CHECK(!"there is such a part");
}
