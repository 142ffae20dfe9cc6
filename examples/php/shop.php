<?php

/*
 * A small shop: takes goods in, holds a cart, sells, is told "no", reads events, and verifies itself.
 *
 *     STOCKROOM_LIBRARY=.../libstockroom.so.0 php -d ffi.enable=1 shop.php [SHOP.sqlite3]
 *
 * Every command has a key, so that running it again on the same file changes nothing.
 */

declare(strict_types=1);

require __DIR__ . '/Stockroom.php';

use Stockroom\Rejected;
use Stockroom\Stockroom;

function order(string $id, string $sku, int $quantity, int $unit_price_minor, array $more = []): array
{
    $lines = [['sku' => $sku, 'quantity' => $quantity, 'unit_price_minor' => $unit_price_minor]];
    return ['place_order' => ['id' => $id, 'channel' => 'web', 'currency' => 'EUR', 'lines' => $lines] + $more];
}

$shop = new Stockroom($argv[1] ?? ':memory:');
$shop->execute(['register_location' => ['location' => 'main']], 'location');
$shop->execute(['register_channel' => ['channel' => 'web', 'locations' => ['main']]], 'channel');
foreach (['mug' => 40, 'pot' => 3] as $sku => $quantity) {
    $shop->execute(['register_sku' => ['sku' => $sku]], "sku-$sku");
    $goods = ['location' => 'main', 'lines' => [['sku' => $sku, 'quantity' => $quantity]]];
    $shop->execute(['receive_stock' => $goods], "goods-$sku");
}

// A cart holds its units for half an hour; the order takes them over.
$lines = [['sku' => 'pot', 'quantity' => 2]];
$cart = ['hold' => 'cart-1', 'channel' => 'web', 'lives_ms' => 1_800_000, 'lines' => $lines];
$shop->execute(['place_hold' => $cart], 'cart-1');
$order = order('o-1', 'pot', 2, 2900, ['hold' => 'cart-1']);
$placed = $shop->execute($order)->answer['order_placed'];
printf("order %s: %s, %.2f EUR\n", $placed['order'], $placed['state'], $placed['value_minor'] / 100);

// The same again is the same order, not another.
printf("sent again: %s\n", $shop->execute($order)->repeated ? 'repeated' : 'TWICE');

try {
    $shop->execute(order('o-2', 'pot', 2, 2900));
} catch (Rejected $rejected) {
    printf("order o-2: no, %s\n", $rejected->name);
}
printf("available: mug %d, pot %d\n", $shop->available('mug', 'main'), $shop->available('pot', 'main'));

foreach ($shop->events() as $event) {
    if ($event['type'] === 'stockroom.order.allocated.v1') {
        printf("event %s: thank you for %s\n", $event['id'], $event['subject']);
    }
}

$report = $shop->verify();
printf("verify: %s\n", $report['ok'] ? 'ok' : json_encode($report['problems']));
exit($report['ok'] ? 0 : 1);
