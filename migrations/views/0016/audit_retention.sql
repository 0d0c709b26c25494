-- Who set for how many days a room keeps its texts (and, with names, its people), and when;
-- without days, who ended that. Without a room it is the default of rooms without a rule.
{create_view} audit_retention AS
SELECT r.room{by_code_point},
       c.at,
       c.days,
       c.names,
       c."by"{by_code_point}
FROM retention_changes AS c
JOIN rooms AS r ON r.id = c.room_id
UNION ALL
SELECT CAST(NULL AS text){by_code_point},
       d.at,
       d.days,
       d.names,
       d."by"{by_code_point}
FROM retention_defaults AS d
