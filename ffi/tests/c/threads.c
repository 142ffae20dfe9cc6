/* Handles that threads share, and errors that they do not. */

#include <pthread.h>
#include <stdatomic.h>

#include "shop.h"

enum { THREADS = 8, WANTED = 12, STOCK = 30 };

static const char *directory;

static void run(int count, void *(*body)(void *), void *states, size_t size) {
    pthread_t threads[THREADS];
    for (int index = 0; index < count; index++) {
        CHECK(pthread_create(&threads[index], NULL, body, (char *)states + (size_t)index * size) == 0);
    }
    for (int index = 0; index < count; index++) {
        CHECK(pthread_join(threads[index], NULL) == 0);
    }
}

struct buyer {
    stockroom *database;
    int number;
    int bought;
    int refused;
};

/* Half of them place plain orders, the others send documents. */
static void *buys(void *state) {
    struct buyer *buyer = state;
    for (int want = 0; want < WANTED; want++) {
        char id[32];
        snprintf(id, sizeof id, "o-%d-%d", buyer->number, want);
        int accepted;
        if (buyer->number % 2 == 0) {
            stockroom_line line;
            stockroom_order order = order_of(id, &line, "mug", 1);
            stockroom_placed placed;
            DONE(stockroom_place(buyer->database, &order, 1, &placed));
            accepted = placed.rejection == 0;
        } else {
            char command[300];
            snprintf(command, sizeof command,
                     "{\"action\":{\"place_order\":{\"id\":\"%s\",\"channel\":\"web\",\"currency\":\"EUR\","
                     "\"lines\":[{\"sku\":\"mug\",\"quantity\":1,\"unit_price_minor\":500}]}}}",
                     id);
            stockroom_document *reply = NULL;
            DONE(stockroom_execute(buyer->database, command, NUL, &reply));
            char *text = taken_text(reply);
            accepted = strstr(text, "\"accepted\"") != NULL;
            CHECK(accepted || strstr(text, "insufficient_stock") != NULL);
            free(text);
        }
        *(accepted ? &buyer->bought : &buyer->refused) += 1;
        CHECK(available(buyer->database, "mug", "main") >= 0);
    }
    return NULL;
}

/* 8 threads want 96 of 30 units: exactly 30 are sold. */
static void sell(const char *place) {
    stockroom *database = opened(place, NULL);
    furnish(database);
    struct buyer buyers[THREADS];
    for (int index = 0; index < THREADS; index++) {
        buyers[index] = (struct buyer){database, index, 0, 0};
    }
    run(THREADS, buys, buyers, sizeof buyers[0]);
    int bought = 0, refused = 0;
    for (int index = 0; index < THREADS; index++) {
        bought += buyers[index].bought;
        refused += buyers[index].refused;
    }
    SAME(bought, STOCK);
    SAME(refused, THREADS * WANTED - STOCK);
    SAME(available(database, "mug", "main"), 0);
    close_sound(database);
}

struct worker {
    stockroom *database;
    atomic_int *started;
    int done;
};

/* Works until the handle is stale, which is the only way in which it may fail. */
static void *works(void *state) {
    struct worker *worker = state;
    atomic_fetch_add(worker->started, 1);
    for (;;) {
        stockroom_document *reply = NULL;
        int32_t status = stockroom_execute(worker->database,
                                           "{\"action\":{\"receive_stock\":{\"location\":\"main\","
                                           "\"lines\":[{\"sku\":\"mug\",\"quantity\":1}]}}}",
                                           NUL, &reply);
        if (status != STOCKROOM_OK) {
            SAME(status, STOCKROOM_STALE_HANDLE);
            SAME(stockroom_last_error(), STOCKROOM_STALE_HANDLE);
            return NULL;
        }
        has(reply, "\"accepted\"");
        worker->done++;
        int32_t holds = 0;
        status = stockroom_verify(worker->database, &holds, NULL);
        CHECK(status == STOCKROOM_STALE_HANDLE || (status == STOCKROOM_OK && holds == 1));
    }
}

/* It is closed while others work: each call ends as it would or finds the handle stale, and nothing done is lost. */
static void close_at_work(int round) {
    char name[32];
    snprintf(name, sizeof name, "closed-%d.sqlite3", round);
    stockroom *database = opened(below(directory, name), NULL);
    furnish(database);
    atomic_int started = 0;
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    for (int index = 0; index < THREADS; index++) {
        workers[index] = (struct worker){database, &started, 0};
        CHECK(pthread_create(&threads[index], NULL, works, &workers[index]) == 0);
    }
    while (atomic_load(&started) < THREADS || available(database, "mug", "main") < STOCK + 5 * round) {
    }
    DONE(stockroom_close(database));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_close(database));
    int done = 0;
    for (int index = 0; index < THREADS; index++) {
        CHECK(pthread_join(threads[index], NULL) == 0);
        done += workers[index].done;
    }
    database = opened(below(directory, name), NULL);
    SAME(available(database, "mug", "main"), STOCK + done);
    close_sound(database);
}

/* Each thread has errors of its own. */
static void *fails(void *state) {
    struct buyer *own = state;
    SAME(stockroom_last_error(), 0);
    SAME_TEXT(stockroom_last_error_message(), "");
    int64_t units;
    FILL(units);
    for (int round = 0; round < 200; round++) {
        if (own->number % 2 == 0) {
            REFUSED(STOCKROOM_NOT_FOUND, stockroom_available(own->database, "jug", NUL, "main", NUL, &units));
        } else {
            REFUSED(STOCKROOM_NOT_UTF8, stockroom_available(own->database, "\xff", NUL, "main", NUL, &units));
        }
    }
    UNTOUCHED(units);
    return NULL;
}

/* One document, read by all and freed by one; the others are told. */
struct reader {
    stockroom_document *document;
    atomic_int *freed;
};

static void *reads(void *state) {
    struct reader *reader = state;
    for (int round = 0; round < 100; round++) {
        const char *text = NULL;
        DONE(stockroom_document_text(reader->document, &text, NULL));
        SAME_TEXT(text, "[\"main\",\"east\"]");
    }
    return NULL;
}

static void *frees(void *state) {
    struct reader *reader = state;
    int32_t status = stockroom_document_free(reader->document);
    CHECK(status == STOCKROOM_OK || status == STOCKROOM_STALE_HANDLE);
    atomic_fetch_add(reader->freed, status == STOCKROOM_OK);
    return NULL;
}

static void share(void) {
    stockroom *database = shop();
    struct buyer buyers[THREADS];
    for (int index = 0; index < THREADS; index++) {
        buyers[index] = (struct buyer){database, index, 0, 0};
    }
    run(THREADS, fails, buyers, sizeof buyers[0]);
    SAME(stockroom_last_error(), STOCKROOM_STALE_HANDLE);
    for (int round = 0; round < 50; round++) {
        atomic_int freed = 0;
        struct reader readers[THREADS];
        stockroom_document *document = NULL;
        DONE(stockroom_read(database, "{\"locations\":{}}", NUL, &document));
        for (int index = 0; index < THREADS; index++) {
            readers[index] = (struct reader){document, &freed};
        }
        run(THREADS, reads, readers, sizeof readers[0]);
        run(THREADS, frees, readers, sizeof readers[0]);
        SAME(freed, 1);
    }
    close_sound(database);
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    directory = arguments[1];
    sell(":memory:");
    sell(below(directory, "sold.sqlite3"));
    for (int round = 1; round <= 3; round++) {
        close_at_work(round);
    }
    share();
    return 0;
}
