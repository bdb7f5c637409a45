use futures_util::stream;

use super::*;

const LONG: Duration = Duration::from_secs(3_600);
const SMALL: Bounds = Bounds {
    room: 100,
    share: 80,
    free: 10,
    patience: Duration::ZERO,
    idle: LONG,
    whole: LONG,
};

fn hold(bodies: &Arc<Bodies>, sender: &str) -> Rc<Hold> {
    Rc::new(Hold::new(Arc::clone(bodies), sender.to_owned()))
}

/// A body of so many bytes in chunks of ten; whoever sends it then falls silent, or ends it.
fn body(length: usize, ends: bool) -> Payload {
    let chunks = stream::iter((0..length / 10).map(|_| Ok(Bytes::from_static(b"0123456789"))));
    let payload = if ends {
        chunks.boxed_local()
    } else {
        chunks.chain(stream::pending()).boxed_local()
    };
    Payload::Stream { payload }
}

/// Bytes that were read, and why not more.
async fn read(hold: &Rc<Hold>, payload: Payload) -> (usize, Option<Kind>) {
    let mut stream = guarded(payload, Rc::clone(hold)).boxed_local();
    let mut bytes = 0;
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => bytes += chunk.len(),
            Err(_) => assert!(stream.next().await.is_none(), "it ends with its fault"),
        }
    }
    (bytes, hold.fault.get())
}

#[tokio::test]
async fn a_body_that_stops_coming_is_not_waited_for() {
    for bounds in [
        Bounds {
            idle: Duration::ZERO,
            ..SMALL
        },
        Bounds {
            whole: Duration::ZERO,
            ..SMALL
        },
    ] {
        let bodies = Arc::new(Bodies::within(bounds));
        let (bytes, fault) = read(&hold(&bodies, "a"), body(30, false)).await;
        assert_eq!((bytes, fault), (30, Some(Kind::BodyTooSlow)), "{bounds:?}");
        let (bytes, fault) = read(&hold(&bodies, "a"), body(30, true)).await;
        assert_eq!((bytes, fault), (30, None), "{bounds:?}");
    }
}

#[tokio::test]
async fn all_bodies_together_have_so_much_room() {
    let bodies = Arc::new(Bodies::within(SMALL));
    let (first, second) = (hold(&bodies, "a"), hold(&bodies, "b"));
    assert_eq!(read(&first, body(70, true)).await, (70, None));
    assert_eq!(read(&second, body(40, true)).await, (40, None));
    let third = hold(&bodies, "c");
    assert_eq!(read(&third, body(30, true)).await, (20, Some(Kind::Unavailable)));
    assert_eq!(
        read(&hold(&bodies, "d"), body(10, true)).await,
        (10, None),
        "what is small has always room"
    );
    // The first request is answered.
    drop((first, third));
    assert_eq!(read(&hold(&bodies, "c"), body(70, true)).await, (70, None));
}

#[tokio::test]
async fn one_sender_does_not_take_it_all() {
    let bodies = Arc::new(Bodies::within(SMALL));
    let (first, second) = (hold(&bodies, "a"), hold(&bodies, "a"));
    assert_eq!(read(&first, body(70, true)).await, (70, None));
    assert_eq!(read(&second, body(50, true)).await, (30, Some(Kind::Unavailable)));
    assert_eq!(read(&hold(&bodies, "b"), body(30, true)).await, (30, None));
    drop((first, second));
    assert!(bodies.senders().is_empty());
    assert_eq!(bodies.room.available_permits(), SMALL.room);
}
