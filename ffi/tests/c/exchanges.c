/* Exchanges as values: conversations that the host carries on itself, webhooks, backfills. */

#include "shop.h"

static stockroom_document *out;
static stockroom *stale;

#define ANSWER(body) "{\"response\":{\"status\":200,\"headers\":{},\"body\":" body "}}"
#define TAKEN ANSWER("\"{\\\"id\\\":\\\"W-1\\\",\\\"fulfillment\\\":\\\"o-1-1\\\",\\\"status\\\":\\\"accepted\\\"}\"")
#define REST "{\"rest\":{\"base_url\":\"https://wms.example/api\",\"auth\":{\"bearer\":{\"token\":\"s3cret\"}}}}"

/* What all that open with settings refuse alike; none of it says what was in them. */
#define OPENS(open, free, kind, good, ...)                                                                            \
    do {                                                                                                              \
        kind *made;                                                                                                   \
        FILL(made);                                                                                                   \
        REFUSED(STOCKROOM_NULL_ARGUMENT, open(NULL, 0, __VA_ARGS__ &made));                                           \
        REFUSED(STOCKROOM_NULL_ARGUMENT, open(good, NUL, __VA_ARGS__ NULL));                                          \
        REFUSED(STOCKROOM_LENGTH, open(good, SIZE_MAX - 1, __VA_ARGS__ &made));                                       \
        REFUSED(STOCKROOM_MALFORMED, open(good, sizeof(good) - 2, __VA_ARGS__ &made));                                \
        REFUSED(STOCKROOM_MALFORMED, open("{\"s3cret\":1}", NUL, __VA_ARGS__ &made));                                 \
        CHECK(strstr(stockroom_last_error_message(), "s3cret") == NULL);                                              \
        REFUSED(STOCKROOM_MALFORMED, open("\xff", NUL, __VA_ARGS__ &made));                                           \
        UNTOUCHED(made);                                                                                              \
        DONE(open(good, NUL, __VA_ARGS__ &made));                                                                     \
        REFUSED(STOCKROOM_STALE_HANDLE, stockroom_document_free((stockroom_document *)(void *)made));                 \
        DONE(free(made));                                                                                             \
        REFUSED(STOCKROOM_STALE_HANDLE, free(made));                                                                  \
        REFUSED(STOCKROOM_STALE_HANDLE, free((kind *)(void *)stale));                                                 \
        DONE(free(NULL));                                                                                             \
    } while (0)

/* The only delivery that is due, as its own document: cut out of what stockroom_take tells. */
static char *taken(stockroom *database) {
    stockroom_document *reply = NULL;
    DONE(stockroom_take(database, "wms", NUL, 1, 60000, &reply));
    char *text = taken_text(reply);
    char *from = strstr(text, "\"deliveries\":[");
    CHECK(from != NULL);
    from += strlen("\"deliveries\":[");
    int depth = 0;
    size_t len = 0;
    do {
        depth += (from[len] == '{') - (from[len] == '}');
        len++;
    } while (depth > 0);
    memmove(text, from, len);
    text[len] = '\0';
    return text;
}

