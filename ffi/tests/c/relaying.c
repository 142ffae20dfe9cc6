/* A relay that the library runs: a warehouse of a few lines on a port of this machine gets what it is to get. The log
 * is told of trouble, and may not call back in. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "every.h"
#include "shop.h"

static atomic_int requests;

/* Says of every order that it has taken it, one connection after the other. */
static void *warehouse(void *state) {
    int listener = *(int *)state;
    for (;;) {
        int connection = accept4(listener, NULL, NULL, 0);
        if (connection < 0) {
            return NULL; /* The listener was shut. */
        }
        char text[65536];
        size_t len = 0;
        ssize_t got;
        while (len < sizeof text - 1 && (got = read(connection, text + len, sizeof text - 1 - len)) > 0) {
            len += (size_t)got;
            text[len] = '\0';
            const char *end = strstr(text, "\r\n\r\n");
            const char *length = strcasestr(text, "content-length:");
            if (end == NULL) {
                continue;
            }
            size_t body = length != NULL && length < end ? strtoul(length + 15, NULL, 10) : 0;
            if (len >= (size_t)(end + 4 - text) + body) {
                break;
            }
        }
        if (len > 0) {
            CHECK(strncmp(text, "POST /fulfillment-orders ", 25) == 0);
            const char *name = strstr(text, "\"fulfillment\":\"");
            CHECK(name != NULL);
            name += strlen("\"fulfillment\":\"");
            char body[200], answer[500];
            snprintf(body, sizeof body, "{\"id\":\"W-1\",\"fulfillment\":\"%.*s\",\"status\":\"accepted\"}",
                     (int)strcspn(name, "\""), name);
            snprintf(answer, sizeof answer,
                     "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                     "Connection: close\r\n\r\n%s",
                     strlen(body), body);
            atomic_fetch_add(&requests, 1);
            CHECK(write(connection, answer, strlen(answer)) == (ssize_t)strlen(answer));
        }
        close(connection);
    }
}

/* What the log saw. */
struct log {
    atomic_int told[3];
    stockroom *database;
    _Atomic(stockroom_relay *) relay;
};

static void told(void *context, int32_t level, const char *message, size_t len) {
    struct log *log = context;
    CHECK(level == 1 || level == 2);
    SAME(strlen(message), len);
    if (atomic_fetch_add(&log->told[level], 1) == 0) {
        every_function_answers(STOCKROOM_REENTERED, "STOCKROOM_REENTERED");
    }
    /* Above all it may not stop the relay that it is called by, which would wait for itself. */
    SAME(stockroom_relay_stop(atomic_load(&log->relay), NULL), STOCKROOM_REENTERED);
    SAME(stockroom_close(log->database), STOCKROOM_REENTERED);
}

static void pause_a_little(void) {
    usleep(10000);
}

static void delivers(const char *settings) {
    struct log log = {{0}, NULL, NULL};
    stockroom_options options;
    DONE(stockroom_options_init(&options, sizeof options));
    options.log = told;
    options.log_context = &log;
    stockroom *database = opened(":memory:", &options);
    furnish(database);
    log.database = database;
    stockroom_relay *relay = NULL;
    DONE(stockroom_relay_start(database, settings, NUL, &relay));
    atomic_store(&log.relay, relay);
    reply_has(database,
              "{\"place_order\":{\"id\":\"o-1\",\"channel\":\"web\",\"currency\":\"EUR\","
              "\"lines\":[{\"sku\":\"mug\",\"quantity\":2,\"unit_price_minor\":500}]}}",
              "\"accepted\"");
    DONE(stockroom_relay_wake(relay));
    stockroom_relay_counts counts;
    /* One route leads to a destination that is not registered: that is said. */
    do {
        pause_a_little();
        DONE(stockroom_relay_read_counts(relay, &counts));
    } while (counts.done < 1 || atomic_load(&log.told[1]) + atomic_load(&log.told[2]) < 2);
    SAME(counts.requested, 1);
    CHECK(counts.attempts >= counts.done && atomic_load(&requests) >= 1);

    stockroom_relay_counts last;
    FILL(last);
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_relay_read_counts(relay, NULL));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_relay_stop(relay, CROOKED(stockroom_relay_counts *, &last)));
    UNTOUCHED(last);
    /* The relay keeps the database open that it works on. */
    DONE(stockroom_close(database));
    DONE(stockroom_relay_wake(relay));
    DONE(stockroom_relay_stop(relay, &last));
    CHECK(last.done >= counts.done);
    FILL(last);
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_relay_stop(relay, &last));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_relay_read_counts(relay, &last));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_relay_wake(relay));
    UNTOUCHED(last);
    /* Once it has stopped, nothing is told any more. */
    int before = atomic_load(&log.told[1]) + atomic_load(&log.told[2]);
    pause_a_little();
    SAME(atomic_load(&log.told[1]) + atomic_load(&log.told[2]), before);
}

