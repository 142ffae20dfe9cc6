/* Orders as plain structs, availability as plain numbers, and the names of codes. */

#include "shop.h"

static stockroom *stale;
static stockroom_placed placed[4];
static int64_t units[4];
#define NOT_PLACED(status, call) (FILL(placed), REFUSED(status, call), UNTOUCHED(placed))
#define NOT_TOLD(status, call) (FILL(units), REFUSED(status, call), UNTOUCHED(units))

static void is(const stockroom_placed *found, int32_t rejection, int32_t state, int32_t repeated, uint64_t number,
               int64_t value_minor) {
    SAME(found->rejection, rejection);
    SAME(found->state, state);
    SAME(found->repeated, repeated);
    SAME(found->number, number);
    SAME(found->value_minor, value_minor);
}

static void places(stockroom *database) {
    stockroom_line lines[4];
    stockroom_order orders[4];
    orders[0] = order_of("o-1", &lines[0], "mug", 29);
    orders[0].note = text("ring twice");
    DONE(stockroom_place(database, orders, 1, placed));
    is(&placed[0], 0, STOCKROOM_ALLOCATED, 0, 1, 29 * 500);
    DONE(stockroom_place(database, orders, 1, placed));
    is(&placed[0], 0, STOCKROOM_ALLOCATED, 1, 1, 29 * 500);
    answers(database, "{\"order\":{\"order\":\"o-1\"}}", "ring twice");

    /* Several in one commit, each standing or falling alone. Room that is not asked for stays as it is. */
    orders[1] = order_of("o-2", &lines[1], "mug", 3);
    orders[2] = order_of("o-3", &lines[2], "mug", 3);
    orders[2].policy = STOCKROOM_PARTIAL;
    do_action(database, "{\"set_stock_policy\":{\"sku\":\"cup\",\"location\":\"east\",\"backorder_limit\":10}}");
    orders[3] = order_of("o-4", &lines[3], "cup", 6);
    orders[3].policy = STOCKROOM_BACKORDER;
    FILL(placed);
    DONE(stockroom_place(database, orders + 1, 3, placed));
    CHECK(placed[0].rejection >= 500);
    SAME_TEXT(stockroom_code_name(placed[0].rejection), "insufficient_stock");
    is(&placed[0], placed[0].rejection, STOCKROOM_NO_ORDER, 0, 0, 0);
    is(&placed[1], 0, STOCKROOM_PARTLY_ALLOCATED, 0, 2, 1500);
    is(&placed[2], 0, STOCKROOM_BACKORDERED, 0, 3, 3000);
    UNTOUCHED(placed[3]);

    /* A key of its own; a hold whose units it takes over. */
    do_action(database, "{\"receive_stock\":{\"location\":\"main\",\"lines\":[{\"sku\":\"mug\",\"quantity\":9}]}}");
    do_action(database, "{\"place_hold\":{\"hold\":\"cart-1\",\"channel\":\"web\",\"lives_ms\":60000,"
                     "\"lines\":[{\"sku\":\"mug\",\"quantity\":2}]}}");
    orders[0] = order_of("o-5", &lines[0], "mug", 2);
    orders[0].hold = text("cart-1");
    orders[0].key = text("key-5");
    DONE(stockroom_place(database, orders, 1, placed));
    is(&placed[0], 0, STOCKROOM_ALLOCATED, 0, 4, 1000);
    answers(database, "{\"hold\":{\"hold\":\"cart-1\"}}", "null");
    orders[0].note = text("another");
    DONE(stockroom_place(database, orders, 1, placed));
    SAME_TEXT(stockroom_code_name(placed[0].rejection), "key_reused");

    /* What the engine judges is an answer: an empty id, a quantity of nothing, another currency's name. */
    orders[0] = order_of("", &lines[0], "mug", INT64_MIN);
    orders[0].currency = text("euro");
    orders[0].channel = text("moon");
    lines[0].unit_price_minor = INT64_MAX;
    DONE(stockroom_place(database, orders, 1, placed));
    CHECK(placed[0].rejection != 0 && stockroom_code_name(placed[0].rejection) != NULL);
}

