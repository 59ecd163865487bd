"""The tables of events in a PostgreSQL database, and the statements that write, remove and find events there."""

from broadsheet.live.events.stores.stored_rows import BLANK, COLUMNS, KIND_OF
from broadsheet.tables.event_schemas import EVENTS

VERSION = 2
"""Of the tables in the database."""
NAMES = ", ".join(EVENTS.names)
EXPLORED = "CREATE INDEX broadsheet_pages_explored ON broadsheet_events (user_id, time) WHERE explored > 0;"
UPGRADE = f"""
ALTER TABLE broadsheet_events ADD COLUMN explored bigint;
{EXPLORED}
UPDATE broadsheet_numbers SET version = 2;
"""
"""From version 1 of the tables."""
KINDS = {name: kind or "bigint" for name, kind in KIND_OF.items()}
MAKING = 5_047_511_082
"""Number of the lock that whoever makes the tables holds."""
TABLES = f"""
CREATE TABLE broadsheet_events ({", ".join(f"{name} {kind}" for name, kind in KINDS.items())},
    PRIMARY KEY (sequence), UNIQUE (event_id));
CREATE UNIQUE INDEX broadsheet_pages ON broadsheet_events (page_id) WHERE kind = 'page';
CREATE UNIQUE INDEX broadsheet_undone ON broadsheet_events (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX broadsheet_acts ON broadsheet_events (user_id) WHERE kind NOT IN ('page', 'view');
{EXPLORED}
CREATE TABLE broadsheet_numbers (last bigint NOT NULL, version integer NOT NULL);
INSERT INTO broadsheet_numbers VALUES (0, {VERSION});
""".replace(" text", ' text COLLATE "C"')
TYPED = ", ".join(f"{name} {KINDS[name]}" for name in COLUMNS)
SENT = ("place", *COLUMNS)
NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
"""Microseconds since 1970 by the clock of the server: the clocks of the machines that write may differ."""
APPEND = f"""
SELECT last FROM broadsheet_numbers FOR UPDATE;
WITH given AS (
    SELECT * FROM json_to_recordset(%(rows)s::json) AS t (place bigint, {TYPED})
), new AS (
    INSERT INTO broadsheet_events (sequence, received, {", ".join(COLUMNS)})
    SELECT last + row_number() OVER (ORDER BY place), (SELECT {NOW}), {", ".join(COLUMNS)}
    FROM given, broadsheet_numbers
    WHERE NOT EXISTS (SELECT 1 FROM broadsheet_events AS e WHERE e.event_id = given.event_id)
    AND NOT (kind = 'page' AND EXISTS (
        SELECT 1 FROM broadsheet_events AS e WHERE e.kind = 'page' AND e.page_id = given.page_id))
    AND NOT (undoes IS NOT NULL AND EXISTS (
        SELECT 1 FROM broadsheet_events AS e WHERE e.undoes IS NOT NULL AND e.undoes = given.undoes))
    ORDER BY place
    RETURNING event_id
), counted AS (UPDATE broadsheet_numbers SET last = last + (SELECT count(*) FROM new))
SELECT event_id FROM new
"""
"""Statements of one message are one transaction, and each sees what was committed before it began.

The first waits for the row of numbers, so the second sees all events that have a number.
"""
REMOVE = f"""
DELETE FROM broadsheet_events WHERE sequence <= %s AND sequence < coalesce(
    (SELECT sequence FROM broadsheet_events WHERE received >= (SELECT {NOW}) - %s
    ORDER BY sequence LIMIT 1), 9223372036854775807)
"""
_OF_READER = "user_id = %s AND least(time, received) <= %s"
PAGES_OF = f"SELECT page_id FROM broadsheet_events WHERE kind = 'page' AND {_OF_READER}"
_ASSIGNED = BLANK.format(random="md5(random()::text || sequence)").replace("%", "%%")
_UPDATE = f"UPDATE broadsheet_events SET {_ASSIGNED} WHERE kind <> 'forgotten'"
BLANK_READER, BLANK_PAGES = f"{_UPDATE} AND {_OF_READER}", f"{_UPDATE} AND page_id = ANY(%s)"
"""See `EventStore.blank`; a percent sign of the assignments is doubled for the driver."""
NUMBER_BEHIND = "UPDATE broadsheet_numbers SET last = %s WHERE last < %s"
"""New events have numbers behind those in the corpus, and behind those of the newsroom's own store before this one."""
AMONG = {
    "event_id": "event_id = ANY(%s)",
    "undoes": "undoes = ANY(%s)",
    "user_id": "user_id = ANY(%s) AND kind NOT IN ('page', 'view')",
    "page_id": "page_id = ANY(%s) AND kind = 'page'",
    "explored": "user_id = ANY(%s) AND explored > 0 AND received >= %s",
}
