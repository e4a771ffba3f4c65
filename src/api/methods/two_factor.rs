//! Methods that set up an app as second factor, and take it away.

use serde_json::{Value, json};

use super::Methods;
use crate::service::two_factor_enrolment as enrolment;

pub(super) const METHODS: Methods = &[
    ("2fa:enable", |call| {
        let new = enrolment::begin(call.app, call.caller()?)?;
        Ok(Some(json!({"secret": new.secret, "url": new.url})))
    }),
    ("2fa:validateTempToken", |call| {
        let codes = enrolment::confirm(call.app, call.caller()?, call.text(0)?)?;
        Ok(Some(json!({"codes": codes})))
    }),
    ("2fa:disable", |call| {
        let done = enrolment::disable(call.app, call.caller()?, call.text(0)?)?;
        Ok(Some(Value::Bool(done)))
    }),
    ("2fa:regenerateCodes", |call| {
        let codes = enrolment::regenerate_codes(call.app, call.caller()?, call.text(0)?)?;
        Ok(codes.map(|codes| json!({"codes": codes})))
    }),
    ("2fa:checkCodesRemaining", |call| {
        let left = enrolment::codes_remaining(call.app, call.caller()?)?;
        Ok(Some(json!({"remaining": left})))
    }),
];
