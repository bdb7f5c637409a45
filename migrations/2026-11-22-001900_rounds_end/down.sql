REVOKE DELETE ON round FROM vigie_app;
COMMENT ON TABLE round IS 'Days of crews that somebody had put in order; the order itself stands in task.rank. What is urgent re-plans it.';
