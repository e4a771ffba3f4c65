//! How an order wants its export packed: in which layout, and what is told about it.

use export_sdk::{Registry, Result, Timestamp};

use super::Packing;
use crate::domain::{Archive, Order};
use crate::export::bag::{Info, Layout};

impl Packing<'_> {
    /// The packing of an order, signed by nobody. `name` names the bag, if it becomes one.
    pub fn of_order(
        order: &Order,
        registry: &Registry,
        name: &str,
        level: u8,
        stamp: Timestamp,
    ) -> Result<Self> {
        let layout = match order.archive {
            Some(Archive::Bag) => Layout::bag(name),
            Some(Archive::Plain) => Layout::Plain,
            None => {
                let tops = match order.formats.as_slice() {
                    [format] => registry.format(&format.id)?.wants_top(),
                    // Several have a directory each, so none is at the top.
                    _ => false,
                };
                if tops { Layout::Plain } else { Layout::bag(name) }
            }
        };
        Ok(Self { info: info(order), ..Self::new(layout, level, stamp) })
    }
}

fn info(order: &Order) -> Info {
    let formats: Vec<&str> = order.formats.iter().map(|format| format.id.as_str()).collect();
    let formats = formats.join(", ");
    match order.rooms.single() {
        Some(room) => Info::of_room(&order.title, room.as_str(), &formats),
        None => Info::default()
            .with("External-Description", &format!("{} in the format {formats}", order.title))
            .with("Roomscribe-Format", &formats),
    }
}
