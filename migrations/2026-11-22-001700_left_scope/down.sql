DROP TRIGGER alert_left_scope ON alert;
DROP FUNCTION note_left_scope;
ALTER TABLE change DROP COLUMN left_service, DROP COLUMN left_sector, DROP COLUMN left_crew;
