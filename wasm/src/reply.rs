//! Replies on their way to JavaScript. A reply is JSON, but for the one that every sale gets: JavaScript makes its
//! objects several times faster out of a line of fields, which `npm/src/reply.ts` reads. Nobody else sees that form, and it
//! is never stored, so that it may change with the package.
//!
//! A line begins with `+`, or `=` where the answer is a repeated one, and holds with a tab before each: id, number, channel,
//! currency, state, value, the number of lines; SKU, quantity and price of each; the number of allocations; line, location,
//! quantity, reason and backordered units of each. What cannot be said so is said in JSON.

use stockroom::{Answer, Outcome, PlacedOrder, Reply, Result};
use stockroom_documents as documents;

use crate::errors::text;

/// The largest number that JavaScript holds exactly.
const NUMBER_MAX: u64 = (1 << 53) - 1;

/// The bytes of an ordinary order's line, so that lines are written without growing.
const LINE_BYTES: usize = 256;

/// A reply: JSON, or a line.
pub(crate) fn one(reply: &Reply) -> Result<String> {
    let mut line = String::with_capacity(LINE_BYTES);
    write(reply, &mut line)?;
    Ok(line)
}

/// Replies: each is JSON, which has no line breaks in this form, or a line, and each ends with a line break.
pub(crate) fn many(replies: &[Reply]) -> Result<String> {
    let mut lines = String::with_capacity(LINE_BYTES * replies.len());
    for reply in replies {
        write(reply, &mut lines)?;
        lines.push('\n');
    }
    Ok(lines)
}

fn write(reply: &Reply, to: &mut String) -> Result<()> {
    let begin = to.len();
    if let Outcome::Accepted(Answer::OrderPlaced(placed)) = &reply.outcome {
        to.push(if reply.repeated { '=' } else { '+' });
        if line(placed, to).is_some() {
            return Ok(());
        }
        to.truncate(begin);
    }
    to.push_str(&text(documents::reply_document(reply)?)?);
    Ok(())
}

/// Writes an order; `None` where something in it does not go into a field.
fn line(placed: &PlacedOrder, to: &mut String) -> Option<()> {
    let PlacedOrder { order, number, channel, currency, state, value_minor, lines, allocations } = placed;
    let mut fields = Fields(to);
    fields.text(order)?;
    fields.number(*number)?;
    fields.text(channel)?;
    fields.text(currency)?;
    fields.text(state.name())?;
    fields.units(*value_minor)?;
    fields.number(lines.len() as u64)?;
    for line in lines {
        fields.text(&line.sku)?;
        fields.units(line.quantity)?;
        fields.units(line.unit_price_minor)?;
    }
    fields.number(allocations.len() as u64)?;
    for allocation in allocations {
        fields.number(allocation.line.into())?;
        fields.text(&allocation.location)?;
        fields.units(allocation.quantity)?;
        fields.text(allocation.why.name())?;
        fields.units(allocation.backordered)?;
    }
    Some(())
}

/// Fields of a line, each after a tab.
struct Fields<'t>(&'t mut String);

impl Fields<'_> {
    /// A text, if nothing in it could end a field or a line.
    fn text(&mut self, text: &str) -> Option<()> {
        if text.bytes().any(|byte| byte < b' ') {
            return None;
        }
        self.0.push('\t');
        self.0.push_str(text);
        Some(())
    }

    /// A number, if JavaScript holds it exactly.
    fn number(&mut self, number: u64) -> Option<()> {
        if number > NUMBER_MAX {
            return None;
        }
        self.0.push('\t');
        match u8::try_from(number) {
            // Most are a few units.
            Ok(digit @ 0..10) => self.0.push(char::from(b'0' + digit)),
            _ => self.0.push_str(itoa::Buffer::new().format(number)),
        }
        Some(())
    }

    /// Units or money, which are not below 0.
    fn units(&mut self, units: i64) -> Option<()> {
        self.number(units.try_into().ok()?)
    }
}

#[cfg(test)]
mod tests {
    use stockroom::{Allocated, OrderState, OrderedLine, Why};

    use super::*;

    fn placed() -> PlacedOrder {
        let allocated = |line, backordered| Allocated {
            line,
            location: "main".into(),
            quantity: 2,
            why: Why::FewestSplits,
            backordered,
        };
        PlacedOrder {
            order: "o-\"1\" €".into(),
            number: 12,
            channel: "web".into(),
            currency: "EUR".into(),
            state: OrderState::Backordered,
            value_minor: 5000,
            lines: vec![OrderedLine { sku: "mug".into(), quantity: 4, unit_price_minor: 1250 }],
            allocations: vec![allocated(1, 0), allocated(1, 3)],
        }
    }

    fn reply(placed: PlacedOrder, repeated: bool) -> Reply {
        Reply { outcome: Outcome::Accepted(Answer::OrderPlaced(placed)), repeated }
    }

    #[test]
    fn a_placed_order_is_a_line_of_fields() {
        let line = "\to-\"1\" €\t12\tweb\tEUR\tbackordered\t5000\t1\tmug\t4\t1250\t2\t1\tmain\t2\tfewest_splits\t0\
                    \t1\tmain\t2\tfewest_splits\t3";
        assert_eq!(one(&reply(placed(), false)).unwrap(), format!("+{line}"));
        assert_eq!(one(&reply(placed(), true)).unwrap(), format!("={line}"));
    }

    #[test]
    fn all_else_is_json() {
        let done = Reply { outcome: Outcome::Accepted(Answer::Done), repeated: false };
        let json = r#"{"outcome":{"accepted":"done"},"repeated":false}"#;
        assert_eq!(one(&done).unwrap(), json);
        let line = one(&reply(placed(), false)).unwrap();
        let both = [done.clone(), reply(placed(), false), done];
        assert_eq!(many(&both).unwrap(), format!("{json}\n{line}\n{json}\n"));
        assert_eq!(many(&[]).unwrap(), "");
    }

    #[test]
    fn what_does_not_go_into_a_field_makes_it_json() {
        let changes: [fn(&mut PlacedOrder); 8] = [
            |placed| placed.order = "a\tb".into(),
            |placed| placed.channel = "a\nb".into(),
            |placed| placed.lines[0].sku = "a\0b".into(),
            |placed| placed.allocations[1].location = "\u{1f}".into(),
            |placed| placed.number = NUMBER_MAX + 1,
            |placed| placed.value_minor = 1 << 53,
            |placed| placed.lines[0].quantity = -1,
            |placed| placed.allocations[0].backordered = i64::MAX,
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut changed = placed();
            change(&mut changed);
            let reply = reply(changed, false);
            let json = String::from_utf8(documents::reply_document(&reply).unwrap()).unwrap();
            assert!(json.starts_with('{') && !json.contains('\n'), "{json}");
            assert_eq!(many(&[reply.clone(), reply]).unwrap(), format!("{json}\n{json}\n"), "change {at}");
        }
        let mut most = placed();
        (most.number, most.value_minor) = (NUMBER_MAX, NUMBER_MAX as i64);
        assert!(one(&reply(most, false)).unwrap().contains("\t9007199254740991\t"));
    }
}
