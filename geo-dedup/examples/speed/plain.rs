//! What others would do with the same reports.

use std::{collections::HashMap, hint::black_box};

use geo::{Dbscan, MultiPoint, Point};
use geo_dedup::{CategoryId, LonLat, Observation, Timestamp};
use h3o::{CellIndex, LatLng, Resolution};

use crate::city::{CATEGORIES, City};

const RADIUS_M: f64 = 50.0;
const DAYS: f64 = 14.0;
/// Cells of about 130 m from centre to centre: one ring of neighbours covers the radius from anywhere within a cell.
const RESOLUTION: Resolution = Resolution::Ten;

struct Opened {
    place: LonLat,
    category: CategoryId,
    at: Timestamp,
    reports: u32,
}

/// The nearest open alert of the category joins, else an alert is opened.
#[derive(Default)]
pub struct Circle(HashMap<CellIndex, Vec<Opened>>);

impl Circle {
    pub fn place(&mut self, report: &Observation) {
        let Ok(place) = LatLng::new(report.point.lat(), report.point.lon()) else {
            return;
        };
        let own = place.to_cell(RESOLUTION);
        let mut nearest: Option<(f64, CellIndex, usize)> = None;
        for cell in own.grid_disk::<Vec<_>>(1) {
            let Some(here) = self.0.get_mut(&cell) else {
                continue;
            };
            here.retain(|opened| report.observed_at.days_since(opened.at) <= DAYS);
            for (nth, opened) in here
                .iter()
                .enumerate()
                .filter(|(_, opened)| opened.category == report.category)
            {
                let metres = opened.place.distance(&report.point).get();
                if metres <= RADIUS_M && nearest.is_none_or(|(least, ..)| metres < least) {
                    nearest = Some((metres, cell, nth));
                }
            }
        }
        let joined = nearest.and_then(|(_, cell, nth)| self.0.get_mut(&cell)?.get_mut(nth));
        match joined {
            Some(opened) => opened.reports += 1,
            None => self.0.entry(own).or_default().push(Opened {
                place: report.point,
                category: report.category,
                at: report.observed_at,
                reports: 1,
            }),
        }
    }
}

/// The city's points in metres on a plane, by category.
pub fn points_by_category(city: &City) -> Vec<MultiPoint<f64>> {
    let mut points = vec![Vec::new(); usize::try_from(CATEGORIES).unwrap_or_default()];
    for report in city.reports() {
        let of_category = usize::try_from(report.category.0)
            .ok()
            .and_then(|category| points.get_mut(category));
        if let Some(of_category) = of_category {
            of_category.push(Point::new(
                report.point.lon() * 75_950.0,
                report.point.lat() * 111_195.0,
            ));
        }
    }
    points.into_iter().map(MultiPoint::new).collect()
}

pub fn dbscan(points: &[MultiPoint<f64>]) {
    for of_category in points {
        black_box(of_category.dbscan(RADIUS_M, 2));
    }
}
