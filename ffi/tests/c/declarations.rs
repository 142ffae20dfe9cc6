//! What the committed header declares: functions with their comments, statuses, opaque types. It reads the form that
//! cbindgen writes, no other.

use std::collections::BTreeSet;

/// A function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) returns: String,
    pub(crate) parameters: Vec<Parameter>,
    /// The comment before it, its lines joined.
    pub(crate) comment: String,
}

/// A parameter of a function.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// Its type with single spaces and without `struct`, such as `const stockroom_text *`.
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// What is declared.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) functions: Vec<Function>,
    /// The names of the statuses, in the order of their numbers.
    pub(crate) statuses: Vec<(String, i32)>,
    /// The types that only the library can look into.
    pub(crate) opaque: BTreeSet<String>,
}

impl Function {
    /// Whether what it returns is a status, as the header says of every function that does not say otherwise.
    pub(crate) fn returns_status(&self) -> bool {
        self.returns == "int32_t" && !self.parameters.is_empty()
    }

    /// What its comment says after `Errors:`, up to the end of the paragraph.
    pub(crate) fn errors(&self) -> Option<&str> {
        let (_, rest) = self.comment.split_once("Errors:")?;
        Some(rest.split("\n\n").next().unwrap_or(rest))
    }

    /// Whether its comment says that a pointer may be NULL.
    pub(crate) fn may_be_null(&self, parameter: &str) -> bool {
        let says =
            [format!("`{parameter}` may be NULL"), format!("`{parameter}` is NULL or"), format!("NULL {parameter} is")];
        says.iter().any(|says| self.comment.contains(says))
            || (self.parameters.len() == 1 && self.comment.contains("NULL is allowed"))
    }
}

/// The statuses that a text names.
pub(crate) fn statuses_in<'a>(text: &'a str, header: &Header) -> Vec<&'a str> {
    let names = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    names.filter(|name| header.statuses.iter().any(|(status, _)| status == name)).collect()
}

/// The statuses that a function says it can answer, also those of the function that it refers to: `as NAME`, or all of
/// them `but` one.
pub(crate) fn named<'a>(function: &'a Function, header: &'a Header) -> BTreeSet<&'a str> {
    let errors = function.errors().unwrap_or_default();
    let mut named: BTreeSet<&str> = statuses_in(errors, header).into_iter().collect();
    for other in &header.functions {
        let refers = errors.split_once(&format!("as {}", other.name));
        if refers.is_some_and(|(_, rest)| !rest.starts_with('_')) && other.name != function.name {
            named.extend(self::named(other, header));
        }
    }
    named.retain(|status| !errors.contains(&format!("but {status}")));
    named
}

/// Reads a header.
pub(crate) fn read(text: &str) -> Header {
    let statuses = between(text, "enum stockroom_status", "};").lines().filter_map(status).collect();
    let defined: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("typedef struct ")?.strip_suffix(" {")).collect();
    let opaque = text
        .lines()
        .filter_map(|line| line.strip_prefix("typedef struct ")?.strip_suffix(';')?.split_once(' '))
        .filter(|(tag, name)| tag == name && !defined.contains(name))
        .map(|(_, name)| name.to_owned())
        .collect();
    let functions = read_functions(between(text, "extern \"C\" {\n#endif", "#ifdef __cplusplus"));
    Header { functions, statuses, opaque }
}

fn read_functions(text: &str) -> Vec<Function> {
    let mut functions = Vec::new();
    let mut rest = text;
    while let Some((comment, after)) = rest.split_once("*/") {
        let (declaration, after) = after.split_once(");").expect("a comment is that of a declaration");
        rest = after;
        functions.push(function(comment.rsplit_once("/*").map_or("", |(_, comment)| comment), declaration));
    }
    assert!(!rest.contains(';'), "the header has a declaration without a comment: {rest}");
    functions
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("the header has no `{from}`"));
    rest.split_once(to).unwrap_or_else(|| panic!("the header has no `{to}` after `{from}`")).0
}

