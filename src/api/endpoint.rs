//! A row of the table: what it is called, who may call it, what it does.
//!
//! The level of access decides which arguments a handler has. It cannot name a [`Caller`] without
//! checked credentials, nor a [`Room`] that the caller may not see: forgetting the check does not
//! compile.

use serde_json::Value;

use super::fields::Fields;
use super::request::{Input, PathParameters};
use super::rooms::{self, Family};
use super::schema::{self, Params};
use crate::app::App;
use crate::domain::{Room, RoomId};
use crate::error::{Error, Result};
use crate::service::access::{self, Permission};
use crate::service::caller::{Caller, Client};
use crate::service::uploads::Arrived;

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
    /// As often as they like.
    None,
}

type Handler = Box<dyn Fn(&App, &Client, Option<&Caller>, Input) -> Result<Value> + Send + Sync>;

/// Decides, before the body is read, whether the caller may send a file to a room, and how large.
pub type Admit = fn(&App, &Caller, &RoomId) -> Result<Option<u64>>;

/// A row of the table.
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// The path under `/api/v1/`; segments that begin with `:` are parameters.
    pub path: &'static str,
    /// Who may call.
    pub access: Access,
    /// Permissions that the caller must hold, all of them.
    pub needs: &'static [Permission],
    /// A permission that the caller must hold in the room at hand.
    pub needs_in_room: Option<Permission>,
    /// How often.
    pub limit: Limit,
    /// Whether the reply waits for the disk.
    pub writes: bool,
    /// Set for endpoints that take a file in, as `multipart/form-data` with one part `file`.
    pub admits: Option<Admit>,
    /// The JSON schema of the parameters; what does not fit never comes to the handler.
    pub schema: Value,
    /// How the request names its room, if the row finds it.
    pub family: Option<Family>,
    /// Parameters that the handler checks by hand, in words of its own.
    pub takes: Fields,
    /// What a success holds.
    pub returns: Fields,
    handler: Handler,
}

impl Endpoint {
    /// Refuses parameters that do not fit.
    pub fn check(&self, input: &Input) -> Result<()> {
        match input.params() {
            Some(params) => {
                if let Some(family) = self.family {
                    schema::check(&family.schema(), params)?;
                }
                schema::check(&self.schema, params)
            }
            // The body could not be read; whoever parses it says why.
            None => Ok(()),
        }
    }

    /// Runs the handler.
    pub fn call(&self, app: &App, client: &Client, caller: Option<&Caller>, input: Input) -> Result<Value> {
        (self.handler)(app, client, caller, input)
    }

