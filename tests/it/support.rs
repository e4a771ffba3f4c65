//! A server in a temporary directory, and callers by role.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use export_sdk::Registry;
use roomscribe::api::Api;
use roomscribe::app::{App, Clock};
use roomscribe::config::Config;
use roomscribe::domain::{LoginToken, Room, RoomId, RoomKind, Subscription, Time, User, UserId};
use roomscribe::export::space::FreeSpace;
use roomscribe::limits::bodies::Bodies;
use roomscribe::passwords::PasswordDigest;
use roomscribe::service::{bootstrap, sessions};
use roomscribe::store::Store;
use roomscribe::work::Work;
use roomscribe::{export, server};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) mod exports;
pub(crate) mod gate;
pub(crate) mod orders;
pub(crate) mod plugins;
pub(crate) mod work;

/// When the clock of a test server begins to stand: 2024-03-15T10:20:30.123Z.
pub(crate) const NOW: i64 = 1_710_498_030_123;

/// A whole server, called through its routes without a socket. Its clock stands still.
pub(crate) struct TestServer {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Clock,
    /// How full its disk is; nothing is, at first.
    pub(crate) space: FreeSpace,
    api: Arc<Api>,
    runtime: Runtime,
    directory: TempDir,
    /// Background work, if a test started it.
    work: Mutex<Option<Work>>,
}

impl TestServer {
    /// A new server with an administrator, `admin`, whose password is `admin-password`.
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// The same after `change` has changed the configuration.
    pub(crate) fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let store = Store::open(directory.path(), 16 << 20).expect("a new store");
        let mut config = Config::default();
        config.server.data = directory.path().to_owned();
        config.server.root_url = "http://chat.example".to_owned();
        config.environment.admin = Some(roomscribe::config::FirstAdmin {
            username: "admin".to_owned(),
            name: "Administrator".to_owned(),
            email: Some("admin@example.org".to_owned()),
            verified: true,
            password: "admin-password".to_owned(),
        });
        change(&mut config);
        let clock = Clock::standing_at(Time::from_millis(NOW));
        Self::put_together(directory, config, store, clock, FreeSpace::of(u64::MAX))
    }

    /// A new server with more plug-ins than it ships with.
    pub(crate) fn start_with_plugins(add: impl FnOnce(&mut Registry)) -> Self {
        let Self { app, clock, space, runtime, directory, .. } = Self::start();
        let config = app.config.clone();
        let mut registry = export::plugins::registry(&config).expect("the plug-ins register");
        add(&mut registry);
        drop((runtime, app));
        let store = work::again(|| Store::open(directory.path(), 16 << 20)).expect("the store again");
        Self::with_registry(directory, (config, store, registry), clock, space)
    }

    /// A new server with so much memory for the bodies of requests.
    pub(crate) fn start_with_bodies(bodies: Bodies) -> Self {
        let mut server = Self::start();
        Arc::get_mut(&mut server.app).expect("nobody else has it yet").bodies = bodies;
        server
    }

    /// A server over an open store, as it is after a start.
    fn put_together(
        directory: TempDir,
        config: Config,
        store: Store,
        clock: Clock,
        space: FreeSpace,
    ) -> Self {
        let registry = export::plugins::registry(&config).expect("the plug-ins register");
        Self::with_registry(directory, (config, store, registry), clock, space)
    }

    fn with_registry(
        directory: TempDir,
        (config, store, registry): (Config, Store, Registry),
        clock: Clock,
        space: FreeSpace,
    ) -> Self {
        let mut app = App::new(config, store, registry, clock.clone()).expect("the threads start");
        app.space = space.clone();
        bootstrap::prepare(&app, false).expect("a furnished store");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let (app, api) = (Arc::new(app), Arc::new(Api::new(8)));
        let runtime = runtime.expect("a runtime");
        Self { app, clock, space, api, runtime, directory, work: Mutex::default() }
    }

    /// The data directory.
    pub(crate) fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// How many blobs are kept.
    pub(crate) fn blobs(&self) -> usize {
        let mut blobs = 0;
        let walked = self.app.store.blobs().each(|_| {
            blobs += 1;
            Ok(())
        });
        walked.expect("readable blobs");
        blobs
    }

    /// The runtime, for background work under test.
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// A caller without credentials.
    pub(crate) fn anonymous(&self) -> Caller<'_> {
        Caller { server: self, credentials: None }
    }

    /// The administrator.
    pub(crate) fn as_admin(&self) -> Caller<'_> {
        self.as_user("admin")
    }

    /// A user of that name with role `user`, made if there is none. The password is `<name>-password`,
    /// the address `<name>@example.org`, the display name the name with a capital.
    pub(crate) fn as_user(&self, username: &str) -> Caller<'_> {
        let user = self.user(username);
        let token = sessions::new_token();
        let record = LoginToken { user: user.id.clone(), created: self.app.now(), personal: None };
        self.app
            .store
            .write::<_, roomscribe::store::Error>(|batch| batch.put_token(sessions::hash(&token), &record))
            .expect("a token");
        Caller { server: self, credentials: Some((user.id.to_string(), token)) }
    }

    /// A user with a token that is known to the store.
    pub(crate) fn with_token(&self, user: &User, token: &str) -> Caller<'_> {
        Caller { server: self, credentials: Some((user.id.to_string(), token.to_owned())) }
    }

    /// The record of a user, made if there is none.
    pub(crate) fn user(&self, username: &str) -> User {
        if let Some(user) = self.app.store.user_by_name(username).expect("readable") {
            return user;
        }
        let mut user = User::new(UserId::random(), username, self.app.now());
        user.name = Some(format!("{}{}", username[..1].to_uppercase(), &username[1..]));
        user.emails = vec![roomscribe::domain::user::Email {
            address: format!("{username}@example.org"),
            verified: true,
        }];
        let digest = PasswordDigest::of(&format!("{username}-password"));
        user.password = Some(self.app.passwords.hash(digest).expect("hashed"));
        self.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&user)).expect("a user");
        user
    }

    /// A room of that name with these members, the first of them its owner. Without going through
    /// the API.
    pub(crate) fn room(&self, kind: RoomKind, name: &str, members: &[&str]) -> RoomId {
        let users: Vec<User> = members.iter().map(|name| self.user(name)).collect();
        let creator = users.first().map(User::reference);
        let room = Room::new(RoomId::random(), kind, Some(name.to_owned()), creator, self.app.now());
        self.app
            .store
            .write::<_, roomscribe::store::Error>(|batch| {
                batch.put_room(&room)?;
                for (place, user) in users.iter().enumerate() {
                    let mut member = Subscription::new(&user.reference(), room.id.clone(), room.created);
                    if place == 0 {
                        member.roles = vec!["owner".to_owned()];
                    }
                    batch.put_subscription(&member)?;
                }
                Ok(())
            })
            .expect("a room");
        room.id
    }
}

