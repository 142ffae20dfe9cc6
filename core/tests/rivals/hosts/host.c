/* The host of the scenarios in C: documents come in on standard input, one a line, go through libstockroom, and answers go
 * out. The lines are those of ../child.rs. Callers who come at once are threads that wait for each other at a barrier. */

#define _GNU_SOURCE

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stockroom.h>

static _Atomic int64_t now_ms;
static stockroom *database;

static int64_t tell(void *context) {
    (void)context;
    return atomic_load(&now_ms);
}

static void *must(void *memory) {
    if (memory == NULL) {
        perror("memory");
        exit(2);
    }
    return memory;
}

/* The answer as a line, for the caller to free. */
static char *answered(int32_t status, stockroom_document *document) {
    char *line = NULL;
    if (status != STOCKROOM_OK) {
        char *message = must(strdup(stockroom_last_error_message()));
        for (char *at = message; *at != 0; at++) {
            if (*at == '\n' || *at == '\t' || *at == '\r') *at = ' ';
        }
        if (asprintf(&line, "fail\t%d\t%d\t%s", status, stockroom_last_error_retryable(), message) < 0) exit(2);
        free(message);
        return line;
    }
    const char *text = NULL;
    size_t len = 0;
    if (stockroom_document_text(document, &text, &len) != STOCKROOM_OK) exit(3);
    if (asprintf(&line, "ok\t%s", text) < 0) exit(2);
    if (stockroom_document_free(document) != STOCKROOM_OK) exit(3);
    return line;
}

typedef int32_t call(const stockroom *, const char *, size_t, stockroom_document **);

static char *carried(call *call, const char *document) {
    stockroom_document *answer = NULL;
    int32_t status = call(database, document, STOCKROOM_NUL_TERMINATED, &answer);
    return answered(status, answer);
}

static void say(char *line) {
    puts(line);
    free(line);
}

/* Who comes, with documents between tabs. */
struct caller {
    char *documents;
    char **answers;
    size_t count;
    pthread_barrier_t *start;
    pthread_t thread;
};

static void *calls(void *state) {
    struct caller *caller = state;
    pthread_barrier_wait(caller->start);
    char *rest = caller->documents;
    for (size_t index = 0; index < caller->count; index++) {
        char *document = strsep(&rest, "\t");
        caller->answers[index] = carried(stockroom_execute, document);
    }
    return NULL;
}

static char *line_of(char **line, size_t *room) {
    ssize_t len = getline(line, room, stdin);
    if (len < 0) return NULL;
    if (len > 0 && (*line)[len - 1] == '\n') (*line)[len - 1] = 0;
    return *line;
}

static void together(size_t count) {
    struct caller *callers = must(calloc(count, sizeof *callers));
    pthread_barrier_t start;
    if (pthread_barrier_init(&start, NULL, (unsigned)count) != 0) exit(2);
    char *line = NULL;
    size_t room = 0;
    for (size_t index = 0; index < count; index++) {
        struct caller *caller = &callers[index];
        if (line_of(&line, &room) == NULL) exit(4);
        caller->documents = must(strdup(line));
        caller->count = 1;
        for (const char *at = caller->documents; *at != 0; at++) caller->count += *at == '\t';
        caller->answers = must(calloc(caller->count, sizeof *caller->answers));
        caller->start = &start;
    }
    for (size_t index = 0; index < count; index++) {
        if (pthread_create(&callers[index].thread, NULL, calls, &callers[index]) != 0) exit(2);
    }
    for (size_t index = 0; index < count; index++) {
        struct caller *caller = &callers[index];
        pthread_join(caller->thread, NULL);
        for (size_t answer = 0; answer < caller->count; answer++) say(caller->answers[answer]);
        free(caller->answers);
        free(caller->documents);
    }
    pthread_barrier_destroy(&start);
    free(callers);
    free(line);
}

static char *opened(const char *file) {
    stockroom_options options;
    int32_t status = stockroom_options_init(&options, sizeof options);
    options.clock = tell;
    if (status == STOCKROOM_OK) status = stockroom_open(file, STOCKROOM_NUL_TERMINATED, &options, &database);
    if (status != STOCKROOM_OK) return answered(status, NULL);
    return must(strdup("ok"));
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    while (line_of(&line, &room) != NULL) {
        char *rest = line;
        char *verb = strsep(&rest, "\t");
        const char *document = rest == NULL ? "" : rest;
        if (strcmp(verb, "open") == 0) {
            say(opened(document));
        } else if (strcmp(verb, "clock") == 0) {
            atomic_store(&now_ms, strtoll(document, NULL, 10));
            puts("ok");
        } else if (strcmp(verb, "execute") == 0) {
            say(carried(stockroom_execute, document));
        } else if (strcmp(verb, "batch") == 0) {
            say(carried(stockroom_execute_batch, document));
        } else if (strcmp(verb, "read") == 0) {
            say(carried(stockroom_read, document));
        } else if (strcmp(verb, "together") == 0) {
            together(strtoul(document, NULL, 10));
        } else if (strcmp(verb, "close") == 0) {
            if (stockroom_close(database) != STOCKROOM_OK) return 3;
            puts("ok");
            fflush(stdout);
            break;
        } else {
            fprintf(stderr, "no such verb: %s\n", verb);
            return 4;
        }
        fflush(stdout);
    }
    free(line);
    return 0;
}
