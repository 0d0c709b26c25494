-- Which role did everybody have in the room at an event?
-- Topic: Rights
-- By member events alone: in an open room, everybody else is a member. Whoever has no role is not
-- listed; all whose subject is erased count as one.
-- :room text  name of the room
-- :seq seq    the event
SELECT subject, username, role, since_seq, until
FROM (
    SELECT m.subject,
           m.username,
           m.role,
           m.seq AS since_seq,
           m.until,
           row_number() OVER (PARTITION BY m.subject ORDER BY m.seq DESC) AS nth
    FROM audit_events AS e
    JOIN audit_members AS m
        ON m.room = e.room AND m.seq <= e.seq AND (m.until IS NULL OR m.until > e.at)
    WHERE e.room = :room AND e.seq = :seq AND m.room = :room
) AS standing
WHERE nth = 1 AND role <> 'none'
ORDER BY subject;
