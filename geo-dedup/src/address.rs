//! Street addresses of French and American style: enough structure to say "same street, same or neighbouring number".
//!
//! This is no postal parser. It needs only that two ways to write one address near each other come out alike, and it
//! would rather know nothing (neutral) than be wrong.

mod doors;
#[cfg(test)]
mod normal;
mod read;
mod words;

use std::num::NonZeroU64;

use self::{doors::Doors, read::Reading};

/// A street address, or a crossing, as far as it was understood. It keeps no text: street names are 64-bit hashes, so that
/// comparing two addresses reads no other memory.
///
/// # Examples
///
/// ```
/// use geo_dedup::{Address, AddressRelation};
///
/// let one = Address::parse("12 bis, rue de l'Été, 99011 Ingéville");
/// assert_eq!(one.relation(&Address::parse("12 B RUE DE L ETE")), AddressRelation::NumberGap(0));
/// assert_eq!(one.relation(&Address::parse("18 et 20 rue de l'Été")), AddressRelation::NumberGap(6));
///
/// let crossing = Address::parse("Intersection of Elm St & 1st Street");
/// assert_eq!(crossing.relation(&Address::parse("First St / Elm St")), AddressRelation::SameCrossing);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The street, or the two of a crossing; none when nothing was understood.
    streets: [Option<Street>; 2],
    doors: Option<Doors>,
}

/// One street.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Street {
    /// Hash of the name's words without articles, direction and type.
    name: NonZeroU64,
    /// Hash of the first of these words.
    head: u32,
    /// Number of the type (rue, avenue, ...); 0 when it has none.
    way: u8,
    /// Number of the direction (N, S, ...); 0 when it has none.
    direction: u8,
}

/// How two addresses lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRelation {
    /// Too little is known.
    Unknown,
    /// One street; the difference of the house numbers (0: the same; ranges that overlap: 0).
    NumberGap(u32),
    /// The same two streets cross.
    SameCrossing,
    /// Other streets.
    OtherStreet,
}

/// How two streets lie to each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    /// One may be the other with something behind it that is no part of the name, such as the town.
    Unclear,
    Other,
}

impl Street {
    /// A type or a direction that only one of the two states is no difference: both lie within a search radius.
    fn likeness(&self, other: &Self) -> Likeness {
        let stated_alike = |one: u8, other: u8| one == other || one == 0 || other == 0;
        if !stated_alike(self.direction, other.direction) || !stated_alike(self.way, other.way) {
            Likeness::Other
        } else if self.name == other.name {
            Likeness::Same
        } else if self.head == other.head && (self.way == 0 || other.way == 0) {
            Likeness::Unclear
        } else {
            Likeness::Other
        }
    }
}

impl Address {
    /// Understands what it can of an address. It never fails: an address that says nothing relates to nothing.
    ///
    /// - Numbers: `12`, `12 bis`, `12B` (in French style, B is bis, T ter and Q quater), ranges and lists (`12-14`,
    ///   `12 et 14`, `12/14`, `18-18A`), before the street or, behind a comma, after it.
    /// - Streets: types and directions in their usual spellings, French articles left out, ordinals in figures or words.
    /// - Crossings: `A & B`, `A / B`, `A @ B`, `angle A et B`, `intersection of A and B`, and `A et B` when both have a type.
    ///
    /// What follows a comma, a postcode or an American street type (the town, the state) is left out.
    ///
    /// # Parameters
    ///
    /// `text` is one address as people or geocoders write it, in any case, with or without accents. It is not searched for
    /// addresses: of a sentence that holds one, nothing is understood or something else. The town is no part of what is
    /// kept, so addresses of two towns may come out alike; both lie within a search radius.
    ///
    /// # Steps
    ///
    /// The text is folded (see [`crate::fold`]) with its commas and signs kept as words; then numbers are read from the front,
    /// a crossing is looked for, and what is left up to the first comma is a street: direction, type and name.
    ///
    /// # Complexity
    ///
    /// Linear in the text, with two short tables looked through for each word. Of a text full of signs that may mark a crossing,
    /// both sides of each are read: the square of the words.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Reading::of(&words::spaced(text)).address()
    }

    /// How this address lies to another one; symmetric.
    ///
    /// [`AddressRelation::Unknown`] is no "different": it is what most pairs of incomplete addresses come to, and speaks
    /// neither for nor against. A gap counts house numbers, not houses: across the street it is odd, next door mostly 2.
    ///
    /// # Complexity
    ///
    /// A handful of comparisons of numbers.
    #[must_use]
    pub fn relation(&self, other: &Self) -> AddressRelation {
        match (self.streets, other.streets) {
            ([None, _], _) | (_, [None, _]) => AddressRelation::Unknown,
            ([Some(one), None], [Some(two), None]) => match one.likeness(&two) {
                Likeness::Same => self.number_gap(other),
                Likeness::Unclear => AddressRelation::Unknown,
                Likeness::Other => AddressRelation::OtherStreet,
            },
            ([Some(one), Some(two)], [Some(three), Some(four)]) => {
                let same = |one: &Street, other: &Street| one.likeness(other) == Likeness::Same;
                if same(&one, &three) && same(&two, &four) || same(&one, &four) && same(&two, &three) {
                    AddressRelation::SameCrossing
                } else {
                    AddressRelation::OtherStreet
                }
            }
            // A house on one of the two streets may be at the corner or a kilometre away.
            ([Some(alone), None], [Some(one), Some(two)]) | ([Some(one), Some(two)], [Some(alone), None]) => {
                let elsewhere = [one, two]
                    .iter()
                    .all(|street| street.likeness(&alone) == Likeness::Other);
                if elsewhere {
                    AddressRelation::OtherStreet
                } else {
                    AddressRelation::Unknown
                }
            }
        }
    }

    fn number_gap(&self, other: &Self) -> AddressRelation {
        let gap = self.doors.zip(other.doors).map(|(own, others)| own.gap(&others));
        gap.map_or(AddressRelation::Unknown, AddressRelation::NumberGap)
    }
}

#[cfg(test)]
mod tests;