static void conversations(void) {
    stockroom *database = shop();
    do_action(database, "{\"place_order\":{\"id\":\"o-1\",\"channel\":\"web\",\"currency\":\"EUR\","
                     "\"lines\":[{\"sku\":\"mug\",\"quantity\":2,\"unit_price_minor\":500}]}}");
    do_action(database, "{\"fulfill\":{\"limit\":10}}");
    char *delivery = taken(database);
    stockroom_exchange *exchange = NULL;
    stockroom_conversation *conversation;
    FILL(conversation);
    FILL(out);
    DONE(stockroom_exchange_open(REST, NUL, &exchange));
    REFUSED(STOCKROOM_MALFORMED,
            stockroom_conversation_begin(database, exchange, "{}", NUL, &conversation, &out));
    REFUSED(STOCKROOM_LENGTH,
            stockroom_conversation_begin(database, exchange, delivery, SIZE_MAX - 1, &conversation, &out));
    REFUSED(STOCKROOM_STALE_HANDLE,
            stockroom_conversation_begin(stale, exchange, delivery, NUL, &conversation, &out));
    REFUSED(STOCKROOM_NULL_ARGUMENT,
            stockroom_conversation_begin(database, exchange, delivery, NUL, &conversation, NULL));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_conversation_begin(database, exchange, delivery, NUL, NULL, &out));
    UNTOUCHED(conversation);
    UNTOUCHED(out);
    DONE(stockroom_conversation_begin(database, exchange, delivery, NUL, &conversation, &out));
    has(out, "https://wms.example/api");
    /* The conversation goes on without its exchange. */
    DONE(stockroom_exchange_free(exchange));
    REFUSED(STOCKROOM_STALE_HANDLE,
            stockroom_conversation_begin(database, exchange, delivery, NUL, &conversation, &out));

    FILL(out);
    REFUSED(STOCKROOM_MALFORMED, stockroom_conversation_answer(database, conversation, "{}", NUL, &out));
    REFUSED(STOCKROOM_LENGTH, stockroom_conversation_answer(database, conversation, "{}", SIZE_MAX - 1, &out));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_conversation_answer(stale, conversation, TAKEN, NUL, &out));
    UNTOUCHED(out);
    DONE(stockroom_conversation_answer(database, conversation, TAKEN, NUL, &out));
    char *turn = taken_text(out);
    char *report = strstr(turn, "\"report\":");
    CHECK(strstr(turn, "\"end\"") != NULL && report != NULL);
    /* Nothing is asked any more. */
    FILL(out);
    REFUSED(STOCKROOM_MALFORMED,
            stockroom_conversation_answer(database, conversation, TAKEN, NUL, &out));
    UNTOUCHED(out);
    /* The report is a command; it ends where the turn's own two brackets do, at the latest. */
    report += strlen("\"report\":");
    int depth = 0;
    size_t len = 0;
    do {
        depth += (report[len] == '{') - (report[len] == '}');
        len++;
    } while (depth > 0);
    DONE(stockroom_execute(database, report, len, &out));
    has(out, "\"accepted\"");
    answers(database, "{\"fulfillment_orders\":{\"order\":\"o-1\"}}", "\"accepted\"");
    DONE(stockroom_conversation_free(conversation));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_conversation_free(conversation));
    REFUSED(STOCKROOM_STALE_HANDLE,
            stockroom_conversation_answer(database, conversation, TAKEN, NUL, &out));
    DONE(stockroom_conversation_free(NULL));
    free(turn);
    free(delivery);
    close_sound(database);
}

#define WEBHOOK                                                                                                       \
    "{\"shopify\":{\"shop\":\"example.myshopify.com\",\"secrets\":[\"shpss_0123456789abcdef0123\"],"                        \
    "\"location\":\"7\",\"orders\":{\"channel\":\"web\",\"variants\":{\"91\":\"mug\"}}}}"

/* Signed with the secret above: openssl dgst -sha256 -hmac SECRET -binary | base64. */
static const char signed_message[] =
    "{\"headers\":{\"X-Shopify-Topic\":\"orders/create\",\"X-Shopify-Shop-Domain\":\"example.myshopify.c"
    "om\",\"X-Shopify-Webhook-Id\":\"w-1\",\"X-Shopify-Event-Id\":\"e-1\",\"X-Shopify-Hmac-SHA256\":\"SO4xM"
    "VdbuQk2yDh+kLtXQ5zw9rFKj56fHErRrWVedzE=\"},\"body\":\"{\\\"id\\\":5001,\\\"name\\\":\\\"#1001\\\",\\\"test\\\""
    ":false,\\\"created_at\\\":\\\"2026-09-21T09:00:00Z\\\",\\\"updated_at\\\":\\\"2026-09-21T10:00:00Z\\\",\\\"c"
    "urrency\\\":\\\"EUR\\\",\\\"presentment_currency\\\":\\\"EUR\\\",\\\"total_price\\\":\\\"10.00\\\",\\\"line_items\\"
    "\":[{\\\"id\\\":11,\\\"title\\\":\\\"Mug\\\",\\\"sku\\\":\\\"mug\\\",\\\"variant_id\\\":91,\\\"quantity\\\":2,\\\"current"
    "_quantity\\\":2,\\\"price\\\":\\\"5.00\\\"}]}\"}";

