//! In which order a crew drives its day: pure, without database and clock.
//!
//! What is aimed at is one number, in metres: **the length of the way, plus for each stop the metres that are driven before
//! it is reached, times what a metre of waiting counts at its priority** ([`waiting`]). So what is nearer comes first among
//! equals, and what is more important pulls the way towards itself. Two things stand above that number and are never
//! traded for metres: work that was begun is ended first, and what is urgent comes before all that is not.
//! A locked stop keeps its place in the day, whatever comes before or after it.
//!
//! The order is built by cheapest insertion (Rosenkrantz, Stearns and Lewis, SIAM Journal on Computing 6, 1977), the more
//! important first, then improved by reversing parts of the way (2-opt: Croes, Operations Research 6, 1958) and by moving
//! single stops, until nothing helps any more or `MOST_WORK` is spent. It is never worse than the order that was there.
//! Building takes a time that grows with the square of the number of stops, one round of improving with the cube; 500 stops
//! spend the whole budget, some tens of milliseconds. The same stops in the same order always give the same answer.
//!
//! Distances come from the caller: straight lines today, a graph of streets one day. They need not be symmetric.

use crate::flow::alert::model::URGENT;

/// Most stops that are ordered at once: their distances stand in a square of memory (2 MB).
pub const MOST_STOPS: usize = 500;

/// Stops looked at while improving, all attempts together: bounds the time by work, not by a clock.
const MOST_WORK: usize = 20_000_000;
/// Gains below a hundredth of a millimetre are noise of the arithmetic, and could go back and forth for ever.
const LEAST_GAIN: f64 = 1e-5;

/// What is fixed about a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Nothing.
    Free,
    /// Somebody is at work there: first of all, in the order given.
    Begun,
    /// It keeps its place in the day, counted from the first stop.
    Locked,
}

/// A stop of a day.
#[derive(Clone, Copy, Debug)]
pub struct Stop<P> {
    /// Where.
    pub place: P,
    /// 1 low to 4 urgent; a danger counts as urgent.
    pub priority: i16,
    /// What is fixed about it.
    pub hold: Hold,
}

/// What an order costs. Compares what may not be traded first.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Cost {
    /// Pairs of stops, locked ones left out, in which the one that has to go first comes second.
    pub overtaken: usize,
    /// Way and waiting, metres.
    pub metres: f64,
}

/// What a metre driven before a stop is reached counts, in metres of way: a crew goes up to 100 m out of its way to be one
/// kilometre earlier at a stop of high priority, 10 m for an ordinary one.
#[must_use]
pub const fn waiting(priority: i16) -> f64 {
    match priority {
        ..=1 => 0.0,
        2 => 0.01,
        3 => 0.1,
        _ => 1.0,
    }
}

/// A day as the search sees it: numbers only. A stop is named by its place in the order given.
pub struct Day {
    /// From the start to each stop; zeros without a start.
    from_start: Vec<f64>,
    /// From each stop to each, row by row.
    between: Vec<f64>,
    /// What a metre before each stop counts.
    waits: Vec<f64>,
    /// Who goes first: begun 0, urgent 1, others 2; none when locked.
    classes: Vec<Option<u8>>,
}

impl Day {
    /// The day of these stops, in the order in which they stand now, from `start` if it is known. `distance` gives metres
    /// from one place to another.
    #[must_use]
    pub fn new<P>(start: Option<&P>, stops: &[Stop<P>], distance: impl Fn(&P, &P) -> f64) -> Self {
        let from_start = |stop: &Stop<P>| start.map_or(0.0, |start| distance(start, &stop.place));
        let from = |from: &Stop<P>| {
            stops
                .iter()
                .map(|to| distance(&from.place, &to.place))
                .collect::<Vec<_>>()
        };
        let class = |stop: &Stop<P>| match stop.hold {
            Hold::Locked => None,
            Hold::Begun => Some(0),
            Hold::Free => Some(if stop.priority >= URGENT { 1 } else { 2 }),
        };
        Self {
            from_start: stops.iter().map(from_start).collect(),
            between: stops.iter().flat_map(from).collect(),
            waits: stops.iter().map(|stop| waiting(stop.priority)).collect(),
            classes: stops.iter().map(class).collect(),
        }
    }

