-- What happened in any room between two times?
-- :from time  from when on, UTC
-- :to end     until when, UTC; this moment no more
SELECT at, room, seq, type, username, message, cause
FROM audit_events
WHERE at >= :from AND at < :to
ORDER BY at, position;
