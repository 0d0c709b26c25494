-- Each room's hours that have events; `users` counts who caused any of them.
CREATE VIEW audit_activity AS
SELECT r.room{by_code_point},
       substr(e.at, 1, 14) || '00:00.000000Z' AS hour,
       count(CASE e.type WHEN 'chat' THEN 1 END) AS chats,
       count(CASE e.type WHEN 'join' THEN 1 END) AS joins,
       count(CASE e.type WHEN 'leave' THEN 1 END) AS leaves,
       count(DISTINCT e.user_id) AS users
FROM events AS e
JOIN rooms AS r ON r.id = e.room_id
GROUP BY {room_key}, substr(e.at, 1, 14)
