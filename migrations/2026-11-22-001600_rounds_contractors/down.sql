DROP INDEX task_ended;
COMMENT ON COLUMN audit_event.actor IS 'anonymous, reporter, staff, system.';
DROP TABLE contractor_link;
DROP TABLE round;
