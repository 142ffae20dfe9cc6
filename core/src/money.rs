//! Money: integer counts of a currency's minor unit, with checked arithmetic.

/// The highest price of one unit, in minor units: one million million.
pub const PRICE_MINOR_MAX: i64 = 1_000_000_000_000;

/// The highest value of one order, in minor units. It fits a double exactly.
pub const VALUE_MINOR_MAX: i64 = (1 << 53) - 1;

/// The currencies in use with the number of decimals of their minor unit.
/// Source: ISO 4217, list one (amendment 177, 2025); funds and metals are left out.
const CURRENCIES: &[(u8, &str)] = &[
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (
        2,
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
         CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG \
         HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU \
         MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR \
         SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED \
         VES WST XCD XCG YER ZAR ZMW ZWG",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

/// How many decimals the currency's minor unit stands for, or `None` where the code is not one of ISO 4217.
///
/// ```
/// use stockroom::money::decimals;
/// assert_eq!(decimals("GBP"), Some(2));
/// assert_eq!(decimals("JPY"), Some(0));
/// assert_eq!(decimals("gbp"), None);
/// assert_eq!(decimals("AB "), None);
/// ```
#[cfg_attr(target_family = "wasm", inline)]
pub fn decimals(currency: &str) -> Option<u8> {
    // The commonest first: the search is on the path of every order.
    if matches!(currency, "EUR" | "USD" | "GBP") {
        return Some(2);
    }
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    CURRENCIES.iter().find(|(_, codes)| has_code(codes, currency)).map(|(decimals, _)| *decimals)
}

/// Binary search among codes of three letters in alphabetic order, a space between each two.
#[cfg_attr(target_family = "wasm", inline)]
fn has_code(codes: &str, code: &str) -> bool {
    let at = |index: usize| codes.get(4 * index..4 * index + 3).unwrap_or_default();
    let (mut low, mut high) = (0, codes.len().div_ceil(4));
    while low < high {
        let middle = low + (high - low) / 2;
        match at(middle).cmp(code) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return true,
        }
    }
    false
}

/// Whether a price of one unit can be taken: 0 to [`PRICE_MINOR_MAX`].
#[cfg_attr(target_family = "wasm", inline)]
pub fn is_price(unit_price_minor: i64) -> bool {
    (0..=PRICE_MINOR_MAX).contains(&unit_price_minor)
}

/// Adds the value of one line to a sum, or says that it passes [`VALUE_MINOR_MAX`].
///
/// ```
/// use stockroom::money::add_line;
/// assert_eq!(add_line(100, 3, 250), Some(850));
/// assert_eq!(add_line(0, 1_000_000_000, 1_000_000_000_000), None);
/// assert_eq!(add_line(i64::MAX, 1, 1), None);
/// ```
#[cfg_attr(target_family = "wasm", inline)]
pub fn add_line(sum_minor: i64, quantity: i64, unit_price_minor: i64) -> Option<i64> {
    let sum = quantity.checked_mul(unit_price_minor)?.checked_add(sum_minor)?;
    (-VALUE_MINOR_MAX..=VALUE_MINOR_MAX).contains(&sum).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_and_no_other() {
        let mut count = 0;
        for (decimals_of_group, codes) in CURRENCIES {
            for code in codes.split_ascii_whitespace() {
                assert_eq!(decimals(code), Some(*decimals_of_group), "{code}");
                count += 1;
            }
        }
        let letters = || (b'A'..=b'Z').map(char::from);
        let all = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))));
        assert_eq!(all.filter(|code| decimals(code).is_some()).count(), count);
    }
}
