-- How active was the room each day?
-- Topic: Activity
-- :room text  name of the room
SELECT substr(hour, 1, 10) AS day,
       CAST(sum(chats) AS BIGINT) AS chats,
       CAST(sum(joins) AS BIGINT) AS joins,
       CAST(sum(leaves) AS BIGINT) AS leaves
FROM audit_activity
WHERE room = :room
GROUP BY substr(hour, 1, 10)
ORDER BY day;
