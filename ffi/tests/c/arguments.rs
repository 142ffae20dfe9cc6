//! What the parameters of a function are to the generated programs, judged by their types. A type that is not known
//! here stops the tests: whoever adds one says what it is.

use crate::declarations::{Function, Header};

/// One parameter, or a pointer with its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// A handle of a kind.
    Handle { name: String, kind: String },
    /// A text with its length, and what it is drawn from.
    Text { name: String, length: String, pool: String },
    /// A list with its count, of texts or of orders.
    List { name: String, count: String, of: &'static str },
    /// How a database is opened.
    Options { name: String },
    /// Where options are written, with their size.
    OptionsOut { name: String, size: String },
    /// Where an answer goes: of this type, as many, or as many as the list has.
    Out { name: String, of: String, count: Room },
    /// A number of this type.
    Number { name: String, of: String },
    /// A callback that takes events.
    Queue,
    /// What a callback is passed.
    Context,
}

/// How many answers there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Fixed(usize),
    OfList,
}

/// The documents that texts may be, by the name of the parameter; `settings` are those of the function's first word.
const DOCUMENTS: &[(&str, &str)] = &[
    ("command", "command"),
    ("commands", "commands"),
    ("read", "read"),
    ("delivery", "delivery"),
    ("answer", "answer"),
    ("message", "incoming"),
];

/// The pool that a text is drawn from.
fn pool(function: &str, parameter: &str) -> String {
    if parameter == "settings" {
        let first = function.trim_start_matches("stockroom_").split('_').next().unwrap_or_default();
        return format!("{first}_settings");
    }
    let document = DOCUMENTS.iter().find(|(name, _)| *name == parameter);
    document.map_or(parameter, |(_, document)| document).to_owned()
}

/// Whether a pool is of documents: what is wrong with the bytes of one is told as malformed.
pub(crate) fn is_document(pool: &str) -> bool {
    pool.ends_with("_settings") || DOCUMENTS.iter().any(|(_, document)| *document == pool)
}

/// What a function takes.
pub(crate) fn arguments(function: &Function, header: &Header) -> Vec<Argument> {
    let mut found = Vec::new();
    let mut parameters = function.parameters.iter();
    let has_list = function.parameters.iter().any(|parameter| list_of(&parameter.kind).is_some());
    while let Some(parameter) = parameters.next() {
        let name = parameter.name.clone();
        let mut length = || {
            let next = parameters.next().filter(|next| next.kind == "size_t");
            next.unwrap_or_else(|| panic!("{}: `{name}` has no length", function.name)).name.clone()
        };
        let pointee = parameter.kind.strip_suffix(" *").or_else(|| parameter.kind.strip_suffix('*'));
        found.push(match (parameter.kind.as_str(), pointee) {
            ("const char *", _) => Argument::Text { length: length(), pool: pool(&function.name, &name), name },
            ("const stockroom_options *", _) => Argument::Options { name },
            ("stockroom_options *", _) => Argument::OptionsOut { size: length(), name },
            ("stockroom_queue", _) => Argument::Queue,
            ("void *", _) => Argument::Context,
            ("int32_t" | "uint32_t" | "int64_t" | "uint64_t", _) => {
                Argument::Number { name, of: parameter.kind.clone() }
            }
            (kind, _) if list_of(kind).is_some() => {
                Argument::List { count: length(), name, of: list_of(kind).unwrap_or_default() }
            }
            (_, Some(kind)) if header.opaque.contains(kind.trim_start_matches("const ")) => {
                Argument::Handle { name, kind: kind.trim_start_matches("const ").to_owned() }
            }
            ("uint8_t *", _) => Argument::Out { name, of: "uint8_t".to_owned(), count: Room::Fixed(32) },
            (kind, Some(of)) if !kind.starts_with("const ") || of.ends_with('*') => {
                let is_handle = handle_behind(of, header).is_some();
                let count = if has_list && !is_handle { Room::OfList } else { Room::Fixed(1) };
                Argument::Out { name, of: of.trim().to_owned(), count }
            }
            (kind, _) => panic!("{}: say in tests/c/arguments.rs what a `{kind}` is", function.name),
        });
    }
    found
}

fn list_of(kind: &str) -> Option<&'static str> {
    match kind {
        "const stockroom_text *" => Some("texts"),
        "const stockroom_order *" => Some("orders"),
        _ => None,
    }
}

/// The kind of handle that an output of a type gets, if it gets one.
pub(crate) fn handle_behind<'a>(of: &'a str, header: &Header) -> Option<&'a str> {
    of.trim().strip_suffix('*').map(str::trim).filter(|kind| header.opaque.contains(*kind))
}

/// The kind that a function frees: it takes one, which is not const, and nothing else but outputs.
pub(crate) fn frees<'a>(function: &'a Function, header: &Header) -> Option<&'a str> {
    let first = function.parameters.first()?;
    let kind = first.kind.strip_suffix('*')?.trim();
    (header.opaque.contains(kind)).then_some(kind)
}
