-- When were these two in a room at the same time?
-- Topic: Presence
-- :username text  one person
-- :other text     the other person
WITH theirs AS (
    SELECT username, room, joined_at, certain_until
    FROM audit_sessions
    WHERE username IN (:username, :other)
)
SELECT one.room,
       CASE WHEN one.joined_at > two.joined_at THEN one.joined_at ELSE two.joined_at END AS begun,
       CASE
           WHEN one.certain_until < two.certain_until THEN one.certain_until
           ELSE two.certain_until
       END AS ended
FROM theirs AS one
JOIN theirs AS two
    ON two.room = one.room
    AND two.joined_at < one.certain_until
    AND two.certain_until > one.joined_at
WHERE one.username = :username AND two.username = :other
ORDER BY begun, one.room, ended;
