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
use crate::service::two_factor::{self, Demand};
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
    /// The whole table, for methods that lead to its rows.
    pub rows: &'a [Endpoint],
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
    /// Whether the caller has to show a second factor, and how strictly.
    pub second_factor: Option<Demand>,
    /// How often.
    pub limit: Limit,
    /// Whether the reply waits for the disk.
    pub writes: bool,
    /// Set for endpoints that take a file in, as a part of `multipart/form-data`.
    pub intake: Option<Intake>,
    /// Whether a success sends the client to another address.
    pub redirects: bool,
    /// The media type of the answer to a success, if it is not JSON; the handler gives its text.
    pub media_type: Option<&'static str>,
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
    /// Checks parameters, permissions and the second factor, and runs the handler.
    pub fn run(&self, context: Context<'_>, input: Input) -> Result<Value> {
        self.check(&input)?;
        if let Some(caller) = context.caller {
            access::require(context.app, &caller.user, self.needs)?;
            if let Some(demand) = self.second_factor {
                two_factor::check(context.app, caller, demand)?;
            }
        }
        (self.handler)(context, input)
    }

    /// Refuses parameters that do not fit.
    fn check(&self, input: &Input) -> Result<()> {
        match input.params() {
            Some(params) => {
                if let Some(family) = self.family {
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

/// A row that changes something in its place.
pub fn put(path: &'static str) -> Draft {
    Draft::new(Method::Put, path)
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
    second_factor: Option<Demand>,
    limit: Limit,
    writes: bool,
    intake: Option<Intake>,
    redirects: bool,
    media_type: Option<&'static str>,
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
            second_factor: None,
            limit: Limit::Default,
            writes,
            intake: None,
            redirects: false,
            media_type: None,
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

    /// A second factor, if the caller has one: after the permissions, before the handler.
    #[must_use]
    pub fn second_factor(mut self) -> Self {
        self.second_factor = Some(Demand::Usual);
        self
    }

    /// The same, asked for each time: nothing that was shown before counts.
    #[must_use]
    pub fn fresh_second_factor(mut self) -> Self {
        self.second_factor = Some(Demand::Fresh);
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

    /// Another answer than JSON: the handler gives its text.
    #[must_use]
    pub fn media_type(mut self, media_type: &'static str) -> Self {
        self.media_type = Some(media_type);
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
        let handler: Handler =
            Box::new(move |context, input| handler(context.app, context.client, input.parse()?));
        self.row(Access::Everybody, schema::of::<P>(), handler)
    }

    /// For anybody; the handler learns who calls, if the credentials are valid.
    pub fn anybody<P: Params + 'static>(
        self,
        handler: fn(&App, Option<&Caller>, P) -> Result<Value>,
    ) -> Endpoint {
        let handler: Handler =
            Box::new(move |context, input| handler(context.app, context.caller, input.parse()?));
        self.row(Access::Anybody, schema::of::<P>(), handler)
    }

    /// For users, or with [`Access::Everybody`] for whoever calls, with the way to the other rows.
    pub fn dispatcher<P: Params + 'static>(
        self,
        access: Access,
        handler: fn(Context<'_>, P) -> Result<Value>,
    ) -> Endpoint {
        let handler: Handler = Box::new(move |context, input| handler(context, input.parse()?));
        self.row(access, schema::of::<P>(), handler)
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
        self.intake = Some(Intake::Room(admit));
        self.known(schema::of::<P>(), move |app, caller, mut input| {
            let file = input.file.take().ok_or_else(|| Error::code("No file uploaded"))?;
            handler(app, caller, file, input.parse()?)
        })
    }

    /// For users who may send a file along, in this field of a form. `admit` decides about it before
    /// the body is read; the form's other fields, or what comes in any other way, are the parameters.
    pub fn form<P: Params + 'static>(
        mut self,
        field: &'static str,
        admit: AdmitForm,
        handler: fn(&App, &Caller, Option<Arrived>, P) -> Result<Value>,
    ) -> Endpoint {
        self.intake = Some(Intake::Form(field, admit));
        self.known(schema::of::<P>(), move |app, caller, mut input| {
            let file = input.file.take();
            handler(app, caller, file, input.parse()?)
        })
    }

    /// For everybody; the handler says where the client is to look instead.
    pub fn elsewhere<P: Params + 'static>(mut self, handler: fn(&App, P) -> Result<String>) -> Endpoint {
        self.redirects = true;
        let handler: Handler =
            Box::new(move |context, input| handler(context.app, input.parse()?).map(Value::String));
        self.row(Access::Everybody, schema::of::<P>(), handler)
    }

    fn known(
        self,
        schema: Value,
        handler: impl Fn(&App, &Caller, Input) -> Result<Value> + Send + Sync + 'static,
    ) -> Endpoint {
        let handler: Handler = Box::new(move |context, input| {
            handler(context.app, context.caller.ok_or(Error::NotLoggedIn)?, input)
        });
        self.row(Access::Users, schema, handler)
    }

    fn row(self, access: Access, schema: Value, handler: Handler) -> Endpoint {
        let Self {
            method,
            path,
            needs,
            needs_in_room,
            second_factor,
            limit,
            writes,
            intake,
            redirects,
            media_type,
            family,
            takes,
            returns,
        } = self;
        Endpoint {
            method,
            path,
            access,
            needs,
            needs_in_room,
            second_factor,
            limit,
            writes,
            intake,
            redirects,
            media_type,
            schema,
            family,
            takes,
            returns,
            handler,
        }
    }
}
