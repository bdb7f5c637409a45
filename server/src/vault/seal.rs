//! Encryption of contact data: pure functions over a key ring.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::auth::keys::{Key, KeyRing, Named};
use crate::auth::secret::derive;
use crate::db::TownId;
use crate::http::problem::Problem;
use crate::vocabulary::vocabulary;

const NONCE_LEN: usize = 24;

vocabulary! {
    /// A contact datum.
    Field {
        /// Address of electronic mail.
        Email = "email",
        /// Telephone number.
        Phone = "phone",
        /// Name, for who chose a call or a letter.
        Name = "name",
        /// Postal address, for who chose a letter.
        PostalAddress = "postal_address",
        /// Answers to a category's questions that are personal data, as a JSON object.
        Answers = "answers",
    }
}

/// How to reach a person, and what else of them a report told. Never logged: `Debug` says only what is known, not what it is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// Address of electronic mail.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Postal address.
    pub postal_address: Option<String>,
    /// Personal answers to the category's questions: a JSON object.
    pub answers: Option<String>,
}

impl Contact {
    /// A datum, if it is known.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        match field {
            Field::Email => self.email.as_deref(),
            Field::Phone => self.phone.as_deref(),
            Field::Name => self.name.as_deref(),
            Field::PostalAddress => self.postal_address.as_deref(),
            Field::Answers => self.answers.as_deref(),
        }
    }

    /// What is known of the person.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        Field::ALL
            .iter()
            .copied()
            .filter(|field| self.get(*field).is_some())
            .collect()
    }

    fn set(&mut self, field: Field, value: String) {
        match field {
            Field::Email => self.email = Some(value),
            Field::Phone => self.phone = Some(value),
            Field::Name => self.name = Some(value),
            Field::PostalAddress => self.postal_address = Some(value),
            Field::Answers => self.answers = Some(value),
        }
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Contact").field(&self.fields()).finish()
    }
}

/// One encrypted datum.
pub(super) struct SealedField {
    pub field: Field,
    /// Nonce, then ciphertext.
    pub ciphertext: Vec<u8>,
    pub blind_index: Option<Vec<u8>>,
}

/// A person as the database holds them.
pub(super) struct Sealed {
    pub key_id: String,
    /// Nonce, then ciphertext.
    pub wrapped_key: Vec<u8>,
    pub fields: Vec<SealedField>,
}

/// Encrypts a person under a new key of their own.
pub(super) fn seal(keys: &KeyRing, town: TownId, subject: Uuid, contact: &Contact) -> Result<Sealed, Problem> {
    let wrapping = in_force(keys)?;
    let mut person: Key = [0; 32];
    getrandom::fill(&mut person).map_err(Problem::internal)?;
    let fields = contact.fields().into_iter().filter_map(|field| {
        let value = contact.get(field)?;
        Some(
            encrypt(&person, value.as_bytes(), &place(town, subject, field)).map(|ciphertext| SealedField {
                field,
                ciphertext,
                blind_index: blind_index(keys, town, field, value),
            }),
        )
    });
    Ok(Sealed {
        key_id: wrapping.id.clone(),
        wrapped_key: wrap(wrapping, town, subject, &person)?,
        fields: fields.collect::<Result<_, Problem>>()?,
    })
}

/// Decrypts what was read of a person.
pub(super) fn open(
    keys: &KeyRing,
    town: TownId,
    subject: Uuid,
    (key_id, wrapped_key): (&str, &[u8]),
    fields: &[(Field, Vec<u8>)],
) -> Result<Contact, Problem> {
    let person = unwrap(keys, town, subject, key_id, wrapped_key)?;
    let mut contact = Contact::default();
    for (field, ciphertext) in fields {
        let plain = decrypt(&person, ciphertext, &place(town, subject, *field))?;
        contact.set(*field, String::from_utf8(plain).map_err(Problem::internal)?);
    }
    Ok(contact)
}

