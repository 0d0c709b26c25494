-- Who could have seen this message?
-- Topic: Messages
-- Open: present. Uncertain: present in the log, but their server had died. Replayed: received it
-- on joining later. Anybody who was in the room afterwards may also have paged back to it. Where
-- people have proved who they are, possible is whoever a role, or an open room, let read it then
-- or later, joined or not.
-- :room text  name of the room
-- :seq seq    the message
WITH audit_event AS (
    SELECT seq, at FROM audit_events WHERE room = :room AND seq = :seq
),
audit_seen AS (
    SELECT w.username, w.certainty, w.session, w.joined_seq, w.left_seq, s.subject
    FROM audit_witnesses AS w
    JOIN audit_sessions AS s ON s.session = w.session
    WHERE w.room = :room AND w.seq = :seq
),
audit_given AS (
    SELECT subject, username, seq, at, role, until
    FROM audit_members
    WHERE room = :room AND subject <> '(erased)'
),
audit_states AS (
    SELECT 0 AS seq, '' AS at, 'open' AS access, 'all' AS history
    UNION ALL
    SELECT seq, at, access, history FROM audit_rooms WHERE room = :room
),
audit_stays AS (
    SELECT subject,
           min(joined_seq) AS first_seq,
           min(CASE WHEN joined_seq > :seq THEN joined_seq END) AS later_seq
    FROM audit_sessions
    WHERE room = :room
        AND subject <> '(erased)'
        AND EXISTS (SELECT 1 FROM audit_members)
    GROUP BY subject
),
audit_people AS (
    SELECT subject FROM audit_given
    UNION
    SELECT subject FROM audit_stays
    EXCEPT
    SELECT subject FROM audit_seen
),
audit_changes AS (
    SELECT subject, seq, at FROM audit_given
    UNION
    SELECT subject, 9223372036854775807, until
    FROM audit_given
    WHERE until <= (SELECT max(seen_at) FROM audit_nodes)
),
audit_moments AS (
    SELECT subject, seq, at FROM audit_changes
    UNION
    SELECT p.subject, said.seq, said.at FROM audit_people AS p CROSS JOIN audit_event AS said
    UNION
    SELECT p.subject, s.seq, s.at
    FROM audit_people AS p
    CROSS JOIN audit_states AS s
    WHERE s.seq > :seq
    UNION
    SELECT t.subject, e.seq, e.at
    FROM audit_stays AS t
    JOIN audit_events AS e ON e.room = :room AND e.seq = t.later_seq
),
audit_ranked AS (
    SELECT m.subject,
           m.seq,
           m.at,
           coalesce(g.role, 'none') AS role,
           row_number() OVER (PARTITION BY m.subject, m.seq, m.at ORDER BY g.seq DESC) AS nth
    FROM audit_moments AS m
    LEFT JOIN audit_given AS g
        ON g.subject = m.subject
        AND g.seq <= m.seq
        AND g.at <= m.at
        AND (g.until IS NULL OR g.until > m.at)
),
audit_roles AS (
    SELECT subject, seq, at, role, role NOT IN ('none', 'banned') AS has
    FROM audit_ranked
    WHERE nth = 1
),
audit_rises AS (
    SELECT subject, seq, at
    FROM (
        SELECT r.subject,
               r.seq,
               r.at,
               r.has,
               lag(r.has) OVER (PARTITION BY r.subject ORDER BY r.at, r.seq) AS had
        FROM audit_roles AS r
        JOIN audit_changes AS c ON c.subject = r.subject AND c.seq = r.seq AND c.at = r.at
    ) AS steps
    WHERE has AND (had IS NULL OR NOT had)
),
audit_rights AS (
    SELECT r.subject,
           r.seq,
           r.at,
           r.role,
           r.has
               OR r.role = 'none' AND (
                   SELECT s.access
                   FROM audit_states AS s
                   WHERE s.seq <= r.seq AND s.at <= r.at
                   ORDER BY s.seq DESC
                   LIMIT 1
               ) = 'open' AS may_read,
           (
               SELECT s.history
               FROM audit_states AS s
               WHERE s.seq <= r.seq AND s.at <= r.at
               ORDER BY s.seq DESC
               LIMIT 1
           ) AS history
    FROM audit_roles AS r
    CROSS JOIN audit_event AS said
    WHERE r.at > said.at OR r.at = said.at AND r.seq >= said.seq
),
audit_possible AS (
    SELECT DISTINCT r.subject
    FROM audit_rights AS r
    CROSS JOIN audit_event AS said
    LEFT JOIN audit_stays AS t ON t.subject = r.subject
    WHERE (NOT r.may_read AND r.seq = t.later_seq)
        OR (
            r.may_read
            AND (
                r.history = 'all'
                OR r.role IN ('moderator', 'owner')
                OR coalesce(
                    (
                        SELECT CASE WHEN i.seq < 9223372036854775807 THEN i.seq <= said.seq
                                    ELSE i.at <= said.at END
                        FROM audit_rises AS i
                        WHERE i.subject = r.subject AND i.seq <= r.seq AND i.at <= r.at
                        ORDER BY i.at DESC, i.seq DESC
                        LIMIT 1
                    ),
                    t.first_seq <= said.seq
                )
            )
        )
)
SELECT username, certainty, session, joined_seq, left_seq
FROM (
    SELECT username, certainty, session, joined_seq, left_seq FROM audit_seen
    UNION ALL
    SELECT coalesce(
               s.username,
               (
                   SELECT max(named.username)
                   FROM audit_sessions AS named
                   WHERE named.room = :room AND named.joined_seq = t.first_seq
               ),
               (
                   SELECT g.username
                   FROM audit_given AS g
                   WHERE g.subject = p.subject
                   ORDER BY g.seq DESC
                   LIMIT 1
               )
           ),
           'possible',
           s.session,
           s.joined_seq,
           s.left_seq
    FROM audit_possible AS p
    JOIN audit_people AS known ON known.subject = p.subject
    LEFT JOIN audit_stays AS t ON t.subject = p.subject
    LEFT JOIN audit_sessions AS s ON s.room = :room AND s.joined_seq = t.later_seq
) AS witnesses
ORDER BY joined_seq IS NULL, joined_seq, username;
