-- What happened just before and after an event?
-- Topic: Messages
-- Ten events before it and ten after it.
-- :room text  name of the room
-- :seq seq    the event
SELECT seq, at, type, username, message, cause, erased
FROM audit_events
WHERE room = :room AND seq BETWEEN :seq - 10 AND :seq + 10
ORDER BY seq;
