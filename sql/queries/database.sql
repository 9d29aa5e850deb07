-- What `gatehouse doctor` asks about the file itself: SQLite's own tables, which other engines do not have.
-- name: database_schema
SELECT user_version AS n FROM pragma_user_version;
-- name: database_damage
SELECT quick_check AS fault FROM pragma_quick_check WHERE quick_check <> 'ok';
-- All that can be wrong with it, and what `gatehouse restore` takes for a database of ours.
-- name: database_faults
SELECT integrity_check AS fault FROM pragma_integrity_check WHERE integrity_check <> 'ok';
-- name: database_tables
SELECT count(*) AS n, 5 AS wanted FROM sqlite_schema
WHERE type = 'table' AND name IN ('account', 'gateway', 'service', 'job', 'output');
