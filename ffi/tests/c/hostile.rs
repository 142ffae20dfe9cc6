//! Writes programs in C that call every function of the header: `hostile.c` with arguments drawn from pools of bad and
//! good ones, `pointers.c` with one argument wrong at a time, `every.h` with nothing but NULL and 0.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::arguments::{Argument, Room, arguments, frees, handle_behind, is_document};
use crate::declarations::{Function, Header};
use crate::samples::{self, Random};

/// How often functions are called that are slow, or make the others have less to do; the others count 100.
const WEIGHTS: &[(&str, u32)] = &[
    ("stockroom_verify", 1),
    ("stockroom_digest", 1),
    ("stockroom_open", 8),
    ("stockroom_close", 2),
    ("stockroom_place", 50),
    ("stockroom_relay_start", 4),
    ("stockroom_relay_stop", 4),
];

fn weight(function: &str) -> u32 {
    WEIGHTS.iter().find(|(name, _)| *name == function).map_or(100, |(_, weight)| *weight)
}

fn write(directory: &Path, name: &str, text: &str) {
    fs::write(directory.join(name), text).expect("a generated file can be written");
}

/// Writes all of them, and the samples that they draw from.
pub(crate) fn generate(header: &Header, directory: &Path, seed: u64) {
    write(directory, "every.h", &every(header));
    write(directory, "pointers.c", &pointers(header));
    write(directory, "hostile.c", &hostile(header));
    let mut random = Random::new(seed);
    for pool in pools(header) {
        samples::write(&pool, directory, &mut random);
    }
}

fn pools(header: &Header) -> BTreeSet<String> {
    let arguments = header.functions.iter().flat_map(|function| arguments(function, header));
    let pools = arguments.filter_map(|argument| match argument {
        Argument::Text { pool, .. } => Some(pool),
        _ => None,
    });
    pools.chain(["furniture".to_owned()]).collect()
}

/// A call of every function that returns a status, with nothing in it.
fn every(header: &Header) -> String {
    let mut text = String::from(
        "/* Generated. */\n#ifndef EVERY_H\n#define EVERY_H\n#include \"check.h\"\n\
         /* Every function, given nothing, answers with one status: that of the gate before all of them. */\n\
         static inline void every_function_answers(int32_t status, const char *name) {\n",
    );
    for function in header.functions.iter().filter(|function| function.returns_status()) {
        let nothing = |kind: &str| if kind.ends_with('*') || kind == "stockroom_queue" { "NULL" } else { "0" };
        let given: Vec<_> = function.parameters.iter().map(|parameter| nothing(&parameter.kind)).collect();
        let (name, given) = (&function.name, given.join(", "));
        writeln!(text, "    check_refused(__FILE__, __LINE__, \"{name}\", {name}({given}), status, name);").unwrap();
    }
    text + "}\n#endif\n"
}

/// A call in `pointers.c`: what is declared before it, and the words in its parentheses.
struct Call {
    locals: String,
    words: Vec<String>,
    outputs: Vec<String>,
}

/// A call with good arguments, but that `wrong` replaces some: it is given each argument, and the index of each word.
fn call(given: &[Argument], wrong: &dyn Fn(usize) -> Option<String>) -> Call {
    let mut call = Call { locals: String::new(), words: Vec::new(), outputs: Vec::new() };
    for argument in given {
        let mut word = |good: String| {
            let index = call.words.len();
            call.words.push(wrong(index).unwrap_or(good));
        };
        match argument {
            Argument::Handle { kind, .. } => word(format!("good_{kind}")),
            Argument::Text { pool, .. } => {
                word(good_text(pool).to_owned());
                word("STOCKROOM_NUL_TERMINATED".to_owned());
            }
            Argument::List { of, .. } => {
                word(format!("good_{of}"));
                word("2".to_owned());
            }
            Argument::Options { .. } => word("&good_options".to_owned()),
            Argument::OptionsOut { name, .. } => {
                writeln!(call.locals, "        stockroom_options {name}; FILL({name});").unwrap();
                word(format!("&{name}"));
                word("sizeof(stockroom_options)".to_owned());
                call.outputs.push(name.clone());
            }
            Argument::Out { name, of, count } => {
                let count = match count {
                    Room::Fixed(count) => *count,
                    Room::OfList => 2,
                };
                writeln!(call.locals, "        {of} {name}[{count}]; FILL({name});").unwrap();
                word(name.clone());
                call.outputs.push(name.clone());
            }
            Argument::Number { .. } => word("1000".to_owned()),
            Argument::Queue => word("good_queue".to_owned()),
            Argument::Context => word("NULL".to_owned()),
        }
    }
    call
}

