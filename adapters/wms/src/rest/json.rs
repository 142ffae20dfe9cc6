//! Writes a request's document as it is walked through. What a delivery says is written once and thrown away, so nothing
//! is built of it but its text.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;

/// The names of an object's fields, as they stand in its text.
#[derive(Clone, Debug)]
pub(crate) struct Labels<const N: usize>([Label; N]);

#[derive(Clone, Debug)]
struct Label {
    /// The name with what stands around it; empty for a field that is left out.
    text: String,
    /// Which later fields have the same name, one bit each.
    later: u16,
}

impl<const N: usize> Labels<N> {
    /// At most 16 of them.
    pub(crate) fn new(names: [&str; N]) -> Self {
        Labels(std::array::from_fn(|at| {
            let name = names[at];
            let mut text = Vec::new();
            if !name.is_empty() {
                write_text(&mut text, name);
                text.push(b':');
            }
            let later = (at + 1..N).filter(|later| names[*later] == name).fold(0, |bits, later| bits | bit(later));
            Label { text: String::from_utf8(text).unwrap_or_default(), later }
        }))
    }

    /// Writes an object. A field without a name or a value is left out; of two with the same name the later one counts.
    pub(crate) fn write(&self, json: &mut Vec<u8>, fields: [Field<'_>; N]) {
        let present = fields.iter().enumerate().filter(|(_, field)| !matches!(field, Field::None));
        let present = present.fold(0, |bits, (at, _)| bits | bit(at));
        json.push(b'{');
        let begin = json.len();
        for (at, (Label { text, later }, field)) in self.0.iter().zip(&fields).enumerate() {
            if text.is_empty() || present & bit(at) == 0 || present & later != 0 {
                continue;
            }
            if json.len() > begin {
                json.push(b',');
            }
            json.extend_from_slice(text.as_bytes());
            field.write(json);
        }
        json.push(b'}');
    }
}

fn bit(at: usize) -> u16 {
    1 << at
}

/// What stands in a field.
pub(crate) enum Field<'d> {
    None,
    Text(&'d str),
    Number(i64),
    TimeMs(i64),
    /// What writes itself.
    Document(&'d dyn Fn(&mut Vec<u8>)),
}

impl Field<'_> {
    fn write(&self, json: &mut Vec<u8>) {
        match self {
            Field::None => write_value(json, &()),
            Field::Text(text) => write_text(json, text),
            Field::Number(number) => write_value(json, number),
            Field::TimeMs(time_ms) => write_time(json, *time_ms),
            Field::Document(write) => write(json),
        }
    }
}

/// Writes a point in time as RFC 3339 has it, in UTC with milliseconds.
fn write_time(json: &mut Vec<u8>, time_ms: i64) {
    let time = Timestamp::from_millisecond(time_ms).ok().filter(|_| stockroom::time::in_range(time_ms));
    let Some(time) = time.map(|time| Offset::UTC.to_datetime(time)) else {
        return write_text(json, &stockroom::time::rfc3339(time_ms));
    };
    // Nothing of a time in range is below 0.
    let mut digits = |number: i16, places: &[i16], then: u8| {
        json.extend(places.iter().map(|place| b'0' + (number / place % 10).unsigned_abs() as u8));
        json.push(then);
    };
    const TWO: &[i16] = &[10, 1];
    digits(0, &[], b'"');
    digits(time.year(), &[1000, 100, 10, 1], b'-');
    digits(time.month().into(), TWO, b'-');
    digits(time.day().into(), TWO, b'T');
    digits(time.hour().into(), TWO, b':');
    digits(time.minute().into(), TWO, b':');
    digits(time.second().into(), TWO, b'.');
    digits(time.millisecond(), &[100, 10, 1], b'Z');
    json.push(b'"');
}

/// Writes a text. Most have nothing that must not stand there as it is.
pub(crate) fn write_text(json: &mut Vec<u8>, text: &str) {
    let is_plain = text.bytes().fold(true, |plain, byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\'));
    if is_plain {
        json.push(b'"');
        json.extend_from_slice(text.as_bytes());
        json.push(b'"');
    } else {
        write_value(json, text);
    }
}

/// Writes what serde knows how to write. It is text, numbers and lists, which JSON and a list of bytes always hold.
pub(crate) fn write_value<T: Serialize + ?Sized>(json: &mut Vec<u8>, value: &T) {
    drop(serde_json::to_writer(json, value));
}

#[cfg(test)]
mod tests {
    use stockroom::time::TIME_MS_MAX;

    use super::*;

    #[test]
    fn an_object_is_what_serde_would_write() {
        let labels = Labels::new(["a\"b", "", "same", "time", "same"]);
        let write = |last: Field<'_>| {
            let mut json = Vec::new();
            let fields = [Field::Text("x\u{7f}é\n"), Field::Text("lost"), Field::Number(-1), Field::TimeMs(0), last];
            labels.write(&mut json, fields);
            String::from_utf8(json).unwrap()
        };
        let (first, time) = (r#""a\"b":"x"#.to_owned() + "\u{7f}é\\n\"", r#""time":"1970-01-01T00:00:00.000Z""#);
        assert_eq!(write(Field::None), format!(r#"{{{first},"same":-1,{time}}}"#));
        assert_eq!(write(Field::Text("")), format!(r#"{{{first},{time},"same":""}}"#));
        let mut json = Vec::new();
        Labels::new(["none"]).write(&mut json, [Field::None]);
        assert_eq!(json, b"{}");
    }

    #[test]
    fn times_are_written_as_the_core_does() {
        const DAY_MS: i64 = 24 * 3_600_000;
        let days = (0..40_000).map(|day| day * DAY_MS + day * 977);
        let ends =
            [i64::MIN, -1, 0, TIME_MS_MAX - DAY_MS, TIME_MS_MAX - DAY_MS + 1, TIME_MS_MAX, TIME_MS_MAX + 1, i64::MAX];
        for time_ms in days.chain(ends) {
            let mut json = Vec::new();
            write_time(&mut json, time_ms);
            assert_eq!(String::from_utf8(json).unwrap(), format!("\"{}\"", stockroom::time::rfc3339(time_ms)));
        }
    }

    #[test]
    fn texts_are_escaped_as_serde_does() {
        for code in (0..0x300).chain([0x2028, 0xfeff, 0x1_f600]).filter_map(char::from_u32) {
            for text in [code.to_string(), format!("a{code}"), format!("{code}{}", "b".repeat(40))] {
                let mut json = Vec::new();
                write_text(&mut json, &text);
                assert_eq!(json, serde_json::to_vec(&text).unwrap(), "{text:?}");
            }
        }
        for special in
            ["\"", "\\", "\u{0}", "\u{1f}", " ", "!", "#", "[", "]", "\u{7f}", "\u{80}", "\u{a2}", "\u{10ffff}"]
        {
            for (before, after) in (0..20).flat_map(|before| (0..20).map(move |after| (before, after))) {
                let text = format!("{}{special}{}", "!".repeat(before), "\u{7f}".repeat(after));
                let mut json = Vec::new();
                write_text(&mut json, &text);
                assert_eq!(json, serde_json::to_vec(&text).unwrap(), "{text:?}");
            }
        }
    }
}
