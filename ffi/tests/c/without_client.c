/* The installed library where the one that it loads to run exchanges is missing or is another: starting a relay fails,
 * says what is missing, and everything else is done as ever. */

#include "shop.h"

int main(int count, char **arguments) {
    CHECK(count == 3);
    stockroom *database = shop();
    stockroom_relay *relay;
    FILL(relay);
    /* Twice: a failure is not kept. */
    for (int times = 0; times < 2; times++) {
        REFUSED(STOCKROOM_UNSUPPORTED, stockroom_relay_start(database, "{\"routes\":[]}", NUL, &relay));
        UNTOUCHED(relay);
        SAME_TEXT(stockroom_last_error_operation(), "relay.start");
        CHECK(strstr(stockroom_last_error_message(), "libstockroom-http.so.0") != NULL);
        CHECK(strstr(stockroom_last_error_message(), arguments[2]) != NULL);
    }
    REFUSED(STOCKROOM_MALFORMED, stockroom_relay_start(database, "{}", NUL, &relay));
    UNTOUCHED(relay);
    SAME_TEXT(stockroom_features() + strlen(stockroom_features()) - 11, "http-loaded");
    stockroom_line line;
    stockroom_order order = order_of("o-1", &line, "mug", 1);
    stockroom_placed placed;
    DONE(stockroom_place(database, &order, 1, &placed));
    SAME(placed.rejection, 0);
    close_sound(database);
    return 0;
}
