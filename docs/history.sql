-- Any day of a store in DuckDB, without lineage: run this in the store's folder, then for instance
--     SELECT * FROM edges_on('2026-11-30');
-- A day is answered by the newest snapshot of everything that was taken by its end, UTC. Never read
-- `*/models.parquet` of all folders as a history: a snapshot that keeps changes alone has no such file.
-- Not while a crawl writes its draft into this store: DuckDB reads no file that is not finished, of
-- whatever folder. After a run that was killed, the next crawl takes away what it left.

SET TimeZone = 'UTC';

CREATE OR REPLACE VIEW snapshots AS
SELECT id, origin.kind AS kind, origin.taken_at::TIMESTAMPTZ AS taken_at, models, edges, tombstones,
       previous, builds_on.id AS builds_on, map_keys(builds_on.files) AS changes_of
FROM read_json('*/manifest.json', columns = {
    id: 'VARCHAR', models: 'BIGINT', edges: 'BIGINT', tombstones: 'BIGINT', previous: 'VARCHAR',
    origin: 'STRUCT(kind VARCHAR, taken_at VARCHAR)',
    builds_on: 'STRUCT(id VARCHAR, files MAP(VARCHAR, VARCHAR))'});

CREATE OR REPLACE MACRO snapshot_on(day) AS (
    SELECT max_by(id, (taken_at, id)) FROM snapshots
    WHERE kind <> 'below' AND taken_at < day::DATE + INTERVAL 1 DAY);

-- The folders that a snapshot is read from: its own, the one it builds on, and so on; `shared` are
-- the tables of which those above keep changes alone.
CREATE OR REPLACE VIEW parts AS
WITH RECURSIVE part AS (
    SELECT id, id AS folder, 0 AS depth, builds_on, changes_of, changes_of AS shared FROM snapshots
    UNION ALL
    SELECT part.id, below.id, depth + 1, below.builds_on, below.changes_of,
           list_intersect(shared, part.changes_of)
    FROM part JOIN snapshots AS below ON below.id = part.builds_on)
SELECT id, folder, depth, shared FROM part;

-- Tables of which changes alone may be kept: rows hold unless a folder above says otherwise. Those
-- of edges, counts and tombstones say so themselves; numbers of nodes are left out, since those of one folder
-- are not those of another: join by key.
CREATE OR REPLACE MACRO edges_on(day) AS TABLE
WITH asked AS (
    SELECT folder, depth FROM parts
    WHERE id = (SELECT snapshot_on(day)) AND (depth = 0 OR list_contains(shared, 'edges.parquet'))),
rows AS (
    SELECT *, split_part(filename, '/', -1) = 'edges.parquet' AS is_whole
    FROM (SELECT *, split_part(filename, '/', -2) AS folder
          FROM read_parquet('*/edges*.parquet', filename = true, union_by_name = true)
          UNION ALL BY NAME SELECT NULL::BIGINT AS place, NULL::BIGINT AS replaces WHERE false)
    JOIN asked USING (folder))
SELECT rows.* EXCLUDE (child_node, parent_node, place, replaces, filename, folder, depth, is_whole) FROM rows
ANTI JOIN rows AS newer ON newer.child_key = rows.child_key AND newer.parent_key = rows.parent_key AND newer.depth < rows.depth
WHERE is_whole OR place IS NOT NULL;

CREATE OR REPLACE MACRO counts_on(day) AS TABLE
WITH asked AS (
    SELECT folder, depth FROM parts
    WHERE id = (SELECT snapshot_on(day)) AND (depth = 0 OR list_contains(shared, 'counts.parquet'))),
rows AS (
    SELECT *, split_part(filename, '/', -1) = 'counts.parquet' AS is_whole
    FROM (SELECT *, split_part(filename, '/', -2) AS folder
          FROM read_parquet('*/counts*.parquet', filename = true, union_by_name = true)
          UNION ALL BY NAME SELECT NULL::BIGINT AS place, NULL::BIGINT AS replaces WHERE false)
    JOIN asked USING (folder))
SELECT rows.* EXCLUDE (node, place, replaces, filename, folder, depth, is_whole) FROM rows
ANTI JOIN rows AS newer ON newer.key = rows.key AND newer.depth < rows.depth
WHERE is_whole OR place IS NOT NULL;

