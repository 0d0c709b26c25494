-- How did sessions in the room end?
-- Topic: Presence
-- :room text  name of the room
SELECT coalesce(cause, 'still here') AS ending, count(*) AS sessions
FROM audit_sessions
WHERE room = :room
GROUP BY coalesce(cause, 'still here')
ORDER BY sessions DESC, ending;
