/* Good arguments for the generated calls with one wrong argument each, and what stands for the wrong ones. A kind of
 * handle that is new gets its good_ and its stale_ here. */

#ifndef POINTERS_H
#define POINTERS_H

#include <sys/mman.h>
#include <unistd.h>

#include "shop.h"

static stockroom *good_stockroom, *stale_stockroom;
static stockroom_document *good_stockroom_document, *stale_stockroom_document;
static stockroom_exchange *good_stockroom_exchange, *stale_stockroom_exchange;
static stockroom_conversation *good_stockroom_conversation, *stale_stockroom_conversation;
static stockroom_webhook *good_stockroom_webhook, *stale_stockroom_webhook;
static stockroom_backfill *good_stockroom_backfill, *stale_stockroom_backfill;
static stockroom_relay *good_stockroom_relay, *stale_stockroom_relay;
static stockroom_options good_options;
static stockroom_text good_texts[2];
static stockroom_line good_lines[2];
static stockroom_order good_orders[2];
static char *unreadable; /* A page that nothing may be read from or written to. */
static int local;

static int64_t good_queue(void *context, const char *events, size_t len, size_t count) {
    (void)context;
    (void)events;
    (void)len;
    return (int64_t)count;
}

static void free_others(void) {
    DONE(stockroom_exchange_free(good_stockroom_exchange));
    DONE(stockroom_conversation_free(good_stockroom_conversation));
    DONE(stockroom_webhook_free(good_stockroom_webhook));
    DONE(stockroom_backfill_free(good_stockroom_backfill));
    DONE(stockroom_relay_stop(good_stockroom_relay, NULL));
}

static void open_others(void) {
    stockroom_document *turn = NULL;
    DONE(stockroom_exchange_open("{\"rest\":{\"base_url\":\"https://wms.example\",\"auth\":\"none\"}}", NUL,
                                 &good_stockroom_exchange));
    DONE(stockroom_conversation_begin(good_stockroom, good_stockroom_exchange,
                                      "{\"destination\":\"wms\",\"number\":1,\"key\":\"k\",\"attempt\":1,\"doubt\":false,"
                                      "\"lease_until_ms\":9000000000000,"
                                      "\"body\":{\"cancel_fulfillment\":{\"fulfillment\":\"o-1-1\"}}}",
                                      NUL, &good_stockroom_conversation, &turn));
    DONE(stockroom_document_free(turn));
    DONE(stockroom_webhook_open("{\"shopify\":{\"shop\":\"example.myshopify.com\",\"secrets\":[\"0123456789abcdefghij\"],"
                                "\"location\":\"7\",\"orders\":{\"channel\":\"web\"}}}",
                                NUL, &good_stockroom_webhook));
    DONE(stockroom_backfill_open("{\"woocommerce\":{\"shop\":{\"shop_url\":\"https://shop.example\","
                                 "\"consumer_key\":\"ck_1\",\"consumer_secret\":\"cs_1\"},"
                                 "\"orders\":{\"channel\":\"web\",\"currency\":\"EUR\"}}}",
                                 NUL, 0, &good_stockroom_backfill));
    DONE(stockroom_relay_start(good_stockroom, "{\"routes\":[],\"fulfill\":false}", NUL, &good_stockroom_relay));
}

static void set_up(void) {
    unreadable = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(unreadable != MAP_FAILED);
    DONE(stockroom_options_init(&good_options, sizeof good_options));
    good_stockroom = shop();
    stale_stockroom = shop();
    DONE(stockroom_read(good_stockroom, "{\"locations\":{}}", NUL, &good_stockroom_document));
    DONE(stockroom_read(good_stockroom, "{\"locations\":{}}", NUL, &stale_stockroom_document));
    DONE(stockroom_document_free(stale_stockroom_document));
    DONE(stockroom_close(stale_stockroom));
    for (int index = 0; index < 2; index++) {
        /* The first ones are freed, the second ones kept. */
        stale_stockroom_exchange = good_stockroom_exchange;
        stale_stockroom_conversation = good_stockroom_conversation;
        stale_stockroom_webhook = good_stockroom_webhook;
        stale_stockroom_backfill = good_stockroom_backfill;
        stale_stockroom_relay = good_stockroom_relay;
        free_others();
        open_others();
        good_texts[index] = text("mug");
        good_orders[index] = order_of(index == 0 ? "o-1" : "o-2", &good_lines[index], "mug", 1);
    }
    local = 1;
    CHECK(local == 1);
}

/* Nothing of it was done. */
static void tear_down(void) {
    free_others();
    SAME(available(good_stockroom, "mug", "main"), 30);
    answers(good_stockroom, "{\"orders\":{}}", "[]");
    has(good_stockroom_document, "main");
    close_sound(good_stockroom);
}

#endif
