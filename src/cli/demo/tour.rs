//! The tour: log in, export the room in both formats, fetch the files; all through the REST API.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use ureq::Agent;

use crate::domain::RoomId;

/// What the tour must know.
pub(super) struct Guide {
    pub(super) address: String,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) room: RoomId,
    pub(super) exports: PathBuf,
}

/// An export takes a moment; longer than this, something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// Walks the tour. Answers what a person should read.
pub(super) fn walk(guide: &Guide) -> Result<String> {
    let agent: Agent = Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
    let visitor = Visitor::log_in(&agent, guide)?;
    fs::create_dir_all(&guide.exports)?;
    let html = visitor.export(guide, "html")?;
    let json = visitor.export(guide, "json")?;
    let page = unpack(&html, guide)?;
    Ok(format!(
        "\nThe server runs at {address}\n\n\
         Its room #lighthouse was exported through POST /api/v1/rooms.export:\n  \
         HTML  {html}\n        open {page}\n  \
         JSON  {json}\n\n\
         Log in as\n  user      {username}\n  password  {password}\n\n\
         Try it yourself:\n  \
         curl -s {address}/api/v1/rooms.export -H 'X-User-Id: {id}' -H 'X-Auth-Token: {token}' \\\n    \
         -H 'Content-Type: application/json' -d '{{\"rid\":\"{room}\",\"type\":\"file\",\"format\":\"json\"}}'\n  \
         curl -s {address}/api/v1/exports.list -H 'X-User-Id: {id}' -H 'X-Auth-Token: {token}'\n\n\
         Ctrl-C stops the server.",
        address = guide.address,
        html = html.display(),
        page = page.display(),
        json = json.display(),
        username = guide.username,
        password = guide.password,
        id = visitor.id,
        token = visitor.token,
        room = guide.room,
    ))
}

struct Visitor<'a> {
    agent: &'a Agent,
    address: &'a str,
    id: String,
    token: String,
}

impl<'a> Visitor<'a> {
    fn log_in(agent: &'a Agent, guide: &'a Guide) -> Result<Self> {
        let body = json!({"user": guide.username, "password": guide.password});
        let url = format!("{}/api/v1/login", guide.address);
        let reply: Value = agent.post(url).send_json(body).context("login")?.body_mut().read_json()?;
        let text = |key: &str| reply["data"][key].as_str().unwrap_or_default().to_owned();
        Ok(Self { agent, address: &guide.address, id: text("userId"), token: text("authToken") })
    }

    /// Exports the room and fetches the file.
    fn export(&self, guide: &Guide, format: &str) -> Result<PathBuf> {
        let body = json!({"rid": guide.room.as_str(), "type": "file", "format": format});
        let request = self.agent.post(format!("{}/api/v1/rooms.export", self.address));
        let request = request.header("X-User-Id", &self.id).header("X-Auth-Token", &self.token);
        let reply: Value = request.send_json(body).context("rooms.export")?.body_mut().read_json()?;
        let id = reply["exportId"].as_str().context("no exportId")?;
        let began = Instant::now();
        loop {
            let info: Value =
                self.get(&format!("/api/v1/exports.info?exportId={id}"))?.body_mut().read_json()?;
            match info["export"]["state"].as_str() {
                Some("done") => break,
                Some("failed") => bail!("the export failed: {}", info["export"]["error"]),
                _ if began.elapsed() > PATIENCE => bail!("the export takes too long"),
                _ => thread::sleep(Duration::from_millis(50)),
            }
        }
        let path = guide.exports.join(format!("lighthouse-{format}.zip"));
        let mut response = self.get(&format!("/data-export/{id}"))?;
        let mut file = File::create(&path)?;
        std::io::copy(&mut response.body_mut().as_reader(), &mut file)?;
        file.flush()?;
        Ok(path)
    }

    fn get(&self, path: &str) -> Result<ureq::http::Response<ureq::Body>> {
        let request = self.agent.get(format!("{}{path}", self.address));
        let request = request.header("X-User-Id", &self.id).header("X-Auth-Token", &self.token);
        request.call().with_context(|| format!("GET {path}"))
    }
}

/// Unpacks the page, so that a browser can open it. Answers where it is.
fn unpack(zip: &Path, guide: &Guide) -> Result<PathBuf> {
    let directory = guide.exports.join("lighthouse");
    zip::ZipArchive::new(File::open(zip)?)?.extract(&directory)?;
    // The zip holds one directory, the bag.
    let bag = fs::read_dir(&directory)?.next().context("the export is empty")??;
    let page = bag.path().join("data").join("index.html");
    anyhow::ensure!(page.is_file(), "the export has no {}", page.display());
    Ok(page)
}