/// Wraps a person's key again under the vault key in force; `None` when it is already.
pub(super) fn renew(
    keys: &KeyRing,
    town: TownId,
    subject: Uuid,
    key_id: &str,
    wrapped_key: &[u8],
) -> Result<Option<(String, Vec<u8>)>, Problem> {
    let wrapping = in_force(keys)?;
    if wrapping.id == key_id {
        return Ok(None);
    }
    let person = unwrap(keys, town, subject, key_id, wrapped_key)?;
    Ok(Some((wrapping.id.clone(), wrap(wrapping, town, subject, &person)?)))
}

/// The value by which a person can be found again without reading anyone: HMAC-SHA-256 of the normalised e-mail address or
/// telephone number, salted with the town. Nothing else has one.
#[must_use]
pub fn blind_index(keys: &KeyRing, town: TownId, field: Field, value: &str) -> Option<Vec<u8>> {
    let normal = match field {
        Field::Email => value.trim().to_lowercase(),
        Field::Phone => normal_phone(value),
        Field::Name | Field::PostalAddress | Field::Answers => return None,
    };
    let data = format!("{}|{field}|{normal}", town.0);
    Some(derive(&keys.index, "blind index", data.as_bytes()).to_vec())
}

/// By what messages to one address or number are counted within a day. It is another one every day, so that it ties nobody's
/// reports together for longer.
#[must_use]
pub fn daily_mark(keys: &KeyRing, town: TownId, field: Field, value: &str, day: NaiveDate) -> Option<Vec<u8>> {
    let index = blind_index(keys, town, field, value)?;
    let data = [index.as_slice(), day.to_string().as_bytes()].concat();
    let mark = derive(&keys.index, "daily mark", &data);
    mark.get(..16).map(<[u8]>::to_vec)
}

/// `06 12 34 56 78`, `0033612345678` and `+33 6 12 34 56 78` are one number.
fn normal_phone(value: &str) -> String {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    if value.trim_start().starts_with('+') {
        return format!("+{digits}");
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return format!("+{rest}");
    }
    match digits.strip_prefix('0') {
        Some(rest) if digits.len() == 10 => format!("+33{rest}"),
        _ => digits,
    }
}

fn in_force(keys: &KeyRing) -> Result<&Named<Key>, Problem> {
    keys.vault.first().ok_or_else(|| Problem::internal("no vault key"))
}

/// What a datum is bound to: in another place of the vault it does not open.
///
/// The wrapping key's name binds only the wrapped key, so that a person can be wrapped anew without touching their data.
fn place(town: TownId, subject: Uuid, field: Field) -> Vec<u8> {
    format!("{}|{subject}|{field}", town.0).into_bytes()
}

fn key_place(town: TownId, subject: Uuid, key_id: &str) -> Vec<u8> {
    format!("{}|{subject}|key|{key_id}", town.0).into_bytes()
}

fn wrap(wrapping: &Named<Key>, town: TownId, subject: Uuid, person: &Key) -> Result<Vec<u8>, Problem> {
    encrypt(&wrapping.key, person, &key_place(town, subject, &wrapping.id))
}

fn unwrap(keys: &KeyRing, town: TownId, subject: Uuid, key_id: &str, wrapped: &[u8]) -> Result<Key, Problem> {
    let wrapping = keys.vault.iter().find(|key| key.id == key_id);
    let wrapping =
        wrapping.ok_or_else(|| Problem::internal(format!("the vault key {key_id} is not in the key file")))?;
    let plain = decrypt(&wrapping.key, wrapped, &key_place(town, subject, key_id))?;
    Key::try_from(plain.as_slice()).map_err(Problem::internal)
}

fn encrypt(key: &Key, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, Problem> {
    // 192 bits: random nonces never meet.
    let mut nonce = [0_u8; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(Problem::internal)?;
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad })
        .map_err(|_| Problem::internal("encryption failed"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn decrypt(key: &Key, sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>, Problem> {
    let broken = || Problem::internal("a vault entry does not open: wrong key, or moved, or damaged");
    let (nonce, msg) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(broken)?;
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    cipher
        .decrypt(&XNonce::from(*nonce), Payload { msg, aad })
        .map_err(|_| broken())
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
