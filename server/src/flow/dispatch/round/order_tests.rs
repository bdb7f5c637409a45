use proptest::prelude::*;

use super::*;

/// Whole metres on a plane: moved as a whole, every distance stays the same to the last bit.
type Place = (i32, i32);

fn straight(a: &Place, b: &Place) -> f64 {
    let (x, y) = (f64::from(a.0 - b.0), f64::from(a.1 - b.1));
    (x * x + y * y).sqrt()
}

fn stop(place: Place, priority: i16, hold: Hold) -> Stop<Place> {
    Stop { place, priority, hold }
}

fn free(east: i32, priority: i16) -> Stop<Place> {
    stop((east, 0), priority, Hold::Free)
}

fn ordered(start: Option<Place>, stops: &[Stop<Place>]) -> Vec<usize> {
    Day::new(start.as_ref(), stops, straight).ordered()
}

#[test]
fn no_stop_and_one_stop_are_orders_too() {
    assert_eq!(ordered(None, &[]), Vec::<usize>::new());
    assert_eq!(ordered(Some((5, 5)), &[free(1, 2)]), [0]);
}

#[test]
fn equals_are_driven_along_the_way() {
    let stops = [300, 100, 400, 200].map(|east| free(east, 2));
    assert_eq!(ordered(Some((0, 0)), &stops), [1, 3, 0, 2]);
}

#[test]
fn what_is_urgent_comes_first_however_far_it_lies() {
    let stops = [free(100, 2), free(200, 3), free(9_000, 4), free(300, 1)];
    assert_eq!(ordered(Some((0, 0)), &stops)[0], 2);
}

#[test]
fn what_is_important_is_worth_a_detour_and_not_more() {
    let towards = |priority| ordered(Some((0, 0)), &[free(-400, 2), free(450, priority)]);
    assert_eq!(towards(2), [0, 1], "the nearer first");
    assert_eq!(towards(3), [1, 0], "50 m longer, and 800 m earlier where it matters");
    let far = [free(-100, 2), free(5_000, 3)];
    assert_eq!(ordered(Some((0, 0)), &far), [0, 1], "not back over five kilometres");
}

#[test]
fn work_that_was_begun_is_ended_first_and_a_locked_stop_keeps_its_place() {
    let stops = [
        free(100, 2),
        stop((9_000, 0), 1, Hold::Locked),
        free(200, 4),
        stop((500, 0), 1, Hold::Begun),
    ];
    assert_eq!(ordered(Some((0, 0)), &stops), [3, 1, 2, 0]);
}

#[test]
fn the_length_of_the_way_begins_at_the_start() {
    let stops = [free(100, 2), free(300, 2)];
    let length = |start: Option<Place>| Day::new(start.as_ref(), &stops, straight).length(&[0, 1]);
    assert_eq!(length(None).to_bits(), 200.0_f64.to_bits());
    assert_eq!(length(Some((0, 0))).to_bits(), 300.0_f64.to_bits());
}

#[test]
fn five_hundred_stops_are_ordered_within_the_budget() {
    // A walk that jumps about: no order at all.
    let place = |n: i32| ((n * 7_919) % 5_003, (n * 6_101) % 4_999);
    let stops: Vec<_> = (0..500)
        .map(|n| stop(place(n), 1 + (n % 3) as i16, Hold::Free))
        .collect();
    let day = Day::new(Some(&(0, 0)), &stops, straight);
    let given: Vec<usize> = (0..500).collect();
    let best = day.ordered();
    assert!(day.length(&best) < day.length(&given) / 10.0);
    assert!(day.cost(&best) <= day.cost(&day.inserted()));
}

prop_compose! {
    fn any_stop()(x in -5_000..5_000, y in -5_000..5_000, priority in 1_i16..=4, hold in 0..8_u8) -> Stop<Place> {
        let hold = match hold {
            0 => Hold::Begun,
            1 | 2 => Hold::Locked,
            _ => Hold::Free,
        };
        stop((x, y), priority, hold)
    }
}

fn any_day() -> impl Strategy<Value = (Option<Place>, Vec<Stop<Place>>)> {
    let start = prop::option::of((-5_000..5_000, -5_000..5_000));
    (start, prop::collection::vec(any_stop(), 0..25))
}

