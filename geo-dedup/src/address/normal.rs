//! The normal form of what was read, for tests: text that is read as the same address.

use super::{
    doors::{Door, Doors},
    read::{Name, Reading},
    words::spaced,
};

impl Reading<'_> {
    /// The normal form; `None` when no text of the forms known is read alike.
    pub(super) fn normal(&self) -> Option<String> {
        let doors = self.doors.as_ref().map(Doors::normal);
        let mut streets = vec![String::new()];
        for name in self.streets.iter().flatten() {
            let longer = |text: &String| {
                let before = if text.is_empty() {
                    String::new()
                } else {
                    format!("{text} & ")
                };
                name.forms().map(|form| format!("{before}{form}"))
            };
            streets = streets.iter().flat_map(longer).collect();
        }
        let texts = streets.iter().flat_map(|street| {
            [", ", " "].map(|separator| match &doors {
                Some(doors) if street.is_empty() => doors.clone(),
                Some(doors) => format!("{doors}{separator}{street}"),
                None => street.clone(),
            })
        });
        texts.into_iter().find(|text| Reading::of(&spaced(text)) == *self)
    }
}

impl Name<'_> {
    /// The type in front, behind, and before the direction.
    fn forms(&self) -> [String; 3] {
        let word = |word: &str| {
            let figures = word.bytes().all(|byte| byte.is_ascii_digit());
            if figures {
                format!("{word}th")
            } else {
                (*word).to_owned()
            }
        };
        let name: Vec<String> = self.words.iter().map(|one| word(one)).collect();
        let name = name.join(" ");
        let forms = [
            [self.direction, self.way, &name],
            [self.direction, &name, self.way],
            [&name, self.way, self.direction],
        ];
        forms.map(|parts| {
            parts
                .iter()
                .filter(|part| !part.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join(" ")
        })
    }
}

impl Doors {
    fn normal(&self) -> String {
        let door = |door: Door| match door.letter {
            0 => door.number.to_string(),
            letter => format!("{}{}", door.number, char::from(b'a' + letter - 1)),
        };
        let (first, last) = (door(self.first), door(self.last));
        if first == last {
            first
        } else {
            format!("{first}-{last}")
        }
    }
}
