/* Carries a command log out through libstockroom and prints the digest of what came of it. Each line of the log is a list
 * of commands, done in one commit.
 *
 *     log FILE
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <stockroom.h>

static void need(int32_t status) {
    if (status == STOCKROOM_OK) return;
    fprintf(stderr, "%s\n", stockroom_last_error_message());
    exit(1);
}

int main(int argc, char **argv) {
    stockroom *database;
    stockroom_document *replies;
    FILE *log = argc == 2 ? fopen(argv[1], "r") : NULL;
    char *line = NULL;
    size_t room = 0, index;
    ssize_t length;
    uint8_t digest[32];
    if (!log) return fputs("usage: log FILE\n", stderr), 2;
    need(stockroom_open(":memory:", STOCKROOM_NUL_TERMINATED, NULL, &database));
    while ((length = getline(&line, &room, log)) > 0) {
        need(stockroom_execute_batch(database, line, (size_t)length, &replies));
        need(stockroom_document_free(replies));
    }
    need(stockroom_digest(database, digest));
    for (index = 0; index < sizeof digest; index++) printf("%02x", digest[index]);
    puts("");
    free(line);
    fclose(log);
    need(stockroom_close(database));
    return 0;
}
