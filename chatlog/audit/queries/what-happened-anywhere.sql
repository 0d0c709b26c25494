-- What happened in any room between two times?
-- Topic: Messages
-- :from time  start, UTC
-- :to end     end (exclusive), UTC
SELECT at, room, seq, type, username, message, cause
FROM audit_events
WHERE at >= :from AND at < :to
ORDER BY at, position;
