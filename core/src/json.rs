//! Writing JSON by hand, for the documents that every order writes: its row, its event, its stock levels, and the
//! event of a fulfillment order that moves on. serde_json took a sixth of a batch's time for the first three;
//! everything else is left to it. Tests beside each document hold the two against each other.

/// Appends JSON to bytes.
pub(crate) struct JsonWriter<'b>(pub(crate) &'b mut Vec<u8>);

impl JsonWriter<'_> {
    /// Appends JSON text as it stands.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn raw(&mut self, json: &str) {
        self.0.extend_from_slice(json.as_bytes());
    }

    /// Appends one sign, such as a bracket. In WebAssembly a copy of a few bytes is a call out of it.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn sign(&mut self, sign: u8) {
        self.0.push(sign);
    }

    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn number(&mut self, number: impl itoa::Integer + Copy + TryInto<u8>) {
        // Most are zeros or a few units.
        match number.try_into() {
            Ok(digit @ 0..10) => self.sign(b'0' + digit),
            _ => self.0.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        }
    }

    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn text(&mut self, text: &str) {
        if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
            self.0.push(b'"');
            self.0.extend_from_slice(text.as_bytes());
            self.0.push(b'"');
        } else {
            self.escaped(text);
        }
    }

    #[cold]
    fn escaped(&mut self, text: &str) {
        // Writing a string to memory as JSON cannot fail; the value's own text form says the same.
        self.raw(&serde_json::Value::from(text).to_string());
    }

    /// An array, its elements written one by one.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn array<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.0.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            write(self, item);
        }
        self.0.push(b']');
    }

    /// Numbers that follow others in an array.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn more_numbers<const N: usize>(&mut self, numbers: [i64; N]) {
        for number in numbers {
            self.0.push(b',');
            self.number(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_writes_what_serde_json_writes() {
        for text in ["", "a", "SKU-1", "a\"b", "a\\b", "a\nb", "\u{1}", "ü€😀", "\u{7f}", "a/b"] {
            let mut bytes = Vec::new();
            JsonWriter(&mut bytes).text(text);
            assert_eq!(String::from_utf8(bytes).unwrap(), serde_json::to_string(text).unwrap());
        }
        let numbers = [0, 1, 9, 10, 11, 255, 256, -1, i64::MAX, i64::MIN];
        let mut bytes = Vec::new();
        JsonWriter(&mut bytes).array(numbers, |json, number| json.number(number));
        assert_eq!(String::from_utf8(bytes).unwrap(), serde_json::to_string(&numbers).unwrap());
    }
}