CREATE OR REPLACE MACRO tombstones_on(day) AS TABLE
WITH asked AS (
    SELECT folder, depth FROM parts
    WHERE id = (SELECT snapshot_on(day)) AND (depth = 0 OR list_contains(shared, 'tombstones.parquet'))),
rows AS (
    SELECT *, split_part(filename, '/', -1) = 'tombstones.parquet' AS is_whole
    FROM (SELECT *, split_part(filename, '/', -2) AS folder
          FROM read_parquet('*/tombstones*.parquet', filename = true, union_by_name = true)
          UNION ALL BY NAME SELECT NULL::BIGINT AS place, NULL::BIGINT AS replaces WHERE false)
    JOIN asked USING (folder))
SELECT rows.* EXCLUDE (place, replaces, filename, folder, depth, is_whole) FROM rows
ANTI JOIN rows AS newer ON newer.key = rows.key AND newer.depth < rows.depth
WHERE is_whole OR place IS NOT NULL;

-- Of the other tables changed.parquet says it. The patterns find the table, its changes and that
-- file; the empty rows name columns that a store without updates has nowhere.
CREATE OR REPLACE MACRO models_on(day) AS TABLE
WITH asked AS (
    SELECT folder, depth FROM parts
    WHERE id = (SELECT snapshot_on(day)) AND (depth = 0 OR list_contains(shared, 'models.parquet'))),
rows AS (
    SELECT *, split_part(filename, '/', -2) AS folder, split_part(filename, '/', -1) AS file
    FROM read_parquet('*/[mc][oh][da]*.parquet', filename = true, union_by_name = true)
    UNION ALL BY NAME SELECT NULL::BOOLEAN AS record, NULL::BOOLEAN AS claims, NULL::BIGINT AS row, NULL::BIGINT AS place WHERE false),
changed AS (SELECT key, depth FROM rows JOIN asked USING (folder) WHERE file = 'changed.parquet' AND record)
SELECT rows.* EXCLUDE (record, claims, row, place, filename, folder, file) FROM rows JOIN asked USING (folder)
ANTI JOIN changed ON changed.key = rows.key AND changed.depth < asked.depth
WHERE file IN ('models.parquet', 'models.changes.parquet');

CREATE OR REPLACE MACRO metrics_on(day) AS TABLE
WITH asked AS (
    SELECT folder, depth FROM parts
    WHERE id = (SELECT snapshot_on(day)) AND (depth = 0 OR list_contains(shared, 'metrics.parquet'))),
rows AS (
    SELECT *, split_part(filename, '/', -2) AS folder, split_part(filename, '/', -1) AS file
    FROM read_parquet('*/[mc][eh][ta]*.parquet', filename = true, union_by_name = true)
    UNION ALL BY NAME SELECT NULL::BOOLEAN AS record, NULL::BOOLEAN AS claims, NULL::BIGINT AS row, NULL::BIGINT AS place WHERE false),
changed AS (SELECT key, depth FROM rows JOIN asked USING (folder) WHERE file = 'changed.parquet' AND record)
SELECT rows.* EXCLUDE (record, claims, row, place, filename, folder, file) FROM rows JOIN asked USING (folder)
ANTI JOIN changed ON changed.key = rows.key AND changed.depth < asked.depth
WHERE file IN ('metrics.parquet', 'metrics.changes.parquet');

CREATE OR REPLACE MACRO evidence_on(day) AS TABLE
WITH asked AS (
    SELECT folder, depth FROM parts
    WHERE id = (SELECT snapshot_on(day)) AND (depth = 0 OR list_contains(shared, 'evidence.parquet'))),
rows AS (
    SELECT *, split_part(filename, '/', -2) AS folder, split_part(filename, '/', -1) AS file
    FROM read_parquet('*/[ec][vh][ia]*.parquet', filename = true, union_by_name = true)
    UNION ALL BY NAME SELECT NULL::BOOLEAN AS record, NULL::BOOLEAN AS claims, NULL::BIGINT AS row, NULL::VARCHAR AS key, NULL::BIGINT AS place WHERE false),
changed AS (SELECT key, depth FROM rows JOIN asked USING (folder) WHERE file = 'changed.parquet' AND coalesce(claims, true))
SELECT rows.* EXCLUDE (key, record, claims, row, place, filename, folder, file) FROM rows JOIN asked USING (folder)
ANTI JOIN changed ON changed.key = rows.child_key AND changed.depth < asked.depth
WHERE file IN ('evidence.parquet', 'evidence.changes.parquet');
