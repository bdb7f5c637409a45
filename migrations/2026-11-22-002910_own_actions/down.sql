DROP INDEX status_event_doer;
DROP INDEX field_action_agent;
