//! SQL of the report stage.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use geo_dedup::cell::LockCell;
use postgis_diesel::types::Point;
use serde_json::Value;
use uuid::Uuid;

use super::model::ContactWay;
use super::reference::Kind as ReferenceKind;
use crate::db::functions::{hashtextextended, pg_advisory_xact_lock, pg_try_advisory_xact_lock};
use crate::db::schema::{catalogue_version, follower, idempotency, public_id, report};
use crate::db::{TownId, Tx};
use crate::flow::alert::queries::lock_cells;
use crate::flow::alert::queries::place::draw;
use crate::http::problem::{Kind, Problem};

/// References are drawn again when taken.
const DRAWS: usize = 5;
/// Separates the locks of report ids from those of idempotency keys and cells.
const ID_LOCK: i64 = 0x0072_6570_6f72_7400;
/// The same for the ids of another system.
const SOURCE_LOCK: i64 = 0x0073_6f75_7263_6500;

/// A report as stored, as far as an answer needs it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = report)]
pub struct StoredReport {
    /// Identity.
    pub id: Uuid,
    /// What people say on the telephone.
    pub reference: String,
    /// Alert it belongs to now.
    pub alert_id: Uuid,
    /// As the person said.
    pub category_id: Uuid,
    /// As the person said.
    pub place: Point,
    /// As given.
    pub address: Option<String>,
    /// As given.
    pub description: Option<String>,
    /// When the server had it.
    pub received_at: DateTime<Utc>,
    /// Person's language.
    pub locale: String,
    /// Digest of the follow secret.
    pub follow_hash: Vec<u8>,
    /// Digest of the telephone code.
    pub code_hash: Vec<u8>,
    /// Digest of the request.
    pub request_hash: Vec<u8>,
    /// What the 201 said.
    pub answer: Value,
    /// Data-protection notice shown.
    pub notice_version: i32,
    /// near_boundary...
    pub flags: Vec<String>,
}

/// What is known before a submit begins its work.
pub struct Known {
    /// Version of the catalogue.
    pub catalogue_version: i64,
    /// Whether nobody else works on the same id or key.
    pub alone: bool,
    /// What the id names already: `(kind, town)`.
    pub named: Option<(String, i32)>,
    /// The report of this id, in this town.
    pub report: Option<StoredReport>,
    /// What the Idempotency-Key made before: `(request hash, report)`.
    pub keyed: Option<(Vec<u8>, Uuid)>,
}

/// Takes the locks of the id and key, without waiting, then that of the id in another system and those of the cells, and
/// reads what id and key made before.
///
/// # Errors
/// When the database refuses.
pub async fn known(
    tx: &Tx,
    (id, source_ref): (Uuid, Option<&str>),
    key_hash: Option<&[u8]>,
    cells: &[LockCell],
) -> Result<Known, Problem> {
    let conn: &AsyncPgConnection = tx;
    let town = tx.town();
    // The locks come first and alone: what is read afterwards was committed by whoever held them before.
    let mut alone = try_lock(conn, &id.to_string()).await?;
    if let Some(key) = key_hash {
        alone &= try_lock(conn, &format!("{} {}", town.0, data_encoding::HEXLOWER.encode(key))).await?;
    }
    if let Some(source_ref) = source_ref {
        // Before the cells, by everybody: whoever brings the same one ends first, and then it is there or free.
        let key = hashtextextended(format!("{} {source_ref}", town.0), SOURCE_LOCK);
        diesel::select(pg_advisory_xact_lock(key)).execute(&mut &*conn).await?;
    }
    let ((catalogue_version, named), keyed, ()) = tokio::try_join!(
        named(conn, id),
        keyed(conn, town, key_hash),
        lock_cells(conn, town, cells)
    )?;
    let report = match &named {
        Some((_, at)) if *at == town.0 => find(conn, town, id).await?,
        _ => None,
    };
    Ok(Known {
        catalogue_version,
        alone,
        named,
        report,
        keyed,
    })
}

/// The catalogue's version, and what the id names already. One statement: for every report that is new the second finds nothing.
async fn named(conn: &AsyncPgConnection, id: Uuid) -> Result<(i64, Option<(String, i32)>), Problem> {
    let found = catalogue_version::table
        .left_join(public_id::table.on(public_id::id.eq(id)))
        .select((
            catalogue_version::version,
            (public_id::kind, public_id::jurisdiction_id).nullable(),
        ))
        .first(&mut &*conn)
        .await?;
    Ok(found)
}

