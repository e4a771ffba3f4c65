//! `roomscribe demo`: a server on an example, and its room exported through the real endpoint.

mod seed;
mod tour;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow};

use super::serve::{Options, bind, end, runtime, serve};
use super::{Outcome, Place, complain, open, say, unable, usage};
use crate::config::{Config, FirstAdmin};
use crate::domain::id;
use crate::server::Signals;
use crate::service::bootstrap;
use crate::store::Store;

pub(super) fn run(place: Place, options: &Options) -> Outcome {
    // The demo is the same wherever it runs: no configuration file, a directory of its own.
    let mut config = Config::default();
    if let Some(data) = place.data.as_deref().filter(|data| Store::exists(data)) {
        let data = data.display();
        return Err(usage(anyhow!(
            "there is data in {data}; the demo needs a new directory, with --data or without"
        )));
    }
    let wanted = options.listen.unwrap_or(config.server.listen);
    config.server.listen = wanted;
    let password = id::random_text(12);
    config.environment.admin = Some(FirstAdmin {
        username: "admin".to_owned(),
        name: "Administrator".to_owned(),
        email: None,
        verified: false,
        password: password.clone(),
    });
    let runtime = runtime(&config)?;
    let bound = runtime.block_on(bind(&mut config));
    let listener = match bound {
        Err(_) if options.listen.is_none() => {
            // Something else has the usual port; any other will do.
            config.server.listen = SocketAddr::new(wanted.ip(), 0);
            runtime.block_on(bind(&mut config))?
        }
        bound => bound?,
    };
    config.server.data = match place.data {
        Some(data) => data,
        None => fresh_directory()?,
    };
    let app = Arc::new(open(config)?);
    bootstrap::prepare(&app, false).map_err(unable)?;
    let room = seed::fill(&app).context("the example cannot be put in")?;

    let guide = tour::Guide {
        address: format!("http://{}", app.config.server.listen),
        username: "admin".to_owned(),
        password,
        room,
        exports: app.config.server.data.join("demo-exports"),
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let shown = runtime.spawn_blocking(move || match tour::walk(&guide) {
        Ok(text) => {
            say(&text).map_err(|failure| failure.error)?;
            // Held until the server stops.
            Ok(stop)
        }
        Err(error) => Err(error),
    });
    let outcome = runtime.block_on(async {
        let signals = Signals::catch();
        let served = tokio::spawn(serve(Arc::clone(&app), listener, signals, async {
            // The tour failed: there is nothing to see.
            drop(stopped.await);
        }));
        let walked = shown.await;
        if let Ok(Err(error)) = &walked {
            complain(&format!("the tour ended early: {error:#}"));
        }
        let failed = !matches!(walked, Ok(Ok(_)));
        let stop = walked.ok().and_then(Result::ok);
        let ended = served.await;
        drop(stop);
        ended.map(|ended| ended.map(|()| failed))
    });
    end(runtime, matches!(outcome, Ok(Ok(_))));
    if outcome?? {
        let data = app.config.server.data.display();
        return Err(anyhow!("the demo did not work; the data is in {data}").into());
    }
    Ok(())
}

fn fresh_directory() -> anyhow::Result<PathBuf> {
    let directory = std::env::temp_dir().join(format!("roomscribe-demo-{}", id::random_text(8)));
    crate::store::make_private(&directory)
        .with_context(|| format!("{} cannot be made; choose a directory with --data", directory.display()))?;
    Ok(directory)
}
