/* A child of a process that had opened a database can use nothing of it, and its parent works on. */

#include <sys/wait.h>
#include <unistd.h>

#include "every.h"
#include "shop.h"

/* Runs something in a child and checks that it ended well. */
static void in_child(void (*body)(stockroom *, stockroom_document *), stockroom *database,
                     stockroom_document *document) {
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        body(database, document);
        fflush(NULL);
        /* Not exit: what the parent registered for its end is not the child's to do. */
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Before the first database there is nothing that could break: the child opens its own. */
static void opens_its_own(stockroom *database, stockroom_document *document) {
    CHECK(database == NULL && document == NULL);
    close_sound(shop());
}

static void is_refused(stockroom *database, stockroom_document *document) {
    every_function_answers(STOCKROOM_FORKED, "STOCKROOM_FORKED");
    stockroom_document *out;
    int64_t units;
    FILL(out);
    FILL(units);
    REFUSED(STOCKROOM_FORKED, stockroom_available(database, "mug", NUL, "main", NUL, &units));
    REFUSED(STOCKROOM_FORKED, stockroom_read(database, "{\"locations\":{}}", NUL, &out));
    REFUSED(STOCKROOM_FORKED, stockroom_open(":memory:", NUL, NULL, (stockroom **)&out));
    REFUSED(STOCKROOM_FORKED, stockroom_document_free(document));
    REFUSED(STOCKROOM_FORKED, stockroom_close(database));
    UNTOUCHED(out);
    UNTOUCHED(units);
    CHECK(strstr(stockroom_last_error_message(), "forked") != NULL);
    SAME(stockroom_last_error_retryable(), 0);
    CHECK(stockroom_version()[0] != '\0');
    SAME_TEXT(stockroom_code_name(100), "key_invalid");
}

/* A child's child is one as well. */
static void forks_again(stockroom *database, stockroom_document *document) {
    in_child(is_refused, database, document);
    is_refused(database, document);
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    in_child(opens_its_own, NULL, NULL);
    stockroom *database = opened(below(arguments[1], "forked.sqlite3"), NULL);
    furnish(database);
    stockroom_document *document = NULL;
    DONE(stockroom_read(database, "{\"locations\":{}}", NUL, &document));
    in_child(is_refused, database, document);
    in_child(forks_again, database, document);
    /* The parent works on. */
    reply_has(database,
              "{\"place_order\":{\"id\":\"o-1\",\"channel\":\"web\",\"currency\":\"EUR\","
              "\"lines\":[{\"sku\":\"mug\",\"quantity\":1,\"unit_price_minor\":500}]}}",
              "\"accepted\"");
    SAME(available(database, "mug", "main"), 29);
    has(document, "main");
    close_sound(database);
    /* Closed or not: it was opened before the fork. */
    database = opened(below(arguments[1], "forked.sqlite3"), NULL);
    SAME(available(database, "mug", "main"), 29);
    close_sound(database);
    return 0;
}
