-- Deliveries and fulfillment orders under one number each, in place of two columns: every delivery is looked for, changed and
-- removed a few times, with the fulfillment order that it hands over, and a relay does little else. docs/schema.md says what
-- each column means.

ALTER TABLE stockroom_destinations ADD COLUMN number INTEGER NOT NULL DEFAULT 0 CHECK (number BETWEEN 0 AND 524287);
UPDATE stockroom_destinations SET number = numbered.number
FROM (SELECT destination, row_number() OVER (ORDER BY destination) AS number FROM stockroom_destinations) AS numbered
WHERE numbered.destination = stockroom_destinations.destination;
CREATE UNIQUE INDEX stockroom_destinations_by_number ON stockroom_destinations (number);

CREATE TABLE stockroom_outbox (
    id INTEGER PRIMARY KEY CHECK (id > destination << 44 AND id < destination + 1 << 44),
    destination INTEGER NOT NULL REFERENCES stockroom_destinations (number),
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    failed INTEGER NOT NULL CHECK (failed >= 0),
    doubt INTEGER NOT NULL CHECK (doubt IN (0, 1)),
    due_at_ms INTEGER NOT NULL CHECK (due_at_ms >= 0),
    created_at_ms INTEGER NOT NULL CHECK (created_at_ms >= 0),
    why TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

INSERT INTO stockroom_outbox (id, destination, key, state, attempts, failed, doubt, due_at_ms, created_at_ms, why, body)
SELECT (d.number << 44) + o.number, d.number, o.key, o.state, o.attempts, o.failed, o.doubt, o.due_at_ms, o.created_at_ms,
       o.why, o.body
FROM stockroom_deliveries o JOIN stockroom_destinations d ON d.destination = o.destination ORDER BY 1;

DROP TABLE stockroom_deliveries;

-- What is due is read from here in the order in which it is taken; dead letters are never due.
CREATE INDEX stockroom_outbox_due ON stockroom_outbox (destination, due_at_ms) WHERE state <> 'dead';

-- Which delivery is the first with its key: those behind it wait.
CREATE INDEX stockroom_outbox_by_key ON stockroom_outbox (key, destination);

CREATE VIEW stockroom_deliveries AS
SELECT d.destination, o.id & (1 << 44) - 1 AS number, o.key, o.state, o.attempts, o.failed, o.doubt, o.due_at_ms,
       o.created_at_ms, o.why, o.body
FROM stockroom_outbox o JOIN stockroom_destinations d ON d.number = o.destination;

-- By way of a second copy: whoever renames a table has SQLite look at all views, and a host's own over this one would be
-- without it at that moment.
CREATE TABLE stockroom_moved AS SELECT * FROM stockroom_fulfillment_orders;

DROP VIEW stockroom_fulfillments;
DROP VIEW stockroom_fulfillment_items;
DROP TABLE stockroom_fulfillment_orders;

-- id = order number x 1048576 + sequence. The highest of either are never used, so that no row is found by more.
CREATE TABLE stockroom_fulfillment_orders (
    id INTEGER PRIMARY KEY CHECK (id = order_number << 20 | sequence),
    order_number INTEGER NOT NULL REFERENCES stockroom_orders (number)
        CHECK (order_number BETWEEN 0 AND (1 << 43) - 2),
    sequence INTEGER NOT NULL CHECK (sequence BETWEEN 1 AND (1 << 20) - 2),
    location INTEGER NOT NULL REFERENCES stockroom_locations (number),
    destination TEXT NOT NULL,
    state TEXT NOT NULL,
    delivery INTEGER NOT NULL CHECK (delivery >= 0),
    cancelling INTEGER NOT NULL CHECK (cancelling IN (0, 1)),
    reference TEXT,
    why TEXT NOT NULL,
    items TEXT NOT NULL CHECK (json_valid(items)),
    shipments TEXT NOT NULL CHECK (json_valid(shipments)),
    requested_at_ms INTEGER NOT NULL CHECK (requested_at_ms >= 0)
) STRICT;

INSERT INTO stockroom_fulfillment_orders (id, order_number, sequence, location, destination, state, delivery, cancelling,
    reference, why, items, shipments, requested_at_ms)
SELECT order_number << 20 | sequence, order_number, sequence, location, destination, state, delivery, cancelling, reference,
       why, items, shipments, requested_at_ms
FROM stockroom_moved ORDER BY order_number, sequence;

DROP TABLE stockroom_moved;

-- The order's number finds its rows by the range of their ids, and a row its order.
CREATE VIEW stockroom_fulfillments AS
SELECT o.id || '-' || f.sequence AS fulfillment, o.id AS order_id, l.location, f.destination, f.state,
       nullif(f.delivery, 0) AS delivery, f.cancelling, f.reference, f.why, f.requested_at_ms
FROM stockroom_fulfillment_orders f
JOIN stockroom_orders o ON o.number = f.order_number AND f.id > o.number << 20 AND f.id < o.number + 1 << 20
JOIN stockroom_locations l ON l.number = f.location;

CREATE VIEW stockroom_fulfillment_items AS
SELECT o.id || '-' || f.sequence AS fulfillment, o.id AS order_id, (item.value ->> 'line') + 1 AS line,
       item.value ->> 'sku' AS sku,
       item.value ->> 'quantity' AS quantity,
       item.value ->> 'shipped' AS shipped
FROM stockroom_fulfillment_orders f
JOIN stockroom_orders o ON o.number = f.order_number AND f.id > o.number << 20 AND f.id < o.number + 1 << 20,
     json_each(f.items) AS item;
