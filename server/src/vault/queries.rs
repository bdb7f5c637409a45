//! SQL of the vault. Its tables stand here and not in the generated schema: only this module may name them.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

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

    diesel::table! {
        /// One contact datum of one person.
        vault.contact (jurisdiction_id, subject_id, field) {
            /// Town.
            jurisdiction_id -> Int4,
            /// Person.
            subject_id -> Uuid,
            /// What it is.
            field -> Text,
            /// Nonce, then ciphertext.
            ciphertext -> Bytea,
        }
    }

    diesel::table! {
        /// Who read which contact data, and what for; append-only.
        vault.access_event (jurisdiction_id, id) {
            /// Town.
            jurisdiction_id -> Int4,
            /// Order.
            id -> Int8,
            /// Person whose data were read.
            subject_id -> Uuid,
            /// What was read.
            fields -> Array<Text>,
            /// What for.
            purpose -> Text,
            /// Who; null: the worker that sends messages.
            staff_user_id -> Nullable<Uuid>,
            /// For which report.
            report_id -> Nullable<Uuid>,
        }
    }
}
use tables::{access_event, contact, person_key};

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

/// The wrapped key of a person: its key's name and the wrapping.
pub(super) async fn key_of(
    conn: &AsyncPgConnection,
    town: TownId,
    subject: Uuid,
) -> Result<(String, Vec<u8>), Problem> {
    let found = person_key::table
        .filter(
            person_key::jurisdiction_id
                .eq(town.0)
                .and(person_key::subject_id.eq(subject)),
        )
        .select((person_key::key_id, person_key::wrapped_key))
        .first(&mut &*conn)
        .await
        .optional()?;
    found.ok_or_else(|| Problem::new(Kind::NotFound))
}

/// These data of a person, as stored.
pub(super) async fn data_of(
    conn: &AsyncPgConnection,
    town: TownId,
    subject: Uuid,
    fields: &[Field],
) -> Result<Vec<(Field, Vec<u8>)>, Problem> {
    let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
    let rows: Vec<(String, Vec<u8>)> = contact::table
        .filter(contact::jurisdiction_id.eq(town.0).and(contact::subject_id.eq(subject)))
        .filter(contact::field.eq_any(names))
        .select((contact::field, contact::ciphertext))
        .load(&mut &*conn)
        .await?;
    rows.into_iter()
        .map(|(field, ciphertext)| Ok((field.parse().map_err(Problem::internal)?, ciphertext)))
        .collect()
}

/// One line of the access trail.
pub(super) struct Access<'a> {
    pub subject: Uuid,
    pub fields: &'a [Field],
    pub purpose: &'a str,
    pub by: Option<Uuid>,
    pub report_id: Option<Uuid>,
}

/// Adds a line to the access trail.
pub(super) async fn note_access(conn: &AsyncPgConnection, town: TownId, access: &Access<'_>) -> Result<(), Problem> {
    let fields: Vec<&str> = access.fields.iter().map(|field| field.as_str()).collect();
    diesel::insert_into(access_event::table)
        .values((
            access_event::jurisdiction_id.eq(town.0),
            access_event::subject_id.eq(access.subject),
            access_event::fields.eq(fields),
            access_event::purpose.eq(access.purpose),
            access_event::staff_user_id.eq(access.by),
            access_event::report_id.eq(access.report_id),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok(())
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