    /// The path's parameters, if the path is this endpoint's.
    pub fn matches(&self, segments: &[&str]) -> Option<PathParameters> {
        let mut parameters = Vec::new();
        let mut given = segments.iter();
        for expected in self.path.split('/') {
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

/// A row that asks something.
pub fn get(path: &'static str) -> Draft {
    Draft::new(Method::Get, path)
}

/// A row that does something.
pub fn post(path: &'static str) -> Draft {
    Draft::new(Method::Post, path)
}

/// A row that removes something.
pub fn delete(path: &'static str) -> Draft {
    Draft::new(Method::Delete, path)
}

/// A row without a handler.
pub struct Draft {
    method: Method,
    path: &'static str,
    needs: &'static [Permission],
    needs_in_room: Option<Permission>,
    limit: Limit,
    writes: bool,
    admits: Option<Admit>,
    family: Option<Family>,
    takes: Fields,
    returns: Fields,
}

/// Parameters that name a room by `rid`, before it is known whether it exists.
pub trait InRoom {
    /// The room's id.
    fn room_id(&self) -> RoomId;
}

impl Draft {
    fn new(method: Method, path: &'static str) -> Self {
        let writes = method != Method::Get;
        Self {
            method,
            path,
            needs: &[],
            needs_in_room: None,
            limit: Limit::Default,
            writes,
            admits: None,
            family: None,
            takes: Fields(""),
            returns: Fields(""),
        }
    }

    /// Permissions the caller must all hold, everywhere; else 403.
    #[must_use]
    pub fn needs(mut self, all_of: &'static [Permission]) -> Self {
        self.needs = all_of;
        self
    }

    /// Another limit than endpoints in general.
    #[must_use]
    pub fn limited(mut self, limit: Limit) -> Self {
        self.limit = limit;
        self
    }

    /// A `GET` that changes something all the same.
    #[must_use]
    pub fn writes(mut self) -> Self {
        self.writes = true;
        self
    }

    /// Parameters that the handler checks by hand, for the documentation: see [`Fields`].
    #[must_use]
    pub fn takes(mut self, fields: &'static str) -> Self {
        self.takes = Fields(fields);
        self
    }

    /// What a success holds, for the documentation and those who hold it against the replies: see
    /// [`Fields`].
    #[must_use]
    pub fn returns(mut self, fields: &'static str) -> Self {
        self.returns = Fields(fields);
        self
    }

    /// For everybody.
    pub fn public<P: Params + 'static>(self, handler: fn(&App, &Client, P) -> Result<Value>) -> Endpoint {
        let handler: Handler = Box::new(move |app, client, _, input| handler(app, client, input.parse()?));
        self.row(Access::Everybody, schema::of::<P>(), handler)
    }

    /// For anybody; the handler learns who calls, if the credentials are valid.
    pub fn anybody<P: Params + 'static>(
        self,
        handler: fn(&App, Option<&Caller>, P) -> Result<Value>,
    ) -> Endpoint {
        let handler: Handler = Box::new(move |app, _, caller, input| handler(app, caller, input.parse()?));
        self.row(Access::Anybody, schema::of::<P>(), handler)
    }

    /// For users.
    pub fn user<P: Params + 'static>(self, handler: fn(&App, &Caller, P) -> Result<Value>) -> Endpoint {
        self.known(schema::of::<P>(), move |app, caller, input| handler(app, caller, input.parse()?))
    }

    /// For users who hold `permission` in the room that the parameters name. Rooms that do not exist
    /// are nobody's. `read` says how parameters that do not fit are refused: that comes first.
    pub fn user_in<P: InRoom + 'static>(
        mut self,
        permission: Permission,
        read: fn(&App, Input) -> Result<P>,
        handler: fn(&App, &Caller, P) -> Result<Value>,
    ) -> Endpoint {
        self.needs_in_room = Some(permission);
        self.known(Value::Null, move |app, caller, input| {
            let params = read(app, input)?;
            if !access::holds_in(app, &caller.user, permission, &params.room_id())? {
                return Err(Error::Forbidden);
            }
            handler(app, caller, params)
        })
    }

    /// For users, with the room that `roomId` or `roomName` names, found as `family` does it.
    pub fn room<P: Params + 'static>(
        mut self,
        family: Family,
        handler: fn(&App, &Caller, Room, P) -> Result<Value>,
    ) -> Endpoint {
        self.family = Some(family);
        self.known(schema::of::<P>(), move |app, caller, input| {
            let room = rooms::find(app, caller, family, &input)?;
            handler(app, caller, room, input.parse()?)
        })
    }

    /// For users who send a file to the room that the path names by `:rid`. `admit` decides about it
    /// before the body is read; the form's other fields are the parameters.
    pub fn file<P: Params + 'static>(
        mut self,
        admit: Admit,
        handler: fn(&App, &Caller, Arrived, P) -> Result<Value>,
    ) -> Endpoint {
        self.admits = Some(admit);
        self.known(schema::of::<P>(), move |app, caller, mut input| {
            let file = input.file.take().ok_or_else(|| Error::code("No file uploaded"))?;
            handler(app, caller, file, input.parse()?)
        })
    }

    fn known(
        self,
        schema: Value,
        handler: impl Fn(&App, &Caller, Input) -> Result<Value> + Send + Sync + 'static,
    ) -> Endpoint {
        let handler: Handler =
            Box::new(move |app, _, caller, input| handler(app, caller.ok_or(Error::NotLoggedIn)?, input));
        self.row(Access::Users, schema, handler)
    }

    fn row(self, access: Access, schema: Value, handler: Handler) -> Endpoint {
        let Self { method, path, needs, needs_in_room, limit, writes, admits, family, takes, returns } = self;
        Endpoint {
            method,
            path,
            access,
            needs,
            needs_in_room,
            limit,
            writes,
            admits,
            schema,
            family,
            takes,
            returns,
            handler,
        }
    }
}
