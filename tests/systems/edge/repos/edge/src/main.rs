mod admin;
mod config;
mod purge;
mod session;

use std::net::SocketAddr;

use axum::{routing::get, Router};

#[tokio::main]
async fn main() {
    let config = config::Config::from_env();
    let public = Router::new()
        .route("/health", get(|| async { "ok" }))
        .fallback(session::forward);
    let private = admin::router(config.clone());
    tokio::spawn(purge::listen(config.redis_url.clone()));
    let inner = SocketAddr::from(([0, 0, 0, 0], config.admin_port));
    tokio::spawn(async move {
        let listener = tokio::net::TcpListener::bind(inner).await.unwrap();
        axum::serve(listener, private).await.unwrap();
    });
    let outer = SocketAddr::from(([0, 0, 0, 0], config.port));
    tracing::info!(name = "edge", status = "listening", %outer);
    let listener = tokio::net::TcpListener::bind(outer).await.unwrap();
    axum::serve(listener, public).await.unwrap();
}
