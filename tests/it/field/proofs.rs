//! Where a category demands a photo of the repair, it is that repair's own.

use serde_json::{Value, json};
use uuid::Uuid;
use vigie_tests::people::Answer;

use super::uploads::{address, announce, picture, piece};
use super::{Given, Street, hours_ago, outcome};

impl Street {
    /// A photo sent in one piece before anything is said of it; its id.
    async fn proof(&self, given: &Given, scene: u64) -> Value {
        let path = format!("/v1/alerts/{}/photos", given.alert);
        let sent = self.crew.person.post(&path);
        let sent = sent.body("image/jpeg", picture(scene)).send().await.expect(201);
        sent["id"].clone()
    }

    async fn act(&self, given: &Given, action: &str, photos: &[&Value]) -> Answer {
        let body = json!({"id": Uuid::now_v7(), "action": action, "client_at": hours_ago(0), "note": "seen",
            "photo_ids": photos});
        let path = format!("/v1/tasks/{}/actions", given.task);
        self.crew.person.send(&path, body).await
    }

    async fn lacks_a_proof(&self, given: &Given, photos: &[&Value]) {
        let refused = self.act(given, "done", photos).await.problem("invalid");
        assert_eq!(refused["errors"][0]["field"], "photo_ids", "{refused}");
        let receipt = self.crew.does(given, "done", json!({"photo_ids": photos})).await;
        assert_eq!(outcome(&receipt), ("refused", "incomplete"), "{receipt}");
        assert_eq!(receipt["problem"]["errors"][0]["field"], "photo_ids", "{receipt}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_of_something_else_proves_no_repair() {
    let mut street = Street::open().await;
    let given = street.task_of("pothole").await;
    let shown = street.proof(&given, 1).await;
    street.act(&given, "note", &[&shown]).await.expect(200);
    street.lacks_a_proof(&given, &[]).await;
    // The same without network: promised by a danger, and arrived.
    let (promised, bytes) = (Uuid::now_v7(), picture(2));
    let danger = json!({"photo_ids": [promised]});
    let receipt = street.crew.does(&given, "dangerous", danger).await;
    assert_eq!(outcome(&receipt), ("applied", ""), "{receipt}");
    let crew = &street.crew.person;
    let at = address(&announce(crew, promised, ("task_id", &given.task), bytes.len()).await);
    assert_eq!(piece(crew, &at, 0, &bytes).await.status, 204);
    street.lacks_a_proof(&given, &[]).await;
    // What was on its way when it was named belongs to who named it.
    let (named, bytes) = (Uuid::now_v7(), picture(3));
    let at = address(&announce(crew, named, ("task_id", &given.task), bytes.len()).await);
    let note = json!({"note": "as it was", "photo_ids": [named]});
    let receipt = street.crew.does(&given, "note", note).await;
    assert_eq!(outcome(&receipt), ("applied", ""), "{receipt}");
    assert_eq!(piece(crew, &at, 0, &bytes).await.status, 204);
    street.lacks_a_proof(&given, &[]).await;
    // A crew may send its photo first and say nothing more of it.
    street.proof(&given, 4).await;
    street.act(&given, "done", &[]).await.expect(200);
    assert_eq!(street.status(&given.alert).await, "resolved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_repair_has_a_photo_of_its_own() {
    let mut street = Street::open().await;
    let first = street.task_of("pothole").await;
    let before = street.proof(&first, 1).await;
    street.act(&first, "done", &[&before]).await.expect(200);
    street.step(&first.alert, json!({"step": "reopen"})).await.expect(200);
    let again = Given {
        task: street.dispatch(&first.alert, street.crew.crew).await,
        alert: first.alert.clone(),
    };
    street.lacks_a_proof(&again, &[]).await;
    street.lacks_a_proof(&again, &[&before]).await;
    // Without network: promised is as good as there, whoever has the task by now.
    street.dispatch(&first.alert, street.others.crew).await;
    let promised = json!({"photo_ids": [Uuid::now_v7()]});
    let receipt = street.crew.does(&again, "done", promised).await;
    assert_eq!(outcome(&receipt), ("applied", "reassigned"), "{receipt}");
    assert_eq!(street.status(&first.alert).await, "resolved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_that_was_sent_first_counts_for_whoever_names_it() {
    let mut street = Street::open().await;
    let given = street.task_of("pothole").await;
    let sent = street.proof(&given, 1).await;
    // The alert goes to somebody else and back: what was sent before, and is named, is still the crew's.
    street.dispatch(&given.alert, street.others.crew).await;
    let receipt = street.crew.does(&given, "done", json!({"photo_ids": [sent]})).await;
    assert_eq!(outcome(&receipt), ("applied", "reassigned"), "{receipt}");
    // A supervisor who says it for a crew names a photo too.
    let given = street.task_of("pothole").await;
    let finish = |photos: &[&Value]| json!({"step": "finish", "photo_ids": photos});
    let refused = street.step(&given.alert, finish(&[])).await.problem("invalid");
    assert_eq!(refused["errors"][0]["field"], "photo_ids", "{refused}");
    let sent = street.proof(&given, 2).await;
    street.step(&given.alert, finish(&[&sent])).await.expect(200);
    assert_eq!(street.status(&given.alert).await, "resolved");
}
