//! `[metrics]`: where Prometheus reads what the server counts.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer, de};

/// `[metrics]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Address and port of its own, so that no proxy shows metrics to the world by accident; empty: none.
    #[serde(deserialize_with = "address")]
    pub listen: Option<SocketAddr>,
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    let address =
        text.parse().map_err(|_| de::Error::custom(format!("{text:?} is no address with a port")))?;
    Ok(Some(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_an_address_or_none() {
        let read = |text: &str| toml::from_str::<Metrics>(text).map(|metrics| metrics.listen);
        assert_eq!(read("").unwrap(), None);
        assert_eq!(read("listen = \"\"").unwrap(), None);
        assert_eq!(read("listen = \"[::1]:9458\"").unwrap().unwrap().port(), 9458);
        assert!(
            read("listen = \"localhost\"").unwrap_err().to_string().contains("\"localhost\" is no address")
        );
    }
}
