-- The shops behind channels, what they show, and the orders taken in from them. docs/schema.md says what each column
-- means. Times are milliseconds since the Unix epoch, UTC. Quantities are whole units.
-- Foreign keys name only rows that are never removed: a listing may go while another takes over its item, and the
-- delivery that a listing stands in may be gone before the listing hears of it.

CREATE TABLE stockroom_channel_settings (
    channel TEXT PRIMARY KEY REFERENCES stockroom_channels (channel),
    destination TEXT NOT NULL REFERENCES stockroom_destinations (destination),
    connected INTEGER NOT NULL CHECK (connected IN (0, 1)),
    buffer INTEGER NOT NULL CHECK (buffer >= 0),
    cap INTEGER CHECK (cap >= 0),
    drift TEXT NOT NULL,
    drift_after_ms INTEGER NOT NULL CHECK (drift_after_ms >= 0),
    batch_max INTEGER NOT NULL CHECK (batch_max > 0),
    shop_counts_down INTEGER NOT NULL CHECK (shop_counts_down IN (0, 1)),
    tell_shipments INTEGER NOT NULL CHECK (tell_shipments IN (0, 1)),
    open_batch INTEGER NOT NULL CHECK (open_batch >= 0),
    open_count INTEGER NOT NULL CHECK (open_count >= 0),
    batches INTEGER NOT NULL CHECK (batches >= 0),
    recount_after INTEGER CHECK (recount_after >= 0),
    reconciliation TEXT CHECK (json_valid(reconciliation)),
    orders_through_ms INTEGER NOT NULL CHECK (orders_through_ms >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE stockroom_listings (
    channel TEXT NOT NULL REFERENCES stockroom_channels (channel),
    sku_number INTEGER NOT NULL REFERENCES stockroom_skus (number),
    sku TEXT NOT NULL,
    item TEXT NOT NULL,
    buffer INTEGER CHECK (buffer >= 0),
    cap INTEGER CHECK (cap >= 0),
    state TEXT NOT NULL,
    why TEXT NOT NULL,
    desired INTEGER NOT NULL,
    sent INTEGER,
    acknowledged INTEGER,
    observed INTEGER,
    observed_at_ms INTEGER NOT NULL CHECK (observed_at_ms >= 0),
    unexplained INTEGER NOT NULL,
    drift_since_ms INTEGER NOT NULL CHECK (drift_since_ms >= 0),
    due_at_ms INTEGER NOT NULL CHECK (due_at_ms >= 0),
    delivery INTEGER NOT NULL CHECK (delivery >= 0),
    PRIMARY KEY (channel, sku_number)
) STRICT, WITHOUT ROWID;

-- Listings that are to be looked at again, in the order in which they are. Most wait for nothing but a change, and
-- have no entry.
CREATE INDEX stockroom_listings_due ON stockroom_listings (due_at_ms, channel, sku_number) WHERE due_at_ms > 0;

-- Finds a listing by the shop's name for it.
CREATE TABLE stockroom_listed_items (
    channel TEXT NOT NULL REFERENCES stockroom_channels (channel),
    item TEXT NOT NULL,
    sku_number INTEGER NOT NULL REFERENCES stockroom_skus (number),
    PRIMARY KEY (channel, item)
) STRICT, WITHOUT ROWID;

-- Finds the listings that a SKU's stock has a part in. Kept as one list: it is read as a whole whenever the stock
-- changes, and changes only when listings come and go.
CREATE TABLE stockroom_listed_skus (
    sku_number INTEGER PRIMARY KEY REFERENCES stockroom_skus (number),
    listings TEXT NOT NULL CHECK (json_valid(listings))
) STRICT;

CREATE TABLE stockroom_taken_orders (
    channel TEXT NOT NULL REFERENCES stockroom_channels (channel),
    id TEXT NOT NULL,
    order_number INTEGER REFERENCES stockroom_orders (number),
    reference TEXT NOT NULL,
    placed_at_ms INTEGER NOT NULL CHECK (placed_at_ms >= 0),
    updated_at_ms INTEGER NOT NULL CHECK (updated_at_ms >= 0),
    told_at_ms INTEGER NOT NULL CHECK (told_at_ms >= 0),
    lines TEXT NOT NULL CHECK (json_valid(lines)),
    PRIMARY KEY (channel, id)
) STRICT, WITHOUT ROWID;
