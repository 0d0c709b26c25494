-- Every room event: from `seq` on the room had this state, set by `username`. A room without one is
-- open to everybody. `topic` is '' where there is none, and once it is erased.
CREATE VIEW audit_rooms AS
SELECT r.room{by_code_point},
       e.seq,
       e.at,
       {details_access}{by_code_point} AS access,
       {details_history}{by_code_point} AS history,
       {details_locked} AS locked,
       coalesce(
           CASE
               WHEN e."of" IS NULL THEN e.text
               ELSE (
                   SELECT t.text
                   FROM events AS t
                   WHERE t.room_id = e.room_id AND t.seq = CAST(e."of" AS BIGINT)
               )
           END,
           ''
       ) AS topic,
       {subject} AS subject,
       coalesce(u.username, '(erased)'){by_code_point} AS username
FROM events AS e
JOIN rooms AS r ON r.id = e.room_id
JOIN users AS u ON u.id = e.user_id
WHERE e.type = 'room'
