/* What the library says of itself; options; opening and closing. */

#include "shop.h"

static void about(void) {
    CHECK(strlen(stockroom_version()) >= 5);
    SAME(stockroom_abi_version(), STOCKROOM_ABI_VERSION);
    CHECK(strncmp(stockroom_features(), "sqlite memory shopify woocommerce wms", 37) == 0);
    CHECK(strstr(stockroom_features(), "postgres") == NULL);
}

static void nothing_has_failed_yet(void) {
    SAME(stockroom_last_error(), 0);
    SAME_TEXT(stockroom_last_error_message(), "");
    SAME_TEXT(stockroom_last_error_operation(), "");
    SAME(stockroom_last_error_retryable(), 0);
}

static void options(void) {
    stockroom_options options;
    FILL(options);
    const size_t sizes[] = {0, 1, sizeof options - 1, sizeof options + 1, SIZE_MAX};
    for (size_t index = 0; index < sizeof sizes / sizeof sizes[0]; index++) {
        REFUSED(STOCKROOM_OPTION, stockroom_options_init(&options, sizes[index]));
    }
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_options_init(NULL, sizeof options));
    REFUSED(STOCKROOM_NULL_ARGUMENT,
            stockroom_options_init(CROOKED(stockroom_options *, &options), sizeof options));
    UNTOUCHED(options);
    DONE(stockroom_options_init(&options, sizeof options));
    SAME(options.size, sizeof options);
    SAME(options.durability, STOCKROOM_DURABILITY_FULL);
    CHECK(options.busy_timeout_ms > 0 && options.cache_kib > 0 && options.checksums == 1);
    CHECK(options.clock == NULL && options.clock_context == NULL && options.log == NULL && options.log_context == NULL);
}

static int64_t noon(void *context) {
    return *(int64_t *)context;
}

/* A place that is good, in each form, and what is told of it. */
static void opens(const char *directory) {
    const char *path = below(directory, "opened.sqlite3");
    char prefixed[5000];
    snprintf(prefixed, sizeof prefixed, "sqlite:%s", path);
    stockroom *first = opened(path, NULL);
    furnish(first);
    stockroom *second = opened(prefixed, NULL);
    CHECK(first != second);
    SAME(available(second, "mug", "main"), 30);
    do_action(second, "{\"count_stock\":{\"location\":\"main\",\"sku\":\"mug\",\"counted\":7}}");
    SAME(available(first, "mug", "main"), 7);
    DONE(stockroom_close(first));
    SAME(available(second, "mug", "main"), 7);
    close_sound(second);

    /* The length says where the text ends; no NUL is looked for. */
    stockroom_options options;
    int64_t now = 1700000000000;
    DONE(stockroom_options_init(&options, sizeof options));
    options.durability = STOCKROOM_DURABILITY_NORMAL;
    options.busy_timeout_ms = 50;
    options.cache_kib = 512;
    options.clock = noon;
    options.clock_context = &now;
    stockroom *third = NULL;
    char unended[5000];
    memset(unended, 'x', sizeof unended);
    memcpy(unended, path, strlen(path));
    DONE(stockroom_open(unended, strlen(path), &options, &third));
    SAME(available(third, "mug", "main"), 7);
    close_sound(third);

    /* Two in memory have nothing to do with each other, and are gone when they are closed. */
    stockroom *one = shop();
    stockroom *other = opened(":memory:", &options);
    int64_t units = 0;
    REFUSED(STOCKROOM_NOT_FOUND, stockroom_available(other, "mug", NUL, "main", NUL, &units));
    DONE(stockroom_close(one));
    do_action(other, "{\"register_location\":{\"location\":\"main\"}}");
    answers(other, "{\"events\":{}}", "2023-11-14T22:13:20");
    DONE(stockroom_close(other));
}

/* `NOT_OPENED(status, call)`: it is refused, and `out` keeps what was in it. */
static stockroom *out;
#define NOT_OPENED(status, call) (FILL(out), REFUSED(status, call), UNTOUCHED(out))

