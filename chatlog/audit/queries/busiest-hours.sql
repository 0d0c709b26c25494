-- Which were the room's busiest hours?
-- Topic: Activity
-- :room text  name of the room
SELECT hour, chats, joins, leaves, users
FROM audit_activity
WHERE room = :room
ORDER BY chats DESC, hour
LIMIT 20;
