-- What was said in the room between two times?
-- Topic: Messages
-- :room text  name of the room
-- :from time  start, UTC
-- :to end     end (exclusive), UTC
SELECT seq, at, username, message, erased
FROM audit_messages
WHERE room = :room AND at >= :from AND at < :to
ORDER BY seq;
