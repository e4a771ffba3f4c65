//! How rows are written down: the method and the path, what is demanded, and at last the handler.

use std::sync::LazyLock;

use serde_json::Value;

use super::{Access, Admit, AdmitForm, Context, Endpoint, Handler, Intake, Limit, Method, Terms};
use crate::api::fields::Fields;
use crate::api::request::Input;
use crate::api::rooms::{self, Family};
use crate::api::schema::{self, Params};
use crate::app::App;
use crate::domain::{Room, RoomId};
use crate::error::{Error, Result};
use crate::limits::workers::Effort;
use crate::service::access::{self, Permission};
use crate::service::caller::{Caller, Client};
use crate::service::two_factor::Demand;
use crate::service::uploads::Arrived;

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
pub struct Draft(Terms);

/// Parameters that name a room by `rid`, before it is known whether it exists.
pub trait InRoom {
    /// The room's id.
    fn room_id(&self) -> RoomId;
}

impl Draft {
    fn new(method: Method, path: &'static str) -> Self {
        let writes = method != Method::Get;
        Self(Terms {
            method,
            path,
            needs: &[],
            needs_in_room: None,
            second_factor: None,
            limit: Limit::Default,
            writes,
            effort: Effort::Any,
            intake: None,
            redirects: false,
            media_type: None,
            family: None,
            takes: Fields(""),
            returns: Fields(""),
        })
    }

    /// Permissions the caller must all hold, everywhere; else 403.
    #[must_use]
    pub fn needs(mut self, all_of: &'static [Permission]) -> Self {
        self.0.needs = all_of;
        self
    }

    /// A second factor, if the caller has one: after the permissions, before the handler.
    #[must_use]
    pub fn second_factor(mut self) -> Self {
        self.0.second_factor = Some(Demand::Usual);
        self
    }

    /// The same, asked for each time: nothing that was shown before counts.
    #[must_use]
    pub fn fresh_second_factor(mut self) -> Self {
        self.0.second_factor = Some(Demand::Fresh);
        self
    }

    /// Another limit than endpoints in general.
    #[must_use]
    pub fn limited(mut self, limit: Limit) -> Self {
        self.0.limit = limit;
        self
    }

    /// A `GET` that changes something all the same.
    #[must_use]
    pub fn writes(mut self) -> Self {
        self.0.writes = true;
        self
    }

    /// Done in no time, and often asked for: it waits for nothing but its turn to write.
    #[must_use]
    pub fn brief(mut self) -> Self {
        self.0.effort = Effort::Little;
        self
    }

    /// Another answer than JSON: the handler gives its text.
    #[must_use]
    pub fn media_type(mut self, media_type: &'static str) -> Self {
        self.0.media_type = Some(media_type);
        self
    }

    /// Parameters that the handler checks by hand, for the documentation: see [`Fields`].
    #[must_use]
    pub fn takes(mut self, fields: &'static str) -> Self {
        self.0.takes = Fields(fields);
        self
    }

    /// What a success holds, for the documentation and those who hold it against the replies: see
    /// [`Fields`].
    #[must_use]
    pub fn returns(mut self, fields: &'static str) -> Self {
        self.0.returns = Fields(fields);
        self
    }

    /// For everybody.
    pub fn public<P: Params + 'static>(self, handler: fn(&App, &Client, P) -> Result<Value>) -> Endpoint {
        let handler: Handler =
            Box::new(move |context, input| handler(context.app, context.client, input.parse()?));
        self.row(Access::Everybody, schema::of::<P>, handler)
    }

    /// For anybody; the handler learns who calls, if the credentials are valid.
    pub fn anybody<P: Params + 'static>(
        self,
        handler: fn(&App, Option<&Caller>, P) -> Result<Value>,
    ) -> Endpoint {
        let handler: Handler =
            Box::new(move |context, input| handler(context.app, context.caller, input.parse()?));
        self.row(Access::Anybody, schema::of::<P>, handler)
    }

    /// For users, or with [`Access::Everybody`] for whoever calls, with the way to the other rows.
    pub fn dispatcher<P: Params + 'static>(
        self,
        access: Access,
        handler: fn(Context<'_>, P) -> Result<Value>,
    ) -> Endpoint {
        let handler: Handler = Box::new(move |context, input| handler(context, input.parse()?));
        self.row(access, schema::of::<P>, handler)
    }

    /// For users.
    pub fn user<P: Params + 'static>(self, handler: fn(&App, &Caller, P) -> Result<Value>) -> Endpoint {
        self.known(schema::of::<P>, move |app, caller, input| handler(app, caller, input.parse()?))
    }

    /// For users who hold `permission` in the room that the parameters name. Rooms that do not exist
    /// are nobody's. `read` says how parameters that do not fit are refused: that comes first.
    pub fn user_in<P: InRoom + 'static>(
        mut self,
        permission: Permission,
        read: fn(&App, Input) -> Result<P>,
        handler: fn(&App, &Caller, P) -> Result<Value>,
    ) -> Endpoint {
        self.0.needs_in_room = Some(permission);
        self.known(
            || Value::Null,
            move |app, caller, input| {
                let params = read(app, input)?;
                if !access::holds_in(app, &caller.user, permission, &params.room_id())? {
                    return Err(Error::Forbidden);
                }
                handler(app, caller, params)
            },
        )
    }

    /// For users, with the room that `roomId` or `roomName` names, found as `family` does it.
    pub fn room<P: Params + 'static>(
        mut self,
        family: Family,
        handler: fn(&App, &Caller, Room, P) -> Result<Value>,
    ) -> Endpoint {
        self.0.family = Some(family);
        self.known(schema::of::<P>, move |app, caller, input| {
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
        self.0.intake = Some(Intake::Room(admit));
        self.known(schema::of::<P>, move |app, caller, mut input| {
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
        self.0.intake = Some(Intake::Form(field, admit));
        self.known(schema::of::<P>, move |app, caller, mut input| {
            let file = input.file.take();
            handler(app, caller, file, input.parse()?)
        })
    }

    /// For everybody; the handler says where the client is to look instead.
    pub fn elsewhere<P: Params + 'static>(mut self, handler: fn(&App, P) -> Result<String>) -> Endpoint {
        self.0.redirects = true;
        let handler: Handler =
            Box::new(move |context, input| handler(context.app, input.parse()?).map(Value::String));
        self.row(Access::Everybody, schema::of::<P>, handler)
    }

    fn known(
        self,
        schema: fn() -> Value,
        handler: impl Fn(&App, &Caller, Input) -> Result<Value> + Send + Sync + 'static,
    ) -> Endpoint {
        let handler: Handler = Box::new(move |context, input| {
            handler(context.app, context.caller.ok_or(Error::NotLoggedIn)?, input)
        });
        self.row(Access::Users, schema, handler)
    }

    fn row(self, access: Access, schema: fn() -> Value, handler: Handler) -> Endpoint {
        Endpoint { terms: self.0, access, schema: LazyLock::new(schema), handler }
    }
}
