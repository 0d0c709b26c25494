-- Every stay of a connection in a room. `certain_until` is how long it was surely there, and
-- `seconds` counts to that: a server that died on Friday and came back on Monday has not had
-- visitors over the week-end.
-- `uncertain_after` is how long its user counts as there: for an open session on a server that is
-- not marked as ended, two durations of its lease more (``chatlog/audit/certainty.py``).
CREATE OR REPLACE VIEW audit_sessions AS
SELECT session,
       room,
       username,
       node,
       joined_seq,
       joined_at,
       left_seq,
       left_at,
       extract(
           epoch FROM certain_until::timestamptz - joined_at::timestamptz
       )::double precision AS seconds,
       cause,
       certain_until,
       CASE
           WHEN silent IS NULL THEN certain_until
           ELSE to_char(
               (certain_until::timestamptz + silent) AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
           ) COLLATE "C"
       END AS uncertain_after
FROM (
    SELECT s.session,
           r.room COLLATE "C" AS room,
           coalesce(u.username, '(erased)') COLLATE "C" AS username,
           n.node,
           s.joined_seq,
           s.joined_at,
           s.left_seq,
           s.left_at,
           s.cause,
           CASE
               WHEN s.left_seq IS NULL THEN greatest(n.seen_at, s.joined_at)
               ELSE coalesce(s.last_seen_at, s.left_at)
           END AS certain_until,
           CASE
               WHEN s.left_seq IS NULL AND n.ended_at IS NULL
               THEN 2 * n.lease_seconds * interval '1 second'
           END AS silent
    FROM sessions AS s
    JOIN rooms AS r ON r.id = s.room_id
    JOIN users AS u ON u.id = s.user_id
    JOIN nodes AS n ON n.id = s.node_id
) AS stays
