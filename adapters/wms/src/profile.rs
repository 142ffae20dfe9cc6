//! How one warehouse's REST API differs from the contract of `docs/wms.md`, as data. The defaults are the contract.
//! A profile is judged once, when an exchange is made of it; secrets in it are read but never written or shown.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use stockroom::ports::{HeaderValue, Secret};

/// What is particular about a warehouse's API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Where the API begins: `https://…`, or `http://` on a private network; without a query. The paths are
    /// written behind it.
    pub base_url: String,
    /// How requests are authenticated. Read, never written.
    #[serde(skip_serializing)]
    pub auth: Auth,
    /// Headers that every request carries besides. Not for secrets.
    pub headers: BTreeMap<String, String>,
    /// The paths.
    pub paths: Paths,
    /// The header that carries the fulfillment order's name as an idempotency key; empty for none.
    pub idempotency_header: String,
    /// Whether the warehouse takes two requests with one key for one. Where it does, a delivery in doubt can be sent
    /// again without a look; where it does not, there has to be a path to look it up.
    pub idempotency_honoured: bool,
    /// Headers that say how long to wait, the first that can be read wins.
    pub retry_after_headers: Vec<String>,
    /// What the fields of requests are called.
    pub request: RequestFields,
    /// What the fields of answers are called.
    pub answer: AnswerFields,
    /// Which words in an answer's status mean what.
    pub words: StatusWords,
    /// Which HTTP statuses mean what.
    pub statuses: Statuses,
    /// The most SKUs of one stock check, 1 to 10,000. A check that names more is refused.
    pub stock_skus_max: usize,
}

impl Default for Profile {
    fn default() -> Self {
        Profile {
            base_url: String::new(),
            auth: Auth::None,
            headers: BTreeMap::new(),
            paths: Paths::default(),
            idempotency_header: "Idempotency-Key".to_owned(),
            idempotency_honoured: true,
            retry_after_headers: vec!["Retry-After".to_owned()],
            request: RequestFields::default(),
            answer: AnswerFields::default(),
            words: StatusWords::default(),
            statuses: Statuses::default(),
            stock_skus_max: 100,
        }
    }
}

/// How requests are authenticated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer {
        /// The token.
        #[serde(deserialize_with = "secret")]
        #[schemars(with = "String")]
        token: Secret,
    },
    /// A header that holds a key.
    ApiKey {
        /// The header's name.
        header: String,
        /// The key.
        #[serde(deserialize_with = "secret")]
        #[schemars(with = "String")]
        key: Secret,
    },
    /// `Authorization: Basic …` (RFC 7617).
    Basic {
        /// The user, without a colon.
        user: String,
        /// The password.
        #[serde(deserialize_with = "secret")]
        #[schemars(with = "String")]
        password: Secret,
    },
}

impl Auth {
    /// The header that authenticates a request.
    pub(crate) fn header(&self) -> Option<(String, HeaderValue)> {
        let (name, value) = match self {
            Auth::None => return None,
            Auth::Bearer { token } => ("Authorization", format!("Bearer {}", token.reveal())),
            Auth::ApiKey { header, key } => (header.as_str(), key.reveal().to_owned()),
            Auth::Basic { user, password } => ("Authorization", format!("Basic {}", basic(user, password))),
        };
        Some((name.to_owned(), HeaderValue::Secret(Secret::new(value))))
    }

    /// Every text that a remote could repeat and nobody may see.
    pub(crate) fn secrets(&self) -> Vec<String> {
        match self {
            Auth::None => Vec::new(),
            Auth::Bearer { token: secret } | Auth::ApiKey { key: secret, .. } => vec![secret.reveal().to_owned()],
            Auth::Basic { user, password } => vec![basic(user, password), password.reveal().to_owned()],
        }
    }

    fn fault(&self) -> Option<ProfileFault> {
        let fault = |field, why| Some(ProfileFault { field, why });
        match self {
            Auth::None => None,
            Auth::Bearer { token } if !is_header_value(token.reveal()) => fault("auth.bearer.token", HEADER_VALUE),
            Auth::ApiKey { header, .. } if !is_header_name(header) => fault("auth.api_key.header", HEADER_NAME),
            Auth::ApiKey { key, .. } if !is_header_value(key.reveal()) => fault("auth.api_key.key", HEADER_VALUE),
            Auth::Basic { user, .. } if user.contains(':') => fault("auth.basic.user", "has a colon"),
            Auth::Bearer { .. } | Auth::ApiKey { .. } | Auth::Basic { .. } => None,
        }
    }
}

fn basic(user: &str, password: &Secret) -> String {
    STANDARD.encode(format!("{user}:{}", password.reveal()))
}

pub(crate) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident = $default:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: String,)*
        }

        impl Default for $name {
            fn default() -> Self {
                $name { $($field: $default.to_owned(),)* }
            }
        }
    };
}

