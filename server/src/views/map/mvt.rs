//! Vector tiles of points: [Mapbox Vector Tile specification 2.1](https://github.com/mapbox/vector-tile-spec).

use std::collections::HashMap;

use prost::Message;

use super::TilePath;
use crate::base_map::on_map;

#[cfg(test)]
#[path = "mvt_tests.rs"]
mod tests;

/// Side of a tile, in its own units.
const EXTENT: u16 = 4096;
/// Points up to so far outside are drawn all the same: markers there reach into the tile.
const BUFFER: u16 = 64;
/// The same as part of a tile's side.
pub(super) const MARGIN: f64 = BUFFER as f64 / EXTENT as f64;
/// Version of the specification.
const VERSION: u32 = 2;
/// Type of a feature: a point.
const POINT: u32 = 1;
/// Command of a geometry: move to one place.
const MOVE_TO_ONE: u32 = 1 | 1 << 3;

#[derive(Clone, PartialEq, Message)]
struct Tile {
    #[prost(message, repeated, tag = "3")]
    layers: Vec<Layer>,
}

#[derive(Clone, PartialEq, Message)]
struct Layer {
    #[prost(string, required, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    features: Vec<Feature>,
    #[prost(string, repeated, tag = "3")]
    keys: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    values: Vec<Value>,
    #[prost(uint32, required, tag = "5")]
    extent: u32,
    #[prost(uint32, required, tag = "15")]
    version: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Feature {
    /// Pairs of a key and a value, as places in the layer's lists.
    #[prost(uint32, repeated, tag = "2")]
    tags: Vec<u32>,
    #[prost(uint32, required, tag = "3")]
    kind: u32,
    #[prost(uint32, repeated, tag = "4")]
    geometry: Vec<u32>,
}

#[derive(Clone, PartialEq, Eq, Hash, Message)]
struct Value {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(int64, optional, tag = "4")]
    number: Option<i64>,
}

/// A property of a point.
#[derive(Clone, Debug)]
pub(super) enum Tag<'a> {
    /// Of this point alone, as its id.
    Own(String),
    /// Of many points: written once.
    Shared(&'a str),
    /// A number.
    Number(i64),
}

/// A tile of one layer, to which points are added.
pub(super) struct Points {
    layer: Layer,
    texts: HashMap<String, u32>,
    numbers: HashMap<i64, u32>,
    /// Tiles of the zoom, side by side.
    side: f64,
    /// Column and row.
    tile: (f64, f64),
}

impl Points {
    /// An empty tile; its points have these properties.
    pub(super) fn new(layer: &str, keys: &[&str], path: &TilePath) -> Self {
        let keys = keys.iter().map(|key| (*key).to_owned());
        Self {
            layer: Layer {
                name: layer.to_owned(),
                features: Vec::new(),
                keys: keys.collect(),
                values: Vec::new(),
                extent: EXTENT.into(),
                version: VERSION,
            },
            texts: HashMap::new(),
            numbers: HashMap::new(),
            side: f64::from(path.z).exp2(),
            tile: (path.x.into(), path.y.into()),
        }
    }

    /// Adds a point, unless it lies too far outside. Degrees; the properties in the order of the keys, `None`: has it not.
    pub(super) fn add<'a>(&mut self, (lon, lat): (f64, f64), tags: impl IntoIterator<Item = Option<Tag<'a>>>) {
        let Some((x, y)) = self.place(lon, lat) else { return };
        let mut pairs = Vec::new();
        for (key, tag) in (0..).zip(tags) {
            if let Some(tag) = tag {
                pairs.extend([key, self.value(tag)]);
            }
        }
        self.layer.features.push(Feature {
            tags: pairs,
            kind: POINT,
            geometry: vec![MOVE_TO_ONE, zigzag(x), zigzag(y)],
        });
    }

    /// The tile; nothing of one without a point.
    pub(super) fn into_tile(self) -> Vec<u8> {
        if self.layer.features.is_empty() {
            return Vec::new();
        }
        let layers = vec![self.layer];
        Tile { layers }.encode_to_vec()
    }

    /// In the tile's own units, from its corner in the north west.
    fn place(&self, lon: f64, lat: f64) -> Option<(i32, i32)> {
        let (east, south) = on_map(lon, lat);
        let unit = |part: f64, tile: f64| ((part * self.side - tile) * f64::from(EXTENT)).round();
        let (x, y) = (unit(east, self.tile.0), unit(south, self.tile.1));
        let drawn = -f64::from(BUFFER)..=f64::from(EXTENT + BUFFER);
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers of a few thousand")]
        (drawn.contains(&x) && drawn.contains(&y)).then_some((x as i32, y as i32))
    }

    /// Where a value stands in the list.
    fn value(&mut self, tag: Tag<'_>) -> u32 {
        let next = u32::try_from(self.layer.values.len()).unwrap_or(u32::MAX);
        let known = match &tag {
            Tag::Own(_) => None,
            Tag::Shared(text) => self.texts.get(*text),
            Tag::Number(number) => self.numbers.get(number),
        };
        if let Some(known) = known {
            return *known;
        }
        let (text, number) = match tag {
            Tag::Own(text) => (Some(text), None),
            Tag::Shared(text) => {
                self.texts.insert(text.to_owned(), next);
                (Some(text.to_owned()), None)
            }
            Tag::Number(number) => {
                self.numbers.insert(number, next);
                (None, Some(number))
            }
        };
        self.layer.values.push(Value { text, number });
        next
    }
}

/// Small numbers of either sign as small numbers without one.
const fn zigzag(number: i32) -> u32 {
    ((number << 1) ^ (number >> 31)).cast_unsigned()
}
