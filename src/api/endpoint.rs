//! A row of the table: what it is called, who may call it, what it does.
//!
//! The level of access decides which arguments a handler has. It cannot name a [`Caller`] without
//! checked credentials, nor a `Room` that the caller may not see: forgetting the check does not
//! compile.

use std::sync::LazyLock;

use serde_json::Value;

mod draft;

pub use draft::{Draft, InRoom, delete, get, post, put};

use super::Api;
use super::fields::Fields;
use super::request::{Input, PathParameters};
use super::rooms::Family;
use super::schema;
use crate::app::App;
use crate::domain::RoomId;
use crate::error::Result;
use crate::limits::workers::Effort;
use crate::service::access::{self, Permission};
use crate::service::caller::{Caller, Client};
use crate::service::two_factor::{self, Demand};

/// A method of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Asks.
    Get,
    /// Does.
    Post,
    /// Replaces.
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody; credentials are not looked at.
    Everybody,
    /// Anybody; valid credentials tell the handler more about the caller.
    Anybody,
    /// Users with valid credentials.
    Users,
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// As often as endpoints in general.
    Default,
    /// As often as this setting says.
    Setting(&'static str),
    /// So often.
    Calls(u64),
    /// As often as they like.
    None,
}

/// What a handler may know of a call besides its parameters.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The server.
    pub app: &'a App,
    /// Where the call comes from.
    pub client: &'a Client,
    /// Who calls, if that is known.
    pub caller: Option<&'a Caller>,
    /// The table, for methods that lead to its rows.
    pub api: &'a Api,
}

type Handler = Box<dyn Fn(Context<'_>, Input) -> Result<Value> + Send + Sync>;

/// Decides, before the body is read, whether the caller may send a file to a room, and how large.
pub type Admit = fn(&App, &Caller, &RoomId) -> Result<Option<u64>>;

/// The same for a file that does not go to a room.
pub type AdmitForm = fn(&App, &Caller) -> Result<Option<u64>>;

/// How a row takes a file in.
#[derive(Clone, Copy)]
pub enum Intake {
    /// For the room that the path names by `:rid`, in the part `file` of a form.
    Room(Admit),
    /// For something else, in the part of this name, if it comes in a form.
    Form(&'static str, AdmitForm),
}

/// What a row says of itself, beside what it does.
pub struct Terms {
    /// The method.
    pub method: Method,
    /// The path under `/api/v1/`; segments that begin with `:` are parameters.
    pub path: &'static str,
    /// Permissions that the caller must hold, all of them.
    pub needs: &'static [Permission],
    /// A permission that the caller must hold in the room at hand.
    pub needs_in_room: Option<Permission>,
    /// Whether the caller has to show a second factor, and how strictly.
    pub second_factor: Option<Demand>,
    /// How often.
    pub limit: Limit,
    /// Whether the reply waits for the disk.
    pub writes: bool,
    /// How long the handler may take.
    pub effort: Effort,
    /// Set for endpoints that take a file in, as a part of `multipart/form-data`.
    pub intake: Option<Intake>,
    /// Whether a success sends the client to another address.
    pub redirects: bool,
    /// The media type of the answer to a success, if it is not JSON; the handler gives its text.
    pub media_type: Option<&'static str>,
    /// How the request names its room, if the row finds it.
    pub family: Option<Family>,
    /// Parameters that the handler checks by hand, in words of its own.
    pub takes: Fields,
    /// What a success holds.
    pub returns: Fields,
}

/// A row of the table.
pub struct Endpoint {
    /// What it says of itself.
    pub terms: Terms,
    /// Who may call.
    pub access: Access,
    /// The JSON schema of the parameters; what does not fit never comes to the handler. Worked out when
    /// somebody calls: a server knows many rows that nobody ever does.
    pub schema: LazyLock<Value>,
    handler: Handler,
}

impl Endpoint {
    /// Checks parameters, permissions and the second factor, and runs the handler.
    pub fn run(&self, context: Context<'_>, input: Input) -> Result<Value> {
        self.check(&input)?;
        if let Some(caller) = context.caller {
            access::require(context.app, &caller.user, self.terms.needs)?;
            if let Some(demand) = self.terms.second_factor {
                two_factor::check(context.app, caller, demand)?;
            }
        }
        (self.handler)(context, input)
    }

    /// Refuses parameters that do not fit.
    fn check(&self, input: &Input) -> Result<()> {
        match input.params() {
            Some(params) => {
                if let Some(family) = self.terms.family {
                    schema::check(&family.schema(), params)?;
                    if family.refuses_strangers() {
                        schema::refuse_strangers(&self.schema, &family.names(), params)?;
                    }
                }
                schema::check(&self.schema, params)
            }
            // The body could not be read; whoever parses it says why.
            None => Ok(()),
        }
    }

    /// The path's parameters, if the path is this endpoint's.
    pub fn matches(&self, segments: &[&str]) -> Option<PathParameters> {
        let mut parameters = Vec::new();
        let mut given = segments.iter();
        for expected in self.terms.path.split('/') {
            let given = given.next()?;
            match expected.strip_prefix(':') {
                Some(name) if !given.is_empty() => parameters.push((name, (*given).to_owned())),
                None if *given == expected => {}
                _ => return None,
            }
        }
        given.next().is_none().then_some(parameters)
    }
}
