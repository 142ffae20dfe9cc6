//! Rust source as a flat list of tokens: no comments, no strings taken for code, and without the parts
//! that only tests compile. It knows no rule.

use proc_macro2::{Delimiter, Group, LexError, TokenStream, TokenTree};

/// A word, a literal, one character of punctuation, or a bracket, and the line that it is on.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Kind {
    Word,
    Literal,
    Mark,
}

/// What a file compiles outside of tests.
#[derive(Debug, Default)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    /// Modules in files of their own that only tests compile (`#[cfg(test)] mod NAME;`).
    pub(super) test_modules: Vec<String>,
}

pub(super) fn lex(text: &str) -> Result<Lexed, LexError> {
    let mut lexed = Lexed::default();
    lexed.flatten(text.parse::<TokenStream>()?);
    Ok(lexed)
}

impl Lexed {
    fn flatten(&mut self, stream: TokenStream) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < trees.len() {
            if is_mark(&trees[at], '#') {
                match (trees.get(at + 1), trees.get(at + 2)) {
                    // `#![cfg(test)]`: everything that follows is a test.
                    (Some(bang), Some(TokenTree::Group(group))) if is_mark(bang, '!') && is_test_only(group) => return,
                    (Some(TokenTree::Group(group)), _) if is_test_only(group) => {
                        at = self.skip_item(&trees, at + 2);
                        continue;
                    }
                    _ => {}
                }
            }
            self.push(&trees[at]);
            at += 1;
        }
    }

    /// The index after the item that starts here, which ends with its first braces or semicolon.
    fn skip_item(&mut self, trees: &[TokenTree], start: usize) -> usize {
        for (at, tree) in trees.iter().enumerate().skip(start) {
            match tree {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return at + 1,
                TokenTree::Punct(punct) if punct.as_char() == ';' => {
                    if let [.., TokenTree::Ident(keyword), TokenTree::Ident(name)] = &trees[start..at] {
                        if keyword == "mod" {
                            self.test_modules.push(name.to_string());
                        }
                    }
                    return at + 1;
                }
                _ => {}
            }
        }
        trees.len()
    }

    fn push(&mut self, tree: &TokenTree) {
        let line = tree.span().start().line;
        let (text, kind) = match tree {
            TokenTree::Ident(word) => (word.to_string(), Kind::Word),
            TokenTree::Literal(literal) => (literal.to_string(), Kind::Literal),
            TokenTree::Punct(mark) => (mark.as_char().to_string(), Kind::Mark),
            TokenTree::Group(group) => {
                let (open, close) = brackets(group.delimiter());
                self.tokens.push(Token { text: open.to_owned(), line, kind: Kind::Mark });
                self.flatten(group.stream());
                let line = group.span_close().start().line;
                self.tokens.push(Token { text: close.to_owned(), line, kind: Kind::Mark });
                return;
            }
        };
        self.tokens.push(Token { text, line, kind });
    }
}

fn brackets(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

fn is_mark(tree: &TokenTree, mark: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == mark)
}

/// Whether an attribute's brackets say `test`, `cfg(test)` or `cfg(all(.., test, ..))`.
fn is_test_only(attribute: &Group) -> bool {
    let trees: Vec<TokenTree> = attribute.stream().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(word)] => word == "test",
        [TokenTree::Ident(word), TokenTree::Group(condition)] if word == "cfg" => needs_test(condition),
        _ => false,
    }
}

fn needs_test(condition: &Group) -> bool {
    let trees: Vec<TokenTree> = condition.stream().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(word)] => word == "test",
        [TokenTree::Ident(word), TokenTree::Group(parts)] if word == "all" => {
            parts.stream().into_iter().any(|part| matches!(part, TokenTree::Ident(word) if word == "test"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let lexed = lex(text).expect("the text is Rust");
        lexed.tokens.into_iter().filter(|token| token.kind == Kind::Word).map(|token| token.text).collect()
    }

    #[test]
    fn comments_and_strings_are_no_words() {
        let text = "/// doc words\n// more words\n/* and more */ let a = \"in a string\"; /* end */";
        assert_eq!(words(text), ["doc", "let", "a"]);
    }

    #[test]
    fn what_only_tests_compile_is_left_out() {
        for text in [
            "#[cfg(test)] mod tests { fn hidden() {} }",
            "#[cfg(test)] #[allow(unused)] mod tests { fn hidden() {} }",
            "#[cfg(all(test, unix))] fn hidden() {}",
            "#[cfg(test)] use hidden::{a, b}",
            "#[cfg(test)] const HIDDEN: u8 = 1;",
            "#[test] fn hidden() {}",
            "#![cfg(test)] fn hidden() {}",
        ] {
            assert!(words(text).is_empty(), "{text}: {:?}", words(text));
        }
        assert_eq!(words("mod a { #[cfg(test)] fn hidden() {} fn seen() {} }"), ["mod", "a", "fn", "seen"]);
    }

    #[test]
    fn what_a_build_compiles_is_kept() {
        for text in ["#[cfg(not(test))] fn seen() {}", "#[cfg(any(test, unix))] fn seen() {}", "#[inline] fn seen() {}"]
        {
            assert!(words(text).contains(&"seen".to_owned()), "{text}");
        }
    }

    #[test]
    fn test_modules_in_files_of_their_own_are_named() {
        let lexed = lex("mod engine;\n#[cfg(test)]\nmod tables;\n").expect("Rust");
        assert_eq!(lexed.test_modules, ["tables"]);
    }

    #[test]
    fn tokens_know_their_lines() {
        let lexed = lex("//! A.\nfn f(\n) {\n}\n").expect("Rust");
        let last = lexed.tokens.last().expect("there are tokens");
        assert_eq!((last.text.as_str(), last.line), ("}", 4));
    }

    #[test]
    fn unbalanced_text_is_an_error() {
        assert!(lex("fn f( {").is_err());
    }
}
