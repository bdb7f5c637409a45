//! The crew's app as the program serves it: its files are inside, so `make web` comes before whatever builds this.

use reqwest::header::HeaderMap;
use serde_json::Value;
use vigie_tests::server::TestApp;

/// What a policy may let in: nothing of another host, nothing written into the page, nothing made of text.
const SOURCES: [&str; 4] = ["'none'", "'self'", "blob:", "data:"];

struct Served {
    what: String,
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Served {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_else(|| panic!("{} has no {name}", self.what))
    }

    /// Holds what every file of the app carries, whether the browser has it already or not.
    fn is_guarded(&self) {
        let what = &self.what;
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(self.header("referrer-policy"), "no-referrer", "{what}");
        let kept = if what.contains("/assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        assert_eq!(self.header("cache-control"), kept, "{what}");
        let policy = self.header("content-security-policy");
        for directive in policy.split(';') {
            let mut words = directive.split_whitespace();
            let name = words.next().unwrap_or_default();
            for source in words {
                assert!(SOURCES.contains(&source), "{what}: {name} lets {source} in");
                assert!(
                    source != "data:" || name == "img-src",
                    "{what}: {name} takes text for content"
                );
            }
        }
        for needed in [
            "default-src 'none'",
            "script-src 'self';",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(needed), "{what}: {needed} lacks in {policy}");
        }
    }
}

/// The description names one file at a time, without folders: what the app is made of is read beside it.
async fn ask(app: &TestApp, path: &str, has: Option<&str>) -> Served {
    let mut request = app.anyone().stream(path);
    if let Some(tag) = has {
        request = request.header("If-None-Match", tag);
    }
    let answer = request.send().await.expect("an answer");
    Served {
        what: path.to_owned(),
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: String::from_utf8_lossy(&answer.bytes().await.expect("a body")).into_owned(),
    }
}

async fn page(app: &TestApp) -> Served {
    let page = ask(app, "/equipe/", None).await;
    assert_eq!(
        page.status, 200,
        "the apps are not in this program: `make web`, then build again"
    );
    page
}

/// The addresses that the page names.
fn named(page: &Served) -> Vec<String> {
    let attributes = ["src=\"", "href=\""];
    let found = attributes.iter().flat_map(|begin| page.body.split(*begin).skip(1));
    let address = |rest: &str| match rest.split('"').next().unwrap_or_default() {
        whole if whole.starts_with('/') => whole.to_owned(),
        beside => format!("/equipe/{beside}"),
    };
    found.map(address).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_app_is_inside_the_program_and_asks_nobody_else() {
    let app = TestApp::start().await;
    let page = page(&app).await;
    page.is_guarded();
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(!page.body.contains("<style") && !page.body.contains("style=\""));
    let mut files = named(&page);
    assert!(files.iter().any(|file| file.contains("/assets/")), "{files:?}");
    files.push("/equipe/sw.js".to_owned());
    for file in &files {
        let served = ask(&app, file, None).await;
        assert_eq!(served.status, 200, "{file}");
        served.is_guarded();
        let media = match file.rsplit('.').next().unwrap_or_default() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "webmanifest" => "application/manifest+json",
            other => panic!("{file}: who reads {other}?"),
        };
        assert_eq!(served.header("content-type"), media, "{file}");
    }
    // Installed, it opens where the manifest says.
    let manifest = ask(&app, "/equipe/manifest.webmanifest", None).await;
    let manifest: Value = serde_json::from_str(&manifest.body).expect("a manifest");
    let start = manifest["start_url"].as_str().expect("an address");
    assert_eq!(ask(&app, start, None).await.body, page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_tablet_has_is_not_sent_again_and_what_is_not_there_is_not_kept() {
    let app = TestApp::start().await;
    let page = page(&app).await;
    let asset = named(&page).into_iter().find(|file| file.contains("/assets/"));
    let asset = asset.expect("an asset");
    for path in ["/equipe/", "/equipe/sw.js", asset.as_str()] {
        let first = ask(&app, path, None).await;
        let tag = first.header("etag");
        let again = ask(&app, path, Some(tag)).await;
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
        assert_eq!(again.header("etag"), tag);
        again.is_guarded();
        let older = ask(&app, path, Some("\"of-yesterday\"")).await;
        assert_eq!((older.status, &older.body), (200, &first.body), "{path}");
    }
    let gone = ask(&app, "/equipe/assets/index-00000000.js", None).await;
    assert_eq!((gone.status, gone.header("cache-control")), (404, "no-store"));
    assert_eq!(gone.header("content-type"), "application/problem+json");
    let anyone = app.anyone();
    anyone.get("/equipe/other.js").send().await.problem("not_found");
    // A screen's address stands after the "#", which no server hears: the page is at one address only.
    let address = anyone.get("/equipe").send().await;
    assert_eq!((address.status, address.header("location")), (308, Some("/equipe/")));
    assert_eq!(ask(&app, "/equipe/?from=home", None).await.body, page.body);
    anyone.get("/equipe/task").send().await.problem("not_found");
}
