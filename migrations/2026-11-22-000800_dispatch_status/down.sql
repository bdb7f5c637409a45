DROP TABLE measured_delay;
DROP TABLE status_event;
DROP TABLE hand_over;
DROP TABLE task;
