//! What the checks need of a server: one for all of them, whose data lie in memory.

use std::sync::{Arc, OnceLock};

use roomscribe::app::{App, Clock};
use roomscribe::config::Config;
use roomscribe::domain::Time;
use roomscribe::export::plugins;
use roomscribe::store::Store;
use roomscribe::store::engine::memory::Memory;
use tempfile::TempDir;

/// 2024-03-15T10:20:30.123Z.
const NOW: i64 = 1_710_498_030_123;

/// Settings that let options come as far as they can.
const SETTINGS: &str = r#"
[plugins.email]
max_recipients = 5
allowed_domains = ["example.org"]

[plugins.webhook]
secret = "0123456789abcdef0123456789abcdef"
hosts = ["example.org", "*.example.org"]
allow_http = true
"#;

/// The server. Its clock stands still.
pub(crate) fn app() -> &'static Arc<App> {
    static APP: OnceLock<(TempDir, Arc<App>)> = OnceLock::new();
    let (_, app) = APP.get_or_init(|| {
        let directory = TempDir::new().expect("a temporary directory");
        let mut config = Config::parse(SETTINGS).expect("the settings are valid");
        config.server.data = directory.path().to_owned();
        let store = Store::open_with(directory.path(), |_| Ok(Arc::new(Memory::default())))
            .expect("a store in memory opens");
        let registry = plugins::registry(&config).expect("the plug-ins register");
        let clock = Clock::standing_at(Time::from_millis(NOW));
        let app = App::new(config, store, registry, clock).expect("a server is put together");
        (directory, Arc::new(app))
    });
    app
}
