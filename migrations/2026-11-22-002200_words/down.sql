COMMENT ON COLUMN service.on_call IS 'Chain for what is urgent outside hours: [{"phone": "...", "minutes": 10}], next in line after so many minutes.';
COMMENT ON COLUMN notification.outcome IS 'Call: reached, no_answer, wrong_number; letter: printed. On-call: acknowledged.';
COMMENT ON COLUMN category.call_number IS 'Danger: people are told to call this number and nothing is taken in.';
