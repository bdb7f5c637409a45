// Generated from a migrated database by `make bless`; a test holds it. Do not edit.

diesel::table! {
    use diesel::sql_types::*;
    use postgis_diesel::sql_types::Geography;

    /// One problem in the street, however many people reported it.
    alert (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity (UUIDv7).
        id -> Uuid,
        /// What people say on the telephone, with its check character.
        reference -> Text,
        /// Category after qualification.
        category_id -> Uuid,
        /// See flow::status::machine; a merged-away alert keeps the one it had.
        status -> Text,
        /// Whether a new report may join it; false for resolved, rejected and merged-away alerts.
        open -> Bool,
        /// 1 low, 2 normal, 3 high, 4 urgent.
        priority -> Int2,
        /// Highest that a report stated: 0 normal, 1 high, 2 danger.
        severity -> Int2,
        /// Service in charge: never none.
        service_id -> Uuid,
        /// Crew it was dispatched to.
        crew_id -> Nullable<Uuid>,
        /// Outside body that has it (transferred).
        body_id -> Nullable<Uuid>,
        /// Where it lies.
        sector_id -> Nullable<Uuid>,
        /// Its place: the opening report's, or a corrected one.
        anchor -> Geography,
        /// H3 cell (resolution 15) of the anchor; coarser cells are ranges of it.
        h3_15 -> Int8,
        /// Largest distance of a report from the anchor, metres.
        extent_m -> Float4,
        /// As first given.
        address -> Nullable<Text>,
        /// Reports that belong to it now.
        report_count -> Int4,
        /// Received time of the opening report.
        opened_at -> Timestamptz,
        /// Received time of the latest.
        last_report_at -> Timestamptz,
        /// Promise of the service, from its calendar; moved by hold time.
        due_at -> Timestamptz,
        /// First day of the range told to reporters; null: no estimate.
        expected_from -> Nullable<Date>,
        /// Last day of that range.
        expected_to -> Nullable<Date>,
        /// Since when in this status.
        status_at -> Timestamptz,
        /// When it stopped being open.
        closed_at -> Nullable<Timestamptz>,
        /// Why rejected or on hold (code).
        reason -> Nullable<Text>,
        /// On hold: when someone looks again.
        review_on -> Nullable<Date>,
        /// Survivor, when merged away.
        merged_into -> Nullable<Uuid>,
        /// outside_territory, ping_pong, dangerous...
        flags -> Array<Text>,
        /// Compare-and-set; the ETag.
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Two alerts that have to do with each other.
    alert_link (jurisdiction_id, from_alert, to_alert, kind) {
        /// Town.
        jurisdiction_id -> Int4,
        /// The later one.
        from_alert -> Uuid,
        /// The earlier one.
        to_alert -> Uuid,
        /// What ties them.
        kind -> Text,
        /// suggested: standing until a person says, or the machine takes it back: then the row goes.
        state -> Text,
        /// suggested: probability that they are the same.
        posterior -> Nullable<Float4>,
        /// suggested: features and contributions.
        reasons -> Jsonb,
        /// When.
        at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A person's correction of the grouping.
    alert_operation (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// What was done.
        kind -> Text,
        /// Alert that reports left, or the first of two that are not the same; of an undo: as in what it undoes.
        alert_id -> Uuid,
        /// Alert that they went to, or the second of the two.
        other_id -> Uuid,
        /// Operation that this one takes back.
        undoes -> Nullable<Uuid>,
        /// Reports that went, and what the alerts were before and after: enough to take it back. Ids, numbers and codes only.
        detail -> Jsonb,
        /// In the person's words.
        reason -> Nullable<Text>,
        /// Who.
        by_user -> Uuid,
        /// When.
        at -> Timestamptz,
        /// SHA-256 of the request: the same id with another body is a conflict.
        request_hash -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Qualification, treatment, delivery: who has it, and when.
    alert_phase (jurisdiction_id, alert_id, phase) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Alert.
        alert_id -> Uuid,
        /// Which.
        phase -> Text,
        /// Person who took it; null: the service as a whole.
        owner_id -> Nullable<Uuid>,
        /// When the alert came into this phase (again, after reopening).
        started_at -> Timestamptz,
        /// First time someone of the service opened the alert in this phase.
        seen_at -> Nullable<Timestamptz>,
        /// When it left the phase; null: it is in it.
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Words by which staff find an alert. A table and not a text index: under row level security only leakproof operators use an index, and comparing texts is one, while @@ and ILIKE are not.
    alert_word (jurisdiction_id, alert_id, word) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Alert that it leads to.
        alert_id -> Uuid,
        /// Word of the address or of what a report says, in lower case without accents; byte order, so that a beginning is a range. What removes a text removes its words.
        word -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Who did what, written in the same transaction as what it records; append-only, without personal data of reporters.
    audit_event (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Order.
        id -> Int8,
        /// When.
        at -> Timestamptz,
        /// anonymous, reporter, contractor, staff, system.
        actor -> Text,
        /// For actor staff.
        staff_user_id -> Nullable<Uuid>,
        /// For actor staff.
        session_id -> Nullable<Uuid>,
        /// Operation id of the API, or the job's kind.
        action -> Text,
        /// Kind of the object.
        entity -> Text,
        /// Object.
        entity_id -> Nullable<Uuid>,
        /// What changed, by name.
        detail -> Jsonb,
        /// Of the request, as in the logs.
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Vector tiles (MVT) of a town's base map; made anew as a whole by each import.
    base_tile (jurisdiction_id, z, x, y) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Zoom.
        z -> Int2,
        /// Column, from the west.
        x -> Int4,
        /// Row, from the north.
        y -> Int4,
        /// The tile: layers land, river, street and boundary.
        bytes -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use postgis_diesel::sql_types::Geography;

    /// An organisation competent for something in a zone: the town itself, the EPCI, the département, an operator, a landlord.
    body (jurisdiction_id, id) {
        /// Town whose reports may be handed over to it.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// Short name, unique in the town.
        code -> Text,
        /// What it is.
        kind -> Text,
        /// {fr, en}.
        name -> Jsonb,
        /// For letters and for the resident.
        postal_address -> Nullable<Text>,
        /// For the resident and the desk.
        phone -> Nullable<Text>,
        /// Where hand-over sheets go when the channel is email.
        email -> Nullable<Text>,
        /// Where a resident may report himself.
        website -> Nullable<Text>,
        /// How it takes a case over; call and letter become a task for the desk.
        hand_over -> Text,
        /// Where it is competent; null: everywhere in the town.
        zone -> Nullable<Geography>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// One row: a number that grows with every change of a catalogue table, so that servers know when to read the catalogue again.
    catalogue_version (only_row) {
        /// Always true: the table has one row.
        only_row -> Bool,
        /// Grows by one with each statement that changed the catalogue.
        version -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What can be reported; a tree.
    category (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// Short name in the API; Open311's service_code.
        code -> Text,
        /// Group; a group itself takes no report.
        parent_id -> Nullable<Uuid>,
        /// True for an inner node of the tree.
        is_group -> Bool,
        /// {fr, en}.
        label -> Jsonb,
        /// {fr, en}.
        description -> Jsonb,
        /// For search, both languages.
        keywords -> Array<Text>,
        /// Name of an icon that the server serves.
        icon -> Text,
        /// JSON Schema of the answers, with x-title, x-danger, x-severity, x-personal; {} asks nothing.
        questions -> Jsonb,
        /// Service in charge when no routing rule says otherwise; null: the town's default.
        service_id -> Nullable<Uuid>,
        /// Promised delay; null: the service's.
        delay -> Nullable<Jsonb>,
        /// Who delivers: crew = done is told to residents at once; secretariat = after its check.
        close_by -> Text,
        /// Done needs a photo.
        proof_photo -> Bool,
        /// Never public; the answer says only "received".
        sensitive -> Bool,
        /// The acknowledgement carries the sentence on implicit decisions.
        formal_request -> Bool,
        /// Only staff may use it.
        agent_only -> Bool,
        /// Of a new alert: 1 low, 2 normal, 3 high, 4 urgent.
        priority -> Int2,
        /// Danger: people are told to call this number; a report that arrives nevertheless is taken in as a danger.
        call_number -> Nullable<Text>,
        /// Not the town's job: the resident is told who is competent and nothing is taken in.
        redirect_body_id -> Nullable<Uuid>,
        /// {fr, en}: shown with the number or with who is competent.
        redirect_message -> Jsonb,
        /// Policy of geo-dedup, see catalog::policy; {} = its defaults.
        dedup -> Jsonb,
        /// Grows with each change of the policy; stored with each decision.
        dedup_version -> Int4,
        /// An alert rejected less than so many days ago is suggested with its reason.
        rejected_days -> Int4,
        /// Order in lists.
        position -> Int4,
        /// An old category stays for history.
        active -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Where and when a category is closed, or open only there and then.
    category_gate (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// Category.
        category_id -> Uuid,
        /// closed: shut inside the conditions below; only: shut outside them.
        rule -> Text,
        /// Condition: this sector; null: everywhere.
        sector_id -> Nullable<Uuid>,
        /// Condition: from this day of the year (MM-DD), local time.
        season_from -> Nullable<Text>,
        /// To this day, inclusive; may be before season_from (over New Year).
        season_to -> Nullable<Text>,
        /// Condition: from this instant.
        valid_from -> Nullable<Timestamptz>,
        /// Until this instant.
        valid_to -> Nullable<Timestamptz>,
        /// {fr, en}: why.
        message -> Jsonb,
        /// {fr, en}: where to go instead.
        instead -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Everything that changed, in commit order: the one source of sync, live stream and projections; append-only.
    change (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Order within a transaction.
        id -> Int8,
        /// What kind.
        entity -> Text,
        /// Which.
        entity_id -> Uuid,
        /// It is gone from the reader's view.
        tombstone -> Bool,
        /// When.
        at -> Timestamptz,
        /// Of an alert that went to another service, sector or crew: the service that it was with.
        left_service -> Nullable<Uuid>,
        /// The sector that it was in.
        left_sector -> Nullable<Uuid>,
        /// The crew that had it.
        left_crew -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// To which companies a task was shown. Until when each link works is signed into the link, and stands in the audit trail.
    contractor_link (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity; part of the link.
        id -> Uuid,
        /// Task; the link is over when the task is.
        task_id -> Uuid,
        /// Name of the company, for the history and the audit trail; not part of the link.
        company -> Text,
        /// When.
        created_at -> Timestamptz,
        /// By whom.
        created_by -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A team that goes out.
    crew (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// Short name, unique in the town.
        code -> Text,
        /// As people say it.
        name -> Text,
        /// Its service.
        service_id -> Uuid,
        /// Its sector; null: the whole town.
        sector_id -> Nullable<Uuid>,
        /// Plate or name.
        vehicle -> Nullable<Text>,
        /// Free words.
        skills -> Array<Text>,
        /// A crew that was dissolved stays for history.
        active -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Policies of geo-dedup by category and version; append-only. Who set one stands in the audit trail.
    dedup_policy (jurisdiction_id, category_id, version) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Category.
        category_id -> Uuid,
        /// Grows with each change.
        version -> Int4,
        /// What was set; see category.dedup.
        document -> Jsonb,
        /// What was set; see category.rejected_days.
        rejected_days -> Int4,
        /// From when on.
        since -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A tablet that a supervisor enrolled.
    device (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// What is written on it.
        name -> Text,
        /// Crew that uses it most.
        crew_id -> Nullable<Uuid>,
        /// SHA-256 of the enrolment code until it was used.
        code_hash -> Nullable<Bytea>,
        /// The code dies then.
        code_expires_at -> Nullable<Timestamptz>,
        /// SHA-256 of the device's own secret, once enrolled.
        secret_hash -> Nullable<Bytea>,
        /// Who enrolled it.
        created_by -> Uuid,
        /// When the code was made.
        created_at -> Timestamptz,
        /// When the code was used.
        enrolled_at -> Nullable<Timestamptz>,
        /// Last sign-in on it, to the day.
        last_seen_at -> Nullable<Timestamptz>,
        /// Lost or retired: its sessions end.
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Every action that a tablet sent, as it was frozen there, and what became of it: the receipt of a repetition for ever.
    field_action (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// The tablet's own id of it.
        id -> Uuid,
        /// Tablet; none when sent from elsewhere.
        device_id -> Nullable<Uuid>,
        /// Order on that tablet; starts again when one is restored.
        seq -> Int8,
        /// Who did it, as the tablet says. No reference: an unknown name waits for a person and is not dropped.
        agent_id -> Uuid,
        /// Whose session brought it.
        sent_by -> Uuid,
        /// accept, start, done, note, requalify, hand_over, new_alert...
        kind -> Text,
        /// Task that it is about, as the tablet says.
        task_id -> Nullable<Uuid>,
        /// Alert that it came to: of the task, or the one that it was merged into.
        alert_id -> Nullable<Uuid>,
        /// What was sent.
        payload -> Jsonb,
        /// SHA-256 of what was sent: the same id with other words is another action.
        request_hash -> Bytea,
        /// Clock of the tablet at the action.
        client_at -> Timestamptz,
        /// When it arrived here first.
        received_at -> Timestamptz,
        /// What became of it: took effect, kept as a further field report, waits for a person, is not possible as it is, or was laid aside by a person.
        outcome -> Text,
        /// Why it did not simply take effect, as a code.
        reason -> Nullable<Text>,
        /// What lacked, as a problem without words.
        problem -> Nullable<Jsonb>,
        /// It took effect, and somebody of the service should look at it.
        review -> Bool,
        /// When a person decided on what waited.
        decided_at -> Nullable<Timestamptz>,
        /// Who.
        decided_by -> Nullable<Uuid>,
        /// Why.
        decision_note -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Somebody who hears of an alert, by one channel.
    follower (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// Alert followed now; moves with the report on merge, split and move.
        alert_id -> Uuid,
        /// Report that made them a follower.
        report_id -> Uuid,
        /// Person in the vault; null: reads by the follow link only.
        subject_id -> Nullable<Uuid>,
        /// How.
        channel -> Text,
        /// In which language.
        locale -> Text,
        /// SHA-256 of the token in the unsubscribe link.
        unsubscribe_hash -> Bytea,
        /// From when on.
        since -> Timestamptz,
        /// Unsubscribed.
        ended_at -> Nullable<Timestamptz>,
        /// Keyed mark of address or number and day, by which messages to one recipient are counted; null after a day.
        contact_mark -> Nullable<Bytea>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Grants that a town offers to a person of another one: none of them counts before the person accepts.
    grant_offer (jurisdiction_id, id) {
        /// Town that offers.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// Person; not told to the town before they accept.
        staff_user_id -> Uuid,
        /// Address as the admin typed it, all that the town sees of the person; null once settled.
        email -> Nullable<Text>,
        /// What is offered: role, service_id, sector_id and crew_id of each grant. Never changed.
        grants -> Jsonb,
        /// When.
        offered_at -> Timestamptz,
        /// By which admin.
        offered_by -> Uuid,
        /// When it was accepted, declined or withdrawn; null: open.
        settled_at -> Nullable<Timestamptz>,
        /// How it ended: the person accepted or declined it, the town withdrew it.
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// An alert given to an outside body.
    hand_over (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// Alert.
        alert_id -> Uuid,
        /// Body.
        body_id -> Uuid,
        /// Where it stands.
        state -> Text,
        /// The body's own reference.
        reference -> Nullable<Text>,
        /// What the body answered.
        note -> Nullable<Text>,
        /// When the sheet was sent.
        sent_at -> Timestamptz,
        /// By whom; null: a routing rule.
        sent_by -> Nullable<Uuid>,
        /// When it answered.
        answered_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Answers already given, so that a retry gets the same one.
    idempotency (jurisdiction_id, key_hash) {
        /// Town.
        jurisdiction_id -> Int4,
        /// SHA-256 of operation, client and Idempotency-Key.
        key_hash -> Bytea,
        /// SHA-256 of the request: another body under the same key is refused.
        request_hash -> Bytea,
        /// What the first request made: the report, from which the answer is made again.
        entity_id -> Uuid,
        /// Pruned after 30 days; ids stay unique for ever through public_id.
        at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Work that a command left for later, written in its transaction. Outside row level security: a worker sets the job's town first.
    job (id) {
        /// Order.
        id -> Int8,
        /// Town to set before anything else.
        jurisdiction_id -> Int4,
        /// Which job, see jobs.
        kind -> Text,
        /// Ids only, never personal data.
        payload -> Jsonb,
        /// A done job is removed, a failed one stays: dead after the last try.
        state -> Text,
        /// Not before.
        run_at -> Timestamptz,
        /// A worker is on it.
        leased_until -> Nullable<Timestamptz>,
        /// Failures so far.
        attempts -> Int4,
        /// Of the last failure, without personal data.
        last_error -> Nullable<Text>,
        /// When written.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use postgis_diesel::sql_types::Geography;

    /// A town, or whoever else receives reports for a territory. Outside row level security: a position is resolved to its town before a town is set.
    jurisdiction (id) {
        /// First part of nearly every key.
        id -> Int4,
        /// Short name in addresses; Open311's jurisdiction_id.
        slug -> Text,
        /// As written on its letters.
        name -> Text,
        /// IANA name, e.g. Europe/Paris.
        time_zone -> Text,
        /// Languages spoken to people, best first.
        locales -> Array<Text>,
        /// Territory; longitude, latitude.
        boundary -> Geography,
        /// Of the boundary: where territories overlap, the smallest with that category open receives the report.
        area_km2 -> Float8,
        /// Of the town hall; printed in acknowledgements.
        postal_address -> Text,
        /// Of the town hall.
        phone -> Text,
        /// Sender and reply address of messages.
        email -> Text,
        /// [{number, label: {fr, en}}], given with every acknowledgement.
        emergency_numbers -> Jsonb,
        /// {fr, en}: the sentence on implicit decisions for formal requests (CRPA).
        implicit_decision -> Jsonb,
        /// {fr, en}: the sentence saying that nobody watches reports day and night.
        not_watched -> Jsonb,
        /// {fr, en}: the data-protection notice.
        notice -> Jsonb,
        /// Stored with each report.
        notice_version -> Int4,
        /// Owner of what no routing rule sends elsewhere; set right after the town's first service.
        default_service_id -> Nullable<Uuid>,
        /// When it was installed.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What closing really took, by category and sector: the source of expected dates.
    measured_delay (jurisdiction_id, category_id, sector_id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Category.
        category_id -> Uuid,
        /// Sector; the nil UUID: outside every sector.
        sector_id -> Uuid,
        /// Opening to end of treatment, hold time left out; the latest 200, oldest first.
        minutes -> Array<Int4>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Each decision that put a report into an alert; append-only.
    membership (jurisdiction_id, report_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Order.
        id -> Int8,
        /// Report.
        report_id -> Uuid,
        /// Alert it went to.
        alert_id -> Uuid,
        /// Alert it left, if any.
        from_alert_id -> Nullable<Uuid>,
        /// open, join, suggest and late_evidence by geo-dedup; person = the reporter's own word.
        decision -> Text,
        /// Probability of the best candidate; null without one.
        posterior -> Nullable<Float4>,
        /// Candidates with features and contributions (log-odds).
        reasons -> Jsonb,
        /// Of the category's policy.
        policy_version -> Nullable<Int4>,
        /// Of geo-dedup's weights.
        weights_version -> Nullable<Int4>,
        /// The person's operation, for merge, split, move, undo.
        operation_id -> Nullable<Uuid>,
        /// Who; null: the machine or the reporter.
        by_user -> Nullable<Uuid>,
        /// When.
        at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// One thing to tell one recipient by one channel: the record of what was promised and sent.
    notification (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity; makes the Message-ID.
        id -> Uuid,
        /// Kind of recipient.
        recipient -> Text,
        /// For recipient follower.
        follower_id -> Nullable<Uuid>,
        /// For recipient service, on_call, supervisor.
        service_id -> Nullable<Uuid>,
        /// For recipient body.
        body_id -> Nullable<Uuid>,
        /// For recipient on_call: whose turn.
        chain_index -> Nullable<Int4>,
        /// About which alert.
        alert_id -> Uuid,
        /// What happened: a status event, an operation on the grouping, or a report for acknowledgements.
        event_id -> Uuid,
        /// Which message, see flow::notification::template.
        template -> Text,
        /// How.
        channel -> Text,
        /// In which language.
        locale -> Text,
        /// What the message says that may have changed later; no contact data.
        detail -> Jsonb,
        /// dead: given up after the last retry, visible to the desk.
        state -> Text,
        /// Tries so far.
        attempts -> Int4,
        /// Not before.
        next_at -> Timestamptz,
        /// A worker is sending it.
        leased_until -> Nullable<Timestamptz>,
        /// When promised.
        created_at -> Timestamptz,
        /// When the channel took it, or a person did it.
        sent_at -> Nullable<Timestamptz>,
        /// Call or letter: who did it.
        done_by -> Nullable<Uuid>,
        /// Call: reached, no_answer, wrong_number; letter: printed. On-call: acknowledged. Mail, SMS: why it waits or was given up (no_relay; no_gateway, no_address, refused, given_up).
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Each try to send; append-only.
    notification_attempt (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Order.
        id -> Int8,
        /// Notification.
        notification_id -> Uuid,
        /// When.
        at -> Timestamptz,
        /// What the channel said.
        outcome -> Text,
        /// The channel's words, without addresses.
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// One photo of a report, or a crew's proof.
    photo (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity: the client's own UUIDv7, or ours.
        id -> Uuid,
        /// Report it came with.
        report_id -> Nullable<Uuid>,
        /// Alert that it proves done, for a crew's photo.
        alert_id -> Nullable<Uuid>,
        /// Evidence of a problem, or of its repair.
        kind -> Text,
        /// received: the worker has yet to decode it.
        state -> Text,
        /// Why refused (code).
        refusal -> Nullable<Text>,
        /// Of the original bytes; names them in the store.
        sha256 -> Bytea,
        /// Of the original, as sniffed.
        media_type -> Text,
        /// Size of the original.
        original_bytes -> Int4,
        /// Upright, pixels.
        width -> Int4,
        /// Upright, pixels.
        height -> Int4,
        /// The original is private and short-lived.
        original_removed_at -> Nullable<Timestamptz>,
        /// Of the 1600 px JPEG; names both derivatives in the store.
        derived_sha256 -> Nullable<Bytea>,
        /// ThumbHash, shown while the photo loads.
        placeholder -> Nullable<Bytea>,
        /// 64 bits; similar pictures differ in few.
        perceptual_hash -> Nullable<Int8>,
        /// When it was received.
        uploaded_at -> Timestamptz,
        /// Staff, for proofs and for the desk.
        uploaded_by -> Nullable<Uuid>,
        /// Since when it is public; null: it is not.
        released_at -> Nullable<Timestamptz>,
        /// Who looked at it and released it.
        released_by -> Nullable<Uuid>,
        /// Action that named it first: it proves that one's work, and no other's.
        action_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Wrong PINs on a town's tablets: who guesses in one town makes nobody wait in another.
    pin_wait (jurisdiction_id, staff_user_id) {
        /// Town of the tablets.
        jurisdiction_id -> Int4,
        /// Person whose PIN it was to be.
        staff_user_id -> Uuid,
        /// Wrong PINs in a row; grows the wait, never locks for good.
        failures -> Int4,
        /// Last wrong PIN.
        failed_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How far the change log has been projected.
    projection_state (jurisdiction_id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// That change.
        change_id -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use postgis_diesel::sql_types::Geography;

    /// An alert as the public may know it. Alerts of sensitive categories and merged ones are not in it.
    public_alert (jurisdiction_id, alert_id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Alert.
        alert_id -> Uuid,
        /// Category.
        category_id -> Uuid,
        /// What residents are told of where it stands.
        status -> Text,
        /// Whether a new report of the same thing may join.
        open -> Bool,
        /// Centre of the H3 cell (resolution 12, about 10 m) that it lies in: always the same, whoever asks, and never an exact position.
        point -> Geography,
        /// H3 cell (resolution 15) of the point.
        h3_15 -> Int8,
        /// Day of the first report, in the town's time zone.
        opened_on -> Date,
        /// Day it stopped being open.
        closed_on -> Nullable<Date>,
        /// Number of reports, said coarsely.
        reported_by -> Nullable<Text>,
        /// Photos that a person released, earliest first, the latest proof of repair last.
        photo_ids -> Array<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Directory of ids that a client may choose or hold: unique for ever, and leads from an id to its town. Outside row level security.
    public_id (id) {
        /// UUIDv7 of a report, photo, alert, task, crew action or operation on the grouping.
        id -> Uuid,
        /// What it names.
        kind -> Text,
        /// Whose it is.
        jurisdiction_id -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use postgis_diesel::sql_types::Geography;

    /// What one person said, once; never changed by what becomes of it.
    report (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity: the client's own UUIDv7, or ours.
        id -> Uuid,
        /// What people say on the telephone, with its check character.
        reference -> Text,
        /// Alert it belongs to now; history is in membership.
        alert_id -> Uuid,
        /// As the person said.
        category_id -> Uuid,
        /// As the person said; longitude, latitude.
        place -> Geography,
        /// H3 cell (resolution 15) of the place.
        h3_15 -> Int8,
        /// Stated accuracy, metres (68 %); null: unknown.
        accuracy_m -> Nullable<Float4>,
        /// Where the position came from.
        position_source -> Text,
        /// As given.
        address -> Nullable<Text>,
        /// As given.
        description -> Nullable<Text>,
        /// To the category's questions; personal ones are in the vault.
        answers -> Jsonb,
        /// From the answers: 0 normal, 1 high, 2 danger.
        severity -> Int2,
        /// When the person saw it (their clock, clamped).
        observed_at -> Timestamptz,
        /// When the server had it: the legal date.
        received_at -> Timestamptz,
        /// How it came.
        channel -> Text,
        /// Language of the person.
        locale -> Text,
        /// Person in the vault; null: nobody asked to be told.
        subject_id -> Nullable<Uuid>,
        /// Keyed hash of device or account, only to recognise a resubmission; null after a day.
        sender_tag -> Nullable<Int8>,
        /// SHA-256 of the follow secret.
        follow_hash -> Bytea,
        /// SHA-256 of town, reference and the 8-character telephone code.
        code_hash -> Bytea,
        /// SHA-256 of the request as understood: the same id with another body is a conflict.
        request_hash -> Bytea,
        /// What the 201 said of counts and dates: a retry says the same.
        answer -> Jsonb,
        /// Data-protection notice shown.
        notice_version -> Int4,
        /// Front desk agent, for callers and visitors.
        entered_by -> Nullable<Uuid>,
        /// Id in the system it was imported from.
        source_ref -> Nullable<Text>,
        /// near_boundary, observed_clamped, late_evidence...
        flags -> Array<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What a person may do in a town, and for which part of it.
    role_grant (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// Person.
        staff_user_id -> Uuid,
        /// contractor, signatory and dpo are reserved.
        role -> Text,
        /// Only this service; null: all.
        service_id -> Nullable<Uuid>,
        /// Only this sector; null: all.
        sector_id -> Nullable<Uuid>,
        /// For the role crew: the crew.
        crew_id -> Nullable<Uuid>,
        /// Since when.
        granted_at -> Timestamptz,
        /// Who gave it; null: the installation.
        granted_by -> Nullable<Uuid>,
        /// Until when.
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use postgis_diesel::sql_types::Geography;

    /// Days of crews that somebody had put in order, from today on; the order itself stands in task.rank. What is urgent re-plans it.
    round (jurisdiction_id, crew_id, day) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Crew.
        crew_id -> Uuid,
        /// Local date.
        day -> Date,
        /// When it was ordered last, by a person or by the machine.
        planned_at -> Timestamptz,
        /// Who asked for it last.
        planned_by -> Uuid,
        /// Where the way begins, as that person said; null: at the first stop.
        start -> Nullable<Geography>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Category x sector x time to body, service and crew; the most specific rule wins.
    routing_rule (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// Category or group; null: all.
        category_id -> Nullable<Uuid>,
        /// Sector; null: all.
        sector_id -> Nullable<Uuid>,
        /// {"days": [1..7], "from": "HH:MM", "to": "HH:MM"}, local time; null: always.
        hours -> Nullable<Jsonb>,
        /// Between equally specific rules the higher wins.
        rank -> Int4,
        /// Outside body that the alert is handed over to; null: the town keeps it.
        body_id -> Nullable<Uuid>,
        /// Service in charge; null: the category's.
        service_id -> Nullable<Uuid>,
        /// Crew proposed at dispatch; null: none.
        crew_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use postgis_diesel::sql_types::Geography;

    /// A part of a territory that a crew or service looks after.
    sector (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// Short name, unique in the town.
        code -> Text,
        /// As people say it.
        name -> Text,
        /// Longitude, latitude.
        boundary -> Geography,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A service of the town: roads, cleaning, lighting...
    service (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// Short name, unique in the town.
        code -> Text,
        /// {fr, en}.
        name -> Jsonb,
        /// Printed in acknowledgements (CRPA R112-11-1).
        postal_address -> Text,
        /// Printed in acknowledgements.
        phone -> Text,
        /// Where the service's own notices go.
        email -> Nullable<Text>,
        /// Opening hours and holidays, see catalog::calendar.
        calendar -> Jsonb,
        /// Promised delay where the category has none, e.g. {"working_days": 5}.
        delay -> Jsonb,
        /// How the service hears of new alerts.
        notices -> Text,
        /// Hours that differ: [{"from": "18:00", "to": "08:00", "notices": "digest"}], local time.
        notice_hours -> Jsonb,
        /// With notices none: a new alert must be looked at within so many hours, or the supervisor is alarmed.
        consult_hours -> Nullable<Int4>,
        /// With notices none: and answered within so many hours.
        answer_hours -> Nullable<Int4>,
        /// Chain for what is urgent outside hours: [{"phone": "...", "email": "...", "minutes": 10}], phone or email at least, next in line after so many minutes.
        on_call -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A signed-in person, in one town, on one device; its refresh tokens rotate.
    session (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity; the access token's sid.
        id -> Uuid,
        /// Person.
        staff_user_id -> Uuid,
        /// Enrolled tablet, if signed in by PIN.
        device_id -> Nullable<Uuid>,
        /// SHA-256 of the refresh token in force.
        token_hash -> Bytea,
        /// Of the one before: used again within the grace it gets the same successor, later the session ends.
        previous_hash -> Nullable<Bytea>,
        /// When the token in force was made.
        rotated_at -> Timestamptz,
        /// When the person signed in.
        started_at -> Timestamptz,
        /// Absolute end.
        expires_at -> Timestamptz,
        /// Signed out, revoked or reuse detected.
        ended_at -> Nullable<Timestamptz>,
        /// Why it ended.
        end_reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A person who works for one or more towns. Outside row level security: signing in comes before a town is known.
    staff_user (id) {
        /// Identity.
        id -> Uuid,
        /// Work address, the name to sign in with.
        email -> Text,
        /// Shown to colleagues.
        name -> Text,
        /// argon2id, PHC string; null: signs in elsewhere or only by PIN.
        password_hash -> Nullable<Text>,
        /// argon2id of the personal PIN, valid on enrolled tablets only.
        pin_hash -> Nullable<Text>,
        /// Language of messages and of the console.
        locale -> Text,
        /// Tokens of an older epoch are refused in every town: sign-out everywhere, a new password, an account that is closed.
        session_epoch -> Int4,
        /// From when on the person cannot sign in.
        disabled_at -> Nullable<Timestamptz>,
        /// When added.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use postgis_diesel::sql_types::Geography;

    /// What happened to an alert; append-only.
    status_event (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity: the client's own for crew actions, so that a replay is recognised.
        id -> Uuid,
        /// Alert.
        alert_id -> Uuid,
        /// Operation of flow::status::machine, or opened, note, assign, take_back, remind, merge, split, move, not_same, undo.
        step -> Text,
        /// Before; null at opening.
        from_status -> Nullable<Text>,
        /// After.
        to_status -> Text,
        /// Code: of a rejection, a hold, a re-assignment.
        reason -> Nullable<Text>,
        /// Of a hold.
        review_on -> Nullable<Date>,
        /// For colleagues.
        note -> Nullable<Text>,
        /// For residents.
        public_note -> Nullable<Text>,
        /// Time worked.
        minutes -> Nullable<Int4>,
        /// [{name, quantity, unit}].
        material -> Jsonb,
        /// Task it was done for.
        task_id -> Nullable<Uuid>,
        /// Service in charge after it.
        service_id -> Nullable<Uuid>,
        /// Who; null: the machine or a resident.
        by_user -> Nullable<Uuid>,
        /// In which role.
        by_role -> Text,
        /// Tablet.
        device_id -> Nullable<Uuid>,
        /// Where the crew stood, only at the moment of an action.
        place -> Nullable<Geography>,
        /// Clock of the device.
        client_at -> Nullable<Timestamptz>,
        /// Clock of the server.
        at -> Timestamptz,
        /// SHA-256 of a client's action: the same id with another body is a conflict.
        request_hash -> Nullable<Bytea>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A person who reported, as a random reference; everything that could name them is in the vault.
    subject (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Random (version 4: it says nothing, not even when).
        id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// An alert given to a crew.
    task (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity (UUIDv7).
        id -> Uuid,
        /// Alert.
        alert_id -> Uuid,
        /// Crew.
        crew_id -> Uuid,
        /// Day, if planned.
        planned_on -> Nullable<Date>,
        /// Part of the day, if planned.
        shift -> Nullable<Text>,
        /// Order in the crew's day; lower first.
        rank -> Int4,
        /// A re-planned round leaves it in its place.
        locked -> Bool,
        /// From whoever dispatched it.
        instructions -> Nullable<Text>,
        /// withdrawn: given to somebody else, or its alert was merged into another.
        state -> Text,
        /// When dispatched.
        created_at -> Timestamptz,
        /// By whom; null: a routing rule.
        created_by -> Nullable<Uuid>,
        /// When ended or withdrawn.
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A photo on its way: promised by a crew's action, or arriving in pieces. Gone once the photo is there.
    upload (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Id that the photo will have.
        id -> Uuid,
        /// Report that it shows.
        report_id -> Nullable<Uuid>,
        /// Alert whose repair it proves.
        alert_id -> Nullable<Uuid>,
        /// Crew that sends it: its people may, also when the alert is somebody else's by now.
        crew_id -> Nullable<Uuid>,
        /// Field action that names it and came before it.
        promised_by -> Nullable<Uuid>,
        /// Bytes of the photo, at most 15 MiB; none while it is only promised.
        length -> Nullable<Int4>,
        /// Bytes that are here, from the start.
        received -> Int4,
        /// Why the photo cannot be used, once all of it was here.
        refusal -> Nullable<Text>,
        /// Who sends it; none: a resident.
        created_by -> Nullable<Uuid>,
        /// When it was announced.
        created_at -> Timestamptz,
        /// When what is here is removed if nothing follows.
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Bytes of a photo that is not whole yet: in the database, so that any server can go on with it and an offset never lies.
    upload_piece (jurisdiction_id, upload_id, starts_at) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Upload.
        upload_id -> Uuid,
        /// Offset of the first byte.
        starts_at -> Int4,
        /// The bytes.
        bytes -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A human word on whether a report belongs to an alert; the machine never overrides it. The latest counts; one whose operation was undone does not.
    verdict (jurisdiction_id, id) {
        /// Town.
        jurisdiction_id -> Int4,
        /// Identity.
        id -> Uuid,
        /// Report.
        report_id -> Uuid,
        /// Alert.
        alert_id -> Uuid,
        /// Whether it is the same thing.
        same -> Bool,
        /// Who; null: the reporter.
        by_user -> Nullable<Uuid>,
        /// Operation that it came with; null: the reporter's own word.
        operation_id -> Nullable<Uuid>,
        /// When.
        at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    alert,
    alert_link,
    alert_operation,
    alert_phase,
    alert_word,
    audit_event,
    base_tile,
    body,
    catalogue_version,
    category,
    category_gate,
    change,
    contractor_link,
    crew,
    dedup_policy,
    device,
    field_action,
    follower,
    grant_offer,
    hand_over,
    idempotency,
    job,
    jurisdiction,
    measured_delay,
    membership,
    notification,
    notification_attempt,
    photo,
    pin_wait,
    projection_state,
    public_alert,
    public_id,
    report,
    role_grant,
    round,
    routing_rule,
    sector,
    service,
    session,
    staff_user,
    status_event,
    subject,
    task,
    upload,
    upload_piece,
    verdict,
);
