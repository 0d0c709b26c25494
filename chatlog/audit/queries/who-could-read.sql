-- Who could read the room between two times, and which member event gave them the right?
-- Topic: Rights
-- Whoever had a role in the room, at any time in between, with the event that gave it and who did;
-- (anybody signed in) while the room was open. Scopes give the right as well: see who-looked.
-- :room text  name of the room
-- :from time  start, UTC
-- :to end     end (exclusive), UTC
WITH audit_given AS (
    SELECT seq, at, subject, username, role, until, "by"
    FROM audit_members
    WHERE room = :room AND at < :to
),
audit_moments AS (
    SELECT at FROM audit_given WHERE at > :from
    UNION
    SELECT until FROM audit_given WHERE until > :from AND until < :to
    UNION
    SELECT max(at) FROM (
        SELECT max(at) AS at FROM audit_given WHERE at <= :from
        UNION ALL
        SELECT max(until) FROM audit_given WHERE until <= :from
    ) AS before
),
audit_held AS (
    SELECT g.subject,
           g.username,
           g.role,
           g.seq,
           g.at,
           g."by",
           row_number() OVER (PARTITION BY m.at, g.subject ORDER BY g.seq DESC) AS nth
    FROM audit_moments AS m
    JOIN audit_given AS g ON g.at <= m.at AND (g.until IS NULL OR g.until > m.at)
)
SELECT subject, username, role, seq, at, "by"
FROM audit_held
WHERE nth = 1 AND role NOT IN ('none', 'banned')
UNION
SELECT NULL, '(anybody signed in)', 'member', state.seq, state.at, state.username
FROM audit_rooms AS state
WHERE state.room = :room
    AND state.access = 'open'
    AND state.at < :to
    AND NOT EXISTS (
        SELECT 1
        FROM audit_rooms AS later
        WHERE later.room = :room AND later.seq > state.seq AND later.at <= :from
    )
UNION
SELECT NULL, '(anybody signed in)', 'member', first.seq, first.at, first.username
FROM audit_events AS first
WHERE first.room = :room
    AND first.seq = 1
    AND first.type <> 'room'
    AND first.at < :to
    AND NOT EXISTS (
        SELECT 1 FROM audit_rooms AS later WHERE later.room = :room AND later.at <= :from
    )
ORDER BY seq, username;
