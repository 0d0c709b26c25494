-- Who sent the most messages in the room between two times?
-- Topic: Activity
-- :room text  name of the room
-- :from time  start, UTC
-- :to end     end (exclusive), UTC
SELECT username,
       count(*) AS messages,
       min(at) AS first_at,
       max(at) AS last_at
FROM audit_messages
WHERE room = :room AND at >= :from AND at < :to
GROUP BY username
ORDER BY messages DESC, username;
