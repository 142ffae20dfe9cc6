/*
 * A till: it scans, holds, sells, prints, and survives kill -9. The database is a file beside it; no network is needed.
 *
 *     till SHOP.sqlite3 [UNITS]
 *
 * It reads what the scanner and the cashier say from standard input, a line each:
 *
 *     SKU [QUANTITY]   scans an article (mug, pot, tea)
 *     pay ID           sells what was scanned under this id, once, however often it is sent
 *     void             puts everything back
 *     stock            says what can still be sold
 *
 * A line `sold ID` or `again ID` is printed when the sale is durable. What happened goes to SHOP.sqlite3.journal as
 * CloudEvents, an array a line. At the end of the input every invariant is checked. UNITS is the opening stock of each
 * article.
 */
#define _POSIX_C_SOURCE 200809L /* fileno, fsync */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <stockroom.h>

#define NUL STOCKROOM_NUL_TERMINATED

static const struct article { const char *sku; int64_t price_minor; } ARTICLES[] = {
    {"mug", 1250}, {"pot", 2900}, {"tea", 420},
};
enum { ARTICLE_COUNT = sizeof ARTICLES / sizeof ARTICLES[0], HOLD_MS = 10 * 60 * 1000 };

static void need(int32_t status, const char *what) {
    if (status != STOCKROOM_OK) {
        fprintf(stderr, "%s: %s%s\n", what, stockroom_last_error_message(),
                stockroom_last_error_retryable() ? " (try again)" : "");
        exit(1);
    }
}

static stockroom_text text(const char *bytes) {
    stockroom_text text = {bytes, NUL};
    return text;
}

/* Does one command. Whether the engine said yes; the business's "no" is an answer, not an error. */
static int execute(stockroom *shop, const char *command) {
    stockroom_document *reply;
    const char *json;
    need(stockroom_execute(shop, command, NUL, &reply), "command");
    need(stockroom_document_text(reply, &json, NULL), "reply");
    int accepted = strncmp(json, "{\"outcome\":{\"accepted\":", 23) == 0;
    if (!accepted) printf("no %s\n", json);
    need(stockroom_document_free(reply), "free");
    return accepted;
}

/* Every command has a key, so that only the first opening of the shop takes effect. */
static void set_up(stockroom *shop, long units) {
    char json[512];
    execute(shop, "{\"key\":\"place\",\"action\":{\"register_location\":{\"location\":\"shop\"}}}");
    execute(shop, "{\"key\":\"till\",\"action\":{\"register_channel\":"
                  "{\"channel\":\"till\",\"locations\":[\"shop\"]}}}");
    execute(shop, "{\"key\":\"journal\",\"action\":{\"subscribe\":{\"subscription\":\"journal\",\"from\":\"start\"}}}");
    for (int i = 0; i < ARTICLE_COUNT; i++) {
        const char *sku = ARTICLES[i].sku;
        snprintf(json, sizeof json, "{\"key\":\"sku-%s\",\"action\":{\"register_sku\":{\"sku\":\"%s\"}}}", sku, sku);
        execute(shop, json);
        snprintf(json, sizeof json, "{\"key\":\"stock-%s\",\"action\":{\"receive_stock\":{\"location\":\"shop\","
                 "\"lines\":[{\"sku\":\"%s\",\"quantity\":%ld}]}}}", sku, sku, units);
        execute(shop, json);
    }
}

/* Takes events to the journal. What it does not confirm, because of a crash too, comes again with the same id. Each
 * array begins its own line, so that one that was cut by a crash does not spoil the next. */
static int64_t append(void *journal, const char *events, size_t len, size_t count) {
    fputc('\n', journal);
    size_t written = fwrite(events, 1, len, journal);
    int kept = written == len && fflush(journal) == 0 && fsync(fileno(journal)) == 0;
    return kept ? (int64_t)count : -1;
}

static void publish(stockroom *shop, FILE *journal) {
    size_t published;
    do need(stockroom_publish(shop, "journal", NUL, "/tills/1", NUL, 100, append, journal, &published), "journal");
    while (published > 0);
}

