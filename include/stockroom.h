/*
 * Stockroom: an embeddable engine for orders and stock. CONTRACT.md says who frees what, what is valid until when, and
 * what threads, forks and callbacks may do. Made of the Rust sources by `cargo xtask header`: do not edit.
 */

#ifndef STOCKROOM_H
#define STOCKROOM_H

#include <stddef.h>
#include <stdint.h>

/* A length that says: the text ends with a NUL, find it. */
#define STOCKROOM_NUL_TERMINATED SIZE_MAX

/* Every function returns a stockroom_status as int32_t unless it says otherwise. On failure outputs are untouched. */


/*
 The version of the ABI: of functions, structs and numbers. It changes where a program has to be built anew.
 */
#define STOCKROOM_ABI_VERSION 0



/*
 The longest document that a call takes, in bytes: 64 MiB.
 */
#define STOCKROOM_DOCUMENT_MAX ((64 * 1024) * 1024)

/*
 The most entries of a list: orders of one call, SKUs of one read.
 */
#define STOCKROOM_LIST_MAX 100000

/*
 A commit waits for the disk: every acknowledged command survives a power cut. The default.
 */
#define STOCKROOM_DURABILITY_FULL 0

/*
 A crash of the process loses nothing, a power cut can lose the last commits; the database stays sound.
 */
#define STOCKROOM_DURABILITY_NORMAL 1

/*
 The availability of what is not registered, where many are read at once.
 */
#define STOCKROOM_UNKNOWN INT64_MIN

/*
 All or nothing. The default.
 */
#define STOCKROOM_ALL_OR_NOTHING 0

/*
 What is there is claimed; the rest is not promised.
 */
#define STOCKROOM_PARTIAL 1

/*
 What is not there is promised beyond stock, up to the backorder limit.
 */
#define STOCKROOM_BACKORDER 2

/*
 The state of an order that was refused: there is none.
 */
#define STOCKROOM_NO_ORDER 0

/*
 Every unit is claimed from stock.
 */
#define STOCKROOM_ALLOCATED 1

/*
 Some units are claimed, the others are not promised.
 */
#define STOCKROOM_PARTLY_ALLOCATED 2

/*
 Some units are promised beyond stock.
 */
#define STOCKROOM_BACKORDERED 3

/*
 What a call returns: 0 where it was done, and what went wrong otherwise. Below 100: the engine or its store
 failed. From 100: the call itself cannot be answered as it is.
 */
enum stockroom_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     It was done.
     */
    STOCKROOM_OK = 0,
    /*
     Somebody else holds the database and did not let go in time. Nothing was written. A retry can help.
     */
    STOCKROOM_BUSY = 1,
    /*
     The database could not be read or written. After a failed commit the outcome is open: send the same
     command with the same key again, and it takes effect once. A retry can help.
     */
    STOCKROOM_IO = 2,
    /*
     There is no room left. Nothing was written. A retry can help.
     */
    STOCKROOM_FULL = 3,
    /*
     Stored rows contradict each other or cannot be read.
     */
    STOCKROOM_CORRUPT = 4,
    /*
     The database was written by a newer version; it was left untouched.
     */
    STOCKROOM_SCHEMA_TOO_NEW = 5,
    /*
     The database or an option cannot be used with this build, or the file is not Stockroom's.
     */
    STOCKROOM_UNSUPPORTED = 6,
    /*
     A change would have broken an invariant. Nothing was written. This is a bug in Stockroom.
     */
    STOCKROOM_INVARIANT_BROKEN = 7,
    /*
     A panic ended this unit of work. Whether it was written is open, as after STOCKROOM_IO.
     */
    STOCKROOM_ABORTED = 8,
    /*
     A document is not what it should be; the message says where.
     */
    STOCKROOM_MALFORMED = 9,
    /*
     A pointer is NULL that may not be, or is not aligned.
     */
    STOCKROOM_NULL_ARGUMENT = 100,
    /*
     A text is not UTF-8.
     */
    STOCKROOM_NOT_UTF8 = 101,
    /*
     A text, a document or a list is longer than the function's limit, or a list is empty that may not be.
     */
    STOCKROOM_LENGTH = 102,
    /*
     A handle is no live one: it was freed, or was never given out, or is of another kind.
     */
    STOCKROOM_STALE_HANDLE = 103,
    /*
     A callback called back in.
     */
    STOCKROOM_REENTERED = 104,
    /*
     The process was forked after the first database was opened; the child can use nothing of it.
     */
    STOCKROOM_FORKED = 105,
    /*
     A bug in Stockroom was caught. The handle may be used on; a command in it is in doubt as after STOCKROOM_IO.
     */
    STOCKROOM_PANICKED = 106,
    /*
     There are too many live handles.
     */
    STOCKROOM_TOO_MANY = 107,
    /*
     A struct has another size than this library knows, or an option has no meaning to it.
     */
    STOCKROOM_OPTION = 108,
    /*
     What was asked for is not registered.
     */
    STOCKROOM_NOT_FOUND = 109,
    /*
     A callback said that it failed.
     */
    STOCKROOM_CALLBACK = 110,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum stockroom_status stockroom_status;
