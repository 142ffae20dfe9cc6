-- Warehouses, what they are asked to do, and what is handed to the outside. docs/schema.md says what each column means.
-- Times are milliseconds since the Unix epoch, UTC. Quantities are whole units.

CREATE TABLE stockroom_destinations (
    destination TEXT PRIMARY KEY,
    attempts_max INTEGER NOT NULL CHECK (attempts_max >= 0),
    age_max_ms INTEGER NOT NULL CHECK (age_max_ms >= 0),
    backoff_ms INTEGER NOT NULL CHECK (backoff_ms >= 0),
    backoff_max_ms INTEGER NOT NULL CHECK (backoff_max_ms >= 0),
    breaker_failures INTEGER NOT NULL CHECK (breaker_failures >= 0),
    breaker_open_ms INTEGER NOT NULL CHECK (breaker_open_ms >= 0),
    seed INTEGER NOT NULL,
    last_number INTEGER NOT NULL CHECK (last_number >= 0),
    failures INTEGER NOT NULL CHECK (failures >= 0),
    paused_until_ms INTEGER NOT NULL CHECK (paused_until_ms >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE stockroom_deliveries (
    destination TEXT NOT NULL REFERENCES stockroom_destinations (destination),
    number INTEGER NOT NULL CHECK (number > 0),
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    failed INTEGER NOT NULL CHECK (failed >= 0),
    doubt INTEGER NOT NULL CHECK (doubt IN (0, 1)),
    due_at_ms INTEGER NOT NULL CHECK (due_at_ms >= 0),
    created_at_ms INTEGER NOT NULL CHECK (created_at_ms >= 0),
    why TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (destination, number)
) STRICT, WITHOUT ROWID;

-- What is due is read from here in the order in which it is taken; dead letters are never due. Key and state are here
-- so that a search for what is due reads the two indexes alone, however long the documents are.
CREATE INDEX stockroom_deliveries_due ON stockroom_deliveries (destination, due_at_ms, number, key, state)
WHERE state <> 'dead';

-- Which delivery is the first with its key: those behind it wait.
CREATE INDEX stockroom_deliveries_by_key ON stockroom_deliveries (destination, key, number);

CREATE TABLE stockroom_warehouses (
    location INTEGER PRIMARY KEY REFERENCES stockroom_locations (number),
    destination TEXT NOT NULL REFERENCES stockroom_destinations (destination),
    stock TEXT NOT NULL,
    check_on_allocation INTEGER NOT NULL CHECK (check_on_allocation IN (0, 1)),
    stock_taken_at_ms INTEGER NOT NULL CHECK (stock_taken_at_ms >= 0)
) STRICT;

CREATE TABLE stockroom_fulfillment_orders (
    order_number INTEGER NOT NULL REFERENCES stockroom_orders (number),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    location INTEGER NOT NULL REFERENCES stockroom_locations (number),
    destination TEXT NOT NULL,
    state TEXT NOT NULL,
    delivery INTEGER NOT NULL CHECK (delivery >= 0),
    cancelling INTEGER NOT NULL CHECK (cancelling IN (0, 1)),
    reference TEXT,
    why TEXT NOT NULL,
    items TEXT NOT NULL CHECK (json_valid(items)),
    shipments TEXT NOT NULL CHECK (json_valid(shipments)),
    requested_at_ms INTEGER NOT NULL CHECK (requested_at_ms >= 0),
    PRIMARY KEY (order_number, sequence)
) STRICT, WITHOUT ROWID;

-- Messages from outside that were carried out, so that they are not carried out again.
CREATE TABLE stockroom_inbox (
    source TEXT NOT NULL,
    message TEXT NOT NULL,
    at_ms INTEGER NOT NULL CHECK (at_ms >= 0),
    PRIMARY KEY (source, message)
) STRICT, WITHOUT ROWID;

CREATE VIEW stockroom_fulfillments AS
SELECT o.id || '-' || f.sequence AS fulfillment, o.id AS order_id, l.location, f.destination, f.state,
       nullif(f.delivery, 0) AS delivery, f.cancelling, f.reference, f.why, f.requested_at_ms
FROM stockroom_fulfillment_orders f
JOIN stockroom_orders o ON o.number = f.order_number
JOIN stockroom_locations l ON l.number = f.location;

CREATE VIEW stockroom_fulfillment_items AS
SELECT o.id || '-' || f.sequence AS fulfillment, o.id AS order_id, (item.value ->> 'line') + 1 AS line,
       item.value ->> 'sku' AS sku,
       item.value ->> 'quantity' AS quantity,
       item.value ->> 'shipped' AS shipped
FROM stockroom_fulfillment_orders f
JOIN stockroom_orders o ON o.number = f.order_number, json_each(f.items) AS item;
