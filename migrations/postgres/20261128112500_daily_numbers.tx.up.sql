-- What happened each day, as numbers that are about nobody: charts read these instead of
-- counting the record or people. day is when it begins (UTC).
CREATE TABLE daily_numbers (
    day   BIGINT NOT NULL,
    kind  TEXT NOT NULL,
    label TEXT NOT NULL,
    n     BIGINT NOT NULL,
    PRIMARY KEY (day, kind, label)
);

-- Up to which place of the chain events were counted: one row.
CREATE TABLE daily_numbers_place (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL
);
