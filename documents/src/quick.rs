//! Reading the command that every sale sends, an order to place with nothing but its lines, by hand. serde's readers look
//! at every byte of it several times over: a batch of orders spent a tenth of its time in them. Whatever is not just such
//! an order is left to them, so that they alone say what a document may hold, and what is wrong with one.
//!
//! `inline` has it compiled with the host that calls it, for speed where that is: this crate is compiled for size there.

use stockroom::{Action, NewLine, NewOrder};

use crate::calls::CommandDocument;

/// Digits of a number that fits, whatever they are.
const DIGITS_MAX: usize = 18;

/// A command, if it is nothing but an order to place.
#[cfg_attr(target_family = "wasm", inline)]
pub(crate) fn command(text: &str) -> Option<CommandDocument> {
    let mut reader = Reader { text, at: 0 };
    let command = reader.command()?;
    reader.is_over().then_some(command)
}

/// An array of such commands.
#[cfg_attr(target_family = "wasm", inline)]
pub(crate) fn commands(text: &str) -> Option<Vec<CommandDocument>> {
    let mut reader = Reader { text, at: 0 };
    let commands = reader.array(Reader::command)?;
    reader.is_over().then_some(commands)
}

/// JSON as it is written without spaces, and how far it is read. `None` is for all else.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    #[cfg_attr(target_family = "wasm", inline)]
    fn is_over(&self) -> bool {
        self.at == self.text.len()
    }

    #[cfg_attr(target_family = "wasm", inline)]
    fn next(&mut self) -> Option<u8> {
        let byte = *self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    #[cfg_attr(target_family = "wasm", inline)]
    fn is_next(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// A text without escapes.
    #[cfg_attr(target_family = "wasm", inline)]
    fn text(&mut self) -> Option<&'t str> {
        self.is_next(b'"')?;
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\')?;
        if rest[length] != b'"' {
            return None;
        }
        let text = self.text.get(self.at..self.at + length)?;
        self.at += length + 1;
        Some(text)
    }

    /// A number from 0.
    #[cfg_attr(target_family = "wasm", inline)]
    fn number(&mut self) -> Option<i64> {
        let rest = &self.text.as_bytes()[self.at..];
        let mut number = 0;
        let mut length = 0;
        while let Some(digit) = rest.get(length).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            if length == DIGITS_MAX {
                return None;
            }
            number = 10 * number + i64::from(digit);
            length += 1;
        }
        self.at += length;
        // What follows, a fraction too, is for whoever asked: it is no comma.
        let is_plain = length == 1 || (length > 1 && rest[0] != b'0');
        is_plain.then_some(number)
    }

    /// An array of at least one.
    #[cfg_attr(target_family = "wasm", inline)]
    fn array<T>(&mut self, item: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.is_next(b'[')?;
        let mut items = Vec::with_capacity(4);
        loop {
            items.push(item(self)?);
            match self.next()? {
                b',' => {}
                b']' => return Some(items),
                _ => return None,
            }
        }
    }

    /// An object whose fields are these, in any order. `field` reads the value of the one that it is told the place of.
    /// Gives the places of those that were there, as bits.
    #[cfg_attr(target_family = "wasm", inline)]
    fn object<const N: usize>(
        &mut self,
        names: [&str; N],
        mut field: impl FnMut(&mut Self, usize) -> Option<()>,
    ) -> Option<u8> {
        let mut seen = 0;
        self.is_next(b'{')?;
        loop {
            let name = self.text()?;
            let place = names.iter().position(|known| *known == name)?;
            if seen & 1 << place != 0 {
                return None;
            }
            seen |= 1 << place;
            self.is_next(b':')?;
            field(self, place)?;
            match self.next()? {
                b',' => {}
                b'}' => return Some(seen),
                _ => return None,
            }
        }
    }

    #[cfg_attr(target_family = "wasm", inline)]
    fn command(&mut self) -> Option<CommandDocument> {
        let (mut action, mut key, mut at_ms) = (None, None, None);
        self.object(["action", "key", "at_ms"], |reader, place| {
            match place {
                0 => action = Some(reader.action()?),
                1 => key = Some(reader.text()?.to_owned()),
                _ => at_ms = Some(reader.number()?),
            }
            Some(())
        })?;
        Some(CommandDocument { key, at_ms, action: action? })
    }

    #[cfg_attr(target_family = "wasm", inline)]
    fn action(&mut self) -> Option<Action> {
        let mut order = NewOrder::default();
        let all = self.object(["place_order"], |reader, _| {
            let all = reader.object(["id", "channel", "currency", "lines"], |reader, place| {
                match place {
                    0 => order.id = reader.text()?.to_owned(),
                    1 => order.channel = reader.text()?.to_owned(),
                    2 => order.currency = reader.text()?.to_owned(),
                    _ => order.lines = reader.array(Reader::line)?,
                }
                Some(())
            })?;
            (all == 0b1111).then_some(())
        })?;
        (all == 1).then_some(Action::PlaceOrder(order))
    }

    #[cfg_attr(target_family = "wasm", inline)]
    fn line(&mut self) -> Option<NewLine> {
        let mut line = NewLine::default();
        let all = self.object(["sku", "quantity", "unit_price_minor"], |reader, place| {
            match place {
                0 => line.sku = reader.text()?.to_owned(),
                1 => line.quantity = reader.number()?,
                _ => line.unit_price_minor = reader.number()?,
            }
            Some(())
        })?;
        (all == 0b111).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stockroom::read_json;

    const ORDER: &str = r#"{"action":{"place_order":{"id":"o-1","channel":"wéb","currency":"EUR","lines":[{"sku":"mug","quantity":2,"unit_price_minor":1250},{"sku":"","quantity":0,"unit_price_minor":999999999999999999}]}}}"#;

    /// What serde reads, if this reads it; and whether it does.
    fn reads(text: &str) -> bool {
        let ours = command(text);
        let theirs = read_json::<CommandDocument>(text).ok();
        let both = commands(&format!("[{text},{text}]"));
        assert_eq!(both.is_some(), ours.is_some(), "{text}");
        match ours {
            None => false,
            Some(ours) => {
                assert_eq!(Some(&ours), theirs.as_ref(), "{text}");
                assert_eq!(both, Some(vec![ours.clone(), ours]), "{text}");
                true
            }
        }
    }

    #[test]
    fn an_order_is_read_whatever_the_order_of_its_fields() {
        assert!(reads(ORDER));
        for text in [
            r#"{"at_ms":0,"action":{"place_order":{"lines":[{"quantity":1,"unit_price_minor":0,"sku":"a"}],"currency":"","channel":"","id":""}},"key":"k"}"#,
            r#"{"key":"","action":{"place_order":{"channel":"a","id":"€","lines":[{"unit_price_minor":10,"sku":"ü","quantity":7}],"currency":"b"}},"at_ms":1795000000000}"#,
        ] {
            assert!(reads(text), "{text}");
        }
    }

    #[test]
    fn what_is_more_or_otherwise_is_left_to_serde() {
        let changes = [
            ("{\"action\"", "{ \"action\""),
            ("\"o-1\"", "\"o\\u002d1\""),
            ("\"o-1\"", "\"o\u{1}1\""),
            ("\"o-1\"", "null"),
            ("\"o-1\"", "\"o-1\",\"id\":\"o-1\""),
            ("\"o-1\"", "\"o-1\",\"note\":\"n\""),
            ("\"o-1\"", "\"o-1\",\"none\":1"),
            ("\"id\":\"o-1\",", ""),
            ("\"sku\":\"mug\",", ""),
            ("\"lines\":[", "\"lines\":[],\"lines\":["),
            ("\"quantity\":2", "\"quantity\":-2"),
            ("\"quantity\":2", "\"quantity\":02"),
            ("\"quantity\":2", "\"quantity\":2.0"),
            ("\"quantity\":2", "\"quantity\":2e0"),
            ("\"quantity\":2", "\"quantity\":"),
            ("\"quantity\":2", "\"quantity\":\"2\""),
            ("\"quantity\":2", "\"quantity\":1000000000000000000"),
            ("place_order", "tick"),
            ("{\"place_order\":", "{\"place_order\":{},\"place_order\":"),
            ("{\"action\"", "{\"key\":null,\"action\""),
            ("{\"action\"", "{\"at_ms\":-1,\"action\""),
            ("{\"action\"", "{\"other\":1,\"action\""),
        ];
        for (from, to) in changes {
            assert!(ORDER.contains(from), "{from}");
            assert!(!reads(&ORDER.replacen(from, to, 1)), "{to}");
        }
        for text in ["", "{}", "[]", "null", "{\"action\":{}}", "{\"action\":{\"place_order\":{}}}", "\""] {
            assert!(!reads(text), "{text}");
            assert!(commands(text).is_none(), "{text}");
        }
        assert!(commands(&format!("[{ORDER}] ")).is_none() && commands(&format!("[{ORDER}")).is_none());
    }

    /// Every byte left out, and every byte another: whatever is read then is what serde reads.
    #[test]
    fn what_is_broken_is_never_read_otherwise_than_by_serde() {
        for (at, _) in ORDER.char_indices() {
            assert!(!reads(&ORDER[..at]));
            let (before, after) = (&ORDER[..at], &ORDER[at..]);
            let rest = after.chars().next().map_or("", |first| &after[first.len_utf8()..]);
            reads(&format!("{before}{rest}"));
            for other in ['"', '\\', '{', '}', '[', ']', ',', ':', '0', '9', '-', '.', 'x', ' ', '\n', '\0', '€'] {
                reads(&format!("{before}{other}{rest}"));
                reads(&format!("{before}{other}{after}"));
            }
        }
    }
}