fn good_text(pool: &str) -> &'static str {
    match pool {
        "command" => "\"{\\\"action\\\":{\\\"tick\\\":{}}}\"",
        "commands" => "\"[]\"",
        "read" => "\"{\\\"locations\\\":{}}\"",
        "place" => "\":memory:\"",
        "sku" => "\"mug\"",
        "location" => "\"main\"",
        "destination" => "\"wms\"",
        "subscription" => "\"mail\"",
        _ => "\"x\"",
    }
}

/// One argument wrong at a time: NULL for each pointer that may not be, pointers that are not aligned, handles that are
/// stale, foreign and made up, texts that are no UTF-8, lengths beyond all limits of what cannot be read.
fn pointers(header: &Header) -> String {
    let mut text = String::from("/* Generated. */\n#include \"pointers.h\"\n\nint main(void) {\n    set_up();\n");
    for function in header.functions.iter().filter(|function| function.returns_status()) {
        let given = arguments(function, header);
        for (status, changes) in faults(function, header, &given) {
            let call = call(&given, &|index| {
                changes.iter().find(|(changed, _)| *changed == index).map(|(_, word)| word.clone())
            });
            let Call { locals, words, outputs } = call;
            let named = format!("{}({})", function.name, words.join(", "));
            write!(text, "    {{\n{locals}        REFUSED({status}, {named});\n").unwrap();
            for output in outputs {
                writeln!(text, "        UNTOUCHED({output});").unwrap();
            }
            text.push_str("    }\n");
        }
    }
    text + "    tear_down();\n    return 0;\n}\n"
}

