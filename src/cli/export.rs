//! `roomscribe export`: the engine of the server, without a server.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::{Map, Value};

use super::import::counter;
use super::{Failure, Outcome, Place, say, unable, usage};
use crate::app::App;
use crate::domain::{Room, RoomId, Rooms};
use crate::export::bag::{Info, Layout};
use crate::export::pack::{self, Packing};
use crate::export::progress::JobProgress;
use crate::export::render::{Rendered, Task, render};
use crate::export::spool::Spool;
use crate::export::view;
use crate::service::orders::{self, Asked, Request, Wanted};
use crate::service::{audit, bootstrap};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    roomscribe export general --format html --output general.zip\n  \
    roomscribe export general --format json --output general/ --from 2024-01-01 --to 2024-03-31\n\n\
    The server must not run on the same data meanwhile; ask it for exports through rooms.export.")]
pub(super) struct Options {
    /// The room's name or id
    room: String,
    /// How it is written down; `roomscribe formats` lists what there is
    #[arg(short, long, default_value = "html")]
    format: String,
    /// A .zip file, or a directory for loose files
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// The first day or instant
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day, which is part of the export, or the instant at which it ends
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// An option of the format
    #[arg(long = "option", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Replace the .zip file if it is there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(place: Place, options: &Options) -> Outcome {
    let zipped = options.output.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    if zipped && options.output.exists() && !options.force {
        return Err(usage(anyhow!("{} is there already; replace it with --force", options.output.display())));
    }
    let format_options = format_options(&options.settings)?;
    let app = place.existing_app()?;
    bootstrap::prepare(&app, false).map_err(unable)?;
    let room = find(&app, &options.room)?;
    let now = app.now();
    let request = Request {
        wanted: Wanted::Rooms(Vec::new()),
        from: options.from.clone(),
        until: options.to.clone(),
        time_zone: None,
        query: String::new(),
        system_messages: true,
        transforms: Vec::new(),
        formats: vec![Asked { id: options.format.clone(), options: format_options }],
        delivery: Asked { id: "file".to_owned(), options: Value::Null },
        archive: None,
    };
    let rooms = Rooms::Listed(vec![room.id.clone()]);
    let order = orders::complete(&app.registry, request, rooms, room.title(), now, "").map_err(usage)?;
    orders::check(&app.registry, &order).map_err(usage)?;
    let task = Task {
        store: &app.store,
        registry: &app.registry,
        order: &order,
        may_see: &|_| Ok(true),
        requested_by: "command line",
        requested_at: now,
        sample: None,
    };
    let progress = JobProgress::default();
    let done = thread::scope(|scope| {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let bar = counter("messages");
        let progress = &progress;
        scope.spawn(move || {
            while stopped
                .recv_timeout(Duration::from_millis(200))
                .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                bar.set_position(progress.messages());
            }
            bar.finish_and_clear();
        });
        let done = write(&app, &task, progress, &options.output, zipped);
        drop(stop);
        done
    })?;
    audit::command_line(&app, &order, &options.output, done, progress.work.bytes())?;
    let messages = if done == 1 { "message" } else { "messages" };
    say(&format!("{done} {messages} of {} in {}", room.title(), options.output.display()))?;
    Ok(())
}

fn write(
    app: &App,
    task: &Task<'_>,
    progress: &JobProgress,
    output: &Path,
    zipped: bool,
) -> Result<u64, Failure> {
    let directory = app.config.server.data.join("spool").join(format!("command-{}", std::process::id()));
    let result = (|| {
        let spool = RefCell::new(Spool::create(directory.clone(), progress.work.clone())?);
        let Rendered { summary, .. } = render(task, &spool, progress)?;
        let sealed = spool.into_inner().seal()?;
        let name = output.file_stem().unwrap_or_default().to_string_lossy();
        let loose = (!zipped && task.order.archive.is_none()).then_some(Layout::Plain);
        let layout = loose.unwrap_or_else(|| Layout::of(task.order, task.registry, &name));
        let mut packing = Packing::new(layout, app.config.export.compression, view::time(task.requested_at));
        packing.info = Info::of(task.order);
        packing.signer = Some(&app.signer);
        let written = if zipped {
            pack::pack(&sealed, output, &packing, &progress.packing).map(drop)
        } else {
            pack::lay_out(&sealed, output, &packing, &progress.packing)
        };
        written.with_context(|| format!("{} cannot be written", output.display()))?;
        Ok::<u64, anyhow::Error>(summary.messages)
    })();
    match std::fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    Ok(result?)
}

/// `name=value`; a value that is JSON is taken as such.
fn format_options(options: &[String]) -> Result<Value, Failure> {
    let mut map = Map::new();
    for option in options {
        let (name, value) = option
            .split_once('=')
            .ok_or_else(|| usage(anyhow!("--option {option}: write --option name=value")))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        map.insert(name.to_owned(), value);
    }
    Ok(Value::Object(map))
}

fn find(app: &App, room: &str) -> Result<Room, Failure> {
    let name = room.trim_start_matches('#');
    let found = match app.store.room_by_name(name)? {
        Some(room) => Some(room),
        None => app.store.room(&RoomId::new(room))?,
    };
    if let Some(room) = found {
        return Ok(room);
    }
    let mut names = Vec::new();
    app.store.named_rooms::<crate::store::Error>(|name, _| {
        names.push(name.to_owned());
        let enough = names.len() >= 20;
        Ok(if enough { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) })
    })?;
    Err(usage(anyhow!("there is no room {room:?}; there are: {}", names.join(", "))))
}
