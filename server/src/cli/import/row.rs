//! One row of a CSV file, and the report that it states.

use std::collections::HashMap;
use std::str::FromStr;

use anyhow::bail;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use csv::{ByteRecord, StringRecord};
use geo_dedup::LonLat;
use serde_json::Map;

use super::refused::Reason;
use super::town::plain_code;
use crate::auth::secret::digest;
use crate::catalog::model::Town;
use crate::flow::report::model::{Channel, ContactWay, PositionSource, Submission};
use crate::flow::report::parse::{MAX_ADDRESS, MAX_DESCRIPTION};
use crate::text::Locale;
use crate::vault::Contact;

/// What a column can say.
const FIELDS: [&str; 9] = [
    "id",
    "lat",
    "lon",
    "category",
    "observed_at",
    "description",
    "address",
    "accuracy_m",
    "channel",
];

/// `COLUMN=FIELD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    column: String,
    field: &'static str,
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (column, field) = text.rsplit_once('=').ok_or("write COLUMN=FIELD")?;
        let known = FIELDS.into_iter().find(|known| *known == field);
        let field = known.ok_or_else(|| format!("{field:?} is none of {}", FIELDS.join(", ")))?;
        Ok(Self {
            column: column.to_owned(),
            field,
        })
    }
}

/// Where each field stands in a line.
#[derive(Debug)]
pub struct Columns(HashMap<&'static str, usize>);

impl Columns {
    /// From the first line and the operator's words.
    pub fn of(headers: &StringRecord, maps: &[Mapping]) -> anyhow::Result<Self> {
        let place = |name: &str| headers.iter().position(|header| header.trim() == name);
        let mut places = HashMap::new();
        for field in FIELDS {
            if let Some(at) = place(field) {
                places.insert(field, at);
            }
        }
        for mapping in maps {
            let Some(at) = place(&mapping.column) else {
                let there: Vec<&str> = headers.iter().collect();
                bail!(
                    "there is no column {:?}; the file has {}",
                    mapping.column,
                    there.join(", ")
                );
            };
            places.insert(mapping.field, at);
        }
        let missing: Vec<&str> = FIELDS[..5]
            .iter()
            .copied()
            .filter(|field| !places.contains_key(field))
            .collect();
        if !missing.is_empty() {
            bail!("no column says {}: use --map COLUMN=FIELD", missing.join(", "));
        }
        Ok(Self(places))
    }

    /// Reads a line; nothing is judged yet.
    pub fn row(&self, line: usize, record: ByteRecord, time_zone: Tz) -> Row {
        // One line in another encoding is refused by itself, and what can be read of it says which it was.
        let (record, is_utf8) = match StringRecord::from_byte_record(record) {
            Ok(record) => (record, true),
            Err(error) => (StringRecord::from_byte_record_lossy(error.into_byte_record()), false),
        };
        let text = |field: &str| {
            let text = self.0.get(field).and_then(|at| record.get(*at)).map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Row {
            line,
            id: text("id"),
            lat: text("lat"),
            lon: text("lon"),
            category: text("category"),
            observed_at: text("observed_at"),
            description: text("description"),
            address: text("address"),
            accuracy_m: text("accuracy_m"),
            channel: text("channel"),
            is_utf8,
            time_zone,
        }
    }
}

/// A row as it stands in the file.
#[derive(Clone, Debug)]
pub struct Row {
    pub line: usize,
    pub id: Option<String>,
    pub lat: Option<String>,
    pub lon: Option<String>,
    pub category: Option<String>,
    pub observed_at: Option<String>,
    pub description: Option<String>,
    pub address: Option<String>,
    pub accuracy_m: Option<String>,
    pub channel: Option<String>,
    pub is_utf8: bool,
    pub time_zone: Tz,
}

impl Row {
    /// Where it is; the point at zero degrees is what programs write when they do not know.
    pub fn position(&self) -> Option<LonLat> {
        let number = |text: &Option<String>| text.as_deref()?.parse::<f64>().ok();
        let (lon, lat) = (number(&self.lon)?, number(&self.lat)?);
        LonLat::new(lon, lat).ok().filter(|_| (lon, lat) != (0.0, 0.0))
    }

    /// When it was sent: RFC 3339, or local time, or a local day (noon).
    pub fn at(&self) -> Option<DateTime<Utc>> {
        let text = self.observed_at.as_deref()?;
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Some(at.to_utc());
        }
        let noon = NaiveTime::from_hms_opt(12, 0, 0)?;
        let local = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
        let local = local
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        let local = local.or_else(|| Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(noon)))?;
        Some(self.time_zone.from_local_datetime(&local).earliest()?.to_utc())
    }

    /// The report that it states, and when it was sent.
    pub fn submission(
        &self,
        town: &Town,
        categories: &HashMap<String, String>,
    ) -> Result<(Submission, DateTime<Utc>), Reason> {
        if !self.is_utf8 {
            return Err(Reason::NotUtf8);
        }
        let position = self.position().ok_or(Reason::BadCoordinates)?;
        let at = self.at().ok_or(Reason::BadTime)?;
        let said = self.category.as_deref().ok_or(Reason::UnknownCategory)?;
        let plain = plain_code(said);
        let codes = [categories.get(said).map(String::as_str), Some(said), Some(&plain)];
        let category = codes.into_iter().flatten().find(|code| town.category(code).is_some());
        let category = category.ok_or(Reason::UnknownCategory)?;
        let shortened = |text: &Option<String>, most| text.as_ref().map(|text| text.chars().take(most).collect());
        let channel = self.channel.as_deref().and_then(|word| word.parse().ok());
        Ok((
            Submission {
                id: None,
                category: category.to_owned(),
                position,
                accuracy_m: self.accuracy_m.as_deref().and_then(|text| text.parse().ok()),
                position_source: PositionSource::Unknown,
                address: shortened(&self.address, MAX_ADDRESS),
                description: shortened(&self.description, MAX_DESCRIPTION),
                answers: Map::new(),
                observed_at: Some(at),
                channel: channel.unwrap_or(Channel::Import),
                locale: Locale::default(),
                way: ContactWay::None,
                contact: Contact::default(),
                follow_secret: None,
                joins: None,
                not_same: Vec::new(),
                request_hash: digest(format!("{self:?}").as_bytes()),
                source_ref: self.id.clone(),
            },
            at,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_of(line: &[&str]) -> Row {
        let headers = StringRecord::from(vec!["id", "lat", "lon", "family", "observed_at"]);
        let columns = Columns::of(&headers, &["family=category".parse().unwrap()]).unwrap();
        columns.row(2, ByteRecord::from(line.to_vec()), chrono_tz::Europe::Paris)
    }

    #[test]
    fn a_column_is_found_by_its_name_or_by_the_operator_s_word() {
        let row = row_of(&["7", "46.5", "-4.5", "Nids de poule", "2027-03-08"]);
        assert_eq!(row.category.as_deref(), Some("Nids de poule"));
        assert_eq!(row.position().unwrap().lon(), -4.5);
        let headers = StringRecord::from(vec!["id", "lat"]);
        let error = Columns::of(&headers, &[]).unwrap_err().to_string();
        assert!(error.contains("lon, category, observed_at"), "{error}");
        assert!("x=colour".parse::<Mapping>().is_err());
    }

    #[test]
    fn a_position_that_nobody_knew_is_none() {
        assert!(row_of(&["7", "0", "0", "x", "2027-03-08"]).position().is_none());
        assert!(row_of(&["7", "", "2.3", "x", "2027-03-08"]).position().is_none());
        assert!(row_of(&["7", "95", "2.3", "x", "2027-03-08"]).position().is_none());
    }

    #[test]
    fn times_are_read_with_an_offset_or_by_the_town_s_clock() {
        let at = |text: &str| row_of(&["7", "1", "1", "x", text]).at().map(|at| at.to_rfc3339());
        assert_eq!(
            at("2011-07-01T01:32:33-04:00").as_deref(),
            Some("2011-07-01T05:32:33+00:00")
        );
        assert_eq!(at("2027-03-08 10:00:00").as_deref(), Some("2027-03-08T09:00:00+00:00"));
        assert_eq!(at("2027-07-08").as_deref(), Some("2027-07-08T10:00:00+00:00"));
        assert_eq!(at("yesterday"), None);
    }
}
