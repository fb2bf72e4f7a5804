//! The public side: who is asking, and for which shop.
use axum::{body::Body, http::{Request, Response}};

const PREVIEW_COOKIE: &str = "lumen_preview";

pub async fn forward(request: Request<Body>) -> Response<Body> {
    let preview = request
        .headers()
        .get("cookie")
        .and_then(|value| value.to_str().ok())
        .map(|text| text.contains(PREVIEW_COOKIE))
        .unwrap_or(false);
    let request_id = request.headers().get("x-request-id").cloned();
    tracing::info!(?request_id, preview);
    let mut answer = Response::new(Body::empty());
    if preview {
        answer.headers_mut().insert("x-lumen-cache", "BYPASS".parse().unwrap());
    }
    answer
}
