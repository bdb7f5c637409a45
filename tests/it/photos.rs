//! Evidence: real photos in, pictures without a trace of the telephone out, from a folder and from a real S3 server.

use chrono::Utc;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use uuid::Uuid;
use vigie_fixtures::photo::{Size, bomb_png, html_with_jpeg_magic, jpeg_of, truncated_jpeg};
use vigie_fixtures::{PhotoSpec, Subject};
use vigie_tests::database::number;
use vigie_tests::people::Answer;
use vigie_tests::server::TestApp;
use vigie_tests::sink::s3::{ACCESS_KEY, SECRET_KEY, s3};

fn spec(orientation: u8) -> PhotoSpec {
    PhotoSpec {
        scene: 1,
        subject: Subject::Pothole,
        viewpoint: 1,
        taken_at: Utc::now(),
        orientation,
        position: Some([-4.5, 46.5]),
    }
}

/// A report, and what its reporter knows.
async fn reported(app: &TestApp) -> (String, String) {
    let report = json!({"category": "pothole", "position": app.town.point(0.0, 0.0)});
    let told = app.anyone().send("/v1/reports", report).await.expect(201);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&told["id"]), text(&told["follow"]["secret"]))
}

async fn upload(app: &TestApp, (report, secret): &(String, String), media: &str, bytes: Vec<u8>) -> Answer {
    let path = format!("/v1/reports/{report}/photos");
    app.anyone()
        .post(&path)
        .header("X-Follow-Secret", secret)
        .body(media, bytes)
        .send()
        .await
}

async fn look(app: &TestApp, (_, secret): &(String, String), photo: &Value) -> Value {
    let path = format!("/v1/photos/{}", photo["id"].as_str().expect("an id"));
    app.anyone()
        .get(&path)
        .header("X-Follow-Secret", secret)
        .send()
        .await
        .expect(200)
}

