-- Who stayed longest at a time?
-- The twenty longest sessions of the room; of open ones, so far.
-- :room text  name of the room
SELECT username, seconds, joined_at, left_at, cause
FROM audit_sessions
WHERE room = :room
ORDER BY seconds DESC, joined_seq
LIMIT 20;