/// What can be wrong with a call: the status that it gets, and which words are others then.
fn faults(function: &Function, header: &Header, given: &[Argument]) -> Vec<(&'static str, Vec<(usize, String)>)> {
    const NULL: &str = "STOCKROOM_NULL_ARGUMENT";
    const STALE: &str = "STOCKROOM_STALE_HANDLE";
    let mut faults: Vec<(&'static str, Vec<(usize, String)>)> = Vec::new();
    let mut fault = |status, changes: &[(usize, &str)]| {
        faults.push((status, changes.iter().map(|(index, word)| (*index, (*word).to_owned())).collect()));
    };
    let mut index = 0;
    for argument in given {
        let null = |name: &str| !function.may_be_null(name);
        match argument {
            Argument::Handle { name, kind } => {
                if null(name) {
                    fault(NULL, &[(index, "NULL")]);
                }
                let foreign = header.opaque.iter().filter(|other| *other != kind);
                for other in foreign {
                    fault(STALE, &[(index, &format!("(void *)good_{other}"))]);
                }
                fault(STALE, &[(index, &format!("stale_{kind}"))]);
                for made_up in ["(void *)(uintptr_t)1", "(void *)UINTPTR_MAX", "(void *)unreadable", "(void *)&local"] {
                    fault(STALE, &[(index, made_up)]);
                }
            }
            Argument::Text { name, pool, .. } => {
                if null(name) {
                    fault(NULL, &[(index, "NULL")]);
                    fault(NULL, &[(index, "NULL"), (index + 1, "0")]);
                }
                let not_utf8 = if is_document(pool) { "STOCKROOM_MALFORMED" } else { "STOCKROOM_NOT_UTF8" };
                fault(not_utf8, &[(index, "\"\\xff\"")]);
                for length in ["(size_t)STOCKROOM_DOCUMENT_MAX + 1", "SIZE_MAX / 2", "SIZE_MAX - 1"] {
                    fault("STOCKROOM_LENGTH", &[(index, "unreadable"), (index + 1, length)]);
                }
            }
            Argument::List { name, .. } => {
                if null(name) {
                    fault(NULL, &[(index, "NULL")]);
                }
                fault(NULL, &[(index, "(void *)(unreadable + 1)")]);
                for count in ["0", "STOCKROOM_LIST_MAX + 1", "SIZE_MAX / 2", "SIZE_MAX"] {
                    fault("STOCKROOM_LENGTH", &[(index, "(void *)unreadable"), (index + 1, count)]);
                }
            }
            Argument::Options { .. } => fault(NULL, &[(index, "(void *)(unreadable + 1)")]),
            Argument::OptionsOut { .. } => {
                fault(NULL, &[(index, "NULL")]);
                fault(NULL, &[(index, "(void *)(unreadable + 1)")]);
                for size in ["0", "SIZE_MAX"] {
                    fault("STOCKROOM_OPTION", &[(index + 1, size)]);
                }
            }
            Argument::Out { name, of, .. } => {
                if null(name) {
                    fault(NULL, &[(index, "NULL")]);
                }
                if of != "uint8_t" {
                    fault(NULL, &[(index, "(void *)(unreadable + 1)")]);
                }
            }
            Argument::Queue => fault(NULL, &[(index, "NULL")]),
            Argument::Number { .. } | Argument::Context => {}
        }
        index += words(argument);
    }
    faults
}

/// How many parameters an argument is.
fn words(argument: &Argument) -> usize {
    match argument {
        Argument::Text { .. } | Argument::List { .. } | Argument::OptionsOut { .. } => 2,
        _ => 1,
    }
}

fn numbered(prefix: &str, names: impl Iterator<Item = String>, last: &str) -> String {
    let names: Vec<String> = names.map(|name| format!("{prefix}_{name}")).collect();
    format!("enum {{ {}, {last} }};\n", names.join(", "))
}

fn hostile(header: &Header) -> String {
    let pools = pools(header);
    let mut text = String::from("/* Generated. */\n#define HOSTILE_NAMES\n");
    text += &numbered("KIND", header.opaque.iter().cloned(), "KINDS");
    text += &numbered("POOL", pools.iter().cloned(), "POOLS");
    text += &numbered("FUNCTION", header.functions.iter().map(|function| function.name.clone()), "FUNCTIONS");
    text += "#include \"hostile.h\"\n\nstatic struct pool pools[POOLS] = {\n";
    for pool in &pools {
        let is_batch = i32::from(pool == "commands");
        writeln!(text, "    {{\"{pool}\", {is_batch}, NULL, 0}},").unwrap();
    }
    text += "};\nstatic const struct function functions[FUNCTIONS] = {\n";
    for Function { name, .. } in &header.functions {
        writeln!(text, "    {{\"{name}\", {}}},", weight(name)).unwrap();
    }
    text += "};\n\nstatic void let_go(int kind, void *handle) {\n    switch (kind) {\n";
    for kind in &header.opaque {
        let free = header.functions.iter().find(|function| frees(function, header) == Some(kind));
        let free = free.unwrap_or_else(|| panic!("nothing frees a {kind}"));
        let rest = ", NULL".repeat(free.parameters.len() - 1);
        writeln!(text, "    case KIND_{kind}:\n        {}(handle{rest});\n        break;", free.name).unwrap();
    }
    text += "    }\n}\n";
    for function in &header.functions {
        text += &caller(function, header);
    }
    text += "\nstatic void call_one(struct hostile *hostile, int function) {\n    switch (function) {\n";
    for Function { name, .. } in &header.functions {
        writeln!(text, "    case FUNCTION_{name}:\n        call_{name}(hostile);\n        break;").unwrap();
    }
    text + "    }\n}\n\nint main(int count, char **arguments) {\n    return hostile_main(count, arguments);\n}\n"
}

/// A caller of one function.
fn caller(function: &Function, header: &Header) -> String {
    let name = &function.name;
    let mut text = format!("\nstatic void call_{name}(struct hostile *hostile) {{\n");
    if !function.returns_status() {
        text += &told(function);
        return text + "}\n";
    }
    let (mut words, mut after, mut list) = (Vec::new(), String::new(), None);
    let mut given = arguments(function, header);
    // Lists first: outputs have as much room as there are entries.
    for argument in &given {
        if let Argument::List { name, of, .. } = argument {
            writeln!(text, "    struct {of} {name} = draw_{of}(hostile);").unwrap();
            writeln!(after, "    drop_{of}(&{name});").unwrap();
            list = Some(name.clone());
        }
    }
    for argument in &mut given {
        match argument {
            Argument::Handle { name, kind } => {
                writeln!(text, "    {kind} *{name} = draw_handle(hostile, KIND_{kind});").unwrap();
                words.push(name.clone());
            }
            Argument::Text { name, pool, .. } => {
                writeln!(text, "    struct words {name} = draw_words(hostile, POOL_{pool});").unwrap();
                words.extend([format!("{name}.bytes"), format!("{name}.len")]);
            }
            Argument::List { name, .. } => words.extend([format!("{name}.given"), format!("{name}.count")]),
            Argument::Options { name } => {
                writeln!(text, "    stockroom_options kept_{name};").unwrap();
                writeln!(text, "    const stockroom_options *{name} = draw_options(hostile, &kept_{name});").unwrap();
                words.push(name.clone());
            }
            Argument::OptionsOut { name, size } => {
                writeln!(text, "    struct output {name} = draw_output(hostile, sizeof(stockroom_options), 8, 1);")
                    .unwrap();
                writeln!(text, "    size_t {size} = chance(hostile, 50) ? sizeof(stockroom_options) : (size_t)draw_integer(hostile);")
                    .unwrap();
                words.extend([format!("{name}.place"), size.clone()]);
                write!(after, "    settle_output(&{name}, status);\n    drop_output(&{name});\n").unwrap();
            }
            Argument::Out { name, of, count } => {
                let count = match (&count, &list) {
                    (Room::Fixed(count), _) => count.to_string(),
                    (Room::OfList, Some(list)) => format!("{list}.count"),
                    (Room::OfList, None) => panic!("a room of no list"),
                };
                writeln!(
                    text,
                    "    struct output {name} = draw_output(hostile, sizeof({of}), _Alignof({of}), {count});"
                )
                .unwrap();
                words.push(format!("{name}.place"));
                writeln!(after, "    settle_output(&{name}, status);").unwrap();
                if let Some(kind) = handle_behind(of, header) {
                    writeln!(after, "    if (status == STOCKROOM_OK && {name}.place != NULL) {{").unwrap();
                    writeln!(after, "        publish_handle(hostile, KIND_{kind}, *(void **){name}.place);\n    }}")
                        .unwrap();
                }
                writeln!(after, "    drop_output(&{name});").unwrap();
            }
            Argument::Number { name, of } => {
                writeln!(text, "    {of} {name} = ({of})draw_integer(hostile);").unwrap();
                words.push(name.clone());
            }
            Argument::Queue => words.push("draw_queue(hostile)".to_owned()),
            Argument::Context => words.push("draw_context(hostile)".to_owned()),
        }
    }
    writeln!(text, "    int32_t status = {name}({});", words.join(", ")).unwrap();
    writeln!(text, "    answered(hostile, FUNCTION_{name}, status);").unwrap();
    if let (Some(kind), Some(first)) = (frees(function, header), function.parameters.first()) {
        writeln!(text, "    if (status == STOCKROOM_OK && {} != NULL) {{", first.name).unwrap();
        writeln!(text, "        remember_gone(hostile, KIND_{kind}, {});\n    }}", first.name).unwrap();
    }
    text + &after + "}\n"
}

/// A caller of a function that only tells something.
fn told(function: &Function) -> String {
    let name = &function.name;
    let given = match &function.parameters[..] {
        [] => "",
        [one] if one.kind == "int32_t" => "(int32_t)draw_integer(hostile)",
        _ => panic!("{name} is of no kind that tests/c/hostile.rs knows"),
    };
    let call = format!("{name}({given})");
    match function.returns.as_str() {
        "int32_t" => format!("    (void)hostile;\n    CHECK({call} >= 0);\n"),
        "const char *" if given.is_empty() => format!("    (void)hostile;\n    CHECK(strlen({call}) < 10000);\n"),
        "const char *" => format!("    const char *told = {call};\n    CHECK(told == NULL || told[0] != 0);\n"),
        returns => panic!("{name} returns a {returns}, which tests/c/hostile.rs does not know"),
    }
}
