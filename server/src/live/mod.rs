//! What changes, told while it changes: one reader of the change log per process and town, however many listen.
//!
//! A listener that goes on from an event it has seen reads the log from there first; who cannot keep up does the same. So
//! nothing is skipped, and what is told twice names the same place in the log.

mod queries;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast, watch};
use uuid::Uuid;

use crate::db::change_log::{self, Change, Place};
use crate::db::{Db, TownId};
use crate::http::problem::Problem;
use crate::people::policy::Target;

/// Events that a slow listener may be behind before it reads the log itself.
const BUFFERED: usize = 1_024;
/// The log is looked at this often when nothing woke the reader.
const REST: Duration = Duration::from_secs(1);
/// And this often while changes wait for a transaction that began before them.
const SOON: Duration = Duration::from_millis(100);

/// Streams that one session may have open: some windows and some that nobody noticed the end of.
pub const MOST_OF_SESSION: usize = 5;
/// Streams of this process: each reads its session again every half minute.
const MOST: usize = 1_000;

/// Something changed about an alert.
#[derive(Clone, Debug)]
pub struct Event {
    /// Place in the change log.
    pub place: Place,
    /// Which.
    pub alert_id: Uuid,
    /// Its version now.
    pub version: i32,
    /// Code of its status now.
    pub status: String,
    /// The alert that it was merged into.
    pub merged_into: Option<Uuid>,
    /// For the policy: who may hear of it.
    pub target: Target,
    /// Whose it was before: who may hear that it is theirs no longer.
    pub left: Vec<Target>,
}

/// A town's listeners.
struct Feed {
    sender: broadcast::Sender<Arc<Event>>,
    place: Place,
}

/// Everybody who listens to this process.
#[derive(Default)]
pub struct Hub {
    feeds: Mutex<HashMap<TownId, Feed>>,
    /// Open streams by session.
    seats: Mutex<HashMap<Uuid, usize>>,
    /// Wakes the reader.
    pub woken: Arc<Notify>,
}

/// A place among those who listen, given back with this value.
pub struct Seat {
    hub: Arc<Hub>,
    session: Uuid,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.hub.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = seats.get_mut(&self.session) {
            *taken -= 1;
            if *taken == 0 {
                seats.remove(&self.session);
            }
        }
    }
}

impl Hub {
    /// A place for one more stream of a session, unless it has its share or the process has all it can serve.
    #[must_use]
    pub fn seat(self: &Arc<Self>, session: Uuid) -> Option<Seat> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = seats.get(&session).copied().unwrap_or(0);
        if taken >= MOST_OF_SESSION || seats.values().sum::<usize>() >= MOST {
            return None;
        }
        seats.insert(session, taken + 1);
        Some(Seat {
            hub: Arc::clone(self),
            session,
        })
    }

    /// Listens to a town from now on: what changes, and the place in the log from which on it is told.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn listen(&self, db: &Db, town: TownId) -> Result<(broadcast::Receiver<Arc<Event>>, Place), Problem> {
        let tx = db.begin(town).await?;
        let place = change_log::horizon(&tx).await?;
        tx.commit().await?;
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = feeds.entry(town).or_insert_with(|| Feed {
            sender: broadcast::Sender::new(BUFFERED),
            place,
        });
        Ok((feed.sender.subscribe(), feed.place.clone()))
    }

    /// Reads the log for all who listen, until `stop`.
    pub async fn run(&self, db: Db, mut stop: watch::Receiver<bool>) {
        let mut rest = REST;
        while !*stop.borrow() {
            tokio::select! {
                () = self.woken.notified() => {}
                () = tokio::time::sleep(rest) => {}
                _ = stop.changed() => continue,
            }
            rest = REST;
            for (town, place) in self.heard() {
                match self.advance(&db, town, place).await {
                    Ok(true) => rest = SOON,
                    Ok(false) => {}
                    Err(error) => tracing::debug!(%error, "what changed cannot be told for the moment"),
                }
            }
        }
        // Who listens is sent away: they come back to whoever serves then.
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The towns that somebody listens to; the others are forgotten.
    fn heard(&self) -> Vec<(TownId, Place)> {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        feeds.retain(|_, feed| feed.sender.receiver_count() > 0);
        feeds.iter().map(|(town, feed)| (*town, feed.place.clone())).collect()
    }

    /// Tells what followed a place. Returns whether more follows that is not told yet.
    async fn advance(&self, db: &Db, town: TownId, since: Place) -> Result<bool, Problem> {
        let (events, place, behind) = read(db, town, &since).await?;
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = feeds.get_mut(&town) {
            for event in events {
                // Nobody may listen any more.
                let _ = feed.sender.send(Arc::new(event));
            }
            feed.place = place;
        }
        Ok(behind)
    }
}

/// The events of the next changes, the place behind them, and whether more follow.
///
/// # Errors
/// When the database is away.
pub async fn read(db: &Db, town: TownId, since: &Place) -> Result<(Vec<Event>, Place, bool), Problem> {
    let tx = db.begin(town).await?;
    let changes = change_log::next(&tx, town, since).await?;
    let place = changes.last().map_or_else(|| since.clone(), Change::place);
    let behind = change_log::is_behind(&tx, town, &place).await?;
    let mut ids = change_log::alerts_of(&tx, town, &changes).await?;
    ids.extend(queries::alerts_of_tasks(&tx, town, &changes).await?);
    ids.sort_unstable();
    ids.dedup();
    // All but the last name the place before: whoever hears only some of them hears all again.
    let mut events = queries::events(&tx, town, &ids, since).await?;
    for event in &mut events {
        let own = changes.iter().filter(|change| change.entity_id == event.alert_id);
        let whose = |(service, sector_id, crew_id)| Target {
            service_id: Some(service),
            sector_id,
            crew_id,
            entered_by: None,
        };
        event.left = own.filter_map(Change::left).map(whose).collect();
    }
    if let Some(last) = events.last_mut() {
        last.place = place.clone();
    }
    tx.commit().await?;
    Ok((events, place, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_five_places_and_a_process_so_many() {
        let hub = Arc::new(Hub::default());
        let session = Uuid::now_v7();
        let mut seats: Vec<Seat> = (0..MOST_OF_SESSION).filter_map(|_| hub.seat(session)).collect();
        assert_eq!(seats.len(), MOST_OF_SESSION);
        assert!(hub.seat(session).is_none());
        assert!(hub.seat(Uuid::now_v7()).is_some(), "another session has its own");
        seats.pop();
        seats.extend(hub.seat(session));
        assert_eq!(seats.len(), MOST_OF_SESSION);
        seats.extend((seats.len()..MOST).filter_map(|_| hub.seat(Uuid::now_v7())));
        assert_eq!(seats.len(), MOST);
        assert!(hub.seat(Uuid::now_v7()).is_none());
        seats.clear();
        assert!(hub.seats.lock().unwrap().is_empty());
    }
}