proptest! {
    #[test]
    fn every_stop_is_visited_once((start, stops) in any_day()) {
        let mut order = ordered(start, &stops);
        order.sort_unstable();
        prop_assert_eq!(order, (0..stops.len()).collect::<Vec<_>>());
    }

    #[test]
    fn locked_stops_stay((start, stops) in any_day()) {
        for (place, visited) in ordered(start, &stops).into_iter().enumerate() {
            prop_assert!(stops[place].hold != Hold::Locked || visited == place);
            prop_assert!(stops[visited].hold != Hold::Locked || visited == place);
        }
    }

    #[test]
    fn it_is_never_worse_than_what_was_there((start, stops) in any_day()) {
        let day = Day::new(start.as_ref(), &stops, straight);
        let given: Vec<usize> = (0..stops.len()).collect();
        let (best, noise) = (day.cost(&day.ordered()), 1e-3);
        for other in [day.cost(&given), day.cost(&day.inserted())] {
            prop_assert!(best <= Cost { metres: other.metres + noise, ..other }, "{best:?} {other:?}");
        }
    }

    #[test]
    fn nothing_overtakes_what_is_urgent_or_begun((start, stops) in any_day()) {
        let order = ordered(start, &stops);
        let rank = |stop: &Stop<Place>| match (stop.hold, stop.priority) {
            (Hold::Begun, _) => 0,
            (_, URGENT) => 1,
            _ => 2,
        };
        let ranks: Vec<i32> = order.iter().map(|n| &stops[*n]).filter(|stop| stop.hold != Hold::Locked).map(rank).collect();
        prop_assert!(ranks.is_sorted(), "{ranks:?}");
        prop_assert_eq!(Day::new(start.as_ref(), &stops, straight).cost(&order).overtaken, 0);
    }

    #[test]
    fn begun_work_keeps_its_order((start, stops) in any_day()) {
        let order = ordered(start, &stops);
        let begun: Vec<usize> = order.into_iter().filter(|n| stops[*n].hold == Hold::Begun).collect();
        prop_assert!(begun.is_sorted());
    }

    #[test]
    fn the_place_on_earth_does_not_matter((start, stops) in any_day(), east in -9_000..9_000, north in -9_000..9_000) {
        let moved = |(x, y): Place| (x + east, y + north);
        let there: Vec<_> = stops.iter().map(|s| stop(moved(s.place), s.priority, s.hold)).collect();
        prop_assert_eq!(ordered(start, &stops), ordered(start.map(moved), &there));
    }

    #[test]
    fn ordered_again_it_stays((start, stops) in any_day()) {
        let day = Day::new(start.as_ref(), &stops, straight);
        let first = day.ordered();
        let again: Vec<_> = first.iter().map(|n| stops[*n]).collect();
        let after = Day::new(start.as_ref(), &again, straight);
        prop_assert!(after.cost(&after.ordered()).metres <= day.cost(&first).metres + 1e-3);
    }

    /// What the search believes to gain is what it gains.
    #[test]
    fn a_change_gains_what_was_reckoned((start, stops) in any_day(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(), how in 0..3_u8) {
        let day = Day::new(start.as_ref(), &stops, straight);
        let free: Vec<usize> = (0..stops.len()).filter(|n| stops[*n].hold == Hold::Free).collect();
        if free.len() < 2 {
            return Ok(());
        }
        let (a, b) = (a.index(free.len()), b.index(free.len() - 1));
        let b = if b < a { b } else { b + 1 };
        let (first, last) = (a.min(b), a.max(b));
        let change = [Change::Reversed, Change::FirstLast, Change::LastFirst][usize::from(how)];
        let mut search = Search::new(&day, (0..stops.len()).collect());
        let before = day.cost(&search.order).metres;
        let (places, mut changed) = (&free[first..=last], free[first..=last].to_vec());
        match change {
            Change::Reversed => changed.reverse(),
            Change::FirstLast => changed.rotate_left(1),
            Change::LastFirst => changed.rotate_right(1),
        }
        let reckoned = search.gain(free[first], free[last], places, &changed);
        let helped = search.attempt(places, change);
        let gained = before - day.cost(&search.order).metres;
        if helped {
            prop_assert!((gained - reckoned).abs() < 1e-6 * before.max(1.0), "{gained} {reckoned}");
        } else {
            prop_assert!(reckoned < LEAST_GAIN);
        }
    }
}
