DROP INDEX change_order;
DROP TABLE projection_state;
DROP TABLE public_alert;
