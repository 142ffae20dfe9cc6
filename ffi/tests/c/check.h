/* How the tests in C say what they expect. What does not hold says where, and ends the process. Every status that a
 * function was made to answer is printed as `provoked FUNCTION STATUS`: main.rs compares that with the header. */

#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stockroom.h"

static inline void check_failed(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: it does not hold: %s\n", file, line, what);
    fprintf(stderr, "the thread's last error: %d, %s: %s\n", (int)stockroom_last_error(),
            stockroom_last_error_operation(), stockroom_last_error_message());
    fflush(NULL);
    _Exit(1);
}

static inline void check_same(const char *file, int line, const char *what, long long found, long long expected) {
    if (found != expected) {
        fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, what, found, expected);
        check_failed(file, line, what);
    }
}

static inline void check_text(const char *file, int line, const char *what, const char *found, const char *expected) {
    if (strcmp(found, expected) != 0) {
        fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", file, line, what, found, expected);
        check_failed(file, line, what);
    }
}

static inline int check_retryable(int32_t status) {
    return status == STOCKROOM_BUSY || status == STOCKROOM_IO || status == STOCKROOM_FULL ||
           status == STOCKROOM_ABORTED || status == STOCKROOM_PANICKED || status == STOCKROOM_CALLBACK;
}

/* A call failed as it should: the status, and what the thread's last error tells of it. */
static inline void check_refused(const char *file, int line, const char *call, int32_t found, int32_t expected,
                                 const char *name) {
    check_same(file, line, call, found, expected);
    check_same(file, line, "the last error", stockroom_last_error(), expected);
    check_same(file, line, "whether it can be retried", stockroom_last_error_retryable(), check_retryable(expected));
    if (stockroom_last_error_message()[0] == '\0' || stockroom_last_error_operation()[0] == '\0') {
        check_failed(file, line, "the last error says something");
    }
    printf("provoked %.*s %s\n", (int)strcspn(call, "( "), call, name);
}

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
#define SAME(found, expected) check_same(__FILE__, __LINE__, #found, (long long)(found), (long long)(expected))
#define SAME_TEXT(found, expected) check_text(__FILE__, __LINE__, #found, (found), (expected))
#define DONE(call) check_same(__FILE__, __LINE__, #call, (call), STOCKROOM_OK)
#define REFUSED(status, call) check_refused(__FILE__, __LINE__, #call, (call), (status), #status)

/* Outputs are filled with a pattern before a call that is to fail. */
#define FILL(place) memset(&(place), 0xa5, sizeof(place))
#define UNTOUCHED(place) CHECK(check_untouched(&(place), sizeof(place)))

static inline int check_untouched(const void *place, size_t size) {
    const unsigned char *bytes = place;
    for (size_t index = 0; index < size; index++) {
        if (bytes[index] != 0xa5) {
            return 0;
        }
    }
    return 1;
}

#define NUL STOCKROOM_NUL_TERMINATED

/* A pointer that is aligned for nothing but bytes. */
#define CROOKED(type, place) ((type)(uintptr_t)((uintptr_t)(place) + 1))

#endif
