-- What has this person said?
-- Topic: Messages
-- :username text  the person
SELECT room, seq, at, message, erased
FROM audit_messages
WHERE username = :username
ORDER BY position;
