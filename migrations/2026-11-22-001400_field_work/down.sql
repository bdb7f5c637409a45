ALTER TABLE change DROP CONSTRAINT change_entity_check;
ALTER TABLE change ADD CONSTRAINT change_entity_check
    CHECK (entity IN ('report', 'alert', 'photo', 'task', 'status_event', 'catalogue'));
DROP INDEX task_alert;
DROP TABLE upload_piece;
DROP TABLE upload;
DROP TABLE field_action;