static void places_nothing(stockroom *database) {
    stockroom_line lines[2];
    stockroom_order orders[2] = {order_of("n-1", &lines[0], "mug", 1), order_of("n-2", &lines[1], "mug", 1)};
    const stockroom_order good = orders[1];
    const stockroom_line good_line = lines[1];
    uint8_t before[32], after[32];
    DONE(stockroom_digest(database, before));
    NOT_PLACED(STOCKROOM_NULL_ARGUMENT, stockroom_place(NULL, orders, 2, placed));
    NOT_PLACED(STOCKROOM_NULL_ARGUMENT, stockroom_place(database, NULL, 2, placed));
    NOT_PLACED(STOCKROOM_NULL_ARGUMENT, stockroom_place(database, CROOKED(stockroom_order *, orders), 1, placed));
    NOT_PLACED(STOCKROOM_NULL_ARGUMENT, stockroom_place(database, orders, 2, NULL));
    NOT_PLACED(STOCKROOM_NULL_ARGUMENT, stockroom_place(database, orders, 1, CROOKED(stockroom_placed *, placed)));
    NOT_PLACED(STOCKROOM_STALE_HANDLE, stockroom_place(stale, orders, 2, placed));
    NOT_PLACED(STOCKROOM_LENGTH, stockroom_place(database, orders, 0, placed));
    NOT_PLACED(STOCKROOM_LENGTH, stockroom_place(database, orders, STOCKROOM_LIST_MAX + 1, placed));
    NOT_PLACED(STOCKROOM_LENGTH, stockroom_place(database, orders, SIZE_MAX, placed));
    NOT_PLACED(STOCKROOM_LENGTH, stockroom_place(database, orders, SIZE_MAX - 1, placed));

/* The second order has something that cannot be read: the first is not placed either. */
#define SPOILT(status, change)                                                                                        \
    do {                                                                                                              \
        change;                                                                                                       \
        NOT_PLACED(status, stockroom_place(database, orders, 2, placed));                                             \
        orders[1] = good;                                                                                             \
        lines[1] = good_line;                                                                                         \
    } while (0)
    SPOILT(STOCKROOM_OPTION, orders[1].size = 0);
    SPOILT(STOCKROOM_OPTION, orders[1].size--);
    SPOILT(STOCKROOM_OPTION, orders[1].policy = 3);
    SPOILT(STOCKROOM_OPTION, orders[1].policy = INT32_MIN);
    SPOILT(STOCKROOM_NULL_ARGUMENT, orders[1].id.bytes = NULL);
    SPOILT(STOCKROOM_NULL_ARGUMENT, orders[1].channel.bytes = NULL);
    SPOILT(STOCKROOM_NULL_ARGUMENT, orders[1].currency.bytes = NULL);
    SPOILT(STOCKROOM_NULL_ARGUMENT, orders[1].lines = NULL);
    SPOILT(STOCKROOM_NULL_ARGUMENT, orders[1].lines = CROOKED(stockroom_line *, lines));
    SPOILT(STOCKROOM_NULL_ARGUMENT, lines[1].sku.bytes = NULL);
    SPOILT(STOCKROOM_LENGTH, orders[1].line_count = 0);
    SPOILT(STOCKROOM_LENGTH, orders[1].line_count = SIZE_MAX);
    SPOILT(STOCKROOM_LENGTH, orders[1].id.len = 65);
    SPOILT(STOCKROOM_LENGTH, orders[1].currency.len = SIZE_MAX - 1);
    SPOILT(STOCKROOM_LENGTH, lines[1].sku.len = 129);
    SPOILT(STOCKROOM_LENGTH, (orders[1].note = text("x"), orders[1].note.len = 2001));
    SPOILT(STOCKROOM_LENGTH, (orders[1].key = text("x"), orders[1].key.len = 129));
    SPOILT(STOCKROOM_LENGTH, (orders[1].hold = text("x"), orders[1].hold.len = 65));
    SPOILT(STOCKROOM_NOT_UTF8, orders[1].id = text("\xff"));
    SPOILT(STOCKROOM_NOT_UTF8, lines[1].sku = text("m\xfcg"));
    SPOILT(STOCKROOM_NOT_UTF8, orders[1].note = text("\xed\xa0\x80"));
    DONE(stockroom_digest(database, after));
    CHECK(memcmp(before, after, sizeof before) == 0);
}

static void tells(stockroom *database) {
    SAME(available(database, "mug", "main"), 30);
    SAME(available(database, "set", "main"), 15);
    SAME(available(database, "cup", "main"), 0);
    FILL(units);
    DONE(stockroom_available(database, "mugs", 3, "mainland", 4, units));
    SAME(units[0], 30);
    UNTOUCHED(units[1]);
    NOT_TOLD(STOCKROOM_NOT_FOUND, stockroom_available(database, "jug", NUL, "main", NUL, units));
    NOT_TOLD(STOCKROOM_NOT_FOUND, stockroom_available(database, "mug", NUL, "moon", NUL, units));
    NOT_TOLD(STOCKROOM_NOT_FOUND, stockroom_available(database, "", 0, "", 0, units));
    NOT_TOLD(STOCKROOM_NULL_ARGUMENT, stockroom_available(NULL, "mug", NUL, "main", NUL, units));
    NOT_TOLD(STOCKROOM_NULL_ARGUMENT, stockroom_available(database, NULL, 3, "main", NUL, units));
    NOT_TOLD(STOCKROOM_NULL_ARGUMENT, stockroom_available(database, "mug", NUL, NULL, NUL, units));
    NOT_TOLD(STOCKROOM_NULL_ARGUMENT, stockroom_available(database, "mug", NUL, "main", NUL, NULL));
    NOT_TOLD(STOCKROOM_NULL_ARGUMENT,
             stockroom_available(database, "mug", NUL, "main", NUL, CROOKED(int64_t *, units)));
    NOT_TOLD(STOCKROOM_STALE_HANDLE, stockroom_available(stale, "mug", NUL, "main", NUL, units));
    NOT_TOLD(STOCKROOM_NOT_UTF8, stockroom_available(database, "\x80", NUL, "main", NUL, units));
    NOT_TOLD(STOCKROOM_NOT_UTF8, stockroom_available(database, "mug", NUL, "\xc0\x80", NUL, units));
    NOT_TOLD(STOCKROOM_LENGTH, stockroom_available(database, "mug", 129, "main", NUL, units));
    NOT_TOLD(STOCKROOM_LENGTH, stockroom_available(database, "mug", NUL, "main", 65, units));
    char longest[129];
    memset(longest, 'x', sizeof longest);
    NOT_TOLD(STOCKROOM_NOT_FOUND, stockroom_available(database, longest, 128, longest, 64, units));
}

