//! Bank accounts: IBANs of the country's length, in a row or in groups, whose check digits (modulo 97)
//! are right.

use std::ops::Range;

use super::digits::{begins, ends, gap};

/// Countries with the length of their IBANs.
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 \
    DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 \
    IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 \
    MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 \
    SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/// IBANs.
pub(crate) fn iban(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, _) in text.match_indices(|c: char| c.is_ascii_alphabetic()) {
        if found.last().is_none_or(|last| start >= last.end) && begins(text, start) {
            found.extend(at(text, start));
        }
    }
    found
}

fn at(text: &str, start: usize) -> Option<Range<usize>> {
    let country = text.get(start..start + 2)?.to_ascii_uppercase();
    let check = text.as_bytes().get(start + 2..start + 4)?;
    if !check.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length: usize =
        LENGTHS.split_whitespace().find_map(|known| known.strip_prefix(&country)?.parse().ok())?;
    let (mut end, mut account) = (start, String::with_capacity(length));
    loop {
        let next = text[end..].chars().next().filter(char::is_ascii_alphanumeric)?;
        account.push(next.to_ascii_uppercase());
        end += 1;
        if account.len() == length {
            return (ends(text, end) && remainder(&account) == 1).then_some(start..end);
        }
        end += gap(&text[end..]);
    }
}

/// Of the account's number with its first four characters at the end, letters as 10 to 35.
fn remainder(account: &str) -> u32 {
    let (head, tail) = account.split_at(4);
    tail.chars().chain(head.chars()).filter_map(|c| c.to_digit(36)).fold(0, |rest, digit| {
        let wide = if digit < 10 { 10 } else { 100 };
        (rest * wide + digit) % 97
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::found;

    #[test]
    fn ibans_are_found_in_every_usual_spelling() {
        for number in [
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "gb82 WEST 1234 5698 7654 32",
            "NO9386011117947",
        ] {
            assert_eq!(found(iban, &format!("to {number} please, {number}")), [number; 2]);
        }
    }

    #[test]
    fn what_is_no_account_stays() {
        for text in [
            "DE89370400440532013001",
            "XX89370400440532013000",
            "aDE89370400440532013000",
            "DE8937040044053201300012",
            "DE89",
        ] {
            assert_eq!(found(iban, text), [""; 0], "{text}");
        }
    }
}
