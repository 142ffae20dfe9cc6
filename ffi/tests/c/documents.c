/* Commands, reads, events, deliveries and the documents that come back. */

#include "shop.h"

static stockroom_document *out;
static stockroom *stale;
#define NOT_GIVEN(status, call) (FILL(out), REFUSED(status, call), UNTOUCHED(out))

#define TICK "{\"action\":{\"tick\":{\"limit\":1}}}"

/* What all calls of a document for a document refuse alike. */
#define REFUSES(function, database, good)                                                                             \
    do {                                                                                                              \
        NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, function(NULL, good, NUL, &out));                                          \
        NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, function(database, NULL, 0, &out));                                        \
        NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, function(database, NULL, NUL, &out));                                      \
        NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, function(database, good, NUL, NULL));                                      \
        NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, function(database, good, NUL, CROOKED(stockroom_document **, &out)));      \
        NOT_GIVEN(STOCKROOM_STALE_HANDLE, function(stale, good, NUL, &out));                                          \
        NOT_GIVEN(STOCKROOM_LENGTH, function(database, good, STOCKROOM_DOCUMENT_MAX + 1, &out));                      \
        NOT_GIVEN(STOCKROOM_LENGTH, function(database, good, SIZE_MAX - 1, &out));                                    \
        NOT_GIVEN(STOCKROOM_MALFORMED, function(database, good, 0, &out));                                            \
        NOT_GIVEN(STOCKROOM_MALFORMED, function(database, good, sizeof(good) - 2, &out));                             \
        NOT_GIVEN(STOCKROOM_MALFORMED, function(database, "", NUL, &out));                                            \
        NOT_GIVEN(STOCKROOM_MALFORMED, function(database, "{\"\xff\":1}", NUL, &out));                                \
        NOT_GIVEN(STOCKROOM_MALFORMED, function(database, "{\"dance\":{}}", NUL, &out));                              \
        NOT_GIVEN(STOCKROOM_MALFORMED, function(database, "null", NUL, &out));                                        \
        DONE(function(database, good, sizeof(good) - 1, &out));                                                       \
        DONE(stockroom_document_free(out));                                                                           \
    } while (0)

static void refused(stockroom *database) {
    uint8_t before[32], after[32];
    DONE(stockroom_digest(database, before));
    REFUSES(stockroom_execute, database, TICK);
    REFUSES(stockroom_execute_batch, database, "[" TICK "]");
    REFUSES(stockroom_preview, database, TICK);
    REFUSES(stockroom_read, database, "{\"locations\":{}}");
    NOT_GIVEN(STOCKROOM_MALFORMED, stockroom_read(database, "{\"skus\":{\"limit\":0}}", NUL, &out));
    CHECK(strstr(stockroom_last_error_message(), "1 to 10000 may be") != NULL);
    /* One that is none spoils the batch. */
    NOT_GIVEN(STOCKROOM_MALFORMED,
              stockroom_execute_batch(
                  database, "[{\"action\":{\"register_sku\":{\"sku\":\"new\"}}},{\"action\":{\"dance\":{}}}]", NUL, &out));
    DONE(stockroom_digest(database, after));
    CHECK(memcmp(before, after, sizeof before) == 0);
}

/* A document may be as long as the limit, and no text is looked for beyond it. */
static void long_documents(stockroom *database) {
    size_t size = (size_t)STOCKROOM_DOCUMENT_MAX + 2;
    char *spaces = malloc(size);
    CHECK(spaces != NULL);
    memset(spaces, ' ', size);
    memcpy(spaces, TICK, sizeof TICK - 1);
    NOT_GIVEN(STOCKROOM_LENGTH, stockroom_execute(database, spaces, NUL, &out));
    DONE(stockroom_execute(database, spaces, STOCKROOM_DOCUMENT_MAX, &out));
    has(out, "accepted");
    spaces[STOCKROOM_DOCUMENT_MAX] = '\0';
    DONE(stockroom_execute(database, spaces, NUL, &out));
    has(out, "accepted");
    free(spaces);
    /* So deep that a reader without a limit would run out of stack. */
    char *deep = malloc(1000001);
    CHECK(deep != NULL);
    memset(deep, '[', 1000000);
    deep[1000000] = '\0';
    NOT_GIVEN(STOCKROOM_MALFORMED, stockroom_read(database, deep, NUL, &out));
    free(deep);
}

static void too_large_a_batch(stockroom *database) {
    const size_t most = 100000, one = sizeof TICK;
    char *batch = malloc((most + 1) * one + 3);
    CHECK(batch != NULL);
    size_t len = 0;
    batch[len++] = '[';
    for (size_t index = 0; index <= most; index++) {
        memcpy(batch + len, TICK ",", one);
        len += one;
    }
    batch[len - 1] = ']';
    NOT_GIVEN(STOCKROOM_MALFORMED, stockroom_execute_batch(database, batch, len, &out));
    CHECK(strstr(stockroom_last_error_message(), "100001") != NULL);
    free(batch);
}

