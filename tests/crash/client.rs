//! A program that calls the server and survives its death.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Response;
use ureq::{Body, RequestBuilder};

use crate::server::PASSWORD;

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A success; it was read to its end.
    Done(Value),
    /// A refusal: its status and body.
    Refused(u16, Value),
    /// None. Whether the call has taken effect is not known.
    Silence,
}

impl Answer {
    /// The reply to a success; anything else fails the test.
    #[track_caller]
    pub(crate) fn done(self) -> Value {
        match self {
            Self::Done(reply) => reply,
            other => panic!("{other:?}"),
        }
    }
}

/// Somebody with credentials.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    address: String,
    /// The user's id.
    pub(crate) id: String,
    token: String,
}

impl Client {
    /// Logs somebody in.
    pub(crate) fn log_in(address: &str, username: &str) -> Self {
        let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(60)));
        let agent = config.http_status_as_error(false).build().into();
        let mut client = Self { agent, address: address.to_owned(), id: String::new(), token: String::new() };
        let reply = client.post("login", &json!({"user": username, "password": PASSWORD})).done();
        client.id = text(&reply["data"]["userId"]);
        client.token = text(&reply["data"]["authToken"]);
        client
    }

    /// The same credentials for a server that was started again.
    pub(crate) fn moved_to(&mut self, address: &str) {
        address.clone_into(&mut self.address);
    }

    /// `POST /api/v1/<endpoint>` with a JSON body.
    pub(crate) fn post(&self, endpoint: &str, body: &Value) -> Answer {
        let request = self.agent.post(format!("{}/api/v1/{endpoint}", self.address));
        read(self.signed(request).send_json(body))
    }

    /// `GET /api/v1/<endpoint>?<query>`.
    pub(crate) fn get(&self, endpoint: &str, query: &str) -> Answer {
        let request = self.agent.get(format!("{}/api/v1/{endpoint}?{query}", self.address));
        read(self.signed(request).call())
    }

    /// `POST /api/v1/<endpoint>` with a form that holds one file.
    pub(crate) fn send_file(&self, endpoint: &str, name: &str, bytes: &[u8]) -> Answer {
        let head = format!(
            "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: text/plain\r\n\r\n"
        );
        let form = [head.as_bytes(), bytes, b"\r\n--limit--\r\n"].concat();
        let request = self.agent.post(format!("{}/api/v1/{endpoint}", self.address));
        let request = request.header("Content-Type", "multipart/form-data; boundary=limit");
        read(self.signed(request).send(&form[..]))
    }

    /// The bytes at a path; `None` if there is no such file.
    pub(crate) fn download(&self, path: &str) -> Option<Vec<u8>> {
        let request = self.agent.get(format!("{}{path}", self.address));
        let mut response = self.signed(request).call().expect("an answer");
        (response.status() == 200).then(|| response.body_mut().read_to_vec().expect("all of it"))
    }

    /// All messages of a channel, the newest first, each as often as it is there.
    pub(crate) fn history(&self, room: &str) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let page = format!("roomId={room}&count=0&offset={}", all.len());
            let reply = self.get("channels.messages", &page).done();
            let page = reply["messages"].as_array().expect("messages");
            if page.is_empty() {
                assert_eq!(reply["total"], all.len(), "the counter of {room} and its list");
                return all;
            }
            all.extend(page.iter().cloned());
        }
    }

    fn signed<T>(&self, request: RequestBuilder<T>) -> RequestBuilder<T> {
        request.header("X-User-Id", &self.id).header("X-Auth-Token", &self.token)
    }
}

fn read(response: Result<Response<Body>, ureq::Error>) -> Answer {
    let Ok(mut response) = response else { return Answer::Silence };
    let status = response.status().as_u16();
    match response.body_mut().read_json() {
        Ok(body) if status == 200 => Answer::Done(body),
        Ok(body) => Answer::Refused(status, body),
        Err(_) => Answer::Silence,
    }
}

/// A text in a reply.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
