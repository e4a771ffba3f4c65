//! `roomscribe export`: the engine of the server, without a server.

pub(super) mod choices;
mod estimate;
mod meter;
mod output;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use export_sdk::Timestamp;
use indicatif::HumanCount;
use serde_json::Value;

use self::output::is_zip;
use super::interrupt::{INTERRUPTED, Interrupt};
use super::{Failure, Outcome, Place, printable, say, unable, usage};
use crate::app::App;
use crate::domain::Order;
use crate::error::Error;
use crate::export::bag::{Info, Layout};
use crate::export::pack::{self, Packer, Packing};
use crate::export::progress::JobProgress;
use crate::export::render::{Rendered, Task, render};
use crate::export::spool::{Sealed, Spool};
use crate::export::view;
use crate::service::orders::{self, Asked, Request, Wanted};
use crate::service::{audit, bootstrap};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    roomscribe export general --format html --output general.zip\n  \
    roomscribe export general random -f html -f json -o two-rooms/      both formats, in html/ and json/\n  \
    roomscribe export general -f json -o march/ --from 2024-03-01 --until 2024-03-31 --time-zone Europe/Berlin\n  \
    roomscribe export --all -f ndjson -o everything.zip --query 'from:alice has:file'\n  \
    roomscribe export general -f csv -f html --option csv.bom=true -o general.zip\n  \
    roomscribe export --thread MESSAGE-ID -f markdown -o thread/\n  \
    roomscribe export --all -f html --dry-run                           how large would it be?\n\n\
    `roomscribe formats` lists the formats and transforms with all their options.\n\
    The server must not run on the same data meanwhile; ask it for exports through exports.create.\n\
    Exit codes: 0 done, 1 the task failed, 2 wrong usage or configuration, 3 could not start, 130 stopped by Ctrl-C.")]
pub(super) struct Options {
    #[command(flatten)]
    whose: Whose,
    /// How it is written down; several are written in one go, each into a directory of its own
    #[arg(short, long = "format", value_name = "FORMAT", default_value = "html")]
    formats: Vec<String>,
    /// A .zip file, or a directory for loose files
    #[arg(short, long, value_name = "PATH", required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    /// The first day or instant: 2024-03-31, 2024-03, 2024-03-31T14:00, 2024-03-31T14:00:00Z
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day, which is part of the export, or the instant at which it ends
    #[arg(long, alias = "to", value_name = "DATE")]
    until: Option<String>,
    /// The zone of days, and of the times that people read in it: Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Only messages that match: 'from:alice has:file "next release"'; README has the language
    #[arg(long, value_name = "QUERY", default_value = "", hide_default_value = true)]
    query: String,
    /// Leave out what the server noted down: who joined, what was renamed
    #[arg(long)]
    no_system_messages: bool,
    /// What every message passes, in this order
    #[arg(long = "transform", value_name = "TRANSFORM")]
    transforms: Vec<String>,
    /// An option: of the format if there is one, else with the name of its format or transform before it
    #[arg(long = "option", value_name = "[PLUGIN.]NAME=VALUE")]
    settings: Vec<String>,
    /// How the files lie: a bag (RFC 8493), or plainly at the top [default: a bag in a .zip, but for
    /// formats that other programs read as they are; plainly in a directory]
    #[arg(long, value_enum)]
    layout: Option<Shape>,
    #[command(flatten)]
    estimate: estimate::DryRun,
    /// Replace the .zip file, or the export in the directory, if there is one
    #[arg(long)]
    force: bool,
}

/// Whose messages.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// Rooms by name or id
    #[arg(value_name = "ROOM")]
    rooms: Vec<String>,
    /// Every room of the server
    #[arg(long)]
    all: bool,
    /// The thread that this message began
    #[arg(long, value_name = "ID")]
    thread: Option<String>,
    /// Single messages of one room; give it once for each
    #[arg(long = "message", value_name = "ID")]
    messages: Vec<String>,
}

/// How the files lie.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shape {
    Bag,
    Plain,
}

impl Whose {
    fn wanted(&self) -> Wanted {
        if let Some(thread) = &self.thread {
            Wanted::Thread(thread.clone())
        } else if self.all {
            Wanted::Server
        } else if self.messages.is_empty() {
            Wanted::Rooms(self.rooms.clone())
        } else {
            Wanted::Messages(self.messages.clone())
        }
    }
}

pub(super) fn run(place: Place, options: &Options) -> Outcome {
    let output = options.output.as_deref().filter(|_| !options.estimate.dry_run);
    if let Some(output) = output {
        output::check(output, options.force)?;
    }
    let app = place.existing_app()?;
    bootstrap::prepare(&app, false).map_err(unable)?;
    options.whose.rooms.iter().try_for_each(|room| known(&app, room))?;
    let registry = app.registry();
    let chosen = choices::read(&registry, &options.formats, &options.transforms, &options.settings)?;
    let request = Request {
        wanted: options.whose.wanted(),
        from: options.from.clone(),
        until: options.until.clone(),
        time_zone: options.time_zone.clone(),
        query: options.query.clone(),
        system_messages: !options.no_system_messages,
        transforms: chosen.transforms,
        formats: chosen.formats,
        delivery: Asked { id: "file".to_owned(), options: Value::Null },
        archive: options.layout.map(|layout| {
            match layout {
                Shape::Bag => "bag",
                Shape::Plain => "plain",
            }
            .to_owned()
        }),
    };
    let order = orders::order(&app, None, request).map_err(refused)?;
    let task = Task {
        store: &app.store,
        registry: &registry,
        order: &order,
        may_see: &|_| Ok(true),
        requested_by: "command line",
        requested_at: app.now(),
        sample: None,
    };
    let Some(output) = output else { return estimate::tell(&task, &options.estimate) };
    let (done, bytes) = meter::watched(|progress| {
        let work = progress.work.clone();
        let stopped = Interrupt::catch(move || work.cancel())?;
        match write(&app, &task, progress, output) {
            Ok(done) => Ok((done, progress.work.bytes())),
            Err(_) if stopped.is_pressed() => {
                let error = anyhow!("stopped; nothing was written, so run the same command again");
                Err(Failure { code: INTERRUPTED, error })
            }
            Err(other) => Err(other),
        }
    })?;
    audit::command_line(&app, &order, output, done, bytes)?;
    let messages = if done == 1 { "message" } else { "messages" };
    let title = printable(&order.title);
    say(&format!("{} {messages} of {title} in {}", HumanCount(done), output.display()))
}

