-- Every event in its place. `message` is NULL where nobody wrote one and '' once erased. `subject`
-- is who acted, NULL for users of open mode; on a leave or a member event somebody else's name may
-- be erased as well. `via` is the door by which the command came, NULL for sockets; `of` has the
-- seqs that an erasure is of, as JSON.
{create_view} audit_events AS
SELECT e.position,
       r.room{by_code_point},
       e.seq,
       e.at,
       e.type,
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       e.session,
       e.client_id AS id,
       CASE e.type WHEN 'chat' THEN coalesce(e.text, '') END AS message,
       e.cause,
       u.username IS NULL
           OR (e.text IS NULL AND e.text_commitment IS NOT NULL)
           OR (
               e.type IN ('leave', 'member')
               AND EXISTS (SELECT 1 FROM users AS a WHERE a.uuid = e."of" AND a.username IS NULL)
           ) AS erased,
       {subject} AS subject,
       {details_via} AS via,
       CASE e.type WHEN 'erasure' THEN '[' || e."of" || ']' END AS "of"
FROM events AS e
JOIN rooms AS r ON r.id = e.room_id
JOIN users AS u ON u.id = e.user_id
