field-date_passed = This date has passed, or leaves no time to act.
field-use_dispatch = A crew is named by /dispatch.
field-text = Too long (4,000 characters at most) or unreadable.
field-minutes = Between 0 and 100,000 minutes.
field-material = At most 100 lines, each with a name and a quantity that is not negative.
field-unknown_body = There is no such body.
field-body_takes_nothing = This body takes nothing over.
field-same_service = This service has it already.
field-desk_category = There is no such category, or it takes no reports.
field-priority = Between 1 (low) and 4 (urgent).
field-severity = Between 0 (normal) and 2 (danger).
field-unknown_photo = One of these is no photo of this alert's repair.
field-accuracy = A number of metres, not negative.
field-action_position = There is no such position; longitude then latitude, in degrees.
field-unknown_status = One of these is no status.
field-search_words = Between 2 and 100 characters.
field-bbox = West, south, east, north, in degrees, separated by commas.
field-h3 = This is no H3 cell.
field-resolution = Between 0 and 11.

field-same_alert = This is the same alert.
field-unknown_report = One of these reports does not belong to this alert.
field-one_must_stay = One report at least must stay in the alert; merge it otherwise.
field-twice = The same report stands here twice.

regroup-other-category = The categories differ.
regroup-other-service = The services differ.
regroup-far-apart = The places are too far apart for one alert of this category.
regroup-contradicts-verdict = Somebody said that it is not the same problem.

decision-open = Opens the alert: nothing like it nearby.
decision-suggest = Opens the alert: another alert may be about the same problem, for you to judge.
decision-join = Joined by the machine: very probably the same problem.
decision-late-evidence = Joined a closed alert: seen before it was closed, arrived after.
decision-person = The author of the report said that it is the same problem.
decision-merge = A person merged two alerts.
decision-split = A person split this report off.
decision-move = A person moved this report.
decision-undo = A person took a correction back.

reason-prior = Probability to begin with, before anything is compared
reason-distance = { $value } m apart
reason-category = Compatible categories: { $value } of 1
reason-age = { $value ->
    [one] { $value } day between the two observations
   *[other] { $value } days between the two observations
}
reason-past-here = { $value ->
    [one] { $value } report like it on this spot in the past
   *[other] { $value } reports like it on this spot in the past
}
reason-past-around = { $value ->
    [one] { $value } report like it around here in the past
   *[other] { $value } reports like it around here in the past
}
reason-address = Addresses: { $value ->
    [one] { $value } house number apart
   *[other] { $value } house numbers apart
}
reason-address-street = Addresses: different streets
reason-asset = Same inventory number: { $value }
reason-text = Likeness of the descriptions: { $value } of 1
reason-photo = Photos: { $value ->
    [one] { $value } bit of 64 differs
   *[other] { $value } bits of 64 differ
}
reason-same-sender = Same sender, { $value ->
    [one] { $value } minute later
   *[other] { $value } minutes later
}
reason-verdict = Somebody said whether it is the same problem
reason-for = { $reason } (speaks for it)
reason-against = { $reason } (speaks against it)
reason-neutral = { $reason } (makes no difference)

barrier-not-same = Somebody said that it is not the same problem.
barrier-closed = The alert was closed already.
barrier-rejected = The alert was refused.
barrier-span = The alert would grow too wide.
barrier-accuracy = The position is too uncertain and nothing else points that way.
barrier-default-point = The position is a default point and nothing else points that way.
barrier-not-silently = The rule of this category asks for a person's word before anything is joined.
field-too_many_reports = At most 500 reports at once.
