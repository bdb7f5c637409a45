//! Bodies on their way in. Whoever reads one reads it through here: it is waited for within bounds, and no more of all bodies
//! is in memory at once than there is room for.
//!
//! A photo is held whole until it was looked at, so what a request has read counts until it is answered. Small bodies do not
//! count: a flood of photos must not keep out reports.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::client::ClientAddress;
use super::json::JSON_LIMIT;
use super::limits::address_key;
use super::problem::{Kind, Problem};
use crate::app::App;

#[cfg(test)]
#[path = "bodies_tests.rs"]
mod tests;

/// What bodies may take.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Bytes of all bodies at once.
    room: usize,
    /// Bytes of those of one network address.
    share: usize,
    /// First bytes of each body, which are not counted.
    free: usize,
    /// How long a body waits for room.
    patience: Duration,
    /// How long the next bytes are waited for.
    idle: Duration,
    /// How long the whole is waited for.
    whole: Duration,
}

const BOUNDS: Bounds = Bounds {
    room: 256 * 1024 * 1024,
    share: 128 * 1024 * 1024,
    free: JSON_LIMIT,
    patience: Duration::from_secs(5),
    idle: Duration::from_secs(30),
    // A photo over a slow mobile line. What takes longer is sent in pieces.
    whole: Duration::from_secs(600),
};

/// Seconds after which a body that found no room may be sent again.
const COME_BACK: u64 = 10;

/// The bodies that a process is reading.
pub struct Bodies {
    bounds: Bounds,
    room: Arc<Semaphore>,
    by_sender: Mutex<HashMap<String, usize>>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self::within(BOUNDS)
    }
}

impl Bodies {
    fn within(bounds: Bounds) -> Self {
        Self {
            bounds,
            room: Arc::new(Semaphore::new(bounds.room)),
            by_sender: Mutex::default(),
        }
    }

    fn senders(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.by_sender.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one request's body holds, until the request is answered.
struct Hold {
    bodies: Arc<Bodies>,
    sender: String,
    seen: Cell<usize>,
    counted: Cell<usize>,
    room: RefCell<Option<OwnedSemaphorePermit>>,
    /// Why it is read no further.
    fault: Cell<Option<Kind>>,
}

impl Hold {
    fn new(bodies: Arc<Bodies>, sender: String) -> Self {
        Self {
            bodies,
            sender,
            seen: Cell::new(0),
            counted: Cell::new(0),
            room: RefCell::new(None),
            fault: Cell::new(None),
        }
    }

    /// Keeps so many more bytes, if there is room.
    async fn keep(&self, length: usize) -> Result<(), Kind> {
        let bounds = self.bodies.bounds;
        let seen = self.seen.get() + length;
        self.seen.set(seen);
        let more = seen.saturating_sub(bounds.free).saturating_sub(self.counted.get());
        if more == 0 {
            return Ok(());
        }
        self.count(more)?;
        let asked = u32::try_from(more).map_err(|_| Kind::BodyTooLarge)?;
        let asked = self.bodies.room.clone().acquire_many_owned(asked);
        let Ok(Ok(room)) = timeout(bounds.patience, asked).await else {
            return Err(Kind::Unavailable);
        };
        let mut held = self.room.borrow_mut();
        match held.as_mut() {
            Some(held) => held.merge(room),
            None => *held = Some(room),
        }
        Ok(())
    }

    /// Counts the bytes among those of their sender.
    fn count(&self, more: usize) -> Result<(), Kind> {
        let mut senders = self.bodies.senders();
        let theirs = senders.get(&self.sender).copied().unwrap_or(0);
        if theirs + more > self.bodies.bounds.share {
            return Err(Kind::Unavailable);
        }
        senders.insert(self.sender.clone(), theirs + more);
        self.counted.set(self.counted.get() + more);
        Ok(())
    }

    /// The next bytes of a body.
    async fn next(&self, payload: &mut Payload, until: Instant) -> Option<Result<Bytes, PayloadError>> {
        let idle = Instant::now() + self.bodies.bounds.idle;
        let Ok(chunk) = timeout_at(idle.min(until), payload.next()).await else {
            return Some(Err(self.fail(Kind::BodyTooSlow)));
        };
        let chunk = match chunk? {
            Ok(chunk) => chunk,
            Err(error) => return Some(Err(error)),
        };
        Some(match self.keep(chunk.len()).await {
            Ok(()) => Ok(chunk),
            Err(kind) => Err(self.fail(kind)),
        })
    }

    /// Notes why. To whoever reads, the body is broken off.
    fn fail(&self, kind: Kind) -> PayloadError {
        self.fault.set(Some(kind));
        PayloadError::Incomplete(None)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut senders = self.bodies.senders();
        if let Some(theirs) = senders.get_mut(&self.sender) {
            *theirs = theirs.saturating_sub(self.counted.get());
            if *theirs == 0 {
                senders.remove(&self.sender);
            }
        }
    }
}

/// A body within the bounds; it ends with its first fault.
fn guarded(payload: Payload, hold: Rc<Hold>) -> impl Stream<Item = Result<Bytes, PayloadError>> + 'static {
    let until = Instant::now() + hold.bodies.bounds.whole;
    let chunks = futures_util::stream::unfold(Some((payload, hold)), move |reading| async move {
        let (mut payload, hold) = reading?;
        match hold.next(&mut payload, until).await? {
            Ok(chunk) => Some((Ok(chunk), Some((payload, hold)))),
            Err(error) => Some((Err(error), None)),
        }
    });
    // A reader of forms asks again after the end.
    chunks.fuse()
}

/// Puts every body within the bounds, and says why when one was read no further.
pub async fn bounded_bodies(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let bodies = request.app_data::<web::Data<App>>().map(|app| app.bodies.clone());
    let payload = request.take_payload();
    let (Some(bodies), false) = (bodies, matches!(payload, Payload::None)) else {
        request.set_payload(payload);
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let address = request.extensions().get::<ClientAddress>().copied();
    let sender = address.map_or_else(String::new, |address| address_key(address.0));
    let hold = Rc::new(Hold::new(bodies, sender));
    request.set_payload(Payload::Stream {
        payload: guarded(payload, Rc::clone(&hold)).boxed_local(),
    });
    let response = next.call(request).await?;
    Ok(match hold.fault.get() {
        // Whoever read it only knows that it broke off; any other answer was found before, and stands.
        Some(kind) if response.status() == StatusCode::BAD_REQUEST => response.error_response(told(kind)),
        _ => response.map_into_boxed_body(),
    })
}

fn told(kind: Kind) -> Problem {
    match kind {
        Kind::Unavailable => Problem::unavailable("no room for more bodies at once").retry_after(COME_BACK),
        kind => Problem::new(kind),
    }
}
