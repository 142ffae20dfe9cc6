<?php

/* Tests of Stockroom.php over the real library. STOCKROOM_HEADER names the header that it is held against. */

declare(strict_types=1);

require __DIR__ . '/Stockroom.php';

use Stockroom\Rejected;
use Stockroom\Stockroom;
use Stockroom\StockroomError;

function same(mixed $expected, mixed $found, string $what): void
{
    if ($expected !== $found) {
        throw new LogicException("$what: expected " . json_encode($expected) . ', found ' . json_encode($found));
    }
}

function thrown(string $class, callable $call): Throwable
{
    try {
        $call();
    } catch (Throwable $error) {
        same($class, $error::class, 'thrown: ' . $error->getMessage());
        return $error;
    }
    throw new LogicException("no $class was thrown");
}

function shop_with(int $mugs, string $place = ':memory:'): Stockroom
{
    $shop = new Stockroom($place);
    $shop->execute(['register_location' => ['location' => 'main']]);
    $shop->execute(['register_channel' => ['channel' => 'web', 'locations' => ['main']]]);
    $shop->execute(['register_sku' => ['sku' => 'mug']]);
    $shop->execute(['receive_stock' => ['location' => 'main', 'lines' => [['sku' => 'mug', 'quantity' => $mugs]]]]);
    return $shop;
}

function order(string $id, int $quantity): array
{
    $lines = [['sku' => 'mug', 'quantity' => $quantity, 'unit_price_minor' => 1250]];
    return ['place_order' => ['id' => $id, 'channel' => 'web', 'currency' => 'EUR', 'lines' => $lines]];
}

$tests = [
    'an order claims its units, once' => function (): void {
        $shop = shop_with(10);
        $reply = $shop->execute(order('o-1', 2));
        same([2500, false], [$reply->answer['order_placed']['value_minor'], $reply->repeated], 'the reply');
        same(true, $shop->execute(order('o-1', 2))->repeated, 'sent again');
        same(8, $shop->available('mug', 'main'), 'available');
        same('allocated', $shop->read('order', ['order' => 'o-1'])['state'], 'read back');
        same(['main'], $shop->read('locations'), 'a read without arguments');
        same(null, $shop->available('cup', 'main'), 'what is not registered');
    },
    'a refusal is thrown and changes nothing' => function (): void {
        $shop = shop_with(10);
        $rejected = thrown(Rejected::class, fn () => $shop->execute(order('o-1', 11)));
        same('insufficient_stock', $rejected->name, 'the code');
        same(10, $shop->available('mug', 'main'), 'available');
    },
    'a failure tells status, operation and retry' => function (): void {
        $shop = shop_with(10);
        $error = thrown(StockroomError::class, fn () => $shop->execute(['no_such_action' => (object) []]));
        same([9, false], [$error->getCode(), $error->retryable], 'status and retry');
        same(true, $error->operation !== '' && str_contains($error->getMessage(), 'no_such_action'), 'what it says');
        thrown(StockroomError::class, fn () => new Stockroom('/no/such/directory/shop.sqlite3'));
    },
    'commands of a batch stand alone' => function (): void {
        $shop = shop_with(10);
        $orders = [order('a', 6), order('b', 6), order('c', 4)];
        $replies = $shop->executeBatch(array_map(fn ($action) => ['action' => $action], $orders));
        same([true, false, true], array_map(fn ($reply) => $reply->rejection === null, $replies), 'accepted');
        same(0, $shop->available('mug', 'main'), 'available');
    },
    'a preview changes nothing' => function (): void {
        $shop = shop_with(10);
        $digest = $shop->digest();
        same(true, isset($shop->preview(order('o-1', 2))->answer['order_placed']), 'it would be placed');
        same('insufficient_stock', $shop->preview(order('o-1', 11))->rejection['code'], 'it would be refused');
        same($digest, $shop->digest(), 'the digest');
    },
    'events are paged in order' => function (): void {
        $shop = shop_with(10);
        foreach (range(1, 5) as $number) {
            $shop->execute(order("o-$number", 1));
        }
        $ids = fn (Generator $events): array => array_column(iterator_to_array($events, false), 'id');
        $every = $ids($shop->events());
        same(true, count($every) > 5, 'there are some');
        same($every, $ids($shop->events(0, 1)), 'one at a time');
        same(array_slice($every, 3), $ids($shop->events((int) $every[2])), 'from a place');
    },
    'what was answered is there when opened again' => function (): void {
        $path = tempnam(sys_get_temp_dir(), 'shop');
        $shop = shop_with(10, $path);
        $shop->execute(order('o-1', 3));
        $digest = $shop->digest();
        $shop->close();
        $shop->close();
        thrown(LogicException::class, fn () => $shop->verify());
        $shop = new Stockroom($path);
        same([$digest, 7], [$shop->digest(), $shop->available('mug', 'main')], 'the state');
        same(true, $shop->verify()['ok'], 'verify');
        unset($shop);
        array_map(unlink(...), glob("$path*"));
    },
    'the declarations are those of the header' => function (): void {
        $plain = fn (string $text): string => trim(preg_replace(['~/\*.*?\*/~s', '/\s+/'], ' ', $text));
        $header = $plain(file_get_contents(getenv('STOCKROOM_HEADER')));
        foreach (explode(';', $plain(Stockroom::DECLARATIONS)) as $declaration) {
            // Of the options no more is used than their name.
            if (trim($declaration) !== 'typedef struct stockroom_options stockroom_options') {
                same(true, str_contains($header, trim($declaration)), $declaration);
            }
        }
    },
];

foreach ($tests as $name => $test) {
    try {
        $test();
        echo "ok: $name\n";
    } catch (Throwable $error) {
        echo "FAILED: $name: $error\n";
        exit(1);
    }
}
