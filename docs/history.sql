-- Any day of a store in DuckDB, without lineage: run this in the store's folder, then for instance
--     SELECT * FROM edges_on('2026-11-30');
-- A day is answered by the newest snapshot of everything that was taken by its end, UTC. Never read
-- `*/models.parquet` of all folders as a history: an update that keeps changes alone has no such file.

SET TimeZone = 'UTC';

CREATE OR REPLACE VIEW snapshots AS
SELECT id, origin.kind AS kind, origin.taken_at::TIMESTAMPTZ AS taken_at, models, edges, tombstones,
       previous, builds_on.id AS builds_on, coalesce(builds_on.id, id) AS base
FROM read_json('*/manifest.json', columns = {
    id: 'VARCHAR', models: 'BIGINT', edges: 'BIGINT', tombstones: 'BIGINT', previous: 'VARCHAR',
    origin: 'STRUCT(kind VARCHAR, taken_at VARCHAR)', builds_on: 'STRUCT(id VARCHAR)'});

CREATE OR REPLACE MACRO snapshot_on(day) AS (
    SELECT max_by(id, (taken_at, id)) FROM snapshots
    WHERE kind <> 'below' AND taken_at < day::DATE + INTERVAL 1 DAY);

-- Tables that are whole in every snapshot.
CREATE OR REPLACE MACRO edges_on(day) AS TABLE
SELECT * EXCLUDE filename FROM read_parquet('*/edges.parquet', filename = true, union_by_name = true)
WHERE split_part(filename, '/', -2) = (SELECT snapshot_on(day));

CREATE OR REPLACE MACRO counts_on(day) AS TABLE
SELECT * EXCLUDE filename FROM read_parquet('*/counts.parquet', filename = true, union_by_name = true)
WHERE split_part(filename, '/', -2) = (SELECT snapshot_on(day));

CREATE OR REPLACE MACRO tombstones_on(day) AS TABLE
SELECT * EXCLUDE filename
FROM read_parquet('*/tombstones.parquet', filename = true, union_by_name = true)
WHERE split_part(filename, '/', -2) = (SELECT snapshot_on(day));

-- Tables of which an update may keep changes alone: the rows of the snapshot it builds on, but for
-- those that changed, and the changes. The patterns find the table, its changes and changed.parquet;
-- the empty rows name columns that a store without updates has nowhere.
CREATE OR REPLACE MACRO models_on(day) AS TABLE
WITH asked AS (FROM snapshots WHERE id = (SELECT snapshot_on(day))),
rows AS (
    SELECT *, split_part(filename, '/', -2) AS folder, split_part(filename, '/', -1) AS file
    FROM read_parquet('*/[mc][oh][da]*.parquet', filename = true, union_by_name = true)
    UNION ALL BY NAME SELECT NULL::BOOLEAN AS record WHERE false),
changed AS (
    SELECT key FROM rows, asked
    WHERE folder = asked.id AND file = 'changed.parquet' AND record)
SELECT rows.* EXCLUDE (record, filename, folder, file) FROM rows, asked
WHERE (folder = asked.base AND file = 'models.parquet' AND key NOT IN (FROM changed))
   OR (folder = asked.id AND file = 'models.changes.parquet');

CREATE OR REPLACE MACRO metrics_on(day) AS TABLE
WITH asked AS (FROM snapshots WHERE id = (SELECT snapshot_on(day))),
rows AS (
    SELECT *, split_part(filename, '/', -2) AS folder, split_part(filename, '/', -1) AS file
    FROM read_parquet('*/[mc][eh][ta]*.parquet', filename = true, union_by_name = true)
    UNION ALL BY NAME SELECT NULL::BOOLEAN AS record WHERE false),
changed AS (
    SELECT key FROM rows, asked
    WHERE folder = asked.id AND file = 'changed.parquet' AND record)
SELECT rows.* EXCLUDE (record, filename, folder, file) FROM rows, asked
WHERE (folder = asked.base AND file = 'metrics.parquet' AND key NOT IN (FROM changed))
   OR (folder = asked.id AND file = 'metrics.changes.parquet');

CREATE OR REPLACE MACRO evidence_on(day) AS TABLE
WITH asked AS (FROM snapshots WHERE id = (SELECT snapshot_on(day))),
rows AS (
    SELECT *, split_part(filename, '/', -2) AS folder, split_part(filename, '/', -1) AS file
    FROM read_parquet('*/[ec][vh][ia]*.parquet', filename = true, union_by_name = true)
    UNION ALL BY NAME SELECT NULL::BOOLEAN AS record, NULL::VARCHAR AS key, NULL::BIGINT AS place WHERE false),
changed AS (SELECT key FROM rows, asked WHERE folder = asked.id AND file = 'changed.parquet')
SELECT rows.* EXCLUDE (key, record, place, filename, folder, file) FROM rows, asked
WHERE (folder = asked.base AND file = 'evidence.parquet' AND child_key NOT IN (FROM changed))
   OR (folder = asked.id AND file = 'evidence.changes.parquet');