static void webhooks(void) {
    stockroom *database = shop();
    stockroom_webhook *webhook = NULL;
    DONE(stockroom_webhook_open(WEBHOOK, NUL, &webhook));
    FILL(out);
    REFUSED(STOCKROOM_MALFORMED, stockroom_webhook_read(database, webhook, "[]", NUL, &out));
    REFUSED(STOCKROOM_LENGTH, stockroom_webhook_read(database, webhook, "[]", SIZE_MAX - 1, &out));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_webhook_read(stale, webhook, signed_message, NUL, &out));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_webhook_read(database, webhook, signed_message, NUL, NULL));
    UNTOUCHED(out);
    DONE(stockroom_webhook_read(database, webhook, signed_message, NUL, &out));
    has(out, "take_channel_order");
    /* One byte of the body is another: the signature is none of it. */
    char *forged = malloc(sizeof signed_message);
    CHECK(forged != NULL);
    memcpy(forged, signed_message, sizeof signed_message);
    strstr(forged, "#1001")[1] = '2';
    DONE(stockroom_webhook_read(database, webhook, forged, NUL, &out));
    has(out, "\"refused\"");
    free(forged);
    DONE(stockroom_webhook_free(webhook));
    FILL(out);
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_webhook_read(database, webhook, signed_message, NUL, &out));
    UNTOUCHED(out);
    close_sound(database);
}

#define BACKFILL                                                                                                      \
    "{\"woocommerce\":{\"shop\":{\"shop_url\":\"https://shop.example\",\"consumer_key\":\"ck_s3cret\","                   \
    "\"consumer_secret\":\"cs_s3cret\"},\"orders\":{\"channel\":\"web\",\"currency\":\"EUR\"}}}"

static void backfills(void) {
    stockroom *database = shop();
    stockroom_backfill *backfill = NULL;
    DONE(stockroom_backfill_open(BACKFILL, NUL, 1700000000000, &backfill));
    FILL(out);
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_backfill_request(stale, backfill, &out));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_backfill_request(database, backfill, NULL));
    UNTOUCHED(out);
    DONE(stockroom_backfill_request(database, backfill, &out));
    has(out, "https://shop.example/");
    FILL(out);
    REFUSED(STOCKROOM_MALFORMED, stockroom_backfill_answer(database, backfill, "{}", NUL, &out));
    REFUSED(STOCKROOM_LENGTH, stockroom_backfill_answer(database, backfill, "{}", SIZE_MAX - 1, &out));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_backfill_answer(stale, backfill, ANSWER("\"[]\""), NUL, &out));
    UNTOUCHED(out);
    /* No answer came: the same is asked again. */
    DONE(stockroom_backfill_answer(database, backfill, "{\"lost\":\"no answer\"}", NUL, &out));
    has(out, "\"more\":true");
    DONE(stockroom_backfill_free(backfill));
    FILL(out);
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_backfill_request(database, backfill, &out));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_backfill_answer(database, backfill, ANSWER("\"[]\""), NUL, &out));
    UNTOUCHED(out);
    close_sound(database);
}

int main(void) {
    stale = shop();
    DONE(stockroom_close(stale));
    OPENS(stockroom_exchange_open, stockroom_exchange_free, stockroom_exchange, REST, );
    OPENS(stockroom_webhook_open, stockroom_webhook_free, stockroom_webhook, WEBHOOK, );
    OPENS(stockroom_backfill_open, stockroom_backfill_free, stockroom_backfill, BACKFILL, 1700000000000, );
    conversations();
    webhooks();
    backfills();
    return 0;
}
