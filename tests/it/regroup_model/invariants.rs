//! What always holds, whoever did what: each query names what breaks it.

use diesel_async::AsyncPgConnection;
use vigie_tests::database::texts;

/// What breaks it, and who does.
const FAULTS: &[(&str, &str)] = &[
    // I4: every report is in exactly one alert, that one stands, and the log replayed says the same.
    (
        "a report in an alert that was merged away",
        "SELECT r.id::text AS value FROM report r JOIN alert a ON a.id = r.alert_id WHERE a.merged_into IS NOT NULL",
    ),
    (
        "the log says otherwise",
        "SELECT r.id::text AS value FROM report r LEFT JOIN (SELECT DISTINCT ON (report_id) report_id, alert_id FROM membership ORDER BY report_id, id DESC) m ON m.report_id = r.id \
                 WHERE m.alert_id IS DISTINCT FROM r.alert_id",
    ),
    (
        "a decision that does not begin where the one before ended",
        "SELECT report_id::text AS value FROM (SELECT report_id, from_alert_id, \
             lag(alert_id) OVER (PARTITION BY report_id ORDER BY id) AS was FROM membership) m \
             WHERE from_alert_id IS DISTINCT FROM was",
    ),
    (
        "a correction of which nobody knows what spoke for it",
        "SELECT report_id::text AS value FROM membership WHERE decision IN ('merge', 'move') \
             AND (posterior IS NULL OR policy_version IS NULL OR weights_version IS NULL OR reasons = '[]')",
    ),
    (
        "an undo for other reasons than those that it restores",
        "SELECT u.report_id::text AS value FROM membership u WHERE u.decision = 'undo' AND u.reasons IS DISTINCT FROM \
             (SELECT m.reasons FROM membership m WHERE m.report_id = u.report_id AND m.alert_id = u.alert_id \
              AND m.id < u.id ORDER BY m.id DESC LIMIT 1)",
    ),
    // I8: counts, dates and extent are those of the reports.
    (
        "a count",
        "SELECT a.id::text AS value FROM alert a WHERE report_count <> (SELECT count(*) FROM report r WHERE r.alert_id = a.id)",
    ),
    (
        "an open alert without reports",
        "SELECT id::text AS value FROM alert WHERE open AND report_count = 0",
    ),
    (
        "a date",
        "SELECT a.id::text AS value FROM alert a JOIN (SELECT alert_id, min(received_at) AS first, \
             max(received_at) AS last FROM report GROUP BY 1) r ON r.alert_id = a.id \
             WHERE a.opened_at <> r.first OR a.last_report_at <> r.last",
    ),
    (
        "an extent",
        "SELECT a.id::text AS value FROM alert a JOIN report r ON r.alert_id = a.id GROUP BY a.id, a.extent_m \
             HAVING abs(a.extent_m - max(ST_Distance(a.anchor, r.place, false))) > 1",
    ),
    (
        "an anchor without a report",
        "SELECT a.id::text AS value FROM alert a WHERE a.open AND NOT EXISTS \
             (SELECT FROM report r WHERE r.alert_id = a.id AND r.h3_15 = a.h3_15)",
    ),
    // Followers are where their report is.
    (
        "a follower elsewhere",
        "SELECT f.id::text AS value FROM follower f JOIN report r ON r.id = f.report_id WHERE f.alert_id <> r.alert_id",
    ),
    // The directory resolves what it was told, and references lead to an alert that stands.
    (
        "an id without its line in the directory",
        "SELECT id::text AS value FROM (SELECT id, 'alert' AS kind FROM alert UNION ALL SELECT id, 'report' FROM report \
             UNION ALL SELECT id, 'operation' FROM alert_operation) e \
             WHERE NOT EXISTS (SELECT FROM public_id p WHERE p.id = e.id AND p.kind = e.kind)",
    ),
    (
        "a chain of merges that ends nowhere",
        "WITH RECURSIVE chain AS (SELECT id AS began, merged_into AS at, 1 AS far FROM alert WHERE merged_into IS NOT NULL \
             UNION ALL SELECT c.began, a.merged_into, c.far + 1 FROM chain c JOIN alert a ON a.id = c.at \
             WHERE a.merged_into IS NOT NULL AND c.far < 1000) SELECT began::text AS value FROM chain WHERE far >= 1000",
    ),
    // I5: nobody is told the same twice.
    (
        "told twice",
        "SELECT follower_id::text AS value FROM notification WHERE follower_id IS NOT NULL \
             GROUP BY event_id, follower_id, template HAVING count(*) > 1",
    ),
    // Whoever has it has a phase of the work, whoever was merged away has none.
    (
        "a phase",
        "SELECT a.id::text AS value FROM alert a WHERE a.open <> EXISTS \
             (SELECT FROM alert_phase p WHERE p.alert_id = a.id AND p.ended_at IS NULL)",
    ),
    // Everything that was done has its trail.
    (
        "an operation without its trail",
        "SELECT o.id::text AS value FROM alert_operation o WHERE 2 <> \
             (SELECT count(*) FROM audit_event e WHERE e.detail->>'operation_id' = o.id::text)",
    ),
];

/// Holds that nothing of it is there.
pub async fn invariants(db: &mut AsyncPgConnection, trail: &[String]) {
    for (what, query) in FAULTS {
        assert_eq!(texts(db, query).await, Vec::<String>::new(), "{what}\n{trail:#?}");
    }
}
