-- The first schema. The tables are for people too: docs/schema.md says what each column means.
-- Times are milliseconds since the Unix epoch, UTC. Quantities are whole units.

CREATE TABLE stockroom_skus (
    number INTEGER PRIMARY KEY,
    sku TEXT NOT NULL UNIQUE,
    components TEXT NOT NULL CHECK (json_valid(components))
) STRICT;

CREATE TABLE stockroom_locations (
    number INTEGER PRIMARY KEY,
    location TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE stockroom_channels (
    channel TEXT PRIMARY KEY,
    locations TEXT NOT NULL CHECK (json_valid(locations)),
    sourcing TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- number = SKU number x 65536 + location number, so that an update finds its row by the integer key.
CREATE TABLE stockroom_stock (
    number INTEGER PRIMARY KEY,
    on_hand INTEGER NOT NULL CHECK (on_hand >= 0),
    unavailable INTEGER NOT NULL CHECK (unavailable >= 0),
    safety_stock INTEGER NOT NULL CHECK (safety_stock >= 0),
    held INTEGER NOT NULL CHECK (held >= 0),
    allocated INTEGER NOT NULL CHECK (allocated >= backordered),
    backordered INTEGER NOT NULL CHECK (backordered >= 0),
    backorder_limit INTEGER NOT NULL CHECK (backorder_limit >= 0),
    last_claim INTEGER NOT NULL,
    sku_number INTEGER GENERATED ALWAYS AS (number >> 16) VIRTUAL,
    location_number INTEGER GENERATED ALWAYS AS (number & 65535) VIRTUAL
) STRICT;

CREATE TABLE stockroom_holds (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    lines TEXT NOT NULL CHECK (json_valid(lines)),
    claims TEXT NOT NULL CHECK (json_valid(claims))
) STRICT;

CREATE INDEX stockroom_holds_by_expiry ON stockroom_holds (expires_at_ms, number);

-- Which holds claim units of a stock row.
CREATE TABLE stockroom_held_stock (
    stock INTEGER NOT NULL,
    hold INTEGER NOT NULL REFERENCES stockroom_holds (number) ON DELETE CASCADE,
    units INTEGER NOT NULL CHECK (units > 0),
    PRIMARY KEY (stock, hold)
) STRICT, WITHOUT ROWID;

CREATE INDEX stockroom_held_stock_by_hold ON stockroom_held_stock (hold);

-- Which order lines wait for a stock row, first come first served.
CREATE TABLE stockroom_backorders (
    stock INTEGER NOT NULL,
    since INTEGER NOT NULL,
    order_number INTEGER NOT NULL,
    line INTEGER NOT NULL,
    PRIMARY KEY (stock, since, order_number, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE stockroom_movements (
    number INTEGER PRIMARY KEY,
    stock INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    reason TEXT NOT NULL,
    reference TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE stockroom_orders (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL,
    placed_at_ms INTEGER NOT NULL,
    closed_at_ms INTEGER,
    fingerprint BLOB NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE stockroom_events (
    number INTEGER PRIMARY KEY,
    first_number INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    facts TEXT NOT NULL
) STRICT;

CREATE TABLE stockroom_idempotency_keys (
    key TEXT PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    outcome TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE stockroom_subscriptions (
    subscription TEXT PRIMARY KEY,
    cursor INTEGER NOT NULL CHECK (cursor >= 0)
) STRICT, WITHOUT ROWID;

CREATE VIEW stockroom_stock_levels AS
SELECT s.sku, l.location, t.on_hand, t.unavailable, t.safety_stock, t.held, t.allocated, t.backordered,
       t.backorder_limit,
       t.on_hand - t.unavailable - t.safety_stock - t.held - t.allocated AS available
FROM stockroom_stock t
JOIN stockroom_skus s ON s.number = t.sku_number
JOIN stockroom_locations l ON l.number = t.location_number;

CREATE VIEW stockroom_order_lines AS
SELECT o.number AS order_number, o.id AS order_id, line.key + 1 AS line,
       line.value ->> 'sku' AS sku,
       line.value ->> 'quantity' AS quantity,
       line.value ->> 'unit_price_minor' AS unit_price_minor,
       coalesce(line.value ->> 'unfilled', 0) AS unfilled,
       coalesce(line.value ->> 'cancelled', 0) AS cancelled,
       coalesce(line.value ->> 'returned', 0) AS returned
FROM stockroom_orders o, json_each(o.body, '$.lines') AS line;

CREATE VIEW stockroom_allocations AS
SELECT o.number AS order_number, o.id AS order_id, (a.value ->> 'line') + 1 AS line, l.location,
       a.value ->> 'open' AS open,
       coalesce(a.value ->> 'backordered', 0) AS backordered,
       coalesce(a.value ->> 'shipped', 0) AS shipped,
       a.value ->> 'why' AS why
FROM stockroom_orders o, json_each(o.body, '$.allocations') AS a
JOIN stockroom_locations l ON l.number = a.value ->> 'location';

-- One row an event: the facts of each row first, then its stock levels.
CREATE VIEW stockroom_event_list AS
SELECT e.first_number + fact.key AS number, e.at_ms, data.key AS name, data.value AS data
FROM stockroom_events e, json_each(e.facts, '$.facts') AS fact, json_each(fact.value) AS data
UNION ALL
SELECT e.first_number + json_array_length(e.facts, '$.facts') + level.key, e.at_ms, 'stock.changed',
       json_object('sku', level.value ->> 0, 'location', level.value ->> 1, 'on_hand', level.value ->> 2,
                   'unavailable', level.value ->> 3, 'safety_stock', level.value ->> 4, 'held', level.value ->> 5,
                   'allocated', level.value ->> 6, 'backordered', level.value ->> 7,
                   'backorder_limit', level.value ->> 8)
FROM stockroom_events e, json_each(e.facts, '$.stock') AS level;