fn write(app: &App, task: &Task<'_>, progress: &JobProgress, output: &Path) -> Result<u64, Failure> {
    let directory = app.config.server.data.join("spool").join(format!("command-{}", std::process::id()));
    let packing = packing(app, task.order, view::time(task.requested_at), output);
    let result = if is_zip(output) {
        zip(task, progress, directory.clone(), output, &packing)
    } else {
        loose(task, progress, directory.clone(), output, &packing)
    };
    match std::fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    Ok(result?)
}

/// Packs each file as soon as it is rendered.
fn zip(
    task: &Task<'_>,
    progress: &JobProgress,
    directory: PathBuf,
    output: &Path,
    packing: &Packing<'_>,
) -> anyhow::Result<u64> {
    let place = || unwritable(output);
    let mut packer = Packer::begin(output, packing, progress.packing.clone()).with_context(place)?;
    let (spool, complete) = Spool::passing(directory, progress.work.clone())?;
    thread::scope(|scope| {
        let packing_on = scope.spawn(move || {
            let done = complete.into_iter().try_for_each(|artifact| packer.add(&artifact));
            // Nobody needs the rest then.
            done.map(|()| packer).inspect_err(|_| progress.work.cancel())
        });
        let rendered = rendered(task, progress, spool);
        let ended = packing_on.join().map_err(|_| anyhow!("the thread that packs has failed"))?;
        let (packer, (sealed, messages)) = (ended.with_context(place)?, rendered?);
        packer.finish(&sealed, packing).with_context(place)?;
        Ok(messages)
    })
}

fn unwritable(output: &Path) -> String {
    format!("{} cannot be written", output.display())
}

fn rendered(task: &Task<'_>, progress: &JobProgress, spool: Spool) -> anyhow::Result<(Sealed, u64)> {
    let spool = RefCell::new(spool);
    let Rendered { summary, .. } = render(task, &spool, progress)?;
    Ok((spool.into_inner().seal()?, summary.messages))
}

/// Renders first: only a whole export may replace what was there.
fn loose(
    task: &Task<'_>,
    progress: &JobProgress,
    directory: PathBuf,
    output: &Path,
    packing: &Packing<'_>,
) -> anyhow::Result<u64> {
    let spool = Spool::create(directory, progress.work.clone())?;
    let (sealed, messages) = rendered(task, progress, spool)?;
    output::replacing(output, || pack::lay_out(&sealed, output, packing, &progress.packing))
        .with_context(|| unwritable(output))?;
    Ok(messages)
}

fn packing<'a>(app: &'a App, order: &Order, stamp: Timestamp, output: &Path) -> Packing<'a> {
    let name = output.file_stem().unwrap_or_default().to_string_lossy();
    let loose = !is_zip(output) && order.archive.is_none();
    let layout = if loose { Layout::Plain } else { Layout::of(order, &app.registry(), &name) };
    let mut packing = Packing::new(layout, app.config.export.compression, stamp);
    packing.info = Info::of(order);
    packing.signer = Some(&app.signer);
    packing
}

/// A refusal in the words of the command line: without the code that programs read, and with the
/// arguments for the fields of a request.
fn refused(error: Error) -> Failure {
    const ARGUMENTS: &[(&str, &str)] = &[
        ("`thread`", "--thread"),
        ("`messages`", "--message"),
        ("`from`", "--from"),
        ("`until`", "--until"),
        ("`timeZone`", "--time-zone"),
        ("`query`", "--query"),
        ("`formats`", "--format"),
        ("`transforms`", "--transform"),
        ("`rooms`: ", ""),
        ("`rooms` names", "the command names"),
    ];
    let Error::Refused { mut reason, .. } = error else { return error.into() };
    for (field, argument) in ARGUMENTS {
        reason = reason.replace(field, argument);
    }
    usage(anyhow!(reason))
}

/// Refuses a room that is not there, and says what is.
fn known(app: &App, room: &str) -> Outcome {
    const SHOWN: usize = 20;
    if orders::named(app, room).map_err(refused)?.is_some() {
        return Ok(());
    }
    let mut names = Vec::new();
    app.store.named_rooms::<crate::store::Error>(|name, _| {
        names.push(if names.len() < SHOWN { name.to_owned() } else { "…".to_owned() });
        let enough = names.len() > SHOWN;
        Ok(if enough { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) })
    })?;
    Err(usage(anyhow!("there is no room {room:?}; there are: {}", printable(&names.join(", ")))))
}