#else
typedef int32_t stockroom_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 An open database with its engine. Any thread may use it: calls that write share commits, all others take turns.
 */
typedef struct stockroom stockroom;

/*
 Reads a shop's orders from a time on, page by page. Threads take turns.
 */
typedef struct stockroom_backfill stockroom_backfill;

/*
 A conversation about one delivery. Threads take turns; what follows what is the host's affair.
 */
typedef struct stockroom_conversation stockroom_conversation;

/*
 A JSON document that a call gave back. Read it with stockroom_document_text, free it with
 stockroom_document_free. It never changes, so that any thread may read it.
 */
typedef struct stockroom_document stockroom_document;

/*
 How to speak with one warehouse or shop. Any thread may use it; conversations go on after it is freed.
 */
typedef struct stockroom_exchange stockroom_exchange;

/*
 A relay at work.
 */
typedef struct stockroom_relay stockroom_relay;

/*
 Reads the webhooks of one warehouse or shop. Any thread may use it.
 */
typedef struct stockroom_webhook stockroom_webhook;

/*
 Tells the time: milliseconds since the Unix epoch. It may jump; the engine never lets time go back before the
 last event. It may be called from any thread, also from several at once.
 */
typedef int64_t (*stockroom_clock)(void *context);

/*
 Is told of trouble that no caller waits for: what stands in a relay's way. `level` is 1 for a failure and 2 for a
 refusal. The text ends with a NUL and is valid during the call. It may be called from any thread, also from
 several at once.
 */
typedef void (*stockroom_log)(void *context, int32_t level, const char *message, size_t len);

/*
 How a database is opened. Fill it with stockroom_options_init, then change what you want otherwise.
 */
typedef struct stockroom_options {
    /*
     sizeof(stockroom_options), as stockroom_options_init sets it.
     */
    size_t size;
    /*
     STOCKROOM_DURABILITY_FULL or STOCKROOM_DURABILITY_NORMAL.
     */
    int32_t durability;
    /*
     How long to wait for another process that writes, in milliseconds.
     */
    uint32_t busy_timeout_ms;
    /*
     Memory for pages, in KiB.
     */
    uint32_t cache_kib;
    /*
     1, or 0 for a database that is created here and gets no checksums on its pages. With them what the disk turned is
     STOCKROOM_CORRUPT when it is read, and what another SQLite wrote over too, until its VACUUM takes them away.
     */
    uint32_t checksums;
    /*
     The clock; NULL for the machine's.
     */
    stockroom_clock clock;
    /*
     Passed to the clock as it is.
     */
    void *clock_context;
    /*
     Is told of trouble that no caller waits for; NULL for nobody.
     */
    stockroom_log log;
    /*
     Passed to the log as it is.
     */
    void *log_context;
} stockroom_options;

/*
 A text with its length in bytes, or STOCKROOM_NUL_TERMINATED.
 */
typedef struct stockroom_text {
    /*
     UTF-8.
     */
    const char *bytes;
    /*
     Its length in bytes, or STOCKROOM_NUL_TERMINATED.
     */
    size_t len;
} stockroom_text;

/*
 Takes events to the host's queue: `events` is an array of CloudEvents 1.0 documents with `count` entries, `len`
 bytes, valid during the call. It returns how many of them, from the first, the queue has confirmed; below 0 where
 it failed. What is not confirmed comes again.
 */
