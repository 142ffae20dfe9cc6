/* What the library calls back: the clock and the queue. What they may not do is refused; what they answer is heeded.
 *
 * longjmp out of a callback is not tried: CONTRACT.md forbids it, because Rust's frames would be left behind. */

#include <limits.h>

#include "every.h"
#include "shop.h"

/* What the queue does, and what it saw. */
struct queue {
    int64_t answer; /* How many it confirms; more than INT32_MAX for all. */
    int calls;
    size_t count;
    char first[32]; /* The id of the first event. */
    stockroom *database;
};

static int64_t queue(void *context, const char *events, size_t len, size_t count) {
    struct queue *queue = context;
    queue->calls++;
    queue->count = count;
    SAME(strlen(events), len);
    CHECK(events[0] == '[' && events[len - 1] == ']');
    size_t found = 0;
    for (const char *at = events; (at = strstr(at, "\"specversion\":\"1.0\"")) != NULL; at++) {
        found++;
    }
    SAME(found, count);
    CHECK(strstr(events, "\"source\":\"/shops/berlin\"") != NULL);
    const char *id = strstr(events, "\"id\":\"");
    CHECK(id != NULL);
    snprintf(queue->first, sizeof queue->first, "%.*s", (int)strcspn(id + 6, "\""), id + 6);
    return queue->answer > INT32_MAX ? (int64_t)count : queue->answer;
}

#define PUBLISH(database, limit, state, published)                                                                    \
    stockroom_publish(database, "mail", NUL, "/shops/berlin", NUL, limit, queue, state, published)

static void publishes(void) {
    stockroom *database = shop();
    struct queue state = {INT64_MAX, 0, 0, "", NULL};
    size_t published;
    FILL(published);

    /* It failed, or confirmed nothing: the place stays. */
    const int64_t bad[] = {0, -1, INT64_MIN};
    for (size_t index = 0; index < 3; index++) {
        state.answer = bad[index];
        REFUSED(STOCKROOM_CALLBACK, stockroom_publish(database, "mail", NUL, "/shops/berlin", NUL, 4, queue, &state,
                                                      &published));
        UNTOUCHED(published);
        SAME_TEXT(state.first, "1");
    }
    SAME(state.calls, 3);
    answers(database, "{\"subscription\":{\"subscription\":\"mail\"}}", "\"cursor\":0");

    /* Some, then the rest of them again. */
    state.answer = 2;
    DONE(PUBLISH(database, 4, &state, &published));
    SAME(published, 2);
    CHECK(state.count >= 4);
    answers(database, "{\"subscription\":{\"subscription\":\"mail\"}}", "\"cursor\":2");
    state.answer = INT64_MAX;
    DONE(PUBLISH(database, 3, &state, &published));
    SAME_TEXT(state.first, "3");
    SAME(published, state.count);

    /* More than there were counts as all. */
    state.answer = INT32_MAX;
    DONE(PUBLISH(database, 1, &state, &published));
    SAME(published, state.count);
    state.answer = INT64_MAX;
    do {
        DONE(PUBLISH(database, 10000, &state, &published));
    } while (published > 0);

    /* There are none any more: the queue is not called. */
    state.calls = 0;
    DONE(PUBLISH(database, 10, &state, &published));
    SAME(published, 0);
    SAME(state.calls, 0);
    close_sound(database);
}

static void publishes_nothing(void) {
    stockroom *database = shop(), *stale = opened(":memory:", NULL);
    DONE(stockroom_close(stale));
    struct queue state = {INT64_MAX, 0, 0, "", NULL};
    size_t published;
    FILL(published);
    const char *name = "mail", *source = "/shops/berlin";
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_publish(NULL, name, 4, source, NUL, 1, queue, &state, &published));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_publish(database, NULL, 4, source, NUL, 1, queue, &state, &published));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_publish(database, name, 4, NULL, NUL, 1, queue, &state, &published));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_publish(database, name, 4, source, NUL, 1, NULL, &state, &published));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_publish(database, name, 4, source, NUL, 1, queue, &state, NULL));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_publish(database, name, 4, source, NUL, 1, queue, &state,
                                                       CROOKED(size_t *, &published)));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_publish(stale, name, 4, source, NUL, 1, queue, &state, &published));
    REFUSED(STOCKROOM_NOT_FOUND, stockroom_publish(database, "post", 4, source, NUL, 1, queue, &state, &published));
    REFUSED(STOCKROOM_NOT_UTF8, stockroom_publish(database, "\xff", 1, source, NUL, 1, queue, &state, &published));
    REFUSED(STOCKROOM_NOT_UTF8, stockroom_publish(database, name, 4, "\xff", NUL, 1, queue, &state, &published));
    REFUSED(STOCKROOM_LENGTH, stockroom_publish(database, name, 65, source, NUL, 1, queue, &state, &published));
    REFUSED(STOCKROOM_LENGTH, stockroom_publish(database, name, 4, source, 2001, 1, queue, &state, &published));
    REFUSED(STOCKROOM_LENGTH, stockroom_publish(database, name, 4, source, NUL, 0, queue, &state, &published));
    REFUSED(STOCKROOM_LENGTH, stockroom_publish(database, name, 4, source, NUL, 10001, queue, &state, &published));
    UNTOUCHED(published);
    SAME(state.calls, 0);
    /* The context is only passed on: it may be NULL. */
    close_sound(database);
}

