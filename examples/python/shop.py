"""A small shop: takes goods in, holds a cart, sells, is told "no", reads events, and verifies itself.

    STOCKROOM_LIBRARY=.../libstockroom.so.0 python3 shop.py [SHOP.sqlite3]

Every command has a key, so that running it again on the same file changes nothing.
"""

import sys

from stockroom import Rejected, Stockroom


def main(place: str) -> int:
    with Stockroom(place) as shop:
        shop.execute({"register_location": {"location": "main"}}, key="location")
        shop.execute({"register_channel": {"channel": "web", "locations": ["main"]}}, key="channel")
        shop.execute({"subscribe": {"subscription": "mail", "from": "start"}}, key="mail")
        for sku, quantity in [("mug", 40), ("pot", 3)]:
            shop.execute({"register_sku": {"sku": sku}}, key=f"sku-{sku}")
            goods = {"location": "main", "lines": [{"sku": sku, "quantity": quantity}]}
            shop.execute({"receive_stock": goods}, key=f"goods-{sku}")

        # A cart holds its units for half an hour; the order takes them over.
        cart = {"hold": "cart-1", "channel": "web", "lives_ms": 1_800_000, "lines": [{"sku": "pot", "quantity": 2}]}
        shop.execute({"place_hold": cart}, key="cart-1")
        reply = shop.execute(order("o-1", "pot", 2, 2900, hold="cart-1"))
        placed = reply.answer["order_placed"]
        print(f"order {placed['order']}: {placed['state']}, {placed['value_minor'] / 100:.2f} EUR")

        # The same again is the same order, not another.
        again = shop.execute(order("o-1", "pot", 2, 2900, hold="cart-1"))
        print("sent again:", "repeated" if again.repeated else "TWICE")

        try:
            shop.execute(order("o-2", "pot", 2, 2900))
        except Rejected as rejected:
            print(f"order o-2: no, {rejected.code}")
        print("available:", dict(zip(["mug", "pot"], shop.availability(["mug", "pot"], "main"))))

        # A subscription has a place of its own: each event is handed over until it is confirmed.
        def mail(events):  # type: ignore[no-untyped-def]
            for event in events:
                if event["type"] == "stockroom.order.allocated.v1":
                    print("mail: thank you for", event["subject"])

        while shop.publish("mail", "/shops/example", mail) > 0:
            pass
        print("events:", sum(1 for _ in shop.events()))

        report = shop.verify()
        print("verify:", "ok" if report["ok"] else report["problems"])
        return 0 if report["ok"] else 1


def order(id: str, sku: str, quantity: int, unit_price_minor: int, **more: str) -> dict:
    line = {"sku": sku, "quantity": quantity, "unit_price_minor": unit_price_minor}
    return {"place_order": {"id": id, "channel": "web", "currency": "EUR", "lines": [line], **more}}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ":memory:"))
