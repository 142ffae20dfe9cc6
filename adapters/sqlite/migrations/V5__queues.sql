-- Deliveries that nobody has tried are taken in the order of their numbers, nearly always many at a time. So a place in that
-- order says which are taken, one row says the lease of all that were taken together, and the deliveries themselves stand
-- untouched until they are done. Only those that take their turn by time stand in an index over it: the ones that are tried
-- again, and those that were passed over. docs/schema.md says what each column means.

ALTER TABLE stockroom_outbox ADD COLUMN by_time INTEGER NOT NULL DEFAULT 1 CHECK (by_time IN (0, 1));

DROP INDEX stockroom_outbox_due;
CREATE INDEX stockroom_outbox_due ON stockroom_outbox (destination, due_at_ms) WHERE by_time = 1 AND state <> 'dead';

CREATE TABLE stockroom_queues (
    destination INTEGER PRIMARY KEY REFERENCES stockroom_destinations (number) ON DELETE CASCADE,
    taken_id INTEGER NOT NULL CHECK (taken_id >= destination << 44 AND taken_id <= last_id),
    last_id INTEGER NOT NULL CHECK (last_id < destination + 1 << 44),
    last_due_at_ms INTEGER NOT NULL CHECK (last_due_at_ms >= 0)
) STRICT;

CREATE TABLE stockroom_leases (
    first_id INTEGER PRIMARY KEY CHECK (first_id > destination << 44),
    last_id INTEGER NOT NULL CHECK (last_id >= first_id AND last_id < destination + 1 << 44),
    destination INTEGER NOT NULL REFERENCES stockroom_destinations (number) ON DELETE CASCADE,
    until_ms INTEGER NOT NULL CHECK (until_ms >= 0)
) STRICT;

DROP VIEW stockroom_deliveries;
CREATE VIEW stockroom_deliveries AS
SELECT d.destination, o.id & (1 << 44) - 1 AS number, o.key, iif(l.until_ms IS NULL, o.state, 'leased') AS state,
       o.attempts + (l.until_ms IS NOT NULL) AS attempts, o.failed, o.doubt, coalesce(l.until_ms, o.due_at_ms) AS due_at_ms,
       o.created_at_ms, o.why, o.body
FROM stockroom_outbox o JOIN stockroom_destinations d ON d.number = o.destination
LEFT JOIN stockroom_leases l
ON o.by_time = 0 AND l.last_id >= o.id AND l.first_id = (SELECT max(first_id) FROM stockroom_leases WHERE first_id <= o.id);
