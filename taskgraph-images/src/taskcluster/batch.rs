//! Batch calls: many things in portions, several at a time; and lists, page after page.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::ApiError;
use super::answers::{Page, page, unreadable};

/// The services answer at most 1000 at once, and then only with a token for the rest.
const PORTION: usize = 500;
/// More at a time only makes the services' answers slower.
const AT_A_TIME: usize = 4;

/// A batch call: what it is in words, and the names of the lists that it is asked with and that it answers.
pub(super) struct Batch<'a> {
    pub(super) call: &'a str,
    pub(super) asked: &'a str,
    pub(super) answered: &'a str,
    /// Whether the call may be made with a token; see the module `signature`.
    pub(super) takes_token: bool,
}

impl Batch<'_> {
    /// Asks for all, in portions. Asked for nothing, it makes no call.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        things: &[&str],
        ask: impl AsyncFn(&Value, Option<&str>) -> Result<Value, ApiError>,
    ) -> Result<Vec<T>, ApiError> {
        let ask = &ask;
        let portions: Vec<Vec<T>> = stream::iter(things.chunks(PORTION))
            .map(|portion| self.portion(portion, ask))
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await?;
        Ok(portions.into_iter().flatten().collect())
    }

    async fn portion<T: DeserializeOwned>(
        &self,
        portion: &[&str],
        ask: &impl AsyncFn(&Value, Option<&str>) -> Result<Value, ApiError>,
    ) -> Result<Vec<T>, ApiError> {
        let mut todo = vec![portion];
        let mut found = Vec::new();
        while let Some(part) = todo.pop() {
            let payload = json!({self.asked: part});
            if self.takes_token {
                found.extend(
                    pages(self.call, self.answered, async |token| {
                        ask(&payload, token).await
                    })
                    .await?,
                );
                continue;
            }
            let answer: Page<T> = page(self.call, self.answered, ask(&payload, None).await?)?;
            match part.len() / 2 {
                // One thing has one answer, whatever the token says.
                middle if answer.token.is_some() && middle > 0 => {
                    let (left, right) = part.split_at(middle);
                    todo.extend([right, left]);
                }
                _ => found.extend(answer.items),
            }
        }
        Ok(found)
    }
}

/// Asks for one page after the other.
pub(super) async fn pages<T: DeserializeOwned>(
    call: &str,
    list: &str,
    ask: impl AsyncFn(Option<&str>) -> Result<Value, ApiError>,
) -> Result<Vec<T>, ApiError> {
    let mut all = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let answer: Page<T> = page(call, list, ask(token.as_deref()).await?)?;
        all.extend(answer.items);
        if answer.token.is_none() {
            return Ok(all);
        }
        // Else a service at fault would keep this going for ever.
        if answer.token == token {
            return Err(unreadable(call, "each page leads to itself"));
        }
        token = answer.token;
    }
}
