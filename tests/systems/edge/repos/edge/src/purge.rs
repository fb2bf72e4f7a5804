//! Forget what is cached when the console says so.
use serde::Deserialize;

const CHANNEL: &str = "lumen:purge";

#[derive(Deserialize)]
struct Purge {
    tenant: String,
    surrogate_keys: Vec<String>,
}

pub async fn listen(url: String) {
    let client = redis::Client::open(url).unwrap();
    let mut pubsub = client.get_async_pubsub().await.unwrap();
    pubsub.subscribe(CHANNEL).await.unwrap();
    pubsub.subscribe("lumen:rules-changed").await.unwrap();
    let mut messages = pubsub.into_on_message();
    while let Some(message) = futures::StreamExt::next(&mut messages).await {
        let text: String = message.get_payload().unwrap();
        match serde_json::from_str::<Purge>(&text) {
            Ok(purge) => tracing::info!(tenant = purge.tenant, keys = purge.surrogate_keys.len()),
            Err(error) => tracing::warn!(%error, "utf-8?"),
        }
    }
}
