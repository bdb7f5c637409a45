# What crews did without network, and what became of it.

field-action-merged = The alert was merged into another: your action was taken there.
field-action-split = Reports left this alert since: a supervisor will check whether they are concerned.
field-action-reassigned = The task had gone to another crew; what you did is kept.
field-action-closed = The alert was closed already; what you did is kept with it as a field report.
field-action-already = It was done already; what you entered is kept as a field report.
field-action-not_possible = The alert's state does not allow it any more: a supervisor will decide.
field-action-changed_meanwhile = Another category was set meanwhile: a supervisor will choose.
field-action-photo_missing = A photo of this action never arrived; a supervisor has been told.
field-action-reported_since = It was reported again after you had left: a supervisor looks before residents are told.
field-action-outside_rights = You are not, or no longer, in this task's crew: a supervisor will decide.
field-action-unknown_task = There is no such task here: a supervisor will decide.
field-action-incomplete = Something is missing or not allowed. Correct it and send it again.
field-action-id_taken = This id is used for something else. Send it under another.

field-batch_size = Between 1 and 100 actions at a time.
field-report_or_task = Give either report_id or task_id.
field-too_many_photos = At most 20 photos with an action.
field-no_task = A new alert has no task.
