/*
 * The same orders and questions as the Rust side's, through libstockroom: started by src/through_c.rs, which has stocked
 * the shop and counts the books afterwards. Asks for every SKU of the catalogue once, then starts the clock. Prints what
 * it took in seconds.
 *
 *     through_c place-one|place-batch|place-json DATABASE ORDERS CATALOGUE
 *     through_c available-1|available-100 DATABASE SKUS CATALOGUE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stockroom.h"

#define BATCH 1000
#define LINES 3
#define Z STOCKROOM_NUL_TERMINATED

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void must(int32_t status, const char *what) {
    if (status != STOCKROOM_OK) {
        fprintf(stderr, "%s: %s\n", what, stockroom_last_error_message());
        exit(1);
    }
}

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* The whole file, with a NUL behind it. */
static char *read_file(const char *path, size_t *lines) {
    FILE *file = fopen(path, "rb");
    long size;
    char *text;
    size_t index;
    if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) fail("the file cannot be read");
    rewind(file);
    text = malloc((size_t)size + 1);
    if (!text || fread(text, 1, (size_t)size, file) != (size_t)size) fail("the file cannot be read");
    fclose(file);
    text[size] = 0;
    for (*lines = 0, index = 0; index < (size_t)size; index++) *lines += text[index] == '\n';
    return text;
}

/* The next field of a file whose fields end with a tab or a line break. */
static stockroom_text field(char **at) {
    stockroom_text text;
    text.bytes = *at;
    text.len = strcspn(*at, "\t\n");
    *at += text.len;
    **at = 0;
    *at += 1;
    return text;
}

static stockroom_order *read_orders(char *text, size_t count, stockroom_line *lines) {
    stockroom_order *orders = calloc(count, sizeof *orders);
    size_t index, line;
    if (!orders) fail("no memory");
    for (index = 0; index < count; index++) {
        stockroom_order *order = &orders[index];
        order->size = sizeof *order;
        order->id = field(&text);
        order->channel = field(&text);
        order->currency = field(&text);
        order->lines = &lines[index * LINES];
        order->line_count = LINES;
        for (line = 0; line < LINES; line++) {
            stockroom_line *filled = &lines[index * LINES + line];
            filled->sku = field(&text);
            filled->quantity = strtoll(field(&text).bytes, NULL, 10);
            filled->unit_price_minor = strtoll(field(&text).bytes, NULL, 10);
        }
    }
    return orders;
}

static void place(stockroom *database, const stockroom_order *orders, size_t count, size_t batch) {
    static stockroom_placed placed[BATCH];
    size_t done, index;
    for (done = 0; done < count; done += batch) {
        size_t now_placed = count - done < batch ? count - done : batch;
        must(stockroom_place(database, orders + done, now_placed, placed), "place");
        for (index = 0; index < now_placed; index++)
            if (placed[index].rejection) fail(stockroom_code_name(placed[index].rejection));
    }
}

/* The orders as JSON, a batch a document. */
static char *json_batch(const stockroom_order *orders, size_t count) {
    char *text = malloc(count * 512), *at = text;
    size_t index, line;
    if (!text) fail("no memory");
    *at++ = '[';
    for (index = 0; index < count; index++) {
        const stockroom_order *order = &orders[index];
        at += sprintf(at, "%s{\"action\":{\"place_order\":{\"id\":\"%s\",\"channel\":\"%s\",\"currency\":\"%s\",\"lines\":[",
                      index ? "," : "", order->id.bytes, order->channel.bytes, order->currency.bytes);
        for (line = 0; line < LINES; line++)
            at += sprintf(at, "%s{\"sku\":\"%s\",\"quantity\":%lld,\"unit_price_minor\":%lld}", line ? "," : "",
                          order->lines[line].sku.bytes, (long long)order->lines[line].quantity,
                          (long long)order->lines[line].unit_price_minor);
        at += sprintf(at, "]}}}");
    }
    *at++ = ']';
    *at = 0;
    return text;
}

static void place_json(stockroom *database, char **batches, size_t count) {
    size_t index;
    for (index = 0; index < count; index++) {
        stockroom_document *replies;
        const char *text;
        must(stockroom_execute_batch(database, batches[index], Z, &replies), "execute");
        must(stockroom_document_text(replies, &text, NULL), "read");
        if (strstr(text, "\"rejected\"")) fail(text);
        must(stockroom_document_free(replies), "free");
    }
}

static long long ask(stockroom *database, const stockroom_text *skus, size_t count, size_t per_call) {
    int64_t units[100];
    long long sum = 0;
    size_t done, index;
    for (done = 0; done < count; done += per_call) {
        if (per_call == 1)
            must(stockroom_available(database, skus[done].bytes, skus[done].len, "main", 4, units), "available");
        else
            must(stockroom_availability(database, "main", 4, skus + done, per_call, units), "availability");
        for (index = 0; index < per_call; index++) sum += units[index];
    }
    return sum;
}

static stockroom_text *read_skus(char *text, size_t count) {
    stockroom_text *skus = calloc(count, sizeof *skus);
    size_t index;
    if (!skus) fail("no memory");
    for (index = 0; index < count; index++) skus[index] = field(&text);
    return skus;
}

int main(int argc, char **argv) {
    stockroom *database;
    size_t count, index, catalogued;
    char *text, *catalogue;
    double start;
    if (argc != 5) fail("usage: through_c MODE DATABASE FILE CATALOGUE");
    must(stockroom_open(argv[2], Z, NULL, &database), "open");
    text = read_file(argv[3], &count);
    catalogue = read_file(argv[4], &catalogued);
    ask(database, read_skus(catalogue, catalogued), catalogued, 1);
    if (strncmp(argv[1], "place-", 6) == 0) {
        stockroom_line *lines = calloc(count * LINES, sizeof *lines);
        stockroom_order *orders = read_orders(text, count, lines);
        if (strcmp(argv[1], "place-json") == 0) {
            size_t batches = (count + BATCH - 1) / BATCH;
            char **documents = calloc(batches, sizeof *documents);
            for (index = 0; index < batches; index++) {
                size_t left = count - index * BATCH;
                documents[index] = json_batch(orders + index * BATCH, left < BATCH ? left : BATCH);
            }
            start = now();
            place_json(database, documents, batches);
        } else {
            start = now();
            place(database, orders, count, strcmp(argv[1], "place-one") == 0 ? 1 : BATCH);
        }
        printf("%.9f 0\n", now() - start);
    } else {
        stockroom_text *skus = read_skus(text, count);
        long long sum;
        start = now();
        sum = ask(database, skus, count, strcmp(argv[1], "available-1") == 0 ? 1 : 100);
        printf("%.9f %lld\n", now() - start, sum);
    }
    must(stockroom_close(database), "close");
    return 0;
}
