//! What a shop says of a product's stock, in a list, alone, or as the answer to a batch; and what that means for a
//! listing. Nothing is asked here.

use serde_json::value::RawValue;
use stockroom::channel::Shown;

use crate::exchange::says_unknown;
use crate::json::Object;

/// A product or variation as the shop tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) id: u64,
    pub(crate) stock: Stock,
}

/// What a product says of its stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stock {
    /// It has a quantity of its own.
    Own(i64),
    /// It is a variation that shows the quantity of its product.
    Parents(i64),
    /// The shop does not keep stock of it: it sells any number.
    Unkept,
    /// It can have no stock: a group of products, or one that another shop sells.
    Never,
    /// It lies in the shop's trash.
    Trashed,
    /// Its quantity cannot be read.
    Unreadable,
}

/// What an entry of a batch's answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Updated {
    Told(Told),
    Failed { id: u64, code: String, status: u64, message: String },
}

pub(crate) fn told(entry: &RawValue) -> Option<Told> {
    told_by(&Object::parse(entry.get())?)
}

pub(crate) fn told_by(product: &Object<'_>) -> Option<Told> {
    Some(Told { id: product.id("id")?, stock: stock(product) })
}

fn stock(product: &Object<'_>) -> Stock {
    if product.text("status").as_deref() == Some("trash") {
        return Stock::Trashed;
    }
    if matches!(product.text("type").as_deref(), Some("grouped" | "external")) {
        return Stock::Never;
    }
    // Plugins write the words of PHP's settings; WooCommerce itself writes `true`, `false` and `"parent"`.
    let is_parents = match product.raw("manage_stock") {
        "true" | "\"yes\"" | "\"true\"" | "1" | "\"1\"" => false,
        "\"parent\"" => true,
        _ => return Stock::Unkept,
    };
    if !product.has("stock_quantity") || product.raw("stock_quantity") == "\"\"" {
        return Stock::Unkept;
    }
    // Half a unit cannot be sold: what plugins count in fractions are the whole units in it.
    match product.number("stock_quantity").and_then(|number| number.floor()) {
        Some(quantity) if is_parents => Stock::Parents(quantity),
        Some(quantity) => Stock::Own(quantity),
        None => Stock::Unreadable,
    }
}

pub(crate) fn updated(entry: &RawValue) -> Option<Updated> {
    let entry = Object::parse(entry.get())?;
    let Some(error) = entry.object("error") else { return told_by(&entry).map(Updated::Told) };
    let status = error.object("data").and_then(|data| data.id("status")).unwrap_or(0);
    let text = |name| error.text(name).unwrap_or_default();
    Some(Updated::Failed { id: entry.id("id")?, code: text("code"), status, message: text("message") })
}

const UNKEPT: &str = "the shop does not keep stock of it";
const NEVER: &str = "the shop cannot keep stock of it: it is a group, or sold by another shop";
const UNREADABLE: &str = "the shop's quantity is no number";

/// What a look says, where nothing is to be set.
pub(crate) fn seen(stock: &Stock) -> Shown {
    match *stock {
        Stock::Own(quantity) | Stock::Parents(quantity) => Shown::Shows(quantity),
        Stock::Unkept => Shown::NotYet { why: UNKEPT.to_owned() },
        Stock::Never => Shown::Refused { why: NEVER.to_owned() },
        Stock::Trashed => Shown::Gone,
        Stock::Unreadable => Shown::NotYet { why: UNREADABLE.to_owned() },
    }
}

/// What a look before a quantity is set says; nothing where the quantity is to be set.
pub(crate) fn before(stock: &Stock, quantity: i64, from: Option<i64>) -> Option<Shown> {
    match *stock {
        Stock::Own(shows) if shows == quantity => Some(Shown::Set),
        Stock::Own(shows) if from.is_some_and(|from| from != shows) => Some(Shown::Shows(shows)),
        // Only a quantity of its own can be compared. The others are given one.
        Stock::Own(_) | Stock::Parents(_) | Stock::Unkept | Stock::Unreadable => None,
        Stock::Never | Stock::Trashed => Some(seen(stock)),
    }
}

/// What the answer to a batch says of a quantity that was set.
pub(crate) fn after(stock: &Stock, quantity: i64) -> Shown {
    match *stock {
        Stock::Own(shows) if shows == quantity => Shown::Set,
        // The shop drops quantities silently where it keeps no stock at all.
        Stock::Unkept | Stock::Parents(_) => {
            Shown::NotYet { why: format!("{UNKEPT}, though it was told to; is stock management on in its settings?") }
        }
        _ => seen(stock),
    }
}

