//! What an operator watches and repairs while Vigie runs.

use vigie_fixtures as invented;
use vigie_tests::database::{number, texts};
use vigie_tests::server::TestApp;

use crate::operator::{logins, said, vigie};

/// A town that is made while a worker runs has its returning jobs without anybody starting anything again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_town_that_comes_while_a_worker_runs_has_its_returning_jobs() {
    let app = TestApp::start().await;
    let worker = app.worker_process();
    let kinds = |slug: &str| {
        format!(
            "SELECT kind AS value FROM job JOIN jurisdiction ON jurisdiction.id = job.jurisdiction_id \
             WHERE slug = '{slug}' ORDER BY kind"
        )
    };
    let mut conn = app.db.admin().await;
    let before = texts(&mut conn, &kinds("large-0")).await;
    for kind in [
        "purge_originals",
        "sweep_orphans",
        "expire_uploads",
        "slips",
        "deadlines",
        "review_holds",
    ] {
        assert!(
            before.iter().any(|known| known == kind),
            "{kind} is not among {before:?}"
        );
    }

    let town = invented::Town::petit_ingeville();
    let file = vigie::demo::town::town_file(&town).expect("a town file");
    let data = &app.app.config.data_dir;
    let path = data.join("town.json");
    std::fs::write(&path, serde_json::to_vec(&file).expect("JSON")).expect("the file");
    let path = path.to_str().expect("a path");
    said(vigie(
        data,
        &logins(&app.db),
        &["admin", "create-jurisdiction", "--file", path],
    ));
    worker.await_line(|line| line.contains("every town has its returning jobs").then_some(()));
    assert_eq!(
        texts(&mut conn, &kinds(&town.slug)).await,
        before,
        "the same kinds, one of each"
    );
    let twice =
        "SELECT count(*) AS value FROM (SELECT FROM job GROUP BY jurisdiction_id, kind HAVING count(*) > 1) twice";
    assert_eq!(number(&mut conn, twice).await, 0);
}
