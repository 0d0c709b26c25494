-- What was said in the room between two times?
-- :room text  name of the room
-- :from time  from when on, UTC
-- :to end     until when, UTC; this moment no more
SELECT seq, at, username, message, erased
FROM audit_messages
WHERE room = :room AND at >= :from AND at < :to
ORDER BY seq;
