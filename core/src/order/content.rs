//! The content of a new order as bytes, for its fingerprint: every field in one order, texts and lists with
//! their length before them, so that two orders that differ anywhere have other bytes. Stored fingerprints
//! depend on it: what stands here may be added to, never changed.

use crate::order::{NewOrder, ShipTo, StockPolicy};

/// Grows with what is written; sized for an ordinary order.
struct Content(Vec<u8>);

impl Content {
    #[cfg_attr(target_family = "wasm", inline)]
    fn number(&mut self, number: i64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    #[cfg_attr(target_family = "wasm", inline)]
    fn length(&mut self, length: usize) {
        self.0.extend_from_slice(&(length as u64).to_le_bytes());
    }

    #[cfg_attr(target_family = "wasm", inline)]
    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    #[cfg_attr(target_family = "wasm", inline)]
    fn present(&mut self, present: bool) {
        self.0.push(u8::from(present));
    }

    #[cfg_attr(target_family = "wasm", inline)]
    fn optional_text(&mut self, text: Option<&String>) {
        self.present(text.is_some());
        text.into_iter().for_each(|text| self.text(text));
    }
}

#[cfg_attr(target_family = "wasm", inline)]
pub(crate) fn content(order: &NewOrder) -> Vec<u8> {
    let NewOrder {
        id,
        channel,
        currency,
        lines,
        policy,
        ranking,
        hold,
        totals,
        ship_to,
        note,
        metadata,
        // What the host's rules say may change between a command and its repetition; the order is the same.
        host_faults: _,
    } = order;
    let mut content = Content(Vec::with_capacity(256));
    content.text(id);
    content.text(channel);
    content.text(currency);
    content.length(lines.len());
    for line in lines {
        content.text(&line.sku);
        content.number(line.quantity);
        content.number(line.unit_price_minor);
    }
    content.number(match policy {
        StockPolicy::AllOrNothing => 0,
        StockPolicy::Partial => 1,
        StockPolicy::Backorder => 2,
    });
    content.present(ranking.is_some());
    if let Some(ranking) = ranking {
        content.length(ranking.len());
        ranking.iter().for_each(|location| content.text(location));
    }
    content.optional_text(hold.as_ref());
    content.present(totals.is_some());
    if let Some(totals) = totals {
        content.number(totals.lines_minor);
        content.number(totals.shipping_minor);
        content.number(totals.tax_minor);
        content.number(totals.discount_minor);
        content.number(totals.total_minor);
    }
    content.present(ship_to.is_some());
    if let Some(ShipTo { name, address, city, region, postal_code, country, phone, email }) = ship_to {
        content.length(address.len());
        [name, city, region, postal_code, country, phone, email].into_iter().for_each(|text| content.text(text));
        address.iter().for_each(|text| content.text(text));
    }
    content.optional_text(note.as_ref());
    content.length(metadata.len());
    for (name, value) in metadata {
        content.text(name);
        content.text(value);
    }
    content.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{NewLine, Totals};

    fn order() -> NewOrder {
        let line = |sku: &str| NewLine { sku: sku.into(), quantity: 1, unit_price_minor: 2 };
        NewOrder {
            id: "o-1".into(),
            channel: "web".into(),
            currency: "EUR".into(),
            lines: vec![line("a"), line("b")],
            ..NewOrder::default()
        }
    }

    #[test]
    fn orders_that_differ_anywhere_have_other_content() {
        let changes: [fn(&mut NewOrder); 18] = [
            |_| {},
            |order| order.id.push('1'),
            |order| order.channel.push('1'),
            |order| order.currency = "USD".into(),
            |order| order.lines[0].sku = "ab".into(),
            |order| order.lines[1].quantity = 2,
            |order| order.lines[1].unit_price_minor = 3,
            |order| order.lines.truncate(1),
            |order| order.lines.reverse(),
            |order| order.policy = StockPolicy::Partial,
            |order| order.ranking = Some(vec![]),
            |order| order.ranking = Some(vec!["x".into()]),
            |order| order.hold = Some("x".into()),
            |order| order.note = Some("x".into()),
            |order| order.totals = Some(Totals::default()),
            |order| order.ship_to = Some(ShipTo::default()),
            |order| order.ship_to = Some(ShipTo { city: "x".into(), ..ShipTo::default() }),
            |order| drop(order.metadata.insert("x".into(), String::new())),
        ];
        let mut seen = std::collections::BTreeSet::new();
        for (index, change) in changes.iter().enumerate() {
            let mut order = order();
            change(&mut order);
            assert!(seen.insert(content(&order)), "change {index}");
        }
    }

    #[test]
    fn the_content_of_an_order_never_changes() {
        let bytes = content(&order());
        assert_eq!(bytes.len(), 11 + 11 + 11 + 8 + 2 * 25 + 8 + 4 + 1 + 8);
        assert_eq!(&bytes[..11], b"\x03\0\0\0\0\0\0\0o-1");
    }
}
