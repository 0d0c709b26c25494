-- What was erased, by whom and why; position is that of the erasure in the log. An event that two
-- erasures name (first its text, then its author's name) has a row for each.
-- SQLite is told the order: erasures, their seqs, the events of these.
{create_view} audit_erasures AS
SELECT x.at,
       r.room{by_code_point},
       e.seq,
       coalesce(u.username, '(erased)'){by_code_point} AS username,
       coalesce(b.username, '(erased)'){by_code_point} AS "by",
       coalesce(x.text, '') AS reason,
       x.position
FROM events AS x
CROSS JOIN {erased_seqs}
{cross}JOIN events AS e ON e.room_id = x.room_id AND e.seq = {erased_seq}
JOIN rooms AS r ON r.id = x.room_id
JOIN users AS u ON u.id = e.user_id
JOIN users AS b ON b.id = x.user_id
WHERE x.type = 'erasure'