typedef int64_t (*stockroom_queue)(void *context, const char *events, size_t len, size_t count);

/*
 One line to order.
 */
typedef struct stockroom_line {
    /*
     The SKU, at most 128 bytes.
     */
    struct stockroom_text sku;
    /*
     Units, 1 to 1,000,000,000.
     */
    int64_t quantity;
    /*
     Price of one unit in minor units, from 0.
     */
    int64_t unit_price_minor;
} stockroom_line;

/*
 An order to place. Zero the struct, then fill it: what is zero has its default.
 */
typedef struct stockroom_order {
    /*
     sizeof(stockroom_order).
     */
    size_t size;
    /*
     The host's id, 1 to 64 bytes. It is the order's idempotency key, unless there is another.
     */
    struct stockroom_text id;
    /*
     The channel that it comes from.
     */
    struct stockroom_text channel;
    /*
     ISO 4217 code.
     */
    struct stockroom_text currency;
    /*
     What is ordered, 1 to 10,000 lines.
     */
    const struct stockroom_line *lines;
    /*
     How many lines.
     */
    size_t line_count;
    /*
     How shortages are met: STOCKROOM_ALL_OR_NOTHING, STOCKROOM_PARTIAL or STOCKROOM_BACKORDER.
     */
    int32_t policy;
    /*
     A hold whose units the order takes over; bytes NULL for none.
     */
    struct stockroom_text hold;
    /*
     The customer's note, at most 2,000 bytes; bytes NULL for none.
     */
    struct stockroom_text note;
    /*
     The idempotency key, at most 128 bytes; bytes NULL for the order's id.
     */
    struct stockroom_text key;
} stockroom_order;

/*
 What became of an order. All that the JSON reply tells besides is told by the read `order`.
 */
typedef struct stockroom_placed {
    /*
     0 where it was accepted; else the number of the rejection's code (docs/codes.md).
     */
    int32_t rejection;
    /*
     STOCKROOM_ALLOCATED, STOCKROOM_PARTLY_ALLOCATED, STOCKROOM_BACKORDERED; STOCKROOM_NO_ORDER where it was
     refused.
     */
    int32_t state;
    /*
     1 where this is the answer to the same order placed before, and nothing was done now; else 0.
     */
    int32_t repeated;
    /*
     The order's number, from 1; 0 where it was refused.
     */
    uint64_t number;
    /*
     The sum of quantity × price, in minor units; 0 where it was refused.
     */
    int64_t value_minor;
} stockroom_placed;

/*
 What a relay did so far.
 */
typedef struct stockroom_relay_counts {
    /*
     Fulfillment orders written.
     */
    uint64_t requested;
    /*
     Listings put into deliveries.
     */
    uint64_t queued;
    /*
     Attempts made.
     */
    uint64_t attempts;
    /*
     Attempts that began in doubt, so that it was looked first.
     */
    uint64_t looked_up;
    /*
     Deliveries done.
     */
    uint64_t done;
    /*
     Attempts that are to be repeated.
     */
    uint64_t retried;
    /*
     Deliveries that the destination refused.
     */
    uint64_t refused;
} stockroom_relay_counts;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 The library's version, such as `0.1.0`. Static: not to be freed.
 */
const char *stockroom_version(void);

/*
 The version of the ABI that the library has; compare it with STOCKROOM_ABI_VERSION of the header.
 */
int32_t stockroom_abi_version(void);

/*
 What this build has, separated by spaces: `sqlite memory shopify woocommerce wms` and, where it can run exchanges by
 itself, `http`, or `http-loaded` where it loads the library libstockroom-http for that. Static: not to be freed.
 */
const char *stockroom_features(void);

/*
 Fills options with the defaults. `size` is sizeof(stockroom_options), by which the library knows which fields your
 program was built with.

 Errors: STOCKROOM_NULL_ARGUMENT; STOCKROOM_OPTION where the size is that of another version.

 The host keeps: `options` is good for the write of `size` bytes.
 */
int32_t stockroom_options_init(struct stockroom_options *options,
                               size_t size);

