/* A small shop for the tests in C, and short words for what they do to it. */

#ifndef SHOP_H
#define SHOP_H

#include "check.h"

/* The text of a document, which is freed; the caller frees the text. */
static inline char *taken_text(stockroom_document *document) {
    const char *text = NULL;
    size_t len = 0;
    DONE(stockroom_document_text(document, &text, &len));
    SAME(strlen(text), len);
    char *copy = malloc(len + 1);
    CHECK(copy != NULL);
    memcpy(copy, text, len + 1);
    DONE(stockroom_document_free(document));
    return copy;
}

/* Checks that a document has some text in it, and frees it. */
static inline void has(stockroom_document *document, const char *part) {
    char *text = taken_text(document);
    if (strstr(text, part) == NULL) {
        fprintf(stderr, "%s is not in %s\n", part, text);
        CHECK(!"the document says so");
    }
    free(text);
}

/* Does a command, given as its action, and checks the reply. */
static inline void reply_has(stockroom *database, const char *action, const char *part) {
    size_t size = strlen(action) + 32;
    char *command = malloc(size);
    CHECK(command != NULL);
    snprintf(command, size, "{\"action\":%s}", action);
    stockroom_document *reply = NULL;
    DONE(stockroom_execute(database, command, NUL, &reply));
    has(reply, part);
    free(command);
}

static inline void do_action(stockroom *database, const char *action) {
    reply_has(database, action, "\"accepted\"");
}

static inline void answers(stockroom *database, const char *read, const char *part) {
    stockroom_document *answer = NULL;
    DONE(stockroom_read(database, read, NUL, &answer));
    has(answer, part);
}

static inline int64_t available(stockroom *database, const char *sku, const char *location) {
    int64_t units = 0;
    DONE(stockroom_available(database, sku, NUL, location, NUL, &units));
    return units;
}

static inline stockroom *opened(const char *place, const stockroom_options *options) {
    stockroom *database = NULL;
    DONE(stockroom_open(place, NUL, options, &database));
    CHECK(database != NULL);
    return database;
}

/* Registers what the shop needs, with 30 mugs and 4 cups in it, a bundle, a subscription and a warehouse. */
static inline void furnish(stockroom *database) {
    do_action(database, "{\"register_sku\":{\"sku\":\"mug\"}}");
    do_action(database, "{\"register_sku\":{\"sku\":\"cup\"}}");
    do_action(database, "{\"register_sku\":{\"sku\":\"set\",\"components\":[{\"sku\":\"mug\",\"quantity\":2}]}}");
    do_action(database, "{\"register_location\":{\"location\":\"main\"}}");
    do_action(database, "{\"register_location\":{\"location\":\"east\"}}");
    do_action(database, "{\"register_channel\":{\"channel\":\"web\",\"locations\":[\"main\",\"east\"]}}");
    do_action(database, "{\"receive_stock\":{\"location\":\"main\",\"lines\":[{\"sku\":\"mug\",\"quantity\":30}]}}");
    do_action(database, "{\"receive_stock\":{\"location\":\"east\",\"lines\":[{\"sku\":\"cup\",\"quantity\":4}]}}");
    do_action(database, "{\"subscribe\":{\"subscription\":\"mail\",\"from\":\"start\"}}");
    do_action(database, "{\"register_destination\":{\"destination\":\"wms\",\"patience\":{\"attempts_max\":1}}}");
    do_action(database, "{\"register_warehouse\":{\"location\":\"main\",\"destination\":\"wms\"}}");
}

static inline stockroom *shop(void) {
    stockroom *database = opened(":memory:", NULL);
    furnish(database);
    return database;
}

/* Nothing is wrong with the shop, which is closed. */
static inline void close_sound(stockroom *database) {
    int32_t holds = 0;
    stockroom_document *report = NULL;
    DONE(stockroom_verify(database, &holds, &report));
    if (!holds) {
        has(report, "\"ok\":true");
    }
    DONE(stockroom_document_free(report));
    DONE(stockroom_close(database));
}

static inline stockroom_text text(const char *bytes) {
    stockroom_text made = {bytes, NUL};
    return made;
}

/* An order of some units of a SKU; the line has to live as long as the order. */
static inline stockroom_order order_of(const char *id, stockroom_line *line, const char *sku, int64_t quantity) {
    stockroom_order order;
    memset(&order, 0, sizeof order);
    memset(line, 0, sizeof *line);
    line->sku = text(sku);
    line->quantity = quantity;
    line->unit_price_minor = 500;
    order.size = sizeof order;
    order.id = text(id);
    order.channel = text("web");
    order.currency = text("EUR");
    order.lines = line;
    order.line_count = 1;
    return order;
}

/* A path below the directory that the test was given. */
static inline const char *below(const char *directory, const char *name) {
    static _Thread_local char path[4096];
    CHECK(snprintf(path, sizeof path, "%s/%s", directory, name) < (int)sizeof path);
    return path;
}

#endif
