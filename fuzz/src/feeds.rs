//! A warehouse's stock feed, as JSON and as CSV.

use stockroom_wms::feed::{read_csv, read_json};

use crate::{NOW_MS, chosen};

/// A file of a warehouse.
pub fn feeds(data: &[u8]) {
    let (kind, file) = chosen(data, 2);
    let read = if kind == 0 { read_json(file) } else { read_csv(file, NOW_MS) };
    match read {
        Ok(stocks) => stocks.iter().for_each(|stock| assert!(!format!("{stock:?}").is_empty())),
        // What is wrong is for people: it has to be said, and not at the length of the file.
        Err(error) => {
            let said = error.to_string();
            assert!(!said.is_empty() && said.len() < 4_096, "{} bytes of {said:.80}", said.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_of_each_format_is_read() {
        let seeds = crate::seeds("feeds");
        assert!(seeds.iter().any(|seed| seed[0] == 0 && read_json(&seed[1..]).is_ok()));
        assert!(seeds.iter().any(|seed| seed[0] == 1 && read_csv(&seed[1..], NOW_MS).is_ok()));
    }
}