/*
 Opens a database, creating it where there is none, and brings its tables up to date.

 `place`: a path to an SQLite file, or `sqlite:` and a path; `:memory:` for one that is gone when it is closed.
 `postgres:` is refused by this build. `options` may be NULL for the defaults.

 Several threads may use the handle, and several processes may open one file. Close it with stockroom_close.

 Errors: STOCKROOM_UNSUPPORTED, STOCKROOM_SCHEMA_TOO_NEW, STOCKROOM_BUSY, STOCKROOM_IO, STOCKROOM_FULL,
 STOCKROOM_CORRUPT, STOCKROOM_OPTION, STOCKROOM_NULL_ARGUMENT, STOCKROOM_NOT_UTF8, STOCKROOM_LENGTH (4,096 bytes).

 The host keeps: `place` is good for reads of `len` bytes, `options` points to one that is filled, `out` is good for
 a write; the callbacks may be called until the database is closed.
 */
int32_t stockroom_open(const char *place,
                       size_t len,
                       const struct stockroom_options *options,
                       struct stockroom **out);

/*
 Closes a database. Calls that other threads have under way end as they would; the file is closed when the last of
 them, and the last relay on it, has ended. NULL is allowed and does nothing.

 Errors: STOCKROOM_STALE_HANDLE where it was closed before.
 */
int32_t stockroom_close(struct stockroom *database);

/*
 Does one command and gives its reply, once it is durable. Calls from several threads share commits.

 `command`: docs/documents/command.schema.json; the reply: docs/documents/reply.schema.json. A command that is
 refused by the rules of the business is no error: the reply says `rejected`.

 Errors: STOCKROOM_MALFORMED and those of the engine. After STOCKROOM_IO, STOCKROOM_ABORTED or STOCKROOM_PANICKED
 the outcome is open: send the same command with the same key again.

 The host keeps: `command` is good for reads of `len` bytes, `out` for a write.
 */
int32_t stockroom_execute(const struct stockroom *database,
                          const char *command,
                          size_t len,
                          struct stockroom_document **out);

/*
 Does an array of commands in one commit, each standing or falling alone, and gives the array of their replies.

 Errors: as stockroom_execute; a failure means that none was done. At most 100,000 commands.

 The host keeps: as stockroom_execute.
 */
int32_t stockroom_execute_batch(const struct stockroom *database,
                                const char *commands,
                                size_t len,
                                struct stockroom_document **out);

/*
 Gives the reply that a command would get now, and changes nothing.

 Errors: as stockroom_execute.

 The host keeps: as stockroom_execute.
 */
int32_t stockroom_preview(const struct stockroom *database,
                          const char *command,
                          size_t len,
                          struct stockroom_document **out);

/*
 Answers a read: availability, orders, holds, events, dead letters, listings and all else that
 docs/documents/read.schema.json names. The answer of a read NAME is docs/documents/read.NAME.schema.json.

 Errors: STOCKROOM_MALFORMED; those of the engine.

 The host keeps: as stockroom_execute.
 */
int32_t stockroom_read(const struct stockroom *database,
                       const char *read,
                       size_t len,
                       struct stockroom_document **out);

/*
 Gives the events after a number as an array of CloudEvents 1.0 documents, in order: about `limit` of them, because
 those of one command come together. Begin with 0; go on with the `id` of the last one.

 Errors: STOCKROOM_LENGTH where the limit is not 1 to 10,000; those of the engine.

 The host keeps: `out` is good for a write.
 */
int32_t stockroom_events(const struct stockroom *database,
                         uint64_t after,
                         uint32_t limit,
                         struct stockroom_document **out);

/*
 Takes due deliveries of a destination to carry them out: each is leased for `lease_ms` milliseconds (1,000 to
 3,600,000), and nobody else gets it until then. Gives the reply to the command `take_deliveries`. Say what came of
 each with the command `report_delivery`.

 Errors: as stockroom_execute.

 The host keeps: `destination` is good for reads of `len` bytes, `out` for a write.
 */
int32_t stockroom_take(const struct stockroom *database,
                       const char *destination,
                       size_t len,
                       uint32_t max,
                       int64_t lease_ms,
                       struct stockroom_document **out);

/*
 Tells how many units of a SKU at a location can be promised: below 0 where units are backordered or short. Of a
 bundle: how many its components make.

 Errors: STOCKROOM_NOT_FOUND where SKU or location is not registered; STOCKROOM_LENGTH (128 bytes, 64 bytes); those
 of the engine.

 The host keeps: the texts are good for reads of their lengths, `units` for a write.
 */