/// What a key made before: the request's digest, and the report.
///
/// # Errors
/// When the database refuses.
pub async fn keyed(
    conn: &AsyncPgConnection,
    town: TownId,
    key_hash: Option<&[u8]>,
) -> Result<Option<(Vec<u8>, Uuid)>, Problem> {
    let Some(key) = key_hash else { return Ok(None) };
    let made = idempotency::table
        .filter(
            idempotency::jurisdiction_id
                .eq(town.0)
                .and(idempotency::key_hash.eq(key)),
        )
        .select((idempotency::request_hash, idempotency::entity_id));
    Ok(made.first(&mut &*conn).await.optional()?)
}

async fn try_lock(conn: &AsyncPgConnection, name: &str) -> Result<bool, Problem> {
    let key = hashtextextended(name, ID_LOCK);
    Ok(diesel::select(pg_try_advisory_xact_lock(key))
        .get_result(&mut &*conn)
        .await?)
}

/// The report of an id.
///
/// # Errors
/// When the database refuses.
pub async fn find(conn: &AsyncPgConnection, town: TownId, id: Uuid) -> Result<Option<StoredReport>, Problem> {
    let found = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::id.eq(id)))
        .select(StoredReport::as_select())
        .first(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// The report of a reference.
///
/// # Errors
/// When the database refuses.
pub async fn find_by_reference(
    conn: &AsyncPgConnection,
    town: TownId,
    reference: &str,
) -> Result<Option<StoredReport>, Problem> {
    let found = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::reference.eq(reference)))
        .select(StoredReport::as_select())
        .first(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Writes ids into the directory: from now on they are unique for ever.
///
/// # Errors
/// [`Kind::IdTaken`] when one is not free.
pub async fn claim_ids<const N: usize>(
    conn: &AsyncPgConnection,
    town: TownId,
    ids: [(Uuid, &'static str); N],
) -> Result<(), Problem> {
    let rows = ids.map(|(id, kind)| {
        (
            public_id::id.eq(id),
            public_id::kind.eq(kind),
            public_id::jurisdiction_id.eq(town.0),
        )
    });
    let inserted = diesel::insert_into(public_id::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(&mut &*conn)
        .await?;
    if inserted == N {
        Ok(())
    } else {
        Err(Problem::new(Kind::IdTaken))
    }
}

/// A new report's row.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = report, treat_none_as_default_value = false)]
pub struct NewReport {
    /// Town.
    pub jurisdiction_id: i32,
    /// Identity.
    pub id: Uuid,
    /// Filled in by [`insert`].
    pub reference: String,
    /// Alert it belongs to.
    pub alert_id: Uuid,
    /// As the person said.
    pub category_id: Uuid,
    /// As the person said.
    pub place: Point,
    /// Cell of the place.
    pub h3_15: i64,
    /// Stated accuracy, metres.
    pub accuracy_m: Option<f32>,
    /// Where the position came from.
    pub position_source: &'static str,
    /// As given.
    pub address: Option<String>,
    /// As given.
    pub description: Option<String>,
    /// Answers, without personal ones.
    pub answers: Value,
    /// 0 to 2.
    pub severity: i16,
    /// When the person saw it.
    pub observed_at: DateTime<Utc>,
    /// When the server had it.
    pub received_at: DateTime<Utc>,
    /// How it came.
    pub channel: &'static str,
    /// Person's language.
    pub locale: &'static str,
    /// Person in the vault.
    pub subject_id: Option<Uuid>,
    /// Keyed hash of the device.
    pub sender_tag: Option<i64>,
    /// Digest of the follow secret.
    pub follow_hash: Vec<u8>,
    /// Filled in by [`insert`]: digest of town, reference and telephone code.
    pub code_hash: Vec<u8>,
    /// Digest of the request.
    pub request_hash: Vec<u8>,
    /// What the 201 says.
    pub answer: Value,
    /// Data-protection notice shown.
    pub notice_version: i32,
    /// Front desk agent.
    pub entered_by: Option<Uuid>,
    /// Id in the system it was imported from.
    pub source_ref: Option<String>,
    /// near_boundary...
    pub flags: Vec<String>,
}

/// Stores a report, with a reference drawn until it is free; `code_hash` makes the digest of a reference. Returns the
/// reference.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &AsyncPgConnection,
    mut new: NewReport,
    code_hash: impl Fn(&str) -> Vec<u8>,
) -> Result<String, Problem> {
    for _ in 0..DRAWS {
        new.reference = draw(ReferenceKind::Report)?;
        new.code_hash = code_hash(&new.reference);
        let inserted = diesel::insert_into(report::table)
            .values(&new)
            .on_conflict((report::jurisdiction_id, report::reference))
            .do_nothing()
            .execute(&mut &*conn)
            .await?;
        if inserted == 1 {
            return Ok(new.reference);
        }
    }
    Err(Problem::internal("no free report reference was drawn"))
}

/// Whether an imported id is there already.
///
/// # Errors
/// When the database refuses.
pub async fn has_source_ref(conn: &AsyncPgConnection, town: TownId, source_ref: &str) -> Result<bool, Problem> {
    let found = report::table.filter(
        report::jurisdiction_id
            .eq(town.0)
            .and(report::source_ref.eq(source_ref)),
    );
    Ok(diesel::select(diesel::dsl::exists(found))
        .get_result(&mut &*conn)
        .await?)
}

/// Remembers what an Idempotency-Key made.
///
/// # Errors
/// When the database refuses.
pub async fn remember_key(
    conn: &AsyncPgConnection,
    town: TownId,
    key_hash: Option<&[u8]>,
    request_hash: &[u8],
    report_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let Some(key) = key_hash else { return Ok(()) };
    diesel::insert_into(idempotency::table)
        .values((
            idempotency::jurisdiction_id.eq(town.0),
            idempotency::key_hash.eq(key),
            idempotency::request_hash.eq(request_hash),
            idempotency::entity_id.eq(report_id),
            idempotency::at.eq(now),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Makes the author of a report a follower of its alert.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = follower, treat_none_as_default_value = false)]
pub struct NewFollower {
    /// Town.
    pub jurisdiction_id: i32,
    /// Identity.
    pub id: Uuid,
    /// Alert.
    pub alert_id: Uuid,
    /// Report.
    pub report_id: Uuid,
    /// Person in the vault.
    pub subject_id: Option<Uuid>,
    /// How they hear.
    pub channel: &'static str,
    /// In which language.
    pub locale: &'static str,
    /// Digest of the unsubscribe token.
    pub unsubscribe_hash: Vec<u8>,
    /// From when on.
    pub since: DateTime<Utc>,
    /// Counts messages to one recipient.
    pub contact_mark: Option<Vec<u8>>,
}

/// Adds a follower.
///
/// # Errors
/// When the database refuses.
pub async fn follow(conn: &AsyncPgConnection, new: Option<&NewFollower>) -> Result<(), Problem> {
    if let Some(new) = new {
        diesel::insert_into(follower::table)
            .values(new)
            .execute(&mut &*conn)
            .await?;
    }
    Ok(())
}

/// When a recipient began to be told of reports today, the latest first, at most so many.
///
/// # Errors
/// When the database refuses.
pub async fn told_today(
    conn: &AsyncPgConnection,
    town: TownId,
    mark: &[u8],
    most: i64,
) -> Result<Vec<DateTime<Utc>>, Problem> {
    let told = follower::table
        .filter(
            follower::jurisdiction_id
                .eq(town.0)
                .and(follower::contact_mark.eq(mark)),
        )
        .filter(follower::channel.ne(ContactWay::App.as_str()))
        .order(follower::since.desc())
        .limit(most)
        .select(follower::since)
        .load(&mut &*conn)
        .await?;
    Ok(told)
}

/// A report of an alert, as far as the alert follows from it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = report)]
pub struct Member {
    /// Identity.
    pub id: Uuid,
    /// What people say on the telephone.
    pub reference: String,
    /// Alert it belongs to now.
    pub alert_id: Uuid,
    /// As the person said.
    pub category_id: Uuid,
    /// As the person said.
    pub place: Point,
    /// Cell of the place.
    pub h3_15: i64,
    /// As given.
    pub address: Option<String>,
    /// As given.
    pub description: Option<String>,
    /// 0 to 2.
    pub severity: i16,
    /// When the server had it.
    pub received_at: DateTime<Utc>,
    /// near_boundary...
    pub flags: Vec<String>,
}

/// The reports of alerts, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn members(conn: &AsyncPgConnection, town: TownId, alerts: &[Uuid]) -> Result<Vec<Member>, Problem> {
    let found = report::table
        .filter(report::jurisdiction_id.eq(town.0).and(report::alert_id.eq_any(alerts)))
        .order((report::received_at, report::id))
        .select(Member::as_select())
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Lets reports belong to another alert.
///
/// # Errors
/// When the database refuses.
pub async fn belong_to(conn: &AsyncPgConnection, town: TownId, reports: &[Uuid], alert: Uuid) -> Result<(), Problem> {
    let own = report::table.filter(report::jurisdiction_id.eq(town.0).and(report::id.eq_any(reports)));
    diesel::update(own)
        .set(report::alert_id.eq(alert))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
