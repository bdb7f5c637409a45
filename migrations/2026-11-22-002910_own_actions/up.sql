-- What a person did in the street, latest first, for that person: by the tablet's queue, and over the network at once.
CREATE INDEX field_action_agent ON field_action (jurisdiction_id, agent_id, received_at, id);
CREATE INDEX status_event_doer ON status_event (jurisdiction_id, by_user, at, id) WHERE client_at IS NOT NULL;
