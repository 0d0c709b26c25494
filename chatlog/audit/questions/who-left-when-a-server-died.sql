-- Who was cut off when a server died?
-- Until certain_until they were surely there; left_at is when the log took note.
SELECT node, room, username, certain_until, left_at, left_seq
FROM audit_sessions
WHERE cause = 'lapsed'
ORDER BY left_at, room, left_seq;
