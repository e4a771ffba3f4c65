//! Inputs that hold several texts, so that one mutation moves what belongs to which.

/// Ends a text. Nobody types it, and the dictionaries have it.
const END: u8 = 0x1e;

/// The texts of an input in order; those that are missing are empty. What is no UTF-8 is replaced.
pub(crate) fn texts<const COUNT: usize>(bytes: &[u8]) -> [String; COUNT] {
    let mut sections = bytes.splitn(COUNT, |byte| *byte == END);
    std::array::from_fn(|_| String::from_utf8_lossy(sections.next().unwrap_or_default()).into_owned())
}
