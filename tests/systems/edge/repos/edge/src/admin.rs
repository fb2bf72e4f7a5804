//! What the console asks and tells us, on a port of its own.
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post, put},
    Json, Router,
};
use serde::{Deserialize, Serialize};

use crate::config::Config;

/// More rules than this make the matcher slow.
pub const MAX_RULES_PER_TENANT: usize = 200;

#[derive(Serialize, Deserialize, Clone)]
pub struct Rule {
    pub id: u64,
    pub path_prefix: String,
    pub origin_url: String,
    pub cache_ttl_seconds: u32,
}

#[derive(Serialize)]
struct Stats {
    hit_ratio: f64,
    bytes_out: u64,
    status: &'static str,
}

#[derive(Serialize)]
struct Problem {
    error: &'static str,
}

pub fn router(config: Config) -> Router {
    Router::new()
        .route("/_lumen/v1/tenants/:tenant/rules", get(list_rules).put(replace_rules))
        .route("/_lumen/v1/tenants/:tenant/stats", get(stats))
        .route("/_lumen/v1/certificates/:host", put(put_certificate))
        .route("/_lumen/v1/drain", post(drain))
        .with_state(config)
}

fn check(config: &Config, headers: &HeaderMap) -> Result<(), (StatusCode, Json<Problem>)> {
    match headers.get("x-lumen-admin-token") {
        Some(value) if value == config.admin_token.as_str() => Ok(()),
        _ => Err((StatusCode::UNAUTHORIZED, Json(Problem { error: "admin_token_invalid" }))),
    }
}

async fn list_rules(Path(tenant): Path<String>) -> Json<Vec<Rule>> {
    tracing::debug!(%tenant, "rules");
    Json(Vec::new())
}

async fn replace_rules(
    State(config): State<Config>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Json(rules): Json<Vec<Rule>>,
) -> Result<StatusCode, (StatusCode, Json<Problem>)> {
    check(&config, &headers)?;
    if rules.len() > MAX_RULES_PER_TENANT {
        return Err((StatusCode::UNPROCESSABLE_ENTITY, Json(Problem { error: "too_many_rules" })));
    }
    if rules.iter().any(|rule| !rule.origin_url.starts_with("https://")) {
        return Err((StatusCode::UNPROCESSABLE_ENTITY, Json(Problem { error: "origin_not_https" })));
    }
    tracing::info!(%tenant, name = "rules", "replaced");
    Ok(StatusCode::NO_CONTENT)
}

async fn stats(Path(_tenant): Path<String>) -> Json<Stats> {
    Json(Stats { hit_ratio: 0.0, bytes_out: 0, status: "ok" })
}

async fn put_certificate(Path(host): Path<String>, body: String) -> StatusCode {
    tracing::info!(%host, bytes = body.len());
    StatusCode::NO_CONTENT
}

async fn drain() -> StatusCode {
    StatusCode::ACCEPTED
}
