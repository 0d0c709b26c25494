-- Which rooms are empty, and since when?
-- Topic: Presence
SELECT room, max(left_at) AS empty_since, count(*) AS sessions
FROM audit_sessions
GROUP BY room
HAVING count(left_seq) = count(*)
ORDER BY empty_since, room;
