-- When were these two in a room at the same time?
-- :username text  one person
-- :other text     the other one
SELECT one.room,
       CASE WHEN one.joined_at > two.joined_at THEN one.joined_at ELSE two.joined_at END AS begun,
       CASE
           WHEN one.certain_until < two.certain_until THEN one.certain_until
           ELSE two.certain_until
       END AS ended
FROM audit_sessions AS one
JOIN audit_sessions AS two
    ON two.room = one.room
    AND two.joined_at < one.certain_until
    AND two.certain_until > one.joined_at
WHERE one.username = :username AND two.username = :other
ORDER BY begun, one.room, ended;
