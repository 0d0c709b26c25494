-- Which sessions had an event before them: there when it happened ('open'; 'uncertain' past the
-- time they were last seen, or once their server had been silent for longer than a living one may
-- be), or served it when they joined later ('replayed'). Ask with a room and a seq: without them
-- every event meets every session of its room.
--
-- A session that holds a seq, and a replay that does, is found by the class of its length, one
-- short range of an index for each class (``chatlog/databases/lengths.py``). The expressions of
-- the classes must be those of the indexes sessions_stay and sessions_replay to the letter.
-- Two lists of classes, as SQLite 3.40 finds one that is used twice empty the second time.
{create_view} audit_witnesses AS
WITH RECURSIVE stay_classes (class, width) AS (
    SELECT 1, CAST(4 AS BIGINT)
    UNION ALL
    SELECT class + 1, width * 4 FROM stay_classes WHERE class < 20
),
replay_classes (class, width) AS (
    SELECT 1, CAST(4 AS BIGINT)
    UNION ALL
    SELECT class + 1, width * 4 FROM replay_classes WHERE class < 20
)
SELECT r.room{by_code_point},
       e.seq,
       s.session,
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       s.joined_seq,
       s.left_seq,
       CASE
           WHEN {microseconds_from_last_seen} > CASE
               WHEN n.ended_at IS NULL THEN 2000000 * n.lease_seconds
               ELSE 0
           END
           THEN 'uncertain'
           ELSE 'open'
       END AS certainty
FROM rooms AS r
JOIN events AS e ON e.room_id = r.id
JOIN sessions AS s{by_open}
    ON s.room_id = e.room_id AND s.left_seq IS NULL AND s.joined_seq <= e.seq
JOIN users AS u ON u.id = s.user_id
JOIN nodes AS n ON n.id = s.node_id
UNION ALL
SELECT r.room{by_code_point},
       e.seq,
       s.session,
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       s.joined_seq,
       s.left_seq,
       CASE WHEN e.at > s.last_seen_at THEN 'uncertain' ELSE 'open' END AS certainty
FROM rooms AS r
JOIN events AS e ON e.room_id = r.id
CROSS JOIN stay_classes AS c
{cross}JOIN sessions AS s{by_stay}
    ON s.room_id = e.room_id
    AND s.left_seq IS NOT NULL
    AND (
        CASE
            WHEN s.left_seq - s.joined_seq < 4 THEN 1
            WHEN s.left_seq - s.joined_seq < 16 THEN 2
            WHEN s.left_seq - s.joined_seq < 64 THEN 3
            WHEN s.left_seq - s.joined_seq < 256 THEN 4
            WHEN s.left_seq - s.joined_seq < 1024 THEN 5
            WHEN s.left_seq - s.joined_seq < 4096 THEN 6
            WHEN s.left_seq - s.joined_seq < 16384 THEN 7
            WHEN s.left_seq - s.joined_seq < 65536 THEN 8
            WHEN s.left_seq - s.joined_seq < 262144 THEN 9
            WHEN s.left_seq - s.joined_seq < 1048576 THEN 10
            WHEN s.left_seq - s.joined_seq < 4194304 THEN 11
            WHEN s.left_seq - s.joined_seq < 16777216 THEN 12
            WHEN s.left_seq - s.joined_seq < 67108864 THEN 13
            WHEN s.left_seq - s.joined_seq < 268435456 THEN 14
            WHEN s.left_seq - s.joined_seq < 1073741824 THEN 15
            WHEN s.left_seq - s.joined_seq < 4294967296 THEN 16
            WHEN s.left_seq - s.joined_seq < 17179869184 THEN 17
            WHEN s.left_seq - s.joined_seq < 68719476736 THEN 18
            WHEN s.left_seq - s.joined_seq < 274877906944 THEN 19
            WHEN s.left_seq - s.joined_seq < 1099511627776 THEN 20
            ELSE 21
        END
    ) = c.class
    AND s.joined_seq <= e.seq
    AND s.joined_seq > e.seq - c.width
    AND s.left_seq > e.seq
JOIN users AS u ON u.id = s.user_id
UNION ALL
SELECT r.room{by_code_point},
       e.seq,
       s.session,
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       s.joined_seq,
       s.left_seq,
       'replayed' AS certainty
FROM rooms AS r
JOIN events AS e ON e.room_id = r.id
CROSS JOIN replay_classes AS c
{cross}JOIN sessions AS s{by_replay}
    ON s.room_id = e.room_id
    AND s.replay_from < s.joined_seq
    AND (
        CASE
            WHEN s.joined_seq - s.replay_from < 4 THEN 1
            WHEN s.joined_seq - s.replay_from < 16 THEN 2
            WHEN s.joined_seq - s.replay_from < 64 THEN 3
            WHEN s.joined_seq - s.replay_from < 256 THEN 4
            WHEN s.joined_seq - s.replay_from < 1024 THEN 5
            WHEN s.joined_seq - s.replay_from < 4096 THEN 6
            WHEN s.joined_seq - s.replay_from < 16384 THEN 7
            WHEN s.joined_seq - s.replay_from < 65536 THEN 8
            WHEN s.joined_seq - s.replay_from < 262144 THEN 9
            WHEN s.joined_seq - s.replay_from < 1048576 THEN 10
            WHEN s.joined_seq - s.replay_from < 4194304 THEN 11
            WHEN s.joined_seq - s.replay_from < 16777216 THEN 12
            WHEN s.joined_seq - s.replay_from < 67108864 THEN 13
            WHEN s.joined_seq - s.replay_from < 268435456 THEN 14
            WHEN s.joined_seq - s.replay_from < 1073741824 THEN 15
            WHEN s.joined_seq - s.replay_from < 4294967296 THEN 16
            WHEN s.joined_seq - s.replay_from < 17179869184 THEN 17
            WHEN s.joined_seq - s.replay_from < 68719476736 THEN 18
            WHEN s.joined_seq - s.replay_from < 274877906944 THEN 19
            WHEN s.joined_seq - s.replay_from < 1099511627776 THEN 20
            ELSE 21
        END
    ) = c.class
    AND s.joined_seq > e.seq
    AND s.joined_seq <= e.seq + c.width
    AND s.replay_from <= e.seq
JOIN users AS u ON u.id = s.user_id