texts! {
    /// The paths behind the base URL. `{fulfillment}` stands for the fulfillment order's name, `{reference}` for the
    /// warehouse's name for it (for ours, where it is not known), percent-encoded.
    Paths {
        /// Where a fulfillment order is created.
        create = "/fulfillment-orders",
        /// Where it is looked up by its name; empty where that is not possible.
        look_up = "/fulfillment-orders/{fulfillment}",
        /// Where it is cancelled.
        cancel = "/fulfillment-orders/{fulfillment}/cancel",
        /// Where stock is asked for.
        stock = "/stock",
        /// The parameter of that path that names a SKU, once for each.
        stock_sku_parameter = "sku",
    }
}

texts! {
    /// The names of a request's fields. An empty one is left out.
    RequestFields {
        /// The fulfillment order's name.
        fulfillment = "fulfillment",
        /// The order's id.
        order = "order",
        /// The channel.
        channel = "channel",
        /// The location.
        location = "location",
        /// When the order was placed, RFC 3339.
        placed_at = "placed_at",
        /// The currency.
        currency = "currency",
        /// The customer's note.
        note = "note",
        /// The recipient.
        ship_to = "ship_to",
        /// What to ship.
        items = "items",
        /// In an item: the order's line.
        line = "line",
        /// In an item: the SKU.
        sku = "sku",
        /// In an item: units.
        quantity = "quantity",
    }
}

/// Where an answer's fields are: names, with dots into what is nested (`data.id`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerFields {
    /// The warehouse's name for the fulfillment order.
    pub id: String,
    /// Our name for it.
    pub fulfillment: String,
    /// How far it has come.
    pub status: String,
    /// When the stock was so, RFC 3339.
    pub taken_at: String,
    /// The list of levels.
    pub levels: String,
    /// In a level: the SKU.
    pub sku: String,
    /// In a level: units physically present.
    pub on_hand: String,
    /// Where something stands only if the answer is an error, whatever its HTTP status.
    pub error: Vec<String>,
    /// Where `false` stands if the answer is an error, whatever its HTTP status.
    pub success: Vec<String>,
}

impl Default for AnswerFields {
    fn default() -> Self {
        AnswerFields {
            id: "id".to_owned(),
            fulfillment: "fulfillment".to_owned(),
            status: "status".to_owned(),
            taken_at: "taken_at".to_owned(),
            levels: "levels".to_owned(),
            sku: "sku".to_owned(),
            on_hand: "on_hand".to_owned(),
            error: vec!["error".to_owned(), "errors".to_owned()],
            success: vec!["success".to_owned()],
        }
    }
}

/// Which words in an answer's status mean what, whatever their case. All others mean that it is still to be shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatusWords {
    /// It was given up.
    pub cancelled: Vec<String>,
    /// Units left; it cannot be given up.
    pub shipped: Vec<String>,
    /// The warehouse will not do it.
    pub refused: Vec<String>,
}

impl Default for StatusWords {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        StatusWords {
            cancelled: words(&["cancelled", "canceled"]),
            shipped: words(&["shipped", "partly_shipped", "delivered"]),
            refused: words(&["refused", "rejected"]),
        }
    }
}

/// Which HTTP statuses mean what. Where one stands in several lists, the first list that has a meaning for what was
/// asked wins, in the order of the fields. One that stands in none is the warehouse's failure: try again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Statuses {
    /// Slower. Some warehouses say 403.
    pub throttled: Vec<u16>,
    /// The warehouse fails; try again.
    pub failing: Vec<u16>,
    /// The credentials are refused: an operator is needed, so try again.
    pub credentials: Vec<u16>,
    /// It was done.
    pub done: Vec<u16>,
    /// Of a creation: there is one with this name already. It is looked up where that is possible, and else taken
    /// for ours.
    pub exists: Vec<u16>,
    /// Of a look-up and a cancellation: there is none with this name.
    pub not_found: Vec<u16>,
    /// Of a cancellation: it has shipped, or will.
    pub too_late: Vec<u16>,
    /// It will not be done, however often it is sent.
    pub refused: Vec<u16>,
}

impl Default for Statuses {
    fn default() -> Self {
        Statuses {
            throttled: vec![429],
            failing: Vec::new(),
            credentials: vec![401, 403, 407],
            // One without a body says nothing more, and is followed by a look.
            done: vec![200, 201, 202, 204],
            exists: Vec::new(),
            not_found: vec![404],
            too_late: vec![409],
            refused: vec![400, 409, 413, 422],
        }
    }
}

/// What was asked, as far as it matters for the meaning of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Create,
    LookUp,
    Cancel,
    Stock,
}

