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

-- number = SKU number x 65536 + location number, so that an update finds its row by the integer key. That the
-- quantities are in range is asserted by the engine before every write.
CREATE TABLE stockroom_stock (
    number INTEGER PRIMARY KEY,
    on_hand INTEGER NOT NULL,
    unavailable INTEGER NOT NULL,
    safety_stock INTEGER NOT NULL,
    held INTEGER NOT NULL,
    allocated INTEGER NOT NULL,
    backordered INTEGER NOT NULL,
    backorder_limit INTEGER NOT NULL,
    last_claim INTEGER NOT NULL
) STRICT;

-- Levels newer than those in stockroom_stock, until they are folded into it: one row a write,
-- [[number, on_hand, unavailable, safety_stock, held, allocated, backordered, backorder_limit, last_claim], ...].
-- An order changes three rows on three pages; written here they go to the end of one.
CREATE TABLE stockroom_stock_log (
    number INTEGER PRIMARY KEY,
    levels TEXT NOT NULL
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

-- The events of one or more commands that were committed together, in a row each 16 KiB or so:
-- [[first_number, number, at_ms, {"facts": [...], "stock": [...]}], ...], one entry a command.
CREATE TABLE stockroom_events (
    number INTEGER PRIMARY KEY,
    first_number INTEGER NOT NULL,
    commands TEXT NOT NULL
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

-- The stock rows as they are now: the newest entry of the log where there is one, else the row.
CREATE VIEW stockroom_stock_now AS
WITH logged AS (
    SELECT level.value AS level, level.value ->> 0 AS number,
           row_number() OVER (PARTITION BY level.value ->> 0 ORDER BY log.number DESC) AS age
    FROM stockroom_stock_log log, json_each(log.levels) AS level
)
SELECT t.number,
       coalesce(n.level ->> 1, t.on_hand) AS on_hand,
       coalesce(n.level ->> 2, t.unavailable) AS unavailable,
       coalesce(n.level ->> 3, t.safety_stock) AS safety_stock,
       coalesce(n.level ->> 4, t.held) AS held,
       coalesce(n.level ->> 5, t.allocated) AS allocated,
       coalesce(n.level ->> 6, t.backordered) AS backordered,
       coalesce(n.level ->> 7, t.backorder_limit) AS backorder_limit
FROM stockroom_stock t
LEFT JOIN logged n ON n.number = t.number AND n.age = 1;

CREATE VIEW stockroom_stock_levels AS
SELECT s.sku, l.location, t.on_hand, t.unavailable, t.safety_stock, t.held, t.allocated, t.backordered,
       t.backorder_limit,
       t.on_hand - t.unavailable - t.safety_stock - t.held - t.allocated AS available
FROM stockroom_stock_now t
JOIN stockroom_skus s ON s.number = t.number >> 16
JOIN stockroom_locations l ON l.number = t.number & 65535;

CREATE VIEW stockroom_order_lines AS
SELECT o.number AS order_number, o.id AS order_id, line.key + 1 AS line,
       line.value ->> 1 AS sku,
       line.value ->> 2 AS quantity,
       line.value ->> 3 AS unit_price_minor,
       coalesce(line.value ->> 4, 0) AS unfilled,
       coalesce(line.value ->> 5, 0) AS cancelled,
       coalesce(line.value ->> 6, 0) AS returned
FROM stockroom_orders o, json_each(o.body, '$.lines') AS line;

CREATE VIEW stockroom_allocations AS
SELECT o.number AS order_number, o.id AS order_id, (a.value ->> 0) + 1 AS line, l.location,
       a.value ->> 2 AS open,
       a.value ->> 3 AS why,
       coalesce(a.value ->> 4, 0) AS shipped,
       coalesce(a.value ->> 5, 0) AS backordered
FROM stockroom_orders o, json_each(o.body, '$.allocations') AS a
JOIN stockroom_locations l ON l.number = a.value ->> 1;

-- One row an event: the facts of each command first, then the stock levels that it changed. A placed order is
-- kept as an array and shown as the object that is published.
CREATE VIEW stockroom_event_list AS
SELECT (c.value ->> 0) + fact.key AS number, c.value ->> 2 AS at_ms, data.key AS name,
       CASE json_type(data.value)
           WHEN 'array' THEN json_object(
               'order', data.value ->> 0, 'number', data.value ->> 1, 'channel', data.value ->> 2,
               'currency', data.value ->> 3, 'state', data.value ->> 4, 'value_minor', data.value ->> 5,
               'lines', (SELECT json_group_array(json_object('sku', l.value ->> 0, 'quantity', l.value ->> 1,
                                                             'unit_price_minor', l.value ->> 2))
                         FROM json_each(data.value, '$[6]') AS l),
               'allocations', (SELECT json_group_array(json_object('line', a.value ->> 0, 'location', a.value ->> 1,
                                                                   'quantity', a.value ->> 2, 'why', a.value ->> 3,
                                                                   'backordered', a.value ->> 4))
                               FROM json_each(data.value, '$[7]') AS a))
           ELSE data.value
       END AS data
FROM stockroom_events e, json_each(e.commands) AS c, json_each(c.value, '$[3].facts') AS fact,
     json_each(fact.value) AS data
UNION ALL
SELECT (c.value ->> 0) + json_array_length(c.value, '$[3].facts') + level.key, c.value ->> 2, 'stock.changed',
       json_object('sku', level.value ->> 0, 'location', level.value ->> 1, 'on_hand', level.value ->> 2,
                   'unavailable', level.value ->> 3, 'safety_stock', level.value ->> 4, 'held', level.value ->> 5,
                   'allocated', level.value ->> 6, 'backordered', level.value ->> 7,
                   'backorder_limit', level.value ->> 8)
FROM stockroom_events e, json_each(e.commands) AS c, json_each(c.value, '$[3].stock') AS level;
