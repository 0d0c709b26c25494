-- Who was disconnected when a server died?
-- Topic: Servers
-- certain_until is when they were last known to be there; left_at is when the log recorded it.
SELECT node, room, username, certain_until, left_at, left_seq
FROM audit_sessions
WHERE cause = 'lapsed'
ORDER BY left_at, room, left_seq;