static void commands(stockroom *database) {
    static const char order[] =
        "{\"key\":\"k-1\",\"action\":{\"place_order\":{\"id\":\"o-1\",\"channel\":\"web\",\"currency\":\"EUR\","
        "\"note\":\"ring twice\",\"lines\":[{\"sku\":\"set\",\"quantity\":2,\"unit_price_minor\":1999}]}}}";
    uint8_t before[32], after[32];
    DONE(stockroom_digest(database, before));
    DONE(stockroom_preview(database, order, NUL, &out));
    has(out, "\"number\":1");
    DONE(stockroom_digest(database, after));
    CHECK(memcmp(before, after, sizeof before) == 0);

    DONE(stockroom_execute(database, order, NUL, &out));
    has(out, "\"number\":1");
    DONE(stockroom_execute(database, order, NUL, &out));
    has(out, "\"repeated\":true");
    SAME(available(database, "mug", "main"), 26);
    answers(database, "{\"order\":{\"order\":\"o-1\"}}", "\"note\":\"ring twice\"");

    /* The business says no: that is an answer, not a failure. */
    int32_t last = stockroom_last_error();
    reply_has(database,
              "{\"place_order\":{\"id\":\"o-2\",\"channel\":\"web\",\"currency\":\"EUR\","
              "\"lines\":[{\"sku\":\"mug\",\"quantity\":27,\"unit_price_minor\":1}]}}",
              "\"insufficient_stock\"");
    SAME(stockroom_last_error(), last);

    /* Each of a batch stands or falls alone. */
    DONE(stockroom_execute_batch(database,
                                 "[{\"action\":{\"receive_stock\":{\"location\":\"main\",\"lines\":[{\"sku\":\"mug\","
                                 "\"quantity\":4}]}}},{\"action\":{\"register_location\":{\"location\":\"\"}}}]",
                                 NUL, &out));
    char *replies = taken_text(out);
    CHECK(replies[0] == '[' && strstr(replies, "accepted") != NULL && strstr(replies, "rejected") != NULL);
    free(replies);
    SAME(available(database, "mug", "main"), 30);
    DONE(stockroom_execute_batch(database, "[]", NUL, &out));
    has(out, "[]");
}

static void events(stockroom *database) {
    const uint32_t limits[] = {0, 10001, UINT32_MAX};
    for (size_t index = 0; index < 3; index++) {
        NOT_GIVEN(STOCKROOM_LENGTH, stockroom_events(database, 0, limits[index], &out));
    }
    NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, stockroom_events(NULL, 0, 10, &out));
    NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, stockroom_events(database, 0, 10, NULL));
    NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, stockroom_events(database, 0, 10, CROOKED(stockroom_document **, &out)));
    NOT_GIVEN(STOCKROOM_STALE_HANDLE, stockroom_events(stale, 0, 10, &out));
    /* From the first to the last, each once. */
    unsigned long long after = 0;
    int told = 0;
    for (;;) {
        DONE(stockroom_events(database, after, 3, &out));
        char *page = taken_text(out);
        int found = 0;
        for (char *at = page; (at = strstr(at, "\"id\":\"")) != NULL; at++) {
            unsigned long long number = strtoull(at + 6, NULL, 10);
            CHECK(number == after + 1);
            after = number;
            found++;
        }
        CHECK(strstr(page, "\"specversion\":\"1.0\"") != NULL || strcmp(page, "[]") == 0);
        free(page);
        told += found;
        if (found == 0) {
            break;
        }
    }
    CHECK(told > 10);
    DONE(stockroom_events(database, UINT64_MAX, 10000, &out));
    has(out, "[]");
}

