<?php

/**
 * Stockroom for PHP: libstockroom through FFI. PHP 8.1 or newer with ffi.enable=1 (or preloaded).
 *
 *     $shop = new Stockroom('shop.sqlite3');
 *     $shop->execute(['register_sku' => ['sku' => 'mug']]);
 *
 * Commands, reads and answers are the documents of docs/documents as arrays. A business "no" throws Rejected, a failure
 * throws StockroomError. Under a server that forks, open it in the worker, not before.
 */

declare(strict_types=1);

namespace Stockroom;

use FFI;
use FFI\CData;

/** A call failed. Its code is the status of include/stockroom.h; where it is `retryable`, send it again as it was. */
final class StockroomError extends \RuntimeException
{
    public function __construct(
        int $status,
        string $message,
        public readonly string $operation,
        public readonly bool $retryable,
    ) {
        parent::__construct($message, $status);
    }
}

/** A command was refused by the rules of the business, and changed nothing. `name` is one of docs/codes.md. */
final class Rejected extends \DomainException
{
    /** @param array<string, mixed> $rejection */
    public function __construct(public readonly array $rejection)
    {
        $this->name = $rejection['code'];
        parent::__construct($this->name);
    }

    public readonly string $name;
}

/** What became of one command: an answer, or a rejection. `repeated`: it was answered before, and not done again. */
final class Reply
{
    public function __construct(
        public readonly mixed $answer,
        public readonly ?array $rejection,
        public readonly bool $repeated,
    ) {
    }

    /** The reply itself; throws Rejected where the command was refused. */
    public function accepted(): self
    {
        return $this->rejection === null ? $this : throw new Rejected($this->rejection);
    }
}

/** An open database. It is closed when nothing holds the object any more, or by close(). */
final class Stockroom
{
    /** What of include/stockroom.h is used here, in its words: the tests compare it with the header. */
    public const DECLARATIONS = <<<'C'
        typedef struct stockroom stockroom;
        typedef struct stockroom_document stockroom_document;
        typedef struct stockroom_options stockroom_options;
        int32_t stockroom_abi_version(void);
        int32_t stockroom_open(const char *place, size_t len, const struct stockroom_options *options, struct stockroom **out);
        int32_t stockroom_close(struct stockroom *database);
        int32_t stockroom_execute(const struct stockroom *database, const char *command, size_t len, struct stockroom_document **out);
        int32_t stockroom_execute_batch(const struct stockroom *database, const char *commands, size_t len, struct stockroom_document **out);
        int32_t stockroom_preview(const struct stockroom *database, const char *command, size_t len, struct stockroom_document **out);
        int32_t stockroom_read(const struct stockroom *database, const char *read, size_t len, struct stockroom_document **out);
        int32_t stockroom_events(const struct stockroom *database, uint64_t after, uint32_t limit, struct stockroom_document **out);
        int32_t stockroom_available(const struct stockroom *database, const char *sku, size_t sku_len, const char *location, size_t location_len, int64_t *units);
        int32_t stockroom_verify(const struct stockroom *database, int32_t *holds, struct stockroom_document **report);
        int32_t stockroom_digest(const struct stockroom *database, uint8_t *digest);
        int32_t stockroom_document_text(const struct stockroom_document *document, const char **text, size_t *len);
        int32_t stockroom_document_free(struct stockroom_document *document);
        const char *stockroom_last_error_message(void);
        const char *stockroom_last_error_operation(void);
        int32_t stockroom_last_error_retryable(void);
        C;
    private const ABI_VERSION = 0;
    private const NOT_FOUND = 109;

    private static ?FFI $library = null;
    private ?CData $handle = null;

    /** Opens a path to an SQLite file, or `:memory:`. The library is STOCKROOM_LIBRARY's, or the system's. */
    public function __construct(string $place)
    {
        if (self::$library === null) {
            $file = getenv('STOCKROOM_LIBRARY') ?: 'libstockroom.so.' . self::ABI_VERSION;
            $library = FFI::cdef(self::DECLARATIONS, $file);
            if ($library->stockroom_abi_version() !== self::ABI_VERSION) {
                throw new \RuntimeException('libstockroom has ABI ' . $library->stockroom_abi_version());
            }
            self::$library = $library;
        }
        $handle = self::$library->new('stockroom *');
        $this->check(self::$library->stockroom_open($place, strlen($place), null, FFI::addr($handle)));
        $this->handle = $handle;
    }

