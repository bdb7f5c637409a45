//! What is counted, over all streams.

use std::{collections::HashMap, fmt, hash::Hash};

/// One report once it is placed: what it is about, and the number of its alert, both within its stream.
#[derive(Clone, Copy)]
pub struct Placed {
    pub problem: u32,
    pub alert: u128,
}

#[derive(Default)]
pub struct Figures {
    reports: f64,
    /// Pairs of one problem and one alert; of one alert; of one problem.
    pairs: [f64; 3],
    /// Sums over reports of the share of its alert (its problem) that is about its problem (in its alert).
    precision: f64,
    recall: f64,
    pub wrong_joins: f64,
    pub asked: f64,
    pub asked_rightly: f64,
    /// By steps of the likeliest alert's posterior: reports, their posteriors' sum, and how often it was the right one.
    steps: [[f64; 3]; STEPS.len()],
}

/// Where the steps of the posterior begin.
const STEPS: [f64; 10] = [0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];

impl Figures {
    /// Adds a stream.
    pub fn add(&mut self, placed: &[Placed]) {
        let both = sizes(placed.iter().map(|one| (one.problem, one.alert)));
        let alerts = sizes(placed.iter().map(|one| one.alert));
        let problems = sizes(placed.iter().map(|one| one.problem));
        self.reports += placed.len() as f64;
        let pairs = [
            both.values().map(|size| size * (size - 1.0) / 2.0).sum::<f64>(),
            alerts.values().map(|size| size * (size - 1.0) / 2.0).sum(),
            problems.values().map(|size| size * (size - 1.0) / 2.0).sum(),
        ];
        self.pairs.iter_mut().zip(pairs).for_each(|(sum, pairs)| *sum += pairs);
        for ((problem, alert), size) in &both {
            self.precision += size * size / alerts[alert];
            self.recall += size * size / problems[problem];
        }
    }

    /// Notes what the likeliest alert's posterior was, and whether it was opened for the report's problem.
    pub fn note(&mut self, posterior: f64, right: bool) {
        let step = STEPS.iter().rposition(|from| *from <= posterior).unwrap_or(0);
        let sums = [1.0, posterior, f64::from(u8::from(right))];
        self.steps[step].iter_mut().zip(sums).for_each(|(sum, one)| *sum += one);
    }

    /// What a posterior is worth, as lines of a Markdown table.
    pub fn reliability(&self) -> impl Iterator<Item = String> {
        let ends = STEPS.iter().skip(1).chain([&1.0]);
        let steps = STEPS.iter().zip(ends).zip(&self.steps);
        steps.map(|((from, to), [reports, posterior, right])| {
            let share = |sum: &f64| sum / reports.max(1.0);
            format!(
                "| {from} to {to} | {reports} | {:.3} | {:.3} |",
                share(posterior),
                share(right)
            )
        })
    }
}

fn sizes<Key: Eq + Hash>(keys: impl Iterator<Item = Key>) -> HashMap<Key, f64> {
    keys.fold(HashMap::new(), |mut sizes, key| {
        *sizes.entry(key).or_default() += 1.0;
        sizes
    })
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [both, alerts, problems] = self.pairs;
        let thousand = self.reports / 1_000.0;
        write!(
            f,
            "{:.4} | {:.3} | {:.4} | {:.3} | {:.2} | {:.0} ({:.0} %)",
            both / alerts,
            both / problems,
            self.precision / self.reports,
            self.recall / self.reports,
            self.wrong_joins / thousand,
            self.asked / thousand,
            self.asked_rightly / self.asked.max(1.0) * 100.0
        )
    }
}