int32_t stockroom_available(const struct stockroom *database,
                            const char *sku,
                            size_t sku_len,
                            const char *location,
                            size_t location_len,
                            int64_t *units);

/*
 Tells how many units of `count` SKUs (1 to 100,000) at one location can be promised, from one consistent state, in
 their order. `units` has room for as many; what is not registered is STOCKROOM_UNKNOWN.

 Errors: as stockroom_available, but STOCKROOM_NOT_FOUND.

 The host keeps: the lists and texts are good for reads, `units` for `count` writes.
 */
int32_t stockroom_availability(const struct stockroom *database,
                               const char *location,
                               size_t location_len,
                               const struct stockroom_text *skus,
                               size_t count,
                               int64_t *units);

/*
 Reads everything and checks every invariant. `holds` becomes 1 where all hold, else 0; the report
 (docs/documents/read.verify.schema.json) says what does not. `report` may be NULL.

 Errors: those of the engine. What does not hold is no error.

 The host keeps: `holds` and, where it is not NULL, `report` are good for writes.
 */
int32_t stockroom_verify(const struct stockroom *database,
                         int32_t *holds,
                         struct stockroom_document **report);

/*
 Gives the digest of the whole state, 32 bytes of SHA-256: equal digests mean equal rows, on every store and every
 machine. It reads everything.

 Errors: those of the engine.

 The host keeps: `digest` is good for the write of 32 bytes.
 */
int32_t stockroom_digest(const struct stockroom *database,
                         uint8_t *digest);

/*
 Hands a subscription's next events to the host's queue, about `limit` of them (1 to 10,000), and moves the
 subscription past those that the queue has confirmed. `source` says which system speaks, as a URI reference such
 as `/shops/berlin`. `published` becomes the number of events confirmed; 0 with STOCKROOM_OK means that there are
 none, so call it until then. Events come at least once, in order: after a crash some come again, with the same id.

 Errors: STOCKROOM_NOT_FOUND where there is no such subscription; STOCKROOM_CALLBACK where the queue failed or
 confirmed none; STOCKROOM_LENGTH; those of the engine.

 The host keeps: the texts are good for reads of their lengths, `published` for a write; the callback may be called.
 */
int32_t stockroom_publish(const struct stockroom *database,
                          const char *subscription,
                          size_t subscription_len,
                          const char *source,
                          size_t source_len,
                          uint32_t limit,
                          stockroom_queue queue,
                          void *context,
                          size_t *published);

/*
 Tells where a document's text is: UTF-8 with a NUL behind it, which does not count for `len`. `len` may be NULL.
 The text is valid until the document is freed.

 Errors: STOCKROOM_NULL_ARGUMENT, STOCKROOM_STALE_HANDLE.

 The host keeps: `text` and, where it is not NULL, `len` are good for writes.
 */
int32_t stockroom_document_text(const struct stockroom_document *document,
                                const char **text,
                                size_t *len);

/*
 Frees a document; its text is gone with it. NULL is allowed and does nothing.

 Errors: STOCKROOM_STALE_HANDLE where it was freed before.
 */
int32_t stockroom_document_free(struct stockroom_document *document);

/*
 Makes an exchange: how to speak with one warehouse or shop. `settings`:
 docs/documents/exchange_settings.schema.json. Secrets in them are kept, and shown nowhere but in requests. Free it
 with stockroom_exchange_free.

 Errors: STOCKROOM_MALFORMED, whose message repeats nothing of the settings; STOCKROOM_LENGTH.

 The host keeps: `settings` is good for reads of `len` bytes, `out` for a write.
 */
int32_t stockroom_exchange_open(const char *settings,
                                size_t len,
                                struct stockroom_exchange **out);

/*
 Frees an exchange. NULL is allowed and does nothing.

 Errors: STOCKROOM_STALE_HANDLE where it was freed before.
 */
int32_t stockroom_exchange_free(struct stockroom_exchange *exchange);