fn status(line: &str) -> Option<(String, i32)> {
    let (name, number) = line.trim().strip_suffix(',')?.split_once(" = ")?;
    name.starts_with("STOCKROOM_").then(|| (name.to_owned(), number.parse().expect("a status has a number")))
}

fn function(comment: &str, declaration: &str) -> Function {
    let (head, parameters) = declaration.split_once('(').expect("a declaration has parameters");
    let Parameter { kind: returns, name } = parameter(head);
    let parameters = match parameters.trim() {
        "void" => Vec::new(),
        parameters => parameters.split(',').map(parameter).collect(),
    };
    let comment = comment.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    Function { name, returns, parameters, comment: comment.trim().to_owned() }
}

fn parameter(text: &str) -> Parameter {
    let words = text.split_whitespace().filter(|word| *word != "struct").collect::<Vec<_>>().join(" ");
    let start = words.rfind(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).map_or(0, |at| at + 1);
    let (kind, name) = words.split_at(start);
    Parameter { kind: kind.trim().to_owned(), name: name.to_owned() }
}

#[test]
fn declarations_are_read() {
    let header = read(
        "enum stockroom_status\n {\n /*\n It was done.\n */\n STOCKROOM_OK = 0,\n STOCKROOM_BUSY = 1,\n};\n\
         typedef struct stockroom stockroom;\ntypedef struct stockroom_text {\n} stockroom_text;\n\
         extern \"C\" {\n#endif\n\
         /*\n A name.\n */\nconst char *stockroom_version(void);\n\
         /*\n Opens; `place` may be NULL.\n\n Errors: STOCKROOM_BUSY where\n it is.\n\n The host keeps: it.\n */\n\
         int32_t stockroom_open(const char *place,\n        size_t len,\n const struct stockroom_text *texts,\n \
         struct stockroom **out);\n#ifdef __cplusplus\n}",
    );
    assert_eq!(header.statuses, [("STOCKROOM_OK".to_owned(), 0), ("STOCKROOM_BUSY".to_owned(), 1)]);
    assert_eq!(header.opaque, ["stockroom".to_owned()].into());
    let [version, open] = &header.functions[..] else { panic!("{:?}", header.functions) };
    assert_eq!((version.name.as_str(), version.returns.as_str()), ("stockroom_version", "const char *"));
    assert!(!version.returns_status() && open.returns_status());
    let kinds: Vec<_> = open.parameters.iter().map(|found| (found.kind.as_str(), found.name.as_str())).collect();
    let expected =
        [("const char *", "place"), ("size_t", "len"), ("const stockroom_text *", "texts"), ("stockroom **", "out")];
    assert_eq!(kinds, expected);
    assert_eq!(open.errors().map(|errors| statuses_in(errors, &header)), Some(vec!["STOCKROOM_BUSY"]));
    assert!(open.may_be_null("place") && !open.may_be_null("out"));
    let like = |errors: &str| {
        let functions = read_functions(&format!(
            "/*\n A.\n\n Errors: STOCKROOM_BUSY, STOCKROOM_IO.\n */\nint32_t a(int32_t x);\n\
             /*\n B.\n\n Errors: {errors}\n */\nint32_t b(int32_t x);"
        ));
        let statuses = [("STOCKROOM_BUSY".to_owned(), 1), ("STOCKROOM_IO".to_owned(), 2)].into();
        let header = Header { functions, statuses, opaque: BTreeSet::new() };
        named(&header.functions[1], &header).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(like("as a."), ["STOCKROOM_BUSY", "STOCKROOM_IO"]);
    assert_eq!(like("as a, but STOCKROOM_IO."), ["STOCKROOM_BUSY"]);
    assert_eq!(like("STOCKROOM_IO, as a_b."), ["STOCKROOM_IO"]);
}