/* A host that forgets its relay: the process ends all the same, and another relay on the file takes up the work. */
static void goes_on(const char *settings, const char *path) {
    stockroom *database = opened(path, NULL);
    furnish(database);
    stockroom_relay *first = NULL, *second = NULL;
    DONE(stockroom_relay_start(database, settings, NUL, &first));
    DONE(stockroom_relay_start(database, settings, NUL, &second));
    CHECK(first != second);
    for (int number = 0; number < 5; number++) {
        char id[16];
        snprintf(id, sizeof id, "o-%d", number);
        stockroom_line line;
        stockroom_order order = order_of(id, &line, "mug", 1);
        stockroom_placed placed;
        DONE(stockroom_place(database, &order, 1, &placed));
        SAME(placed.rejection, 0);
    }
    stockroom_relay_counts one, other;
    do {
        pause_a_little();
        DONE(stockroom_relay_read_counts(first, &one));
        DONE(stockroom_relay_read_counts(second, &other));
    } while (one.done + other.done < 5);
    DONE(stockroom_relay_stop(first, NULL));
    DONE(stockroom_relay_stop(second, &other));
    SAME(one.requested + other.requested, 5);
    close_sound(database);
}

static void starts_nothing(void) {
    stockroom *database = shop(), *stale = shop();
    DONE(stockroom_close(stale));
    stockroom_relay *relay;
    FILL(relay);
    REFUSED(STOCKROOM_MALFORMED, stockroom_relay_start(database, "{}", NUL, &relay));
    REFUSED(STOCKROOM_MALFORMED, stockroom_relay_start(database, "{\"routes\":[],\"s3cret\":1}", NUL, &relay));
    CHECK(strstr(stockroom_last_error_message(), "s3cret") == NULL);
    REFUSED(STOCKROOM_UNSUPPORTED, stockroom_relay_start(database, "{\"routes\":[],\"take_max\":0}", NUL, &relay));
    REFUSED(STOCKROOM_UNSUPPORTED, stockroom_relay_start(database, "{\"routes\":[],\"lease_ms\":1}", NUL, &relay));
    REFUSED(STOCKROOM_LENGTH, stockroom_relay_start(database, "{}", SIZE_MAX - 1, &relay));
    REFUSED(STOCKROOM_STALE_HANDLE, stockroom_relay_start(stale, "{\"routes\":[]}", NUL, &relay));
    REFUSED(STOCKROOM_NULL_ARGUMENT, stockroom_relay_start(database, "{\"routes\":[]}", NUL, NULL));
    UNTOUCHED(relay);
    stockroom_relay_counts counts;
    FILL(counts);
    DONE(stockroom_relay_stop(NULL, &counts));
    UNTOUCHED(counts);
    close_sound(database);
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 16) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, warehouse, &listener) == 0);
    char settings[2000], exchange[500];
    snprintf(exchange, sizeof exchange, "{\"rest\":{\"base_url\":\"http://127.0.0.1:%d\",\"auth\":\"none\"}}",
             ntohs(address.sin_port));
    snprintf(settings, sizeof settings,
             "{\"routes\":[{\"destination\":\"wms\",\"exchange\":%s},{\"destination\":\"nobody\",\"exchange\":%s}],"
             "\"idle_ms\":20,\"report_after_ms\":10,\"http\":{\"allow_plain_http\":true}}",
             exchange, exchange);
    starts_nothing();
    delivers(settings);
    goes_on(settings, below(arguments[1], "relayed.sqlite3"));
    CHECK(shutdown(listener, SHUT_RDWR) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    close(listener);
    return 0;
}