/*
 Begins the conversation about a delivery that stockroom_take gave: one entry of its `deliveries`. `turn` becomes
 the first turn (docs/documents/turn.schema.json): `ask` with a request to send, or `end` with the command that
 reports what came of it, for stockroom_execute. The lease is counted by the database's clock. Free the
 conversation with stockroom_conversation_free; given up before its end, the delivery comes again, in doubt.

 A request holds the keys of the warehouse or shop: keep it out of logs.

 Errors: STOCKROOM_MALFORMED where the document is no delivery; STOCKROOM_STALE_HANDLE; STOCKROOM_LENGTH.

 The host keeps: `delivery` is good for reads of `len` bytes, `out` and `turn` for writes.
 */
int32_t stockroom_conversation_begin(const struct stockroom *database,
                                     const struct stockroom_exchange *exchange,
                                     const char *delivery,
                                     size_t len,
                                     struct stockroom_conversation **out,
                                     struct stockroom_document **turn);

/*
 Takes in the answer to the last request, or that none came (docs/documents/answer.schema.json), and gives the next
 turn. After `end` the conversation is over.

 Errors: STOCKROOM_MALFORMED where the document is no answer, or nothing was asked: the conversation stands where it
 stood; STOCKROOM_STALE_HANDLE; STOCKROOM_LENGTH.

 The host keeps: `answer` is good for reads of `len` bytes, `turn` for a write.
 */
int32_t stockroom_conversation_answer(const struct stockroom *database,
                                      const struct stockroom_conversation *conversation,
                                      const char *answer,
                                      size_t len,
                                      struct stockroom_document **turn);

/*
 Frees a conversation. NULL is allowed and does nothing.

 Errors: STOCKROOM_STALE_HANDLE where it was freed before.
 */
int32_t stockroom_conversation_free(struct stockroom_conversation *conversation);

/*
 Makes a reader of webhooks. `settings`: docs/documents/webhook_settings.schema.json. Free it with
 stockroom_webhook_free.

 Errors: STOCKROOM_MALFORMED, whose message repeats nothing of the settings; STOCKROOM_LENGTH.

 The host keeps: `settings` is good for reads of `len` bytes, `out` for a write.
 */
int32_t stockroom_webhook_open(const char *settings, size_t len, struct stockroom_webhook **out);

/*
 Frees a reader of webhooks. NULL is allowed and does nothing.

 Errors: STOCKROOM_STALE_HANDLE where it was freed before.
 */
int32_t stockroom_webhook_free(struct stockroom_webhook *webhook);

/*
 Checks a webhook's signature over its raw body and reads it. `message`: docs/documents/incoming.schema.json.
 `told` (docs/documents/told.schema.json) becomes the commands to execute, or why it is ignored or refused, with the
 HTTP status to answer. The database is asked for the time alone; nothing is changed.

 Errors: STOCKROOM_MALFORMED where the document is no message; STOCKROOM_STALE_HANDLE; STOCKROOM_LENGTH. A bad
 signature is no error: `told` says `refused`.

 The host keeps: `message` is good for reads of `len` bytes, `told` for a write.
 */
int32_t stockroom_webhook_read(const struct stockroom *database,
                               const struct stockroom_webhook *webhook,
                               const char *message,
                               size_t len,
                               struct stockroom_document **told);

/*
 Begins to read a shop's orders that changed since a time, in milliseconds since the Unix epoch. `settings`:
 docs/documents/backfill_settings.schema.json. Free it with stockroom_backfill_free.

 Errors: STOCKROOM_MALFORMED, whose message repeats nothing of the settings; STOCKROOM_LENGTH.

 The host keeps: `settings` is good for reads of `len` bytes, `out` for a write.
 */
int32_t stockroom_backfill_open(const char *settings,
                                size_t len,
                                int64_t since_ms,
                                struct stockroom_backfill **out);

/*
 Gives the next request to send, or `null` where all was read.

 Errors: STOCKROOM_STALE_HANDLE.

 The host keeps: `request` is good for a write.
 */
int32_t stockroom_backfill_request(const struct stockroom *database,
                                   const struct stockroom_backfill *backfill,
                                   struct stockroom_document **request);

/*
 Takes in the answer to the last request (docs/documents/answer.schema.json) and gives what it brought
 (docs/documents/backfill.schema.json): commands to execute in their order, and whether there is more.

 Errors: STOCKROOM_MALFORMED; STOCKROOM_STALE_HANDLE; STOCKROOM_LENGTH.

 The host keeps: `answer` is good for reads of `len` bytes, `brought` for a write.
 */
