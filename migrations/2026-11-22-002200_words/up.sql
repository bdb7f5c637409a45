-- What is said of columns, after what they hold.

COMMENT ON COLUMN service.on_call IS 'Chain for what is urgent outside hours: [{"phone": "...", "email": "...", "minutes": 10}], phone or email at least, next in line after so many minutes.';
COMMENT ON COLUMN notification.outcome IS 'Call: reached, no_answer, wrong_number; letter: printed. On-call: acknowledged. Mail, SMS: why it waits or was given up (no_relay; no_gateway, no_address, refused, given_up).';
COMMENT ON COLUMN category.call_number IS 'Danger: people are told to call this number; a report that arrives nevertheless is taken in as a danger.';
