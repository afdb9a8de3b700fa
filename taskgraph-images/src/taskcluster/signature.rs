//! A way around a fault of the `taskcluster` crate: it signs a request's path without the query, the services check
//! both, and so every signed request with a query is refused with status 401, `Bad mac`.
//!
//! A signed URL covers the query. So pages after the first one, whose token is in the query, are asked for by such a URL
//! with a plain request. Only GET can be signed so; batch calls, which are POST, do without a token (see `batch`).
//! Without credentials, as behind a task's proxy, nothing of this happens.
//!
//! A test below says when the crate is right.

use std::time::Duration;

use anyhow::anyhow;
use reqwest::Url;
use serde_json::Value;

/// How long a signed URL is good for. Each is used at once, but clocks differ, and a request may be tried again.
pub(super) const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Gets what is at a signed URL, by a client without credentials.
pub(super) async fn get(plain: &taskcluster::Client, signed_url: &str) -> anyhow::Result<Value> {
    let url = Url::parse(signed_url)?;
    let query = url
        .query()
        .ok_or_else(|| anyhow!("a URL that is not signed"))?;
    // The crate joins this to the root URL, and encodes neither again.
    let target = format!("{}?{query}", url.path().trim_start_matches('/'));
    let answer = plain.request("GET", &target, None, None).await?;
    Ok(answer.json().await?)
}

#[cfg(test)]
mod tests {
    use fake_taskcluster::{Options, Server, TaskState};
    use taskcluster::{ClientBuilder, Credentials, Queue};

    #[test]
    fn the_crate_still_does_not_sign_queries() {
        let server = Server::start(Options::default().signed_by("me", "secret"));
        let id = "fN1SbArXTPSVFNUvaOlinQ";
        server.insert_task(id, serde_json::json!({}), TaskState::Pending);
        let credentials = Credentials::new("me", "secret");
        let queue =
            Queue::new(ClientBuilder::new(server.root_url()).credentials(credentials)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime
            .block_on(queue.listTaskGroup(id, None, None))
            .expect("without a query the signature is right");
        let error = runtime
            .block_on(queue.listTaskGroup(id, None, Some("1")))
            .expect_err(
                "the crate signs queries now: remove the module `signature`, and let batches and pages take tokens",
            );
        assert!(error.to_string().contains("Bad mac"), "{error}");
    }
}
