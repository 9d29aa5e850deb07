-- What `gatehouse doctor` asks about the file itself: SQLite's own tables, which other engines do not have.
-- name: database_schema
SELECT user_version AS n FROM pragma_user_version;
-- name: database_damage
SELECT quick_check AS fault FROM pragma_quick_check WHERE quick_check <> 'ok';