/* Every function is refused, whatever it is given; what is static may be asked for. */
static void tries_everything(void) {
    every_function_answers(STOCKROOM_REENTERED, "STOCKROOM_REENTERED");
    SAME(stockroom_last_error(), STOCKROOM_REENTERED);
    SAME(stockroom_last_error_retryable(), 0);
    CHECK(strstr(stockroom_last_error_message(), "callback") != NULL);
    CHECK(stockroom_version()[0] != '\0' && stockroom_features()[0] != '\0');
    SAME(stockroom_abi_version(), STOCKROOM_ABI_VERSION);
    SAME_TEXT(stockroom_code_name(100), "key_invalid");
}

struct clock {
    int calls;
    stockroom *database;
};

static int64_t clock_that_calls_back(void *context) {
    struct clock *clock = context;
    if (clock->calls++ == 0) {
        tries_everything();
    }
    int64_t units;
    FILL(units);
    REFUSED(STOCKROOM_REENTERED, stockroom_available(clock->database, "mug", NUL, "main", NUL, &units));
    UNTOUCHED(units);
    return 1700000000000 + clock->calls;
}

static int64_t queue_that_calls_back(void *context, const char *events, size_t len, size_t count) {
    struct queue *state = context;
    tries_everything();
    stockroom_document *reply;
    FILL(reply);
    REFUSED(STOCKROOM_REENTERED, stockroom_execute(state->database, "{\"action\":{\"tick\":{}}}", NUL, &reply));
    UNTOUCHED(reply);
    /* Also closing: the database stays open. */
    REFUSED(STOCKROOM_REENTERED, stockroom_close(state->database));
    return queue(context, events, len, count);
}

static void calls_back(void) {
    struct clock clock = {0, NULL};
    stockroom_options options;
    DONE(stockroom_options_init(&options, sizeof options));
    options.clock = clock_that_calls_back;
    options.clock_context = &clock;
    stockroom *database = opened(":memory:", &options);
    clock.database = database;
    furnish(database);
    CHECK(clock.calls > 0);
    answers(database, "{\"events\":{\"limit\":1}}", "2023-11-14T22:13:20");

    struct queue state = {INT64_MAX, 0, 0, "", database};
    size_t published = 0;
    DONE(stockroom_publish(database, "mail", NUL, "/shops/berlin", NUL, 10, queue_that_calls_back, &state,
                           &published));
    SAME(published, state.count);
    SAME(state.calls, 1);
    SAME(available(database, "mug", "main"), 30);
    close_sound(database);
}

/* A clock that jumps, also out of all bounds: time never goes back, and nothing breaks. */
static int64_t jumping(void *context) {
    static const int64_t times[] = {1700000000000, 0, -1, INT64_MIN, 1600000000000, INT64_MAX, 1700000000001};
    unsigned *at = context;
    return times[(*at)++ % (sizeof times / sizeof times[0])];
}

static void jumps(void) {
    unsigned at = 0;
    stockroom_options options;
    DONE(stockroom_options_init(&options, sizeof options));
    options.clock = jumping;
    options.clock_context = &at;
    stockroom *database = opened(":memory:", &options);
    stockroom_document *reply = NULL;
    int accepted = 0, rejected = 0;
    for (int round = 0; round < 70; round++) {
        char command[200];
        snprintf(command, sizeof command,
                 "{\"action\":{\"register_sku\":{\"sku\":\"sku-%d\"}}}", round);
        DONE(stockroom_execute(database, command, NUL, &reply));
        char *text = taken_text(reply);
        *(strstr(text, "\"accepted\"") != NULL ? &accepted : &rejected) += 1;
        free(text);
    }
    CHECK(accepted > 0 && accepted + rejected == 70);
    close_sound(database);
}

int main(void) {
    publishes();
    publishes_nothing();
    calls_back();
    jumps();
    return 0;
}