/// What an error in the answer to a batch says.
pub(crate) fn failed(code: &str, status: u64, message: String) -> Shown {
    let why = match (code, message.as_str()) {
        ("", "") => "the shop gives no reason".to_owned(),
        (_, "") => code.to_owned(),
        ("", _) => message,
        _ => format!("{message} ({code})"),
    };
    match status {
        _ if says_unknown(code) => Shown::Gone,
        // The product could not be saved: a lock, a full disk, a plugin that threw. It may be saved the next time.
        _ if code.ends_with("_not_created") => Shown::NotYet { why },
        400 | 404 | 409 | 410 | 422 | 501 => Shown::Refused { why },
        _ => Shown::NotYet { why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_in_all_its_forms() {
        for (fields, expected) in [
            (r#""manage_stock":true,"stock_quantity":5"#, Stock::Own(5)),
            (r#""manage_stock":true,"stock_quantity":-2"#, Stock::Own(-2)),
            (r#""manage_stock":true,"stock_quantity":5.0"#, Stock::Own(5)),
            (r#""manage_stock":true,"stock_quantity":"5.000""#, Stock::Own(5)),
            (r#""manage_stock":true,"stock_quantity":2.5"#, Stock::Own(2)),
            (r#""manage_stock":"yes","stock_quantity":"7""#, Stock::Own(7)),
            (r#""manage_stock":"parent","stock_quantity":9"#, Stock::Parents(9)),
            (r#""manage_stock":"parent","stock_quantity":null"#, Stock::Unkept),
            (r#""manage_stock":true,"stock_quantity":null"#, Stock::Unkept),
            (r#""manage_stock":true,"stock_quantity":"""#, Stock::Unkept),
            (r#""manage_stock":true"#, Stock::Unkept),
            (r#""manage_stock":false,"stock_quantity":null"#, Stock::Unkept),
            (r#""manage_stock":false,"stock_quantity":5"#, Stock::Unkept),
            (r#""stock_quantity":5"#, Stock::Unkept),
            (r#""manage_stock":true,"stock_quantity":"many""#, Stock::Unreadable),
            (r#""manage_stock":true,"stock_quantity":[5]"#, Stock::Unreadable),
            (r#""manage_stock":true,"stock_quantity":1e30"#, Stock::Unreadable),
            (r#""type":"grouped","manage_stock":true,"stock_quantity":5"#, Stock::Never),
            (r#""type":"external","manage_stock":false"#, Stock::Never),
            (r#""type":"simple","status":"trash","manage_stock":true,"stock_quantity":5"#, Stock::Trashed),
            (r#""type":"simple","status":"draft","manage_stock":true,"stock_quantity":5"#, Stock::Own(5)),
        ] {
            let text = format!("{{\"id\":1,{fields}}}");
            assert_eq!(told_by(&Object::parse(&text).unwrap()), Some(Told { id: 1, stock: expected }), "{fields}");
        }
    }

    #[test]
    fn what_follows_from_it() {
        let shows = |quantity| Some(Shown::Shows(quantity));
        for (stock, from, expected) in [
            (Stock::Own(4), Some(9), Some(Shown::Set)),
            (Stock::Own(9), Some(9), None),
            (Stock::Own(8), Some(9), shows(8)),
            (Stock::Own(8), None, None),
            (Stock::Parents(4), Some(9), None),
            (Stock::Unkept, Some(9), None),
            (Stock::Unreadable, Some(9), None),
            (Stock::Trashed, Some(9), Some(Shown::Gone)),
        ] {
            assert_eq!(before(&stock, 4, from), expected, "{stock:?} {from:?}");
        }
        assert!(matches!(before(&Stock::Never, 4, None), Some(Shown::Refused { .. })));
        assert_eq!(after(&Stock::Own(4), 4), Shown::Set);
        assert_eq!(after(&Stock::Own(3), 4), Shown::Shows(3));
        assert!(matches!(after(&Stock::Unkept, 4), Shown::NotYet { .. }));
    }

    #[test]
    fn errors_of_entries_by_their_codes() {
        for (code, status, expected) in [
            ("woocommerce_rest_product_invalid_id", 400, "gone"),
            ("woocommerce_rest_product_variation_invalid_id", 404, "gone"),
            ("woocommerce_rest_invalid_product_id", 404, "refused"),
            ("some_plugin_invalid_id", 400, "refused"),
            ("woocommerce_rest_product_not_created", 400, "not yet"),
            ("woocommerce_rest_cannot_edit", 403, "not yet"),
            ("rest_invalid_param", 400, "refused"),
            ("", 500, "not yet"),
            ("", 0, "not yet"),
        ] {
            let found = match failed(code, status, String::new()) {
                Shown::Gone => "gone",
                Shown::Refused { why } if !why.is_empty() => "refused",
                Shown::NotYet { why } if !why.is_empty() => "not yet",
                other => panic!("{other:?}"),
            };
            assert_eq!(found, expected, "{code} {status}");
        }
    }
}
