//! The shop's name for a listing: the number of a product, or of a product and its variation.

use std::fmt;

/// What a listing of ours is at the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A product without variations, or one whose variations share its stock.
    Product(u64),
    /// A variation of a product.
    Variation {
        /// The product's number.
        product: u64,
        /// The variation's number.
        variation: u64,
    },
}

impl Item {
    /// What an order's line or a product says: a variation where its number is not 0.
    ///
    /// ```
    /// use stockroom_woocommerce::Item;
    /// assert_eq!(Item::of(794, 0).to_string(), "794");
    /// assert_eq!(Item::of(794, 801).to_string(), "794/801");
    /// assert_eq!(Item::parse("794/801"), Some(Item::of(794, 801)));
    /// assert_eq!(Item::parse("0794"), None);
    /// ```
    pub fn of(product: u64, variation: u64) -> Self {
        if variation == 0 { Item::Product(product) } else { Item::Variation { product, variation } }
    }

    /// Reads a listing's item. One item has one form, so a zero in front is none.
    pub fn parse(item: &str) -> Option<Self> {
        match item.split_once('/') {
            None => number(item).map(Item::Product),
            Some((product, variation)) => {
                Some(Item::Variation { product: number(product)?, variation: number(variation)? })
            }
        }
    }

    /// The number of the product or variation itself.
    pub fn id(self) -> u64 {
        match self {
            Item::Product(id) | Item::Variation { variation: id, .. } => id,
        }
    }

    /// The product whose variation it is.
    pub fn parent(self) -> Option<u64> {
        match self {
            Item::Product(_) => None,
            Item::Variation { product, .. } => Some(product),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Product(id) => write!(f, "{id}"),
            Item::Variation { product, variation } => write!(f, "{product}/{variation}"),
        }
    }
}

pub(crate) fn number(text: &str) -> Option<u64> {
    let is_number = text.starts_with(|c: char| c != '0') && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
