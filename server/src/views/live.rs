//! What changes in a person's scope, as server-sent events with resume.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, get, web};
use bytes::Bytes;
use chrono::Utc;
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::sync::cursor::Cursor;
use crate::app::App;
use crate::auth::token::StaffToken;
use crate::db::TownId;
use crate::db::change_log::{self, Place};
use crate::flow::command::Command;
use crate::http::problem::{Kind, Problem};
use crate::http::responses::StaffRead;
use crate::live::{Event, MOST_OF_SESSION, Seat, read};
use crate::people::policy::{Operation, Staff, Target, permit, permit_any};

/// A word is said at least this often, so that no proxy takes the line for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The session and what it may see is read again this often.
const RENEW: Duration = Duration::from_secs(30);

/// Query parameters.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// `id` of the last event seen, for clients that cannot send `Last-Event-ID`.
    pub last_event_id: Option<String>,
}

/// The data of an event `alert`: read it again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LiveAlert {
    /// Which.
    pub alert_id: Uuid,
    /// Its version now.
    pub version: i32,
    /// Where it stands now.
    pub status: String,
    /// The alert that it was merged into.
    pub merged_into: Option<Uuid>,
}

/// The data of an event `gone`: it is somebody else's now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LiveGone {
    /// Which.
    pub alert_id: Uuid,
}

/// Alerts in the person's scope that change, while they change: server-sent events `alert` whose data is a `LiveAlert`, and
/// `gone`, a `LiveGone`, for one that left the scope. With the `id` of an event seen before, everything since comes first;
/// when that leads nowhere any more (a restored database), `reset` does: read everything again. The stream ends with the
/// session.
#[utoipa::path(operation_id = "live", tag = "desk",
    params(LiveQuery, ("Last-Event-ID" = Option<String>, Header, description = "`id` of the last event seen.")),
    responses((status = 200, description = "Events, until somebody hangs up.", body = LiveAlert, content_type = "text/event-stream"), StaffRead))]
#[get("/v1/live")]
pub async fn listen(
    app: web::Data<App>,
    token: StaffToken,
    request: HttpRequest,
    query: web::Query<LiveQuery>,
) -> Result<HttpResponse, Problem> {
    let header = request
        .headers()
        .get("Last-Event-ID")
        .and_then(|value| value.to_str().ok());
    let seen = header
        .or(query.last_event_id.as_deref())
        .map(|text| Cursor::read(&app.keys.server, text));
    let seen = seen.transpose()?;
    let (staff, scope) = who(&app, token).await?;
    let seat = app.live.seat(token.session_id).ok_or_else(|| {
        Problem::new(Kind::TooManyStreams)
            .with("limit_per_session", MOST_OF_SESSION)
            .retry_after(HEARTBEAT.as_secs())
    })?;
    let lost = seen.as_ref().is_some_and(|seen| seen.scope != scope);
    let seen = seen.filter(|_| !lost).map(|seen| seen.place);
    // First the ear, then the past: nothing falls between the two.
    let (receiver, from) = app.live.listen(&app.db, token.town).await?;
    let listener = Listener {
        app: app.get_ref().clone(),
        token,
        staff,
        scope,
        lost,
        receiver,
        told: seen.clone().unwrap_or(from),
        catch_up: seen,
        renew: Instant::now() + RENEW,
        _seat: seat,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // A compressor would hold events back.
        .insert_header((CONTENT_ENCODING, "identity"))
        .streaming(listener.stream()))
}

/// Who listens, and the name of the stream: cursors of another log, or of tablets, are no good here.
async fn who(app: &App, token: StaffToken) -> Result<(Staff, String), Problem> {
    let command = Command::begin(app, token, Utc::now()).await?;
    permit_any(&command.staff, Operation::ReadAlert)?;
    let scope = format!("live {}", change_log::identity(&command.tx).await?);
    command.tx.rollback().await?;
    Ok((command.staff, scope))
}

/// Somebody who listens.
struct Listener {
    app: App,
    token: StaffToken,
    staff: Staff,
    scope: String,
    /// What the person saw before leads nowhere.
    lost: bool,
    receiver: Receiver<Arc<Event>>,
    /// Where to go on reading the log, before listening.
    catch_up: Option<Place>,
    /// Place up to which everything was told.
    told: Place,
    renew: Instant,
    _seat: Seat,
}

impl Listener {
    fn stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        futures_util::stream::unfold(self, |mut listener| async move {
            let words = listener.next().await?;
            Some((Ok(words), listener))
        })
    }

    /// What is said next; `None`: nothing more.
    async fn next(&mut self) -> Option<Bytes> {
        if Instant::now() >= self.renew {
            (self.staff, _) = who(&self.app, self.token).await.ok()?;
            self.renew = Instant::now() + RENEW;
        }
        if std::mem::take(&mut self.lost) {
            return Some(Bytes::from(self.say(&self.told, "reset", "{}")?));
        }
        if let Some(place) = self.catch_up.take() {
            return self.read(place).await;
        }
        let wait = Instant::now() + HEARTBEAT;
        match timeout_at(wait.min(self.renew), self.receiver.recv()).await {
            Err(_) => Some(Bytes::from_static(b":\n\n")),
            Ok(Ok(event)) => {
                let words = self.words(std::slice::from_ref(&*event));
                self.told = event.place.clone();
                Some(words)
            }
            // Too slow for the others: what was missed is in the log.
            Ok(Err(RecvError::Lagged(_))) => {
                self.receiver = self.receiver.resubscribe();
                self.catch_up = Some(self.told.clone());
                Some(Bytes::from_static(b":\n\n"))
            }
            Ok(Err(RecvError::Closed)) => None,
        }
    }

    /// The next events of the log.
    async fn read(&mut self, since: Place) -> Option<Bytes> {
        let town: TownId = self.token.town;
        let (events, place, _) = read(&self.app.db, town, &since).await.ok()?;
        if place != since {
            self.catch_up = Some(place.clone());
            self.told = place;
        }
        Some(self.words(&events))
    }

    /// Events in the person's scope, as they are said; a comment when there is none.
    fn words(&self, events: &[Event]) -> Bytes {
        let may_hear = |target: &Target| permit(&self.staff, Operation::ReadAlert, target).is_ok();
        let mut said = String::new();
        for event in events {
            if may_hear(&event.target) {
                let data = LiveAlert {
                    alert_id: event.alert_id,
                    version: event.version,
                    status: event.status.clone(),
                    merged_into: event.merged_into,
                };
                said.push_str(&self.one(event, "alert", &data).unwrap_or_default());
            } else if event.left.iter().any(may_hear) {
                let data = LiveGone {
                    alert_id: event.alert_id,
                };
                said.push_str(&self.one(event, "gone", &data).unwrap_or_default());
            }
        }
        if said.is_empty() {
            said.push_str(":\n\n");
        }
        Bytes::from(said)
    }

    fn one(&self, event: &Event, name: &str, data: &impl Serialize) -> Option<String> {
        self.say(&event.place, name, &serde_json::to_string(data).ok()?)
    }

    /// An event with the place from which on more is told to whoever comes back.
    fn say(&self, place: &Place, name: &str, data: &str) -> Option<String> {
        let cursor = Cursor {
            scope: self.scope.clone(),
            place: place.clone(),
            after: None,
        };
        let id = cursor.write(&self.app.keys.server).ok()?;
        Some(format!("id: {id}\nevent: {name}\ndata: {data}\n\n"))
    }
}