static void deliveries(stockroom *database) {
    NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, stockroom_take(NULL, "wms", 3, 1, 1000, &out));
    NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, stockroom_take(database, NULL, 3, 1, 1000, &out));
    NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, stockroom_take(database, "wms", 3, 1, 1000, NULL));
    NOT_GIVEN(STOCKROOM_NULL_ARGUMENT,
              stockroom_take(database, "wms", 3, 1, 1000, CROOKED(stockroom_document **, &out)));
    NOT_GIVEN(STOCKROOM_STALE_HANDLE, stockroom_take(stale, "wms", 3, 1, 1000, &out));
    NOT_GIVEN(STOCKROOM_NOT_UTF8, stockroom_take(database, "\xff", 1, 1, 1000, &out));
    NOT_GIVEN(STOCKROOM_LENGTH, stockroom_take(database, "wms", 65, 1, 1000, &out));
    /* These are answers of the engine. */
    DONE(stockroom_take(database, "", 0, 1, 1000, &out));
    has(out, "rejected");
    DONE(stockroom_take(database, "nobody", NUL, 1, 1000, &out));
    has(out, "rejected");
    DONE(stockroom_take(database, "wms", NUL, 1, 999, &out));
    has(out, "rejected");
    DONE(stockroom_take(database, "wms", NUL, 0, 1000, &out));
    has(out, "rejected");

    do_action(database, "{\"fulfill\":{\"limit\":1000}}");
    DONE(stockroom_take(database, "wms", NUL, 5, 60000, &out));
    has(out, "o-1");
    /* It is leased: nobody else gets it. */
    DONE(stockroom_take(database, "wms", NUL, 5, 60000, &out));
    char *again = taken_text(out);
    CHECK(strstr(again, "o-1") == NULL && strstr(again, "accepted") != NULL);
    free(again);
    do_action(database, "{\"report_delivery\":{\"destination\":\"wms\",\"number\":1,\"attempt\":1,"
                     "\"result\":{\"retry\":{\"why\":\"the line is dead\"}}}}");
    answers(database, "{\"dead_letters\":{\"destination\":\"wms\"}}", "the line is dead");
}

static void verified(stockroom *database) {
    int32_t holds;
    FILL(holds);
    NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, stockroom_verify(NULL, &holds, &out));
    NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, stockroom_verify(database, NULL, &out));
    NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, stockroom_verify(database, CROOKED(int32_t *, &holds), &out));
    NOT_GIVEN(STOCKROOM_NULL_ARGUMENT, stockroom_verify(database, &holds, CROOKED(stockroom_document **, &out)));
    NOT_GIVEN(STOCKROOM_STALE_HANDLE, stockroom_verify(stale, &holds, &out));
    UNTOUCHED(holds);
    DONE(stockroom_verify(database, &holds, &out));
    SAME(holds, 1);
    has(out, "\"ok\":true");
    FILL(holds);
    DONE(stockroom_verify(database, &holds, NULL));
    SAME(holds, 1);

    /* 32 bytes, wherever they lie, and none beside them. */
    uint8_t digest[35], other[32];
    FILL(digest);
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_digest(NULL, digest));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_digest(database, NULL));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_digest(stale, digest));
    UNTOUCHED(digest);
    DONE(stockroom_digest(database, digest + 1));
    CHECK(digest[0] == 0xa5 && digest[33] == 0xa5 && digest[34] == 0xa5);
    DONE(stockroom_digest(database, other));
    CHECK(memcmp(digest + 1, other, 32) == 0);
    char hex[65];
    for (int index = 0; index < 32; index++) {
        snprintf(hex + index * 2, 3, "%02x", other[index]);
    }
    answers(database, "{\"digest\":{}}", hex);
}

static void documents(stockroom *database) {
    stockroom_document *document = NULL;
    DONE(stockroom_read(database, "{\"locations\":{}}", NUL, &document));
    const char *text;
    size_t len;
    FILL(text);
    FILL(len);
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_document_text(NULL, &text, &len));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_document_text(document, NULL, &len));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_document_text(document, CROOKED(const char **, &text), &len));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_document_text(document, &text, CROOKED(size_t *, &len)));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_document_text((stockroom_document *)database, &text, &len));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_document_text((stockroom_document *)&text, &text, &len));
    UNTOUCHED(text);
    UNTOUCHED(len);
    DONE(stockroom_document_text(document, &text, NULL));
    SAME_TEXT(text, "[\"main\",\"east\"]");
    const char *again = NULL;
    DONE(stockroom_document_text(document, &again, &len));
    CHECK(again == text);
    SAME(len, strlen(text));

    /* A document is not a database, nor the other way round. */
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_execute((stockroom *)document, TICK, NUL, &out));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_document_free((stockroom_document *)database));
    DONE(stockroom_document_free(NULL));
    DONE(stockroom_document_free(document));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_document_free(document));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_document_text(document, &again, NULL));
    for (int round = 0; round < 100; round++) {
        stockroom_document *next = NULL;
        DONE(stockroom_read(database, "{\"locations\":{}}", NUL, &next));
        CHECK(next != document);
        REFUSED(STOCKROOM_STALE_HANDLE, stockroom_document_free(document));
        DONE(stockroom_document_free(next));
    }
}

int main(void) {
    stale = shop();
    DONE(stockroom_close(stale));
    stockroom *database = shop();
    refused(database);
    long_documents(database);
    too_large_a_batch(database);
    commands(database);
    events(database);
    deliveries(database);
    verified(database);
    documents(database);
    close_sound(database);
    return 0;
}