    /// Length of the way in this order, metres: from the start, or from the first stop when there is none.
    #[must_use]
    pub fn length(&self, order: &[usize]) -> f64 {
        self.legs(order).sum()
    }

    /// What this order costs.
    #[must_use]
    pub fn cost(&self, order: &[usize]) -> Cost {
        let mut driven = 0.0;
        let mut waited = 0.0;
        for (leg, stop) in self.legs(order).zip(order) {
            driven += leg;
            waited += self.waits[*stop] * driven;
        }
        let mut behind = [0_usize; 3];
        let mut overtaken = 0;
        for class in order.iter().filter_map(|stop| self.classes[*stop]).map(usize::from) {
            overtaken += behind[class + 1..].iter().sum::<usize>();
            behind[class] += 1;
        }
        Cost {
            overtaken,
            metres: driven + waited,
        }
    }

    /// The best order that was found: never worse than the one given, nor than [`Day::inserted`].
    #[must_use]
    pub fn ordered(&self) -> Vec<usize> {
        let (kept, inserted) = (self.kept(), self.inserted());
        let better = self.cost(&inserted).metres < self.cost(&kept).metres - LEAST_GAIN;
        let mut search = Search::new(self, if better { inserted } else { kept });
        search.improve();
        search.order
    }

    /// The order of cheapest insertion alone: each stop where it costs least, the more important before the others.
    #[must_use]
    pub fn inserted(&self) -> Vec<usize> {
        let mut way = self.class(0);
        for class in 1..=2 {
            let first = way.len();
            let mut stops = self.class(class);
            stops.sort_by(|a, b| self.waits[*b].total_cmp(&self.waits[*a]).then(a.cmp(b)));
            for stop in stops {
                let place = self.cheapest(&way, first, stop);
                way.insert(place, stop);
            }
        }
        self.around_locked(&way)
    }

    /// The order given, with what has to go first moved up and nothing else changed.
    fn kept(&self) -> Vec<usize> {
        let way: Vec<usize> = (0..=2).flat_map(|class| self.class(class)).collect();
        self.around_locked(&way)
    }

    /// Stops of a class, in the order given.
    fn class(&self, class: u8) -> Vec<usize> {
        (0..self.classes.len())
            .filter(|stop| self.classes[*stop] == Some(class))
            .collect()
    }

    /// Lays a way into the places that no locked stop has.
    fn around_locked(&self, way: &[usize]) -> Vec<usize> {
        let mut free = way.iter().copied();
        let classes = self.classes.iter().enumerate();
        let order = classes.filter_map(|(place, class)| class.map_or(Some(place), |_| free.next()));
        order.collect()
    }

    /// Where one more stop costs least: before which of the way, `first` at the earliest.
    fn cheapest(&self, way: &[usize], first: usize, stop: usize) -> usize {
        let mut driven: Vec<f64> = vec![0.0];
        for leg in self.legs(way) {
            driven.push(driven[driven.len() - 1] + leg);
        }
        let mut behind: f64 = 0.0;
        let mut best = (f64::INFINITY, way.len());
        for place in (first..=way.len()).rev() {
            let before = place.checked_sub(1).map(|place| way[place]);
            let to = self.leg(before, stop);
            let detour = way.get(place).map_or(to, |next| {
                behind += self.waits[*next];
                to + self.leg(Some(stop), *next) - self.leg(before, *next)
            });
            let cost = detour * (1.0 + behind) + self.waits[stop] * (driven[place] + to);
            if cost < best.0 - LEAST_GAIN {
                best = (cost, place);
            }
        }
        best.1
    }

    fn leg(&self, from: Option<usize>, to: usize) -> f64 {
        match from {
            Some(from) => self.between[from * self.waits.len() + to],
            None => self.from_start[to],
        }
    }

    fn legs(&self, order: &[usize]) -> impl Iterator<Item = f64> {
        let before = std::iter::once(None).chain(order.iter().copied().map(Some));
        before.zip(order).map(|(from, to)| self.leg(from, *to))
    }
}

