-- Every stay of a connection in a room. `certain_until` is how long it was surely there, and
-- `seconds` counts to that: a server that died on Friday and came back on Monday has not had
-- visitors over the week-end. Seconds and microseconds are taken apart, since SQLite's own
-- arithmetic of times rounds to milliseconds.
-- `uncertain_after` is how long its user counts as there: for an open session on a server that is
-- not marked as ended, two durations of its lease more (``chatlog/audit/certainty.py``).
CREATE VIEW audit_sessions AS
SELECT session,
       room,
       username,
       node,
       joined_seq,
       joined_at,
       left_seq,
       left_at,
       round(
           strftime('%s', substr(certain_until, 1, 19)) - strftime('%s', substr(joined_at, 1, 19))
           + (substr(certain_until, 21, 6) - substr(joined_at, 21, 6)) / 1e6,
           6
       ) AS seconds,
       cause,
       certain_until,
       CASE
           WHEN silent_microseconds IS NULL THEN certain_until
           ELSE strftime('%Y-%m-%dT%H:%M:%S', silent_microseconds / 1000000, 'unixepoch')
               || printf('.%06dZ', silent_microseconds % 1000000)
       END AS uncertain_after
FROM (
    SELECT *,
           CASE
               WHEN is_doubted_later THEN strftime('%s', substr(certain_until, 1, 19)) * 1000000
                   + substr(certain_until, 21, 6)
                   + CAST(round(2 * lease_seconds * 1e6) AS INTEGER)
           END AS silent_microseconds
    FROM (
        SELECT s.session,
               r.room,
               coalesce(u.username, '(erased)') AS username,
               n.node,
               s.joined_seq,
               s.joined_at,
               s.left_seq,
               s.left_at,
               s.cause,
               CASE
                   WHEN s.left_seq IS NULL THEN max(n.seen_at, s.joined_at)
                   ELSE coalesce(s.last_seen_at, s.left_at)
               END AS certain_until,
               s.left_seq IS NULL AND n.ended_at IS NULL AS is_doubted_later,
               n.lease_seconds
        FROM sessions AS s
        JOIN rooms AS r ON r.id = s.room_id
        JOIN users AS u ON u.id = s.user_id
        JOIN nodes AS n ON n.id = s.node_id
    )
)
