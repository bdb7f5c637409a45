//! SQL of the vault. The one table that its login reads stands here and not in the generated schema: only this module may
//! name it. The others are reached by functions of the database.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::reveal::Reading;
use super::seal::{Contact, Field, seal};
use crate::auth::keys::KeyRing;
use crate::db::{TownId, Tx, functions};
use crate::http::problem::{Kind, Problem};

mod tables {
    diesel::table! {
        /// The key of one person, wrapped.
        vault.person_key (jurisdiction_id, subject_id) {
            /// Town.
            jurisdiction_id -> Int4,
            /// Person.
            subject_id -> Uuid,
            /// Which key of the key file wraps it.
            key_id -> Text,
            /// Nonce, then ciphertext.
            wrapped_key -> Bytea,
        }
    }
}
use tables::person_key;

/// Adds a person and how to reach them, in the caller's transaction and town; returns the random subject reference.
///
/// # Errors
/// When the database refuses.
pub async fn put(tx: &Tx, keys: &KeyRing, person: &Contact) -> Result<Uuid, Problem> {
    let subject = Uuid::new_v4();
    let sealed = seal(keys, tx.town(), subject, person)?;
    let mut fields = Vec::new();
    let (mut ciphertexts, mut indexes) = (Vec::new(), Vec::new());
    for field in sealed.fields {
        fields.push(field.field.as_str());
        ciphertexts.push(field.ciphertext);
        indexes.push(field.blind_index);
    }
    diesel::select(functions::vault_put(
        subject,
        sealed.key_id,
        sealed.wrapped_key,
        fields,
        ciphertexts,
        indexes,
    ))
    .execute(&mut &**tx)
    .await?;
    Ok(subject)
}

/// A person's data that a purpose opens, as stored.
pub(super) struct Opened {
    /// Which key of the key file wraps the person's.
    pub key_id: String,
    /// Nonce, then ciphertext.
    pub wrapped_key: Vec<u8>,
    /// What the person gave of what the purpose opens.
    pub fields: Vec<(Field, Vec<u8>)>,
}

#[derive(QueryableByName)]
struct OpenedRow {
    #[diesel(sql_type = Text)]
    key_id: String,
    #[diesel(sql_type = Binary)]
    wrapped_key: Vec<u8>,
    #[diesel(sql_type = Nullable<Text>)]
    field: Option<String>,
    #[diesel(sql_type = Nullable<Binary>)]
    ciphertext: Option<Vec<u8>>,
}

/// What a purpose opens of a person, in the transaction's town; the database decides what that is and adds the line of the
/// access trail in the same call.
pub(super) async fn open(conn: &AsyncPgConnection, reading: &Reading) -> Result<Opened, Problem> {
    let rows: Vec<OpenedRow> =
        diesel::sql_query("SELECT key_id, wrapped_key, field, ciphertext FROM vault.reveal($1, $2, $3, $4)")
            .bind::<SqlUuid, _>(reading.subject)
            .bind::<Text, _>(reading.purpose.as_str())
            .bind::<Nullable<SqlUuid>, _>(reading.by)
            .bind::<Nullable<SqlUuid>, _>(reading.report_id)
            .load(&mut &*conn)
            .await?;
    let mut opened: Option<Opened> = None;
    for row in rows {
        let opened = opened.get_or_insert_with(|| Opened {
            key_id: row.key_id,
            wrapped_key: row.wrapped_key,
            fields: Vec::new(),
        });
        if let Some((field, ciphertext)) = row.field.zip(row.ciphertext) {
            let field: Field = field.parse().map_err(Problem::internal)?;
            opened.fields.push((field, ciphertext));
        }
    }
    opened.ok_or_else(|| Problem::new(Kind::NotFound))
}

/// Persons whose key is not wrapped by the key of that name.
pub(super) async fn wrapped_otherwise(
    conn: &AsyncPgConnection,
    town: TownId,
    key_id: &str,
    limit: i64,
) -> Result<Vec<(Uuid, String, Vec<u8>)>, Problem> {
    let rows = person_key::table
        .filter(
            person_key::jurisdiction_id
                .eq(town.0)
                .and(person_key::key_id.ne(key_id)),
        )
        .select((person_key::subject_id, person_key::key_id, person_key::wrapped_key))
        .limit(limit)
        .for_update()
        .load(&mut &*conn)
        .await?;
    Ok(rows)
}

/// Persons whose key is wrapped by the key of that name.
pub(super) async fn wrapped_by(conn: &AsyncPgConnection, town: TownId, key_id: &str) -> Result<i64, Problem> {
    let persons = person_key::table
        .filter(
            person_key::jurisdiction_id
                .eq(town.0)
                .and(person_key::key_id.eq(key_id)),
        )
        .count()
        .get_result(&mut &*conn)
        .await?;
    Ok(persons)
}

/// Puts another wrapping in place.
pub(super) async fn set_wrapping(
    conn: &AsyncPgConnection,
    town: TownId,
    subject: Uuid,
    key_id: &str,
    wrapped_key: &[u8],
) -> Result<(), Problem> {
    let person = person_key::table.filter(
        person_key::jurisdiction_id
            .eq(town.0)
            .and(person_key::subject_id.eq(subject)),
    );
    diesel::update(person)
        .set((person_key::key_id.eq(key_id), person_key::wrapped_key.eq(wrapped_key)))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
