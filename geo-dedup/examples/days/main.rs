//! How well the decisions fit days of which the truth is known: the invented town's.
//!
//! ```text
//! cargo run --release -p geo-dedup --example days [SEED ...]
//! ```
//!
//! Three times sixty days of reports (phones' errors, wrong categories, late arrivals, addresses, texts, photos), or those of
//! other seeds, are placed in the order of their arrival, each by its category's policy in the town's catalogue, which joins
//! from its own threshold or from another; a crew's repair closes the alerts of a problem. Prints Markdown tables: pairs of
//! reports and B-cubed (Bagga and Baldwin, 1998) against the truth, and how many reports joined an alert that somebody opened
//! for another problem; the same where no report has a photo, a text, a sender, ...; then what a posterior is worth. "Answered" means that whoever is shown the suggestions says which of
//! them, if any, is theirs, and is never wrong.

mod figures;
mod town;

use std::{
    error::Error,
    io::{Write, stdout},
};

use figures::Figures;
use geo_dedup::WeightSet;
use image_hasher::{HashAlg, HasherConfig};
use town::{ALIKE_M, Photos, Rules, Settler, Statement};
use vigie_fixtures::{Days, DaysOptions, Town, days, photo};

const SEEDS: [u64; 3] = [1, 2, 3];
const DAYS: u32 = 60;
/// Pictures are rendered as small as their hash can bear: it looks at 9 by 8 points.
const PICTURE: photo::Size = photo::Size {
    width: 160,
    height: 120,
};

/// Each stream with the hashes of its photos.
type Streams = Vec<(Days, Photos)>;

fn main() -> Result<(), Box<dyn Error>> {
    let invented = Town::ingeville();
    let first_day = "2026-03-02".parse()?;
    let seeds: Vec<u64> = std::env::args()
        .skip(1)
        .map(|seed| seed.parse())
        .collect::<Result<_, _>>()?;
    let seeds = if seeds.is_empty() { SEEDS.to_vec() } else { seeds };
    let streams: Streams = seeds
        .iter()
        .map(|seed| {
            let days = days(*seed, &invented, &DaysOptions::starting(first_day, DAYS));
            let photos = hashes(&days);
            (days, photos)
        })
        .collect();
    let mut out = stdout().lock();
    let any = WeightSet::new(WeightSet::built_in().of("").clone(), Default::default());
    writeln!(out, "| weights | join from | photos | suggestions | {COLUMNS} |")?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|")?;
    let no_photos = Some(Statement::Photos);
    for (name, weights) in [("of any kind", &any), ("by kind", WeightSet::built_in())] {
        for (join, without) in [(None, None), (None, no_photos), (Some(0.9), None), (Some(0.99), None)] {
            for answered in [false, true] {
                let figures = live(&invented, weights, join, &streams, (without, answered))?;
                let from = join.map_or_else(|| "catalogue's".to_owned(), |join| join.to_string());
                let pictures = if without.is_none() { "compared" } else { "none" };
                let answers = if answered { "answered" } else { "unanswered" };
                writeln!(out, "| {name} | {from} | {pictures} | {answers} | {figures} |")?;
            }
        }
    }
    writeln!(out, "\n| left out | {COLUMNS} |\n|---|---|---|---|---|---|---|")?;
    for (name, without) in left_out() {
        let figures = live(&invented, &any, None, &streams, (without, false))?;
        writeln!(out, "| {name} | {figures} |")?;
    }
    writeln!(
        out,
        "\n| posterior | reports | mean posterior | share of right ones |\n|---|---|---|---|"
    )?;
    for line in live(&invented, &any, None, &streams, (None, false))?.reliability() {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// The columns that figures are written in.
const COLUMNS: &str =
    "pairs: precision | recall | B-cubed: precision | recall | wrong joins a thousand | asked a thousand (rightly)";

/// What each line of the second table does without.
fn left_out() -> [(String, Option<Statement>); 7] {
    [
        ("nothing".to_owned(), None),
        ("photos".to_owned(), Some(Statement::Photos)),
        ("texts".to_owned(), Some(Statement::Text)),
        ("addresses".to_owned(), Some(Statement::Address)),
        ("who sent it".to_owned(), Some(Statement::Sender)),
        (
            format!("each phone's own accuracy ({ALIKE_M} m for all)"),
            Some(Statement::OwnAccuracy),
        ),
        ("any accuracy".to_owned(), Some(Statement::Accuracy)),
    ]
}

/// Places all streams, each in a town of its own.
fn live(
    town: &Town,
    weights: &WeightSet,
    join: Option<f64>,
    streams: &Streams,
    (without, answered): (Option<Statement>, bool),
) -> Result<Figures, Box<dyn Error>> {
    let mut figures = Figures::default();
    for (days, photos) in streams {
        let rules = Rules::new(town, weights, join, photos, (without, answered))?;
        Settler::new(&rules, days).live(&mut figures)?;
    }
    Ok(figures)
}

/// The hash of each photo, as the product takes it, by the report's id.
fn hashes(days: &Days) -> Photos {
    let hasher = HasherConfig::with_bytes_type::<[u8; 8]>()
        .hash_size(8, 8)
        .hash_alg(HashAlg::Gradient)
        .to_hasher();
    let hash = |spec: &vigie_fixtures::PhotoSpec| {
        let picture = photo::render(spec, PICTURE);
        geo_dedup::PhotoHash(u64::from_be_bytes(hasher.hash_image(&picture).into_inner()))
    };
    let of_report = |report: &vigie_fixtures::SimReport| (report.id, report.photos.iter().map(hash).collect());
    days.reports.iter().map(of_report).collect()
}
