//! Which addresses everybody may connect to: those of the public internet, and no others.
//!
//! IPv6 is refused but for its global part, so that what embeds an IPv4 address (mapped, compatible,
//! NAT64, 6to4, Teredo) cannot be a way around.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 networks that are not the public internet, with the length of their prefix (RFC 6890).
const REFUSED_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved, broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// All of IPv6 that is given to the public internet.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What lies inside of it and is something else: protocol assignments with Teredo, documentation, 6to4.
const REFUSED_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether the address belongs to the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !REFUSED_V4.iter().any(|network| in_v4(address, *network)),
        IpAddr::V6(address) => {
            in_v6(address, GLOBAL_V6) && !REFUSED_V6.iter().any(|network| in_v6(address, *network))
        }
    }
}

fn in_v4(address: Ipv4Addr, (network, prefix): (Ipv4Addr, u32)) -> bool {
    (u32::from(address) ^ u32::from(network)) >> (32 - prefix) == 0
}

fn in_v6(address: Ipv6Addr, (network, prefix): (Ipv6Addr, u32)) -> bool {
    (u128::from(address) ^ u128::from(network)) >> (128 - prefix) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// First and last address of what is refused, whoever wrote the tables above.
    const REFUSED: &[(&str, &str)] = &[
        ("0.0.0.0", "0.255.255.255"),
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.255.255"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"),
        ("192.0.2.0", "192.0.2.255"),
        ("192.88.99.0", "192.88.99.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("198.51.100.0", "198.51.100.255"),
        ("203.0.113.0", "203.0.113.255"),
        ("224.0.0.0", "255.255.255.255"),
        // Unspecified, loopback, compatible, mapped, NAT64, discard: all below the global part.
        ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
        // Unique local, link-local, site-local, multicast: all above it.
        ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ];

    fn number(text: &str) -> (bool, u128) {
        match text.parse().expect("an address") {
            IpAddr::V4(address) => (true, u128::from(u32::from(address))),
            IpAddr::V6(address) => (false, u128::from(address)),
        }
    }

    fn address(v4: bool, number: u128) -> IpAddr {
        match u32::try_from(number) {
            Ok(number) if v4 => Ipv4Addr::from(number).into(),
            _ => Ipv6Addr::from(number).into(),
        }
    }

    /// The plain reading of the list above.
    fn expected(v4: bool, number_: u128) -> bool {
        !REFUSED.iter().any(|(first, last)| {
            let ((family, first), (_, last)) = (number(first), number(last));
            family == v4 && (first..=last).contains(&number_)
        })
    }

    #[test]
    fn a_refused_network_ends_where_it_ends() {
        for (first, last) in REFUSED {
            let ((v4, first), (_, last)) = (number(first), number(last));
            let end = if v4 { u128::from(u32::MAX) } else { u128::MAX };
            let inside = [first, first + (last - first) / 2, last];
            assert!(inside.iter().all(|&inside| !is_public(address(v4, inside))), "{}", address(v4, first));
            let before = first.checked_sub(1);
            let after = (last < end).then(|| last + 1);
            for outside in before.into_iter().chain(after) {
                let found = is_public(address(v4, outside));
                assert_eq!(found, expected(v4, outside), "{}", address(v4, outside));
            }
        }
    }

    #[test]
    fn well_known_public_servers_are_public() {
        for text in ["1.1.1.1", "8.8.8.8", "172.32.0.1", "192.0.1.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_ipv4_address_is_what_the_list_says(number: u32) {
            let v4 = Ipv4Addr::from(number);
            prop_assert_eq!(is_public(v4.into()), expected(true, number.into()));
            let [a, b] = [number >> 16, number & 0xffff].map(|half| u16::try_from(half).expect("a half"));
            let embedded = [
                v4.to_ipv6_mapped(),
                Ipv6Addr::from(u128::from(number)),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a, b),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, a, b),
                Ipv6Addr::new(0x2002, a, b, 0, 0, 0, 0, 1),
            ];
            for address in embedded {
                prop_assert!(!is_public(address.into()), "{address}");
            }
        }

        #[test]
        fn every_ipv6_address_is_what_the_list_says(number: u128) {
            prop_assert_eq!(is_public(Ipv6Addr::from(number).into()), expected(false, number));
        }

        #[test]
        fn every_address_of_a_refused_network_is_refused(place in 0..REFUSED.len(), at: u128) {
            let ((v4, first), (_, last)) = (number(REFUSED[place].0), number(REFUSED[place].1));
            let inside = first + (last - first).checked_add(1).map_or(at, |size| at % size);
            prop_assert!(!is_public(address(v4, inside)), "{}", address(v4, inside));
        }
    }
}
