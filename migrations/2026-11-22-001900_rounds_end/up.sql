-- A day that is over is no round any more: what is left of it goes into the next one.

GRANT DELETE ON round TO vigie_app;
COMMENT ON TABLE round IS 'Days of crews that somebody had put in order, from today on; the order itself stands in task.rank. What is urgent re-plans it.';
