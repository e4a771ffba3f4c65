//! Pictures for those who have none of their own: initials on a colour that the name decides.

use std::fmt::Write;

/// Colours on which white letters can be read: each has a contrast of at least 4.5 to 1.
const COLORS: [&str; 12] = [
    "#b3261e", "#a8327d", "#7b3fb8", "#4f46c8", "#1f5fbf", "#0b6e99", "#0a7468", "#2b7a2b", "#5c6e12",
    "#8a5a00", "#a8480b", "#5f6368",
];
/// Sides in pixels.
pub const SIZES: std::ops::RangeInclusive<u32> = 16..=1024;

/// A square with the initials of a name, as SVG that says in words whose it is.
pub fn svg(name: &str, size: u32) -> String {
    let (label, letters) = (escape(name), escape(&initials(name)));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 100\" width=\"{size}\" height=\"{size}\" \
         role=\"img\" aria-label=\"{label}\"><title>{label}</title>\
         <rect width=\"100\" height=\"100\" fill=\"{}\"/>\
         <text x=\"50\" y=\"50\" dy=\"0.36em\" text-anchor=\"middle\" fill=\"#ffffff\" font-size=\"{}\" \
         font-family=\"Helvetica, Arial, sans-serif\">{letters}</text></svg>",
        color(name),
        if letters.chars().count() == 1 { 60 } else { 45 },
    )
}

/// The picture of the bot that every server has.
pub fn cat(size: u32) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 100\" width=\"{size}\" height=\"{size}\" \
         role=\"img\" aria-label=\"Rocket.Cat\"><title>Rocket.Cat</title>\
         <rect width=\"100\" height=\"100\" fill=\"#5f6368\"/>\
         <path d=\"M20 18 L42 34 H58 L80 18 V62 A30 26 0 0 1 20 62 Z\" fill=\"#ffffff\"/>\
         <circle cx=\"38\" cy=\"54\" r=\"5\" fill=\"#202124\"/><circle cx=\"62\" cy=\"54\" r=\"5\" fill=\"#202124\"/>\
         <path d=\"M45 66 H55 L50 72 Z\" fill=\"#202124\"/></svg>"
    )
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let (first, last) = (words.next(), words.next_back());
    let letters: String =
        [first, last].into_iter().flatten().filter_map(|word| word.chars().next()).collect();
    if letters.is_empty() { "?".to_owned() } else { letters.to_uppercase() }
}

/// The same name has the same colour for ever (FNV-1a).
fn color(name: &str) -> &'static str {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let place = usize::try_from(hash % COLORS.len() as u64).expect("one of some colours");
    COLORS[place]
}

/// Text as it may stand in XML, in quotation marks or not.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // What XML cannot hold.
            '\0'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => escaped.push(' '),
            '&' | '<' | '>' | '"' | '\'' => {
                write!(escaped, "&#{};", u32::from(c)).expect("a text takes everything");
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        assert_eq!(initials("bob"), "B");
        assert_eq!(initials("bob.von_smith"), "BS");
        assert_eq!(initials("Žofie ärgert-sich"), "ŽS");
        assert_eq!(initials("…"), "?");
    }

    #[test]
    fn no_name_leaves_its_place() {
        let svg = svg("\"><script>alert('x')</script>&\0", 100);
        assert!(!svg.contains("<script") && !svg.contains('\0'));
        assert!(svg.contains("&#34;&#62;&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;&#38; "));
        assert_eq!(svg.matches('<').count(), 7, "{svg}");
    }

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(color: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&color[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    #[test]
    fn letters_can_be_read_on_every_color() {
        for color in COLORS {
            let contrast = 1.05 / (luminance(color) + 0.05);
            assert!(contrast >= 4.5, "{color} has {contrast}");
        }
    }
}
