-- Deliveries under one number each, in place of a destination's name and a number: every delivery is looked for, changed and
-- removed a few times, and a relay does little else. docs/schema.md says what each column means.

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
