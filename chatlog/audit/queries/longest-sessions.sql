-- Which were the room's longest sessions?
-- Topic: Presence
-- The twenty longest. Open sessions count up to the last sign of life of their server.
-- :room text  name of the room
SELECT username, seconds, joined_at, left_at, cause
FROM audit_sessions
WHERE room = :room
ORDER BY seconds DESC, joined_seq
LIMIT 20;
