use std::env;

/// Everything that the environment decides.
#[derive(Clone)]
pub struct Config {
    pub port: u16,
    pub admin_port: u16,
    pub redis_url: String,
    pub admin_token: String,
    pub origin_timeout_ms: u64,
}

impl Config {
    pub fn from_env() -> Self {
        Config {
            port: number("LUMEN_EDGE_PORT", 7443),
            admin_port: number("LUMEN_EDGE_ADMIN_PORT", 7901),
            redis_url: env::var("LUMEN_REDIS_URL").unwrap_or_else(|_| "redis://localhost:6379".into()),
            admin_token: env::var("LUMEN_ADMIN_TOKEN").expect("LUMEN_ADMIN_TOKEN"),
            origin_timeout_ms: number("LUMEN_ORIGIN_TIMEOUT_MS", 15000) as u64,
        }
    }
}

fn number(name: &str, default: u16) -> u16 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
