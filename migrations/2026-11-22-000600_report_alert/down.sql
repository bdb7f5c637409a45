DROP TABLE verdict;
DROP TABLE alert_link;
DROP TABLE membership;
DROP TABLE alert_operation;
DROP TABLE report;
DROP TABLE alert_phase;
DROP TABLE alert;
DROP FUNCTION lock_cells(integer, bigint[]);
DROP TABLE public_id;