/* Holds the units while the customer pays, then sells them under the id. */
static void pay(stockroom *shop, const char *id, int64_t basket[]) {
    char json[1024];
    stockroom_line lines[ARTICLE_COUNT];
    size_t count = 0;
    int used = snprintf(json, sizeof json, "{\"key\":\"hold-%s\",\"action\":{\"place_hold\":{\"hold\":\"%s\","
                        "\"channel\":\"till\",\"lives_ms\":%d,\"lines\":[", id, id, HOLD_MS);
    for (int i = 0; i < ARTICLE_COUNT; i++) {
        if (basket[i] == 0) continue;
        used += snprintf(json + used, sizeof json - (size_t)used, "%s{\"sku\":\"%s\",\"quantity\":%lld}",
                         count == 0 ? "" : ",", ARTICLES[i].sku, (long long)basket[i]);
        stockroom_line line = {text(ARTICLES[i].sku), basket[i], ARTICLES[i].price_minor};
        lines[count++] = line;
    }
    snprintf(json + used, sizeof json - (size_t)used, "]}}}");
    if (count == 0 || !execute(shop, json)) {
        printf("refused %s: %s\n", id, count == 0 ? "nothing was scanned" : "the hold");
        return;
    }

    stockroom_order order = {0};
    order.size = sizeof order;
    order.id = text(id);
    order.channel = text("till");
    order.currency = text("EUR");
    order.lines = lines;
    order.line_count = count;
    order.hold = text(id);
    stockroom_placed placed;
    int32_t status;
    int tries = 0;
    /* The order's id is its key: placed again after a failure it takes effect once. */
    do status = stockroom_place(shop, &order, 1, &placed);
    while (status != STOCKROOM_OK && stockroom_last_error_retryable() && ++tries < 5);
    need(status, "sale");
    if (placed.rejection != 0) {
        printf("refused %s: %s\n", id, stockroom_code_name(placed.rejection));
        return;
    }
    printf("%s %s\n", placed.repeated ? "again" : "sold", id);
    printf("  receipt %llu\n", (unsigned long long)placed.number);
    for (int i = 0; i < ARTICLE_COUNT; i++) {
        if (basket[i] == 0) continue;
        double sum = (double)(basket[i] * ARTICLES[i].price_minor) / 100;
        printf("  %6lld x %-6s %10.2f\n", (long long)basket[i], ARTICLES[i].sku, sum);
    }
    printf("  total %19.2f EUR\n", (double)placed.value_minor / 100);
}

static void scan(stockroom *shop, const char *sku, long quantity, int64_t basket[]) {
    int64_t left;
    for (int i = 0; i < ARTICLE_COUNT; i++) {
        if (strcmp(sku, ARTICLES[i].sku) != 0 || quantity < 1 || quantity > 1000) continue;
        need(stockroom_available(shop, sku, NUL, "shop", NUL, &left), "available");
        if (basket[i] + quantity <= left) basket[i] += quantity;
        else printf("no %s: %lld left\n", sku, (long long)left);
        return;
    }
    printf("no %s %ld: not an article, or not 1 to 1000\n", sku, quantity);
}

/* Ids go into JSON as they are. */
static int is_plain(const char *id) {
    return strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == strlen(id);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: till SHOP.sqlite3 [UNITS]\n");
        return 2;
    }
    char line[256], word[64], rest[64], path[4200];
    int64_t basket[ARTICLE_COUNT] = {0};
    stockroom *shop;
    need(stockroom_open(argv[1], NUL, NULL, &shop), argv[1]);
    snprintf(path, sizeof path, "%s.journal", argv[1]);
    FILE *journal = fopen(path, "a");
    if (journal == NULL) {
        perror(path);
        return 1;
    }
    set_up(shop, argc > 2 ? strtol(argv[2], NULL, 10) : 100);
    publish(shop, journal); /* What a crash left behind. */

    while (fgets(line, sizeof line, stdin) != NULL) {
        int words = sscanf(line, "%63s %60s", word, rest);
        if (words < 1) continue;
        if (words == 2 && strcmp(word, "pay") == 0 && is_plain(rest)) {
            pay(shop, rest, basket);
            fflush(stdout);
            memset(basket, 0, sizeof basket);
            publish(shop, journal);
        } else if (words == 1 && strcmp(word, "void") == 0) {
            memset(basket, 0, sizeof basket);
        } else if (words == 1 && strcmp(word, "stock") == 0) {
            for (int i = 0; i < ARTICLE_COUNT; i++) {
                int64_t left;
                need(stockroom_available(shop, ARTICLES[i].sku, NUL, "shop", NUL, &left), "available");
                printf("%s %lld\n", ARTICLES[i].sku, (long long)left);
            }
        } else {
            scan(shop, word, words == 2 ? strtol(rest, NULL, 10) : 1, basket);
        }
    }

    int32_t holds;
    need(stockroom_verify(shop, &holds, NULL), "verify");
    printf("verify: %s\n", holds ? "ok" : "BROKEN");
    need(stockroom_close(shop), "close");
    return fclose(journal) == 0 && holds ? 0 : 1;
}
