//! How well the decisions fit days of which the truth is known: the invented town's.
//!
//! ```text
//! cargo run --release -p geo-dedup --example days
//! ```
//!
//! Three times sixty days of reports (phones' errors, wrong categories, late arrivals, addresses, texts, photos) are
//! placed in the order of their arrival, each by its category's policy in the town's catalogue (which joins from 0.9) or one that is surer; a crew's repair closes the
//! alerts of a problem. Prints a Markdown table: pairs of reports and B-cubed (Bagga and Baldwin, 1998) against the truth,
//! and how many reports joined an alert that somebody opened for another problem. "Answered" means that whoever is shown
//! the suggestions says which of them, if any, is theirs, and is never wrong.

mod figures;
mod town;

use std::{
    error::Error,
    io::{Write, stdout},
};

use figures::Figures;
use geo_dedup::WeightSet;
use image_hasher::{HashAlg, HasherConfig};
use town::{Photos, Rules, Settler};
use vigie_fixtures::{DaysOptions, Town, days, photo};

const SEEDS: [u64; 3] = [1, 2, 3];
const DAYS: u32 = 60;
/// Pictures are rendered as small as their hash can bear: it looks at 9 by 8 points.
const PICTURE: photo::Size = photo::Size {
    width: 160,
    height: 120,
};

fn main() -> Result<(), Box<dyn Error>> {
    let invented = Town::ingeville();
    let first_day = "2026-03-02".parse()?;
    let streams: Vec<_> = SEEDS
        .iter()
        .map(|seed| {
            let days = days(*seed, &invented, &DaysOptions::starting(first_day, DAYS));
            let photos = hashes(&days);
            (days, photos)
        })
        .collect();
    let mut out = stdout().lock();
    writeln!(
        out,
        "| weights | join from | photos | suggestions | pairs: precision | recall | B-cubed: precision | recall | wrong joins a thousand | asked a thousand (rightly) |\n|---|---|---|---|---|---|---|---|---|---|"
    )?;
    let any = WeightSet::new(WeightSet::built_in().of("").clone(), Default::default());
    let none = Photos::new();
    for (name, weights) in [("by kind", WeightSet::built_in()), ("of any kind", &any)] {
        for (join, seen) in [(0.9, true), (0.9, false), (0.95, false), (0.99, false)] {
            for answered in [false, true] {
                let mut figures = Figures::default();
                for (days, photos) in &streams {
                    let rules = Rules::new(&invented, weights, join, if seen { photos } else { &none }, answered)?;
                    Settler::new(&rules, days).live(&mut figures)?;
                }
                let pictures = if seen { "compared" } else { "none" };
                let answers = if answered { "answered" } else { "unanswered" };
                writeln!(out, "| {name} | {join} | {pictures} | {answers} | {figures} |")?;
            }
        }
    }
    Ok(())
}

/// The hash of each photo, as the product takes it, by the report's id.
fn hashes(days: &vigie_fixtures::Days) -> Photos {
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
