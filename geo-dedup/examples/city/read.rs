//! Files of reports: CSV with a header, in order of arrival, packed (`.gz`) or not.

use std::{collections::HashMap, error::Error, io::Read, path::Path};

use chrono::{DateTime, NaiveDate, NaiveTime};
use flate2::read::GzDecoder;
use geo_dedup::{Address, CategoryId, LonLat, Metres, Observation, Timestamp};

/// One report of a stream.
#[derive(Clone)]
pub struct Report {
    pub observation: Observation,
    /// Number of its family of categories.
    pub family: usize,
    /// When it was closed, if it ever was.
    pub closed: Option<Timestamp>,
}

/// A stream with the names of its parts.
#[derive(Default)]
pub struct City {
    pub ids: Vec<String>,
    pub reports: Vec<Report>,
    pub families: Vec<String>,
    /// The family of each category, by the category's number.
    pub family_of: Vec<usize>,
    categories: HashMap<String, usize>,
}

#[derive(serde::Deserialize)]
struct Row {
    id: String,
    created_at: String,
    #[serde(default)]
    closed_at: String,
    category: String,
    #[serde(default)]
    family: String,
    lat: f64,
    lon: f64,
    #[serde(default)]
    accuracy_m: Option<f64>,
    #[serde(default)]
    address: String,
}

impl City {
    /// Reads the rows that `wanted` lets pass; it sees each row with the header.
    pub fn read(
        path: &Path,
        mut wanted: impl FnMut(&csv::StringRecord, &csv::StringRecord) -> Result<bool, csv::Error>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut city = Self::default();
        let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let packed = path.extension().is_some_and(|extension| extension == "gz");
        let text: Box<dyn Read> = if packed {
            Box::new(GzDecoder::new(file))
        } else {
            Box::new(file)
        };
        let mut reader = csv::Reader::from_reader(text);
        let header = reader.headers()?.clone();
        for record in reader.records() {
            let record = record?;
            if wanted(&record, &header)? {
                city.add(record.deserialize(Some(&header))?)?;
            }
        }
        Ok(city)
    }

    fn add(&mut self, row: Row) -> Result<(), Box<dyn Error>> {
        let category = self.category(&row);
        let at = instant(&row.created_at)?;
        let point = LonLat::new(row.lon, row.lat)?;
        let mut observation = Observation::new(point, CategoryId(i64::try_from(category)?), at);
        observation.accuracy = row.accuracy_m.map(Metres::new).transpose()?;
        observation.address = (!row.address.is_empty()).then(|| Address::parse(&row.address));
        let closed = (!row.closed_at.is_empty()).then(|| instant(&row.closed_at));
        self.reports.push(Report {
            observation,
            family: self.family_of.get(category).copied().unwrap_or(0),
            closed: closed.transpose()?,
        });
        self.ids.push(row.id);
        Ok(())
    }

    fn category(&mut self, row: &Row) -> usize {
        if let Some(known) = self.categories.get(&row.category) {
            return *known;
        }
        // A file without families has one category in each.
        let name = if row.family.is_empty() {
            &row.category
        } else {
            &row.family
        };
        let known = self.families.iter().position(|family| family == name);
        let family = known.unwrap_or_else(|| {
            self.families.push(name.clone());
            self.families.len() - 1
        });
        self.family_of.push(family);
        self.categories.insert(row.category.clone(), self.family_of.len() - 1);
        self.family_of.len() - 1
    }

    /// The kind of problem that a family's name speaks of, as the weights call it.
    pub fn kind(&self, family: usize) -> &'static str {
        const WORDS: [(&str, &str); 12] = [
            ("graffiti", "graffiti"),
            ("vehicle", "vehicle"),
            ("light", "street_light"),
            ("sign", "sign"),
            ("tree", "tree"),
            ("sidewalk", "sidewalk"),
            ("pothole", "pothole"),
            ("road", "pothole"),
            ("trash", "waste"),
            ("garbage", "waste"),
            ("dumping", "waste"),
            ("waste", "waste"),
        ];
        let name = self.families.get(family).map_or("", String::as_str);
        WORDS
            .iter()
            .find(|(word, _)| name.contains(word))
            .map_or("", |(_, kind)| *kind)
    }
}

fn instant(text: &str) -> Result<Timestamp, Box<dyn Error>> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(Timestamp(date.and_time(NaiveTime::MIN).and_utc().timestamp_millis()));
    }
    Ok(Timestamp(
        DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1))?.timestamp_millis(),
    ))
}