static void opens_nothing(const char *directory) {
    char longer[4200];
    memset(longer, 'x', sizeof longer);
    NOT_OPENED(STOCKROOM_NULL_ARGUMENT, stockroom_open(NULL, 0, NULL, &out));
    NOT_OPENED(STOCKROOM_NULL_ARGUMENT, stockroom_open(NULL, NUL, NULL, &out));
    NOT_OPENED(STOCKROOM_NULL_ARGUMENT, stockroom_open(":memory:", NUL, NULL, NULL));
    NOT_OPENED(STOCKROOM_NULL_ARGUMENT, stockroom_open(":memory:", NUL, NULL, CROOKED(stockroom **, &out)));
    NOT_OPENED(STOCKROOM_NOT_UTF8, stockroom_open("shop\xff", NUL, NULL, &out));
    NOT_OPENED(STOCKROOM_NOT_UTF8, stockroom_open("\xc3\xa4", 1, NULL, &out));
    NOT_OPENED(STOCKROOM_LENGTH, stockroom_open(longer, 4097, NULL, &out));
    NOT_OPENED(STOCKROOM_LENGTH, stockroom_open(longer, NUL, NULL, &out));
    NOT_OPENED(STOCKROOM_LENGTH, stockroom_open(":memory:", SIZE_MAX - 1, NULL, &out));
    NOT_OPENED(STOCKROOM_UNSUPPORTED, stockroom_open("", 0, NULL, &out));
    NOT_OPENED(STOCKROOM_UNSUPPORTED, stockroom_open("sqlite:", NUL, NULL, &out));
    NOT_OPENED(STOCKROOM_UNSUPPORTED, stockroom_open("a\0b", 3, NULL, &out));
    NOT_OPENED(STOCKROOM_UNSUPPORTED, stockroom_open("postgres://shop@db/shop", NUL, NULL, &out));
    NOT_OPENED(STOCKROOM_UNSUPPORTED, stockroom_open("postgresql://shop@db/shop", NUL, NULL, &out));
    NOT_OPENED(STOCKROOM_UNSUPPORTED, stockroom_open(directory, NUL, NULL, &out));
    NOT_OPENED(STOCKROOM_UNSUPPORTED, stockroom_open(below(directory, "nowhere/shop.sqlite3"), NUL, NULL, &out));
    SAME_TEXT(stockroom_last_error_operation(), "sqlite.open");
    NOT_OPENED(STOCKROOM_UNSUPPORTED, stockroom_open(below(directory, "letter.txt"), NUL, NULL, &out));
    NOT_OPENED(STOCKROOM_UNSUPPORTED, stockroom_open(below(directory, "other.sqlite3"), NUL, NULL, &out));

    stockroom_options options;
    memset(&options, 0, sizeof options);
    NOT_OPENED(STOCKROOM_OPTION, stockroom_open(":memory:", NUL, &options, &out));
    DONE(stockroom_options_init(&options, sizeof options));
    options.size++;
    NOT_OPENED(STOCKROOM_OPTION, stockroom_open(":memory:", NUL, &options, &out));
    options.size--;
    options.durability = 2;
    NOT_OPENED(STOCKROOM_OPTION, stockroom_open(":memory:", NUL, &options, &out));
    options.durability = -1;
    NOT_OPENED(STOCKROOM_OPTION, stockroom_open(below(directory, "never.sqlite3"), NUL, &options, &out));
    options.durability = STOCKROOM_DURABILITY_FULL;
    NOT_OPENED(STOCKROOM_NULL_ARGUMENT,
               stockroom_open(":memory:", NUL, CROOKED(const stockroom_options *, &options), &out));
    FILE *never = fopen(below(directory, "never.sqlite3"), "r");
    CHECK(never == NULL);
}

static void closes(void) {
    DONE(stockroom_close(NULL));
    stockroom *first = shop();
    DONE(stockroom_close(first));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_close(first));
    for (int round = 0; round < 50; round++) {
        stockroom *next = opened(":memory:", NULL);
        CHECK(next != first);
        REFUSED(STOCKROOM_STALE_HANDLE, stockroom_close(first));
        DONE(stockroom_close(next));
    }
    stockroom *database = shop();
    stockroom_document *answer = NULL;
    DONE(stockroom_read(database, "{\"locations\":{}}", NUL, &answer));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_close((stockroom *)answer));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_close((stockroom *)&answer));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_close((stockroom *)(uintptr_t)1));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_close((stockroom *)UINTPTR_MAX));
    /* A document outlives its database. */
    DONE(stockroom_close(database));
    has(answer, "[\"main\",\"east\"]");
}

/* The last error is that of the last call that failed; calls that succeed leave it. */
static void errors_stay(void) {
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_open(NULL, 0, NULL, &out));
    SAME_TEXT(stockroom_last_error_operation(), "stockroom_open");
    CHECK(strstr(stockroom_last_error_message(), "the place is NULL") != NULL);
    stockroom *database = shop();
    SAME(stockroom_last_error(), STOCKROOM_NULL_ARGUMENT);
    DONE(stockroom_close(database));
    SAME(stockroom_last_error(), STOCKROOM_NULL_ARGUMENT);
    SAME_TEXT(stockroom_last_error_operation(), "stockroom_open");
    /* A NUL inside a message would cut it. */
    REFUSED(STOCKROOM_UNSUPPORTED, stockroom_open("a\0b", 3, NULL, &out));
    CHECK(strstr(stockroom_last_error_message(), "NUL inside") != NULL);
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    nothing_has_failed_yet();
    about();
    options();
    opens(arguments[1]);
    opens_nothing(arguments[1]);
    closes();
    errors_stay();
    return 0;
}
