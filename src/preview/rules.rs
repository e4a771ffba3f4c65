//! Which hosts and ports links may lead to, as the administrator sets it. Addresses that are not of
//! the public internet are refused whatever stands here.

use std::net::IpAddr;

use outbound::Host;

/// Hosts that are not asked, and ports that are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    names: Vec<String>,
    networks: Vec<(IpAddr, u32)>,
    ports: Vec<u16>,
}

impl Rules {
    /// Reads the entries of both lists: names, `*.example.org` for what is below, addresses, networks
    /// (`10.0.0.0/8`); port numbers. An entry that is nothing of that means nothing.
    pub fn read(hosts: &[String], ports: &[String]) -> Self {
        let mut rules = Self::default();
        for host in hosts {
            match network(host) {
                Some(network) => rules.networks.push(network),
                None => rules.names.push(host.trim_end_matches('.').to_ascii_lowercase()),
            }
        }
        rules.ports = ports.iter().filter_map(|port| port.parse().ok()).collect();
        rules
    }

    /// Whether a host may be asked at this port, as far as can be said before its name is resolved.
    pub fn allow(&self, host: &Host, port: u16) -> bool {
        let by_host = match host {
            Host::Domain(name) => !self.names.iter().any(|pattern| match pattern.strip_prefix('*') {
                Some(ending) => name.ends_with(ending),
                None => name == pattern,
            }),
            Host::Ipv4(address) => self.allow_address((*address).into()),
            Host::Ipv6(address) => self.allow_address((*address).into()),
        };
        by_host && self.ports.contains(&port)
    }

    /// Whether an address may be connected to.
    pub fn allow_address(&self, address: IpAddr) -> bool {
        !self.networks.iter().any(|(network, prefix)| match (address, network) {
            (IpAddr::V4(address), IpAddr::V4(network)) => {
                u32::from(address).checked_shr(32 - prefix) == u32::from(*network).checked_shr(32 - prefix)
            }
            (IpAddr::V6(address), IpAddr::V6(network)) => {
                u128::from(address).checked_shr(128 - prefix)
                    == u128::from(*network).checked_shr(128 - prefix)
            }
            _ => false,
        })
    }
}

fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(one, other)| (one, Some(other)));
    let address: IpAddr = address.trim().parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Some(longest), |prefix| prefix.trim().parse().ok())?;
    (prefix <= longest).then_some((address, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(hosts: &str) -> Rules {
        let words = |text: &str| text.split(", ").map(ToOwned::to_owned).collect::<Vec<_>>();
        Rules::read(&words(hosts), &words("80, 443"))
    }

    #[test]
    fn hosts_are_ignored_by_name_address_and_network() {
        let rules = rules("localhost, *.example.org, 10.0.0.0/8, 1.2.3.4, 2001:470::/32, 0.0.0.0/99");
        for (host, port, allowed) in [
            ("example.org", 443, true),
            ("a.example.org", 443, false),
            ("localhost", 80, false),
            ("10.255.0.1", 80, false),
            ("11.0.0.1", 80, true),
            ("1.2.3.4", 80, false),
            ("[2001:470:1::1]", 443, false),
            ("[2001:471::1]", 443, true),
            ("example.org", 8080, false),
        ] {
            assert_eq!(rules.allow(&Host::parse(host).unwrap(), port), allowed, "{host}:{port}");
        }
        assert!(!rules.allow_address("10.1.1.1".parse().unwrap()));
        assert!(!Rules::read(&["0.0.0.0/0".to_owned()], &[]).allow_address("9.9.9.9".parse().unwrap()));
    }
}