/// How a part of the way is tried in another order.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// The other way round.
    Reversed,
    /// Its first stop last.
    FirstLast,
    /// Its last stop first.
    LastFirst,
}

/// An order that is being improved, with what is known of it so that a change is judged by the part that it touches.
struct Search<'a> {
    day: &'a Day,
    order: Vec<usize>,
    /// Metres driven when each place is reached.
    driven: Vec<f64>,
    /// What waiting costs up to and with each place.
    waited: Vec<f64>,
    /// What a metre counts for all from each place on; one longer than the order.
    behind: Vec<f64>,
    work: usize,
}

impl<'a> Search<'a> {
    fn new(day: &'a Day, order: Vec<usize>) -> Self {
        let mut search = Self {
            day,
            driven: vec![0.0; order.len()],
            waited: vec![0.0; order.len()],
            behind: vec![0.0; order.len() + 1],
            order,
            work: 0,
        };
        search.measure();
        search
    }

    fn measure(&mut self) {
        let (mut driven, mut waited) = (0.0, 0.0);
        for (place, leg) in self.day.legs(&self.order).enumerate() {
            driven += leg;
            waited += self.day.waits[self.order[place]] * driven;
            (self.driven[place], self.waited[place]) = (driven, waited);
        }
        for place in (0..self.order.len()).rev() {
            self.behind[place] = self.behind[place + 1] + self.day.waits[self.order[place]];
        }
    }

    /// Improves until nothing helps or the work is spent. Stops change places within their class only, so that nothing
    /// overtakes what has to go first.
    fn improve(&mut self) {
        let classes = [1, 2].map(|class| {
            let of_class = |place: &usize| self.day.classes[self.order[*place]] == Some(class);
            (0..self.order.len()).filter(of_class).collect::<Vec<usize>>()
        });
        while classes.iter().any(|places| self.round(places)) {}
    }

    /// Tries every change once, short parts first; whether one helped.
    fn round(&mut self, places: &[usize]) -> bool {
        let mut helped = false;
        for span in 1..places.len() {
            for first in 0..places.len() - span {
                let part = &places[first..=first + span];
                let changes: &[Change] = if span == 1 {
                    &[Change::Reversed]
                } else {
                    &[Change::Reversed, Change::FirstLast, Change::LastFirst]
                };
                for change in changes {
                    if self.work > MOST_WORK {
                        return false;
                    }
                    helped |= self.attempt(part, *change);
                }
            }
        }
        helped
    }

    /// Changes a part of the way if that gains something.
    fn attempt(&mut self, places: &[usize], change: Change) -> bool {
        let (Some(&first), Some(&last)) = (places.first(), places.last()) else {
            return false;
        };
        let mut stops: Vec<usize> = places.iter().map(|place| self.order[*place]).collect();
        match change {
            Change::Reversed => stops.reverse(),
            Change::FirstLast => stops.rotate_left(1),
            Change::LastFirst => stops.rotate_right(1),
        }
        self.work += last - first + 1;
        if self.gain(first, last, places, &stops) < LEAST_GAIN {
            return false;
        }
        for (place, stop) in places.iter().zip(stops) {
            self.order[*place] = stop;
        }
        self.measure();
        true
    }

    /// Metres gained when the stops at `places`, all between `first` and `last`, are these instead.
    fn gain(&self, first: usize, last: usize, places: &[usize], stops: &[usize]) -> f64 {
        let before = first.checked_sub(1);
        let mut at = before.map(|place| self.order[place]);
        let mut driven = before.map_or(0.0, |place| self.driven[place]);
        let mut waited = before.map_or(0.0, |place| self.waited[place]);
        let mut changed = places.iter().zip(stops).peekable();
        for place in first..=last {
            let stop = changed
                .next_if(|(changed, _)| **changed == place)
                .map_or(self.order[place], |(_, stop)| *stop);
            driven += self.day.leg(at, stop);
            waited += self.day.waits[stop] * driven;
            at = Some(stop);
        }
        let (mut was, next) = (self.driven[last], self.order.get(last + 1));
        if let Some(next) = next {
            driven += self.day.leg(at, *next);
            was = self.driven[last + 1];
        }
        (was - driven) * (1.0 + self.behind[last + 1]) + self.waited[last] - waited
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