    public function __destruct()
    {
        $this->close();
    }

    /** Closes the database. Closing twice does nothing. */
    public function close(): void
    {
        [$handle, $this->handle] = [$this->handle, null];
        if ($handle !== null) {
            $this->check(self::$library->stockroom_close($handle));
        }
    }

    /** Does one command, once for each key, and returns when it is durable. Throws Rejected. */
    public function execute(array $action, ?string $key = null): Reply
    {
        return self::reply($this->send('stockroom_execute', self::command($action, $key)))->accepted();
    }

    /**
     * Does many commands in one commit, each standing or falling alone. A command is `['action' => ..., 'key' => ...]`.
     *
     * @return list<Reply>
     */
    public function executeBatch(array $commands): array
    {
        return array_map(self::reply(...), $this->send('stockroom_execute_batch', array_values($commands)));
    }

    /** The reply that a command would get now. Changes nothing, and does not throw Rejected. */
    public function preview(array $action, ?string $key = null): Reply
    {
        return self::reply($this->send('stockroom_preview', self::command($action, $key)));
    }

    /** Answers a read of docs/documents/read.schema.json, such as `read('order', ['order' => 'o-1'])`. */
    public function read(string $name, array $arguments = []): mixed
    {
        return $this->send('stockroom_read', [$name => (object) $arguments]);
    }

    /** How many units can be promised; null where SKU or location is not registered. */
    public function available(string $sku, string $location): ?int
    {
        $units = FFI::new('int64_t');
        $status = self::$library->stockroom_available(
            $this->open(), $sku, strlen($sku), $location, strlen($location), FFI::addr($units)
        );
        if ($status === self::NOT_FOUND) {
            return null;
        }
        $this->check($status);
        return $units->cdata;
    }

    /**
     * Every event after a number as a CloudEvents 1.0 document, in order. Its `id` is the number to go on from.
     *
     * @return \Generator<array>
     */
    public function events(int $after = 0, int $page = 500): \Generator
    {
        while ($events = $this->document('stockroom_events', $after, $page)) {
            foreach ($events as $event) {
                yield $event;
            }
            $after = (int) end($events)['id'];
        }
    }

    /** Reads everything and checks every invariant. `ok` says whether all hold, `problems` what does not. */
    public function verify(): array
    {
        return $this->document('stockroom_verify', FFI::addr(FFI::new('int32_t')));
    }

    /** SHA-256 of the whole state in hexadecimal: equal digests mean equal rows. */
    public function digest(): string
    {
        $digest = FFI::new('uint8_t[32]');
        $this->check(self::$library->stockroom_digest($this->open(), FFI::addr($digest[0])));
        return bin2hex(FFI::string($digest, 32));
    }

    private function open(): CData
    {
        return $this->handle ?? throw new \LogicException('the database is closed');
    }

    private function send(string $function, array $document): mixed
    {
        $text = json_encode($document, JSON_THROW_ON_ERROR);
        return $this->document($function, $text, strlen($text));
    }

    /** Calls a function whose last argument takes a document, reads that and frees it. */
    private function document(string $function, mixed ...$arguments): mixed
    {
        $document = self::$library->new('stockroom_document *');
        $this->check(self::$library->$function($this->open(), ...$arguments, ...[FFI::addr($document)]));
        try {
            [$text, $length] = [self::$library->new('const char *'), FFI::new('size_t')];
            $this->check(self::$library->stockroom_document_text($document, FFI::addr($text), FFI::addr($length)));
            return json_decode(FFI::string($text, $length->cdata), true, 512, JSON_THROW_ON_ERROR);
        } finally {
            $this->check(self::$library->stockroom_document_free($document));
        }
    }

    private static function command(array $action, ?string $key): array
    {
        return $key === null ? ['action' => $action] : ['action' => $action, 'key' => $key];
    }

    private static function reply(array $reply): Reply
    {
        $outcome = $reply['outcome'];
        return new Reply($outcome['accepted'] ?? null, $outcome['rejected'] ?? null, $reply['repeated']);
    }

    /** Throws what the thread's last error tells. */
    private function check(int $status): void
    {
        if ($status !== 0) {
            $library = self::$library;
            throw new StockroomError(
                $status,
                $library->stockroom_last_error_message(),
                $library->stockroom_last_error_operation(),
                $library->stockroom_last_error_retryable() === 1,
            );
        }
    }
}