int32_t stockroom_backfill_answer(const struct stockroom *database,
                                  const struct stockroom_backfill *backfill,
                                  const char *answer,
                                  size_t len,
                                  struct stockroom_document **brought);

/*
 Frees a backfill. NULL is allowed and does nothing.

 Errors: STOCKROOM_STALE_HANDLE where it was freed before.
 */
int32_t stockroom_backfill_free(struct stockroom_backfill *backfill);

/*
 The status of this thread's last call that failed; 0 where none did. It is not changed by calls that succeed.
 */
int32_t stockroom_last_error(void);

/*
 What went wrong in this thread's last call that failed, as a sentence for people and logs; empty where none did.
 Never NULL. Valid until another call fails on this thread, or the thread ends; not to be freed.
 */
const char *stockroom_last_error_message(void);

/*
 What failed in this thread's last call that did, as a short stable name such as `sqlite.commit`, or the name of
 the function. Never NULL. Valid as stockroom_last_error_message.
 */
const char *stockroom_last_error_operation(void);

/*
 1 where the same call can succeed later without anybody mending anything, else 0; of this thread's last call
 that failed. Retry a command with the same key or id.
 */
int32_t stockroom_last_error_retryable(void);

/*
 Places `count` orders (1 to 100,000) in one commit, each standing or falling alone, and writes what became of them
 to `placed`, which has room for as many. It returns when all are durable.

 Errors: STOCKROOM_NULL_ARGUMENT, STOCKROOM_NOT_UTF8, STOCKROOM_LENGTH, STOCKROOM_OPTION where an order cannot even
 be read; those of the engine. A failure means that none was placed, or, after STOCKROOM_IO, STOCKROOM_ABORTED
 and STOCKROOM_PANICKED, that it is open: place them again.

 The host keeps: the lists and texts are good for reads, `placed` for `count` writes.
 */
int32_t stockroom_place(const struct stockroom *database,
                        const struct stockroom_order *orders,
                        size_t count,
                        struct stockroom_placed *placed);

/*
 The name of a rejection's code, such as `insufficient_stock`, as JSON replies have it; NULL for a number that is
 none. Static: not to be freed.
 */
const char *stockroom_code_name(int32_t code);

/*
 Starts a relay: threads that react to events with fulfillment orders and fresh listings, take due deliveries to
 warehouses and shops over HTTP, and report what came of them, until stockroom_relay_stop. Any number of relays, in
 any number of processes, may work on one database. Trouble is told to the database's log.

 `settings`: docs/documents/relay_settings.schema.json. Secrets in it are kept, and never written or logged.

 Errors: STOCKROOM_MALFORMED; STOCKROOM_UNSUPPORTED where a value is out of range, or where the HTTP client is a library
 of its own, libstockroom-http, and that is not installed.

 The host keeps: `settings` is good for reads of `len` bytes, `out` for a write; clock and log may be called until
 the relay has stopped.
 */
int32_t stockroom_relay_start(const struct stockroom *database,
                              const char *settings,
                              size_t len,
                              struct stockroom_relay **out);

/*
 Has a relay look for work at once, for a host that knows that there is some. Without it work is found within the
 idle time.

 Errors: STOCKROOM_STALE_HANDLE.
 */
int32_t stockroom_relay_wake(const struct stockroom_relay *relay);

/*
 Tells what a relay did so far.

 Errors: STOCKROOM_STALE_HANDLE.

 The host keeps: `counts` is good for a write.
 */
int32_t stockroom_relay_read_counts(const struct stockroom_relay *relay,
                                    struct stockroom_relay_counts *counts);

/*
 Stops a relay and frees it: what is under way ends and is reported. It takes as long as the slowest attempt under
 way. `counts` becomes what it did; it may be NULL. A NULL relay is allowed: nothing is done or written.

 Errors: STOCKROOM_STALE_HANDLE where it was stopped before.

 The host keeps: `counts` is NULL or good for a write.
 */
int32_t stockroom_relay_stop(struct stockroom_relay *relay,
                             struct stockroom_relay_counts *counts);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* STOCKROOM_H */
