//! Arguments of a field or a directive, with variables put in.

use async_graphql_parser::Positioned;
use async_graphql_parser::types::Field;
use async_graphql_value::{ConstValue, Name, Value as Argument};
use serde_json::{Map, Value};

use super::out::{Out, Wrong};
use crate::server::desk::number_in;

/// The most of a list in an argument, and of a page.
pub(super) const MANY_MAX: usize = 250;

/// Arguments by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Arguments(Map<String, Value>);

impl Arguments {
    pub(super) fn of(field: &Field, variables: &Map<String, Value>) -> Result<Self, Wrong> {
        Arguments::read(&field.arguments, variables)
    }

    /// Puts variables in.
    pub(super) fn read(
        arguments: &[(Positioned<Name>, Positioned<Argument>)],
        variables: &Map<String, Value>,
    ) -> Result<Self, Wrong> {
        let mut read = Map::new();
        for (name, value) in arguments {
            let known = |name: Name| {
                let value = variables.get(name.as_str()).cloned().and_then(|value| ConstValue::from_json(value).ok());
                value.ok_or_else(|| Wrong::new(&format!("Variable ${name} is used but not declared")))
            };
            let value = value.node.clone().into_const_with(known)?;
            let value = value.into_json().map_err(|error| Wrong::new(&error.to_string()))?;
            read.insert(name.node.to_string(), value);
        }
        Ok(Arguments(read))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn needed(&self, name: &str) -> Result<&Value, Wrong> {
        self.get(name).ok_or_else(|| Wrong::new(&format!("Argument '{name}' is required")))
    }

    pub(super) fn text(&self, name: &str) -> Result<String, Wrong> {
        let value = self.needed(name)?;
        value.as_str().map(str::to_owned).ok_or_else(|| Wrong::new(&format!("Argument '{name}' is not a text")))
    }

    /// The number in an id of a kind; none where the id is of another kind.
    pub(super) fn id(&self, name: &str, kind: &str) -> Result<Option<i64>, Wrong> {
        Ok(number_in(&self.text(name)?, kind))
    }

    pub(super) fn ids(&self, name: &str) -> Result<Vec<String>, Wrong> {
        let wrong = || Wrong::new(&format!("Argument '{name}' is not a list of texts"));
        let list = self.needed(name)?.as_array().ok_or_else(wrong)?;
        list.iter().map(|id| id.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
    }

    /// The size of a page.
    pub(super) fn first(&self) -> Option<i64> {
        self.get("first").and_then(Value::as_i64)
    }

    /// One page of what there is, each with the cursor after it.
    pub(super) fn page(&self, type_name: &'static str, all: Vec<(String, Out)>) -> Result<Out, Wrong> {
        let first = self.first().ok_or_else(|| Wrong::new("you must provide one of first or last"))?;
        let first = usize::try_from(first).ok().filter(|first| (1..=MANY_MAX).contains(first));
        let first = first.ok_or_else(|| Wrong::new(&format!("first must be 1 to {MANY_MAX}")))?;
        let begin = match self.get("after").and_then(Value::as_str) {
            None => 0,
            Some(after) => {
                let place = all.iter().position(|(cursor, _)| cursor == after);
                place.ok_or_else(|| Wrong::new("Invalid cursor for current pagination sort."))? + 1
            }
        };
        let has_next = all.len() > begin + first;
        let page: Vec<(String, Out)> = all.into_iter().skip(begin).take(first).collect();
        let end = page.last().map(|(cursor, _)| cursor.clone());
        let info = vec![("hasNextPage", Out::leaf(has_next)), ("endCursor", Out::text(end))];
        let nodes = page.into_iter().map(|(_, out)| out).collect();
        Ok(Out::record(type_name, vec![("nodes", Out::Many(nodes)), ("pageInfo", Out::record("PageInfo", info))]))
    }

    /// What is asked, as a text that is the same for the same request. Objects keep their fields in order.
    pub(super) fn asked(&self, field: &str) -> String {
        format!("{field} {}", Value::Object(self.0.clone()))
    }
}

/// Items that a value names, however deep.
pub(super) fn items_in(value: &Value, found: &mut Vec<i64>) {
    match value {
        Value::String(text) => found.extend(number_in(text, "InventoryItem")),
        Value::Array(list) => list.iter().for_each(|one| items_in(one, found)),
        Value::Object(map) => map.values().for_each(|one| items_in(one, found)),
        _ => {}
    }
}
