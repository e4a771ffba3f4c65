//! Numbers about the server and the machine it runs on.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::page::Paged;
use crate::api::v1::misc::VERSION;
use crate::api::wire;
use crate::app::App;
use crate::domain::Time;
use crate::domain::statistics::Statistics;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{access, machine, settings, statistics};

/// The rows. Who may not see them is refused in the handlers, for the refusals have their own words.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("statistics").returns("totalUsers* number, totalMessages* number, version*").user(one),
        get("statistics.list").returns("statistics* page").user(list),
        post("statistics.telemetry").returns(NOTHING).user(|_, _, _: Telemetry| Ok(Value::Null)),
        get("instances.get").returns("instances* objects").user(instances),
        get("stdout.queue").returns("queue* objects").user(log),
        get("licenses.maxActiveUsers").returns("maxActiveUsers any, activeUsers* number").user(active_users),
    ]
}

fn require(app: &App, caller: &Caller) -> Result<()> {
    let may = access::holds(app, &caller.user, "view-statistics")?;
    if may { Ok(()) } else { Err(Error::plain("error-not-allowed")) }
}

#[derive(Deserialize, JsonSchema)]
struct Refresh {
    refresh: Option<bool>,
}

fn one(app: &App, caller: &Caller, params: Refresh) -> Result<Value> {
    require(app, caller)?;
    shape(app, &*statistics::current(app, params.refresh == Some(true))?)
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// What was counted before is not kept: the list is of one.
fn list(app: &App, caller: &Caller, params: Paged<Nothing>) -> Result<Value> {
    require(app, caller)?;
    let row = shape(app, &*statistics::current(app, false)?)?;
    Ok(params.page(app)?.cut("statistics", vec![row]))
}

fn shape(app: &App, counted: &Statistics) -> Result<Value> {
    let Statistics { users, channels, groups, directs, .. } = counted;
    let unique = settings::text(app, "uniqueID")?;
    let environment = &app.config.environment;
    Ok(json!({
        "_id": unique,
        "uniqueId": unique,
        "wizard": {},
        "installedAt": wire::time(statistics::installed(app)?),
        // A copy of a deployment is not told from the original, so that none is ever in doubt.
        "deploymentFingerprintHash": hex::encode(Sha256::digest(&unique)),
        "deploymentFingerprintVerified": true,
        "version": VERSION,
        "totalUsers": users.all,
        "activeUsers": users.active,
        "nonActiveUsers": users.all - users.active,
        "onlineUsers": users.online,
        "awayUsers": users.away,
        "busyUsers": users.busy,
        "totalConnectedUsers": users.online + users.away,
        "offlineUsers": users.active - users.present(),
        "totalRooms": channels.rooms + groups.rooms + directs.rooms,
        "totalChannels": channels.rooms,
        "totalPrivateGroups": groups.rooms,
        "totalDirect": directs.rooms,
        "totalDiscussions": counted.discussions,
        "totalMessages": channels.messages + groups.messages + directs.messages,
        "totalChannelMessages": channels.messages,
        "totalPrivateGroupMessages": groups.messages,
        "totalDirectMessages": directs.messages,
        "uploadsTotal": counted.uploads,
        "uploadsTotalSize": counted.upload_bytes,
        "os": machine::system(),
        "process": {"pid": std::process::id(), "uptime": seconds_since(app, app.started)},
        "deploy": {
            "method": environment.deploy_method.as_deref().unwrap_or("tar"),
            "platform": environment.deploy_platform.as_deref().unwrap_or("selfinstall"),
        },
        "createdAt": wire::time(counted.counted),
        "_updatedAt": wire::time(counted.counted),
    }))
}

fn seconds_since(app: &App, then: Time) -> u64 {
    app.now().since(then).as_secs()
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "what clients tell of themselves is not kept")]
struct Telemetry {
    params: Vec<Value>,
}

/// There is one, this.
fn instances(app: &App, caller: &Caller, _: Nothing) -> Result<Value> {
    if !access::holds(app, &caller.user, "view-statistics")? {
        return Err(Error::Unauthorized);
    }
    let address = app.config.server.listen;
    let instance = json!({
        "address": address.ip().to_string(),
        "currentStatus": {"connected": true, "lastHeartbeatTime": app.now().millis(), "local": true},
        "instanceRecord": {
            "_id": settings::text(app, "uniqueID")?,
            "name": "rocket.chat",
            "pid": std::process::id(),
            "extraInformation": {
                "host": address.ip().to_string(),
                "port": address.port().to_string(),
                "os": machine::system(),
                "nodeVersion": "",
            },
            "_createdAt": wire::time(app.started),
            "_updatedAt": wire::time(app.now()),
        },
        "broadcastAuth": true,
    });
    Ok(json!({"instances": [instance]}))
}

/// What was logged last.
fn log(app: &App, caller: &Caller, _: Nothing) -> Result<Value> {
    if !access::holds(app, &caller.user, "view-logs")? {
        return Err(Error::Unauthorized);
    }
    let lines = app.log.last().into_iter().map(|line| {
        let at = wire::time(Time::from_system(line.at));
        json!({"id": line.number.to_string(), "string": line.text, "ts": at})
    });
    Ok(json!({"queue": lines.collect::<Vec<_>>()}))
}

/// As many as like to.
fn active_users(app: &App, _: &Caller, _: Nothing) -> Result<Value> {
    Ok(json!({"maxActiveUsers": null, "activeUsers": statistics::users(app)?.active}))
}
