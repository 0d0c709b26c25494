-- What people said. `message` is '' once erased. `subject` is who said it, NULL for users of open
-- mode.
{create_view} audit_messages AS
SELECT e.position,
       r.room{by_code_point},
       e.seq,
       e.at,
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       coalesce(e.text, '') AS message,
       u.username IS NULL OR e.text IS NULL AS erased,
       {subject} AS subject
FROM events AS e
JOIN rooms AS r ON r.id = e.room_id
JOIN users AS u ON u.id = e.user_id
WHERE e.type = 'chat'