/// Somebody who calls the server.
pub(crate) struct Caller<'a> {
    server: &'a TestServer,
    credentials: Option<(String, String)>,
}

impl Caller<'_> {
    /// The caller's user id.
    pub(crate) fn id(&self) -> &str {
        self.credentials.as_ref().map_or("", |(id, _)| id)
    }

    /// The caller's token.
    pub(crate) fn token(&self) -> &str {
        self.credentials.as_ref().map_or("", |(_, token)| token)
    }

    /// `GET /api/v1/<endpoint>?<query>`.
    pub(crate) fn get(&self, endpoint: &str, query: &str) -> Answer {
        self.raw("GET", &format!("/api/v1/{endpoint}?{query}"), &[], "").checked()
    }

    /// `POST /api/v1/<endpoint>` with a JSON body.
    pub(crate) fn post(&self, endpoint: &str, body: Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.raw("POST", &format!("/api/v1/{endpoint}"), &headers, body.to_string()).checked()
    }

    /// `POST /api/v1/<endpoint>` with a form that holds one file and these fields.
    pub(crate) fn send_file(
        &self,
        endpoint: &str,
        file: (&str, &str, &[u8]),
        fields: &[(&str, &str)],
    ) -> Answer {
        self.send_part(endpoint, "file", Some(file), fields)
    }

    /// The same with the file, if there is one, in a part of that name.
    pub(crate) fn send_part(
        &self,
        endpoint: &str,
        part: &str,
        file: Option<(&str, &str, &[u8])>,
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut parts: Vec<Vec<u8>> = fields
            .iter()
            .map(|(name, value)| {
                format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}").into_bytes()
            })
            .collect();
        if let Some((name, media_type, bytes)) = file {
            let head = format!(
                "Content-Disposition: form-data; name=\"{part}\"; filename=\"{name}\"\r\nContent-Type: {media_type}\r\n\r\n"
            );
            parts.push([head.as_bytes(), bytes].concat());
        }
        self.send_form(endpoint, &parts)
    }

    /// `POST /api/v1/<endpoint>` with a form of these parts, each a head, an empty line and a body.
    pub(crate) fn send_form(&self, endpoint: &str, parts: &[Vec<u8>]) -> Answer {
        let mut form: Vec<u8> =
            parts.iter().flat_map(|part| [b"--limit\r\n", &part[..], b"\r\n"].concat()).collect();
        form.extend(b"--limit--\r\n");
        let headers = [("content-type", "multipart/form-data; boundary=limit")];
        self.raw("POST", &format!("/api/v1/{endpoint}"), &headers, form).checked()
    }

    /// Any request.
    pub(crate) fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let routes = server::routes(
            Arc::clone(&self.server.app),
            Arc::clone(&self.server.api),
            IpAddr::from([127, 0, 0, 1]),
        );
        let mut request = warp::test::request().method(method).path(path).body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some((id, token)) = &self.credentials {
            request = request.header("X-User-Id", id).header("X-Auth-Token", token);
        }
        let response = self.server.runtime.block_on(request.reply(&routes));
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), value.to_str().expect("plain").to_owned()))
            .collect();
        let bytes = response.body().to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Answer { status: response.status().as_u16(), headers, bytes, body }
    }
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    bytes: Vec<u8>,
    body: Value,
}

impl Answer {
    /// The status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// The body as JSON, `null` if it is none.
    pub(crate) fn body(&self) -> &Value {
        &self.body
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("UTF-8")
    }

    /// The body.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A header, empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The body of a success; anything else fails the test.
    pub(crate) fn ok(&self) -> &Value {
        assert_eq!(self.status, 200, "{}", self.text());
        &self.body
    }

    /// The `error` of a refusal with status 400; anything else fails the test.
    pub(crate) fn refusal(&self) -> &str {
        assert_eq!(self.status, 400, "{}", self.text());
        self.body["error"].as_str().unwrap_or_default()
    }

    /// What holds for every answer of the API.
    fn checked(self) -> Self {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.text());
        assert_eq!(self.header("cache-control"), "no-store");
        let success =
            self.body["success"] == true || self.body["status"] == "success" || self.body.is_array();
        assert_eq!(success, self.status == 200, "{}", self.text());
        assert!(self.status < 500, "{}", self.text());
        self
    }
}
