//! Reading the CSV: plain or gzipped, told apart by its first bytes. It hands over the five fields that matter as
//! text and judges none of them, but for what no command could carry.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use csv::ByteRecord;
use flate2::bufread::MultiGzDecoder;

use crate::failure::{Failure, Result};
use crate::invoices::Invoices;

/// The columns that are read, in the order of the fields of [`Row`]. Others may be there, in any order.
const COLUMNS: [&str; 5] = ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice"];

/// How a gzipped file begins.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// One row of the file.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The invoice that it belongs to.
    pub invoice: &'a str,
    /// The SKU.
    pub stock_code: &'a str,
    /// Units, below 0 on a return.
    pub quantity: &'a str,
    /// When the invoice was written.
    pub date: &'a str,
    /// Price of one unit in pounds.
    pub unit_price: &'a str,
}

/// Reads the invoices of a file.
pub fn read_file(path: &Path) -> Result<Invoices> {
    let name = path.display().to_string();
    read(open(path)?, &name)
}

/// Opens a file for reading, unpacking it where it is gzipped.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let failed = |error| Failure::new(path.display(), error);
    let file = File::open(path).map_err(failed)?;
    // Some systems open a directory and fail at the first read, in words that say less.
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Failure::new(path.display(), "is a directory"));
    }
    unpacked(BufReader::new(file)).map_err(failed)
}

fn unpacked<'a>(mut reader: impl BufRead + 'a) -> std::io::Result<Box<dyn BufRead + 'a>> {
    Ok(match reader.fill_buf()?.starts_with(&GZIP_MAGIC) {
        true => Box::new(BufReader::new(MultiGzDecoder::new(reader))),
        false => Box::new(reader),
    })
}

/// Reads the invoices of a CSV, plain or gzipped. The name is for messages.
pub fn read<'a>(source: impl BufRead + 'a, name: &str) -> Result<Invoices> {
    let source = unpacked(source).map_err(|error| Failure::new(name, error))?;
    read_csv(source, name)
}

fn read_csv(source: impl Read, name: &str) -> Result<Invoices> {
    let failed = |error: csv::Error| Failure::new(name, error);
    let mut reader = csv::Reader::from_reader(source);
    let columns = columns(reader.byte_headers().map_err(failed)?).map_err(|detail| Failure::new(name, detail))?;
    let mut invoices = Invoices::default();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(failed)? {
        let line = record.position().map_or(0, csv::Position::line);
        let at = |detail: String| Failure::new(format_args!("{name}, line {line}"), detail);
        let mut fields = [""; 5];
        for (field, (column, title)) in fields.iter_mut().zip(columns.iter().zip(COLUMNS)) {
            // The other columns may hold what they like: some copies of the data are not in UTF-8 throughout.
            *field = std::str::from_utf8(record.get(*column).unwrap_or_default())
                .map_err(|_| at(format!("{title} is not UTF-8")))?;
        }
        let [invoice, stock_code, quantity, date, unit_price] = fields;
        invoices.add(&Row { invoice, stock_code, quantity, date, unit_price }).map_err(at)?;
    }
    Ok(invoices)
}

/// Where the columns stand.
fn columns(headers: &ByteRecord) -> std::result::Result<[usize; 5], String> {
    let mut places = [0; 5];
    let mut missing = Vec::new();
    for (place, title) in places.iter_mut().zip(COLUMNS) {
        match headers.iter().position(|header| header.trim_ascii() == title.as_bytes()) {
            Some(column) => *place = column,
            None => missing.push(title),
        }
    }
    match missing.as_slice() {
        [] => Ok(places),
        missing => Err(format!("is not an Online Retail CSV: its first line does not name {}", missing.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const SMALL: &str = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice\n1,A,2,2010-12-01 08:26:00,2.55\n";

    fn failure(text: &[u8]) -> String {
        read(text, "test.csv").expect_err("a failure").to_string()
    }

    #[test]
    fn plain_and_gzipped_files_read_the_same() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(SMALL.as_bytes()).expect("memory");
        let gzipped = encoder.finish().expect("memory");
        let plain = read(SMALL.as_bytes(), "plain").expect("a good file");
        let unpacked = read(gzipped.as_slice(), "gzipped").expect("a good file");
        assert_eq!(plain.count(), 1);
        assert_eq!(plain, unpacked);
        // Half of it is not a file.
        assert!(read(&gzipped[..gzipped.len() / 2], "half").is_err());
    }

    #[test]
    fn columns_may_stand_in_any_order_among_others() {
        let other = "UnitPrice,Country,InvoiceDate, Quantity ,StockCode,InvoiceNo,Description\n\
                     2.55,France,2010-12-01 08:26:00,2,A,1,\"a, \"\"b\"\"\n c\"\n";
        let other = read(other.as_bytes(), "other").expect("a good file");
        assert_eq!(other, read(SMALL.as_bytes(), "small").expect("a good file"));
    }

    #[test]
    fn bytes_outside_of_the_columns_read_need_not_be_text() {
        let mut latin = SMALL.replace("UnitPrice", "UnitPrice,Description").replace("2.55", "2.55,").into_bytes();
        latin.insert(latin.len() - 1, 0xa3);
        assert_eq!(read(latin.as_slice(), "latin").expect("a good file").count(), 1);

        let bad =
            [&b"InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice\n1,\xa3,2,2010-12-01 08:26:00,1\n"[..]].concat();
        assert_eq!(failure(&bad), "test.csv, line 2: StockCode is not UTF-8");
    }

    #[test]
    fn missing_columns_are_all_named() {
        for text in ["", "\n", "a,b,c\n1,2,3\n"] {
            let said = failure(text.as_bytes());
            assert!(said.ends_with("does not name InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice"), "{said}");
        }
        let said = failure(b"InvoiceNo,StockCode,Quantity,InvoiceDate,Price\n");
        assert!(said.ends_with("does not name UnitPrice"), "{said}");
    }

    #[test]
    fn a_line_that_is_no_record_is_named() {
        let said = failure(format!("{SMALL}2,B,1\n").as_bytes());
        assert!(said.contains("line: 3"), "{said}");
        let said = failure(SMALL.replace("2010-12-01 08:26:00", "12/1/2010 8:26").as_bytes());
        assert!(said.starts_with("test.csv, line 2: InvoiceDate `12/1/2010 8:26`"), "{said}");
    }
}