/// A photo goes in turned and with its position, and comes out upright and without.
async fn comes_out_clean(app: &TestApp) {
    let report = reported(app).await;
    let bytes = jpeg_of(&spec(6), Size::TEST.portrait()).expect("a photo");
    assert!(
        bytes.windows(4).any(|four| four == b"Exif"),
        "the photo that goes in has EXIF"
    );
    let photo = upload(app, &report, "image/jpeg", bytes).await.expect(201);
    app.run_due(Utc::now()).await;
    let view = look(app, &report, &photo).await;
    assert_eq!(view["state"], "ready", "{view}");
    for size in ["large", "small"] {
        let link = app.path_of(view["links"][size].as_str().expect("a link")).to_owned();
        let picture = app.anyone().get(&link).send().await;
        assert_eq!((picture.status, picture.media_type()), (200, Some("image/jpeg")));
        assert_eq!(&picture.body[..2], &[0xff, 0xd8]);
        assert!(
            !picture.body.windows(4).any(|four| four == b"Exif"),
            "no metadata comes out"
        );
        let tampered = format!("{link}0");
        assert_eq!(app.anyone().get(&tampered).send().await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_in_the_folder_comes_out_upright_and_clean() {
    comes_out_clean(&TestApp::start().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_in_s3_comes_out_upright_and_clean() {
    let app = TestApp::setup()
        .setting("VIGIE_PHOTO_STORE", "s3")
        .setting("VIGIE_S3_ENDPOINT", s3().endpoint())
        .setting("VIGIE_S3_BUCKET", s3().new_bucket().await)
        .setting("VIGIE_S3_ACCESS_KEY", ACCESS_KEY)
        .setting("VIGIE_S3_SECRET_KEY", SECRET_KEY)
        .start()
        .await;
    comes_out_clean(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_photos_are_refused_and_nothing_else_suffers() {
    let app = TestApp::start().await;
    let report = reported(&app).await;
    for (media, bytes) in [
        ("image/png", bomb_png().expect("a bomb")),
        ("image/jpeg", html_with_jpeg_magic()),
    ] {
        let problem = upload(&app, &report, media, bytes).await.problem("photo_refused");
        assert!(problem["reason"].is_string(), "{problem}");
    }
    // What only a full decode shows is found by the worker, and the reporter reads why.
    let broken = upload(
        &app,
        &report,
        "image/jpeg",
        truncated_jpeg(&spec(1)).expect("half a photo"),
    )
    .await;
    if broken.status == 201 {
        app.run_due(Utc::now()).await;
        let view = look(&app, &report, &broken.json()).await;
        assert_eq!(view["state"], "refused", "{view}");
    } else {
        broken.problem("photo_refused");
    }
    app.anyone().get("/readyz").send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_sees_a_reporter_s_photo() {
    let app = TestApp::start().await;
    let report = reported(&app).await;
    let photo = upload(
        &app,
        &report,
        "image/jpeg",
        jpeg_of(&spec(1), Size::TEST).expect("a photo"),
    )
    .await
    .expect(201);
    app.run_due(Utc::now()).await;
    let path = format!("/v1/photos/{}", photo["id"].as_str().expect("an id"));
    let stranger = app
        .anyone()
        .get(&path)
        .header("X-Follow-Secret", "0123456789abcdefghijkl")
        .send()
        .await;
    assert_eq!(stranger.status, 404);
    assert_eq!(app.anyone().get(&path).send().await.status, 401);
    let other = reported(&app).await;
    let others = upload(&app, &(report.0.clone(), other.1), "image/jpeg", b"x".to_vec()).await;
    assert_eq!(others.status, 404, "{others}");
}

/// An app that heard nothing sends the same photo again: one photo, and one line in the audit trail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_photo_sent_again_is_one() {
    let app = TestApp::start().await;
    let report = reported(&app).await;
    let bytes = jpeg_of(&spec(1), Size::TEST).expect("a photo");
    let first = upload(&app, &report, "image/jpeg", bytes.clone()).await.expect(201);
    let again = upload(&app, &report, "image/jpeg", bytes).await.expect(201);
    assert_eq!(first["id"], again["id"]);
    let mut conn = app.db.admin().await;
    let lines = "SELECT count(*) AS value FROM audit_event WHERE action = 'upload_report_photo'";
    assert_eq!(number(&mut conn, lines).await, 1);
    assert_eq!(number(&mut conn, "SELECT count(*) AS value FROM photo").await, 1);
}

/// Bad photos beside a good one lose neither the report nor the good one, and the form may be sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_with_good_and_bad_photos_is_one_report_that_says_what_became_of_each() {
    let app = TestApp::start().await;
    let scene = |scene| jpeg_of(&PhotoSpec { scene, ..spec(1) }, Size::TEST).expect("a photo");
    let photos = [
        scene(1),
        bomb_png().expect("a bomb"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
        scene(2),
        scene(3),
        scene(4),
    ];
    let report = json!({"id": Uuid::now_v7(), "category": "pothole", "position": app.town.point(0.0, 0.0)});
    let send = async || {
        let mut form = Form::new().text("report", report.to_string());
        for photo in &photos {
            form = form.part("photo", Part::bytes(photo.clone()).file_name("photo.jpg"));
        }
        app.anyone().post("/v1/reports").multipart(form).send().await
    };
    let told = send().await.expect(201);
    let lines = told["photos"].as_array().expect("photos");
    let reasons: Vec<Option<&str>> = lines.iter().map(|line| line["reason"].as_str()).collect();
    let expected = [
        None,
        Some("photo_too_many_pixels"),
        Some("photo_unsupported_type"),
        None,
        None,
        Some("photo_too_many"),
    ];
    assert_eq!(reasons, expected, "{told}");
    for line in lines {
        let (state, is_told_why) = (&line["state"], line["reason_text"].is_string());
        let refused = line["reason"].is_string();
        assert_eq!(state, if refused { "refused" } else { "received" }, "{line}");
        assert_eq!((line["id"].is_string(), is_told_why), (!refused, refused), "{line}");
    }

    assert_eq!(send().await.expect(201), told, "the same form sent twice");
    app.run_due(Utc::now()).await;
    assert_eq!(app.followed(&told).await.expect(200)["status"], "received");
    let mut conn = app.db.admin().await;
    assert_eq!(number(&mut conn, "SELECT count(*) AS value FROM report").await, 1);
    let ready = "SELECT count(*) AS value FROM photo WHERE state = 'ready'";
    assert_eq!(number(&mut conn, ready).await, 3);
}
