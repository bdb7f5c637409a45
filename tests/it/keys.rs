//! A town's rows lie together and cannot be mistaken for another's: its number comes first in every key.

use vigie_tests::database::{TestDb, texts};

/// What belongs to no town, and why.
const TOWNLESS: [(&str, &str); 6] = [
    (
        "catalogue_version p only_row",
        "one row for all towns: servers ask whether their copy is of now",
    ),
    (
        "job p id",
        "the worker takes the oldest of all towns, then sets the town that the job names",
    ),
    ("jurisdiction f id, default_service_id", "its number is the town's"),
    ("jurisdiction p id", "its number is the town's"),
    ("jurisdiction u slug", "its name in addresses, unique among all"),
    (
        "public_id p id",
        "tells whose an id is, and keeps a client's ids unique for ever",
    ),
];

/// Keys of all tables of ours that do not begin with the town; a person of the staff works for several, and so do references to
/// people.
const OTHER_KEYS: &str = "SELECT concat(c.conrelid::regclass::text, ' ', c.contype::text, ' ', array_to_string(columns, ', ')) AS value \
    FROM pg_constraint c CROSS JOIN LATERAL (SELECT array_agg(a.attname::text ORDER BY array_position(c.conkey, a.attnum)) AS columns \
        FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) named \
    WHERE c.contype IN ('p', 'u', 'f') AND c.connamespace IN ('public'::regnamespace, 'vault'::regnamespace) \
    AND columns[1] <> 'jurisdiction_id' AND 'staff_user'::regclass NOT IN (c.confrelid, c.conrelid) \
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.conrelid AND d.deptype = 'e') \
    AND c.conrelid::regclass::text <> '__diesel_schema_migrations' ORDER BY 1";

/// Unique indexes of their own, without a constraint.
const OTHER_INDEXES: &str = "SELECT i.indexrelid::regclass::text AS value FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
    WHERE i.indisunique AND a.attname IS DISTINCT FROM 'jurisdiction_id' \
    AND c.relnamespace IN ('public'::regnamespace, 'vault'::regnamespace) \
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') \
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY 1";

#[tokio::test]
async fn the_town_comes_first_in_every_key_but_those_that_belong_to_none() {
    let db = TestDb::new();
    let mut conn = db.admin().await;
    let keys: Vec<String> = texts(&mut conn, OTHER_KEYS).await;
    assert_eq!(keys, TOWNLESS.map(|(key, _)| key.to_owned()));
    // With this address a person signs in, for whichever towns.
    assert_eq!(texts(&mut conn, OTHER_INDEXES).await, ["staff_user_email"]);
}