static void tells_many(stockroom *database) {
    const stockroom_text good[3] = {text("mug"), text("jug"), text("set")};
    stockroom_text skus[3] = {good[0], good[1], good[2]};
    FILL(units);
    DONE(stockroom_availability(database, "main", NUL, skus, 3, units));
    SAME(units[0], 30);
    SAME(units[1], STOCKROOM_UNKNOWN);
    SAME(units[2], 15);
    UNTOUCHED(units[3]);
    DONE(stockroom_availability(database, "moon", NUL, skus, 1, units));
    SAME(units[0], STOCKROOM_UNKNOWN);
    NOT_TOLD(STOCKROOM_NULL_ARGUMENT, stockroom_availability(NULL, "main", NUL, skus, 3, units));
    NOT_TOLD(STOCKROOM_NULL_ARGUMENT, stockroom_availability(database, NULL, NUL, skus, 3, units));
    NOT_TOLD(STOCKROOM_NULL_ARGUMENT, stockroom_availability(database, "main", NUL, NULL, 3, units));
    NOT_TOLD(STOCKROOM_NULL_ARGUMENT,
             stockroom_availability(database, "main", NUL, CROOKED(stockroom_text *, skus), 2, units));
    NOT_TOLD(STOCKROOM_NULL_ARGUMENT, stockroom_availability(database, "main", NUL, skus, 3, NULL));
    NOT_TOLD(STOCKROOM_NULL_ARGUMENT,
             stockroom_availability(database, "main", NUL, skus, 3, CROOKED(int64_t *, units)));
    NOT_TOLD(STOCKROOM_STALE_HANDLE, stockroom_availability(stale, "main", NUL, skus, 3, units));
    NOT_TOLD(STOCKROOM_LENGTH, stockroom_availability(database, "main", NUL, skus, 0, units));
    NOT_TOLD(STOCKROOM_LENGTH, stockroom_availability(database, "main", NUL, skus, STOCKROOM_LIST_MAX + 1, units));
    NOT_TOLD(STOCKROOM_LENGTH, stockroom_availability(database, "main", NUL, skus, SIZE_MAX, units));
    NOT_TOLD(STOCKROOM_LENGTH, stockroom_availability(database, "main", 65, skus, 3, units));
    NOT_TOLD(STOCKROOM_NOT_UTF8, stockroom_availability(database, "\xff", NUL, skus, 3, units));
    skus[2].bytes = NULL;
    NOT_TOLD(STOCKROOM_NULL_ARGUMENT, stockroom_availability(database, "main", NUL, skus, 3, units));
    skus[2] = text("\xff");
    NOT_TOLD(STOCKROOM_NOT_UTF8, stockroom_availability(database, "main", NUL, skus, 3, units));
    skus[2] = good[2];
    skus[2].len = 129;
    NOT_TOLD(STOCKROOM_LENGTH, stockroom_availability(database, "main", NUL, skus, 3, units));

    /* As many as there may be. */
    stockroom_text *many = malloc(STOCKROOM_LIST_MAX * sizeof *many);
    int64_t *told = malloc(STOCKROOM_LIST_MAX * sizeof *told);
    CHECK(many != NULL && told != NULL);
    for (size_t index = 0; index < STOCKROOM_LIST_MAX; index++) {
        many[index] = good[index % 3];
    }
    DONE(stockroom_availability(database, "main", NUL, many, STOCKROOM_LIST_MAX, told));
    for (size_t index = 0; index < STOCKROOM_LIST_MAX; index++) {
        SAME(told[index], index % 3 == 0 ? 30 : index % 3 == 1 ? STOCKROOM_UNKNOWN : 15);
    }
    free(many);
    free(told);
}

static void names(void) {
    SAME_TEXT(stockroom_code_name(100), "key_invalid");
    const int32_t none[] = {0, -1, 1, 99, 9999, INT32_MIN, INT32_MAX};
    for (size_t index = 0; index < sizeof none / sizeof none[0]; index++) {
        CHECK(stockroom_code_name(none[index]) == NULL);
    }
}

int main(void) {
    stale = shop();
    DONE(stockroom_close(stale));
    stockroom *database = shop();
    tells(database);
    tells_many(database);
    places_nothing(database);
    places(database);
    names();
    close_sound(database);
    return 0;
}
