DROP TABLE audit_event;
DROP TABLE change;
DROP TABLE idempotency;
DROP TABLE job;