/// What a status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Done,
    Exists,
    NotFound,
    TooLate,
    Refused,
    Throttled,
    Credentials,
    /// The API is elsewhere. It is not followed: credentials go only where the profile sends them.
    Redirect,
    Failing,
}

impl Statuses {
    pub(crate) fn meaning(&self, asked: Asked, status: u16) -> Meaning {
        let is_in = |list: &[u16]| list.contains(&status);
        match () {
            () if is_in(&self.throttled) => Meaning::Throttled,
            () if is_in(&self.failing) => Meaning::Failing,
            () if is_in(&self.credentials) => Meaning::Credentials,
            () if is_in(&self.done) => Meaning::Done,
            () if is_in(&self.exists) && asked == Asked::Create => Meaning::Exists,
            () if is_in(&self.not_found) && matches!(asked, Asked::LookUp | Asked::Cancel) => Meaning::NotFound,
            () if is_in(&self.too_late) && asked == Asked::Cancel => Meaning::TooLate,
            () if is_in(&self.refused) => Meaning::Refused,
            () if (300..400).contains(&status) => Meaning::Redirect,
            () => Meaning::Failing,
        }
    }
}

/// What is wrong with a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileFault {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for ProfileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the warehouse's profile: `{}` {}", self.field, self.why)
    }
}

impl std::error::Error for ProfileFault {}

const HEADER_NAME: &str = "is no header name";
const HEADER_VALUE: &str = "is empty or holds what a header cannot";

impl Profile {
    /// Whether a fulfillment order can be looked up.
    pub(crate) fn looks_up(&self) -> bool {
        !self.paths.look_up.is_empty()
    }

    /// The first thing that is wrong.
    pub(crate) fn fault(&self) -> Option<ProfileFault> {
        let fault = |field, why| Some(ProfileFault { field, why });
        if let Some(why) = base_url_fault(&self.base_url) {
            return fault("base_url", why);
        }
        if let Some(found) = self.auth.fault() {
            return Some(found);
        }
        for (name, value) in &self.headers {
            if !is_header_name(name) {
                return fault("headers", HEADER_NAME);
            }
            if !is_header_value(value) {
                return fault("headers", HEADER_VALUE);
            }
        }
        for (field, path, is_optional) in [
            ("paths.create", &self.paths.create, false),
            ("paths.look_up", &self.paths.look_up, true),
            ("paths.cancel", &self.paths.cancel, false),
            ("paths.stock", &self.paths.stock, false),
        ] {
            if !(path.starts_with('/') || is_optional && path.is_empty()) {
                return fault(field, "does not begin with a slash");
            }
            if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
                return fault(field, "holds a character that a path cannot");
            }
        }
        if self.looks_up() && !self.paths.look_up.contains("{fulfillment}") {
            return fault("paths.look_up", "has no {fulfillment}");
        }
        if !(self.paths.cancel.contains("{fulfillment}") || self.paths.cancel.contains("{reference}")) {
            return fault("paths.cancel", "has neither {fulfillment} nor {reference}");
        }
        if self.paths.stock_sku_parameter.is_empty() {
            return fault("paths.stock_sku_parameter", "is empty");
        }
        if !(self.idempotency_header.is_empty() || is_header_name(&self.idempotency_header)) {
            return fault("idempotency_header", HEADER_NAME);
        }
        let has_key = self.idempotency_honoured && !self.idempotency_header.is_empty();
        if !self.looks_up() && !has_key {
            return fault(
                "paths.look_up",
                "is empty, and no idempotency key is honoured: a lost answer could ship twice",
            );
        }
        if !(1..=10_000).contains(&self.stock_skus_max) {
            return fault("stock_skus_max", "is not 1 to 10,000");
        }
        if self.request.fulfillment.is_empty() || self.request.items.is_empty() {
            return fault("request", "leaves out the fulfillment or the items");
        }
        if self.statuses.done.is_empty() {
            return fault("statuses.done", "is empty: nothing would ever be done");
        }
        None
    }
}

/// What is wrong with the URL that an API begins with, for all exchanges.
pub(crate) fn base_url_fault(url: &str) -> Option<&'static str> {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return Some("begins with neither https:// nor http://");
    };
    let host = rest.split('/').next().unwrap_or_default();
    match () {
        () if host.is_empty() => Some("has no host"),
        () if host.contains('@') => Some("holds credentials, which belong into `auth`"),
        () if rest.contains(['?', '#']) => Some("has a query or a fragment"),
        () if !rest.bytes().all(|byte| byte.is_ascii_graphic()) => Some("holds a character that a URL cannot"),
        () => None,
    }
}

/// A token of RFC 9110, 5.6.2.
pub(crate) fn is_header_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

/// Visible ASCII with spaces and tabs inside.
pub(crate) fn is_header_value(value: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t');
    !value.is_empty() && value.trim() == value && value.bytes().all(is_inside)
}
