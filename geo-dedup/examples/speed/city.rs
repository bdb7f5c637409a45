//! A stream of reports as a city sends them in a year, made from a seed.

use geo_dedup::{Address, CategoryId, LonLat, Metres, Observation, PhotoHash, SenderTag, TextPrint, Timestamp};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Reports per km² and year: a large city.
const PER_KM2: f64 = 2_000.0;
/// Categories, all as frequent.
pub const CATEGORIES: i64 = 20;
/// Whether a further person reports the same problem, each time: 2.5 people a problem on average.
const AGAIN: f64 = 0.6;
/// A further person comes within so many days.
const SEEN_DAYS: f64 = 10.0;
/// Streets are so far apart, in metres, and so are house numbers on one side of them.
const STREET_M: f64 = 80.0;
const HOUSE_M: f64 = 12.0;
pub const DAY_MS: i64 = 86_400_000;
const START: i64 = 1_750_000_000_000;
/// Metres in a degree of latitude, and of longitude at the city's 47th parallel.
const DEGREE_M: (f64, f64) = (75_950.0, 111_195.0);

/// Share of reports with a photo.
const PHOTO: f64 = 1.0 / 3.0;
/// Two photos of one problem differ in twice as many bits at most, of which the weights take six for the same picture.
const MOST_BITS: u32 = 3;
/// Where the seeds of the problems' scenes begin, beyond those of the people.
const SCENES: u64 = 1 << 40;

/// What people write; those of one category are taken in turn.
const TEXTS: [&str; 8] = [
    "trou dans la chaussée devant l'école",
    "gros nid de poule, dangereux pour les vélos",
    "lampadaire éteint depuis trois jours",
    "dépôt sauvage devant le 12, sacs et matelas",
    "la poubelle déborde",
    "tag sur le mur de la mairie",
    "branche cassée au-dessus du trottoir",
    "panneau tordu au carrefour",
];

/// One report before it is written out.
struct Sketch {
    at: i64,
    problem: u32,
    person: u64,
}

/// What is wrong: metres east and north of the corner of the city, and the category.
struct Problem {
    east: f64,
    north: f64,
    category: i64,
}

pub struct City {
    problems: Vec<Problem>,
    sketches: Vec<Sketch>,
}

impl City {
    /// Exactly `count` reports within a year, in the order of time, on as much ground as that takes.
    pub fn new(count: usize) -> Self {
        let mut random = StdRng::seed_from_u64(count as u64);
        let side = (count as f64 / PER_KM2).sqrt() * 1_000.0;
        let (mut problems, mut sketches) = (Vec::new(), Vec::with_capacity(count));
        while sketches.len() < count {
            let begins = random.random_range(0..(365 - SEEN_DAYS as i64) * DAY_MS);
            let mut sketch = |at| {
                sketches.push(Sketch {
                    at,
                    problem: problems.len() as u32,
                    person: sketches.len() as u64,
                });
                sketches.len() < count
            };
            let mut more = sketch(begins);
            while more && random.random_bool(AGAIN) {
                more = sketch(begins + (random.random_range(0.0..SEEN_DAYS) * DAY_MS as f64) as i64);
            }
            problems.push(Problem {
                east: random.random_range(0.0..side),
                north: random.random_range(0.0..side),
                category: random.random_range(0..CATEGORIES),
            });
        }
        sketches.sort_by_key(|sketch| (sketch.at, sketch.person));
        Self { problems, sketches }
    }

    pub fn reports(&self) -> impl Iterator<Item = Observation> {
        let written = |sketch: &Sketch| Some(self.write(self.problems.get(sketch.problem as usize)?, sketch));
        self.sketches.iter().filter_map(written).flatten()
    }

    /// The accuracy that the phone states is the error that it makes; the nearest address and a text are given by half, a photo
    /// by a third.
    fn write(&self, problem: &Problem, sketch: &Sketch) -> Option<Observation> {
        let mut random = StdRng::seed_from_u64(sketch.person);
        let accuracy = random.random_range(4.0..24.0);
        let (error, bearing) = (
            accuracy * random.random_range(0.0..1.4_f64),
            random.random_range(0.0..std::f64::consts::TAU),
        );
        let (east, north) = (
            problem.east + error * bearing.cos(),
            problem.north + error * bearing.sin(),
        );
        let point = LonLat::new(2.0 + east / DEGREE_M.0, 47.0 + north / DEGREE_M.1).ok()?;
        let mut report = Observation::new(point, CategoryId(problem.category), Timestamp(START + sketch.at));
        report.accuracy = Metres::new(accuracy).ok();
        report.sender = Some(SenderTag(sketch.person));
        if random.random_bool(0.5) {
            let (street, house) = ((east / STREET_M) as i64, (north / HOUSE_M) as i64 * 2 + 1);
            report.address = Some(Address::parse(&format!("{house} rue des Tanneurs {street}")));
        }
        if random.random_bool(0.5) {
            let first = problem.category as usize * 2;
            let text = TEXTS.get((first + random.random_range(0..3)) % TEXTS.len())?;
            report.text = Some(TextPrint::of(text));
        }
        if random.random_bool(PHOTO) {
            report.photo_hashes.push(photo(sketch.problem, &mut random));
        }
        Some(report)
    }
}

/// The hash of a picture of a problem: that of its scene, with a few bits otherwise.
fn photo(problem: u32, random: &mut StdRng) -> PhotoHash {
    let scene: u64 = StdRng::seed_from_u64(SCENES + u64::from(problem)).random();
    let bits = random.random_range(0..=MOST_BITS);
    let otherwise = (0..bits).fold(0, |bits, _| bits | 1_u64 << random.random_range(0..u64::BITS));
    PhotoHash(scene ^ otherwise)
}
