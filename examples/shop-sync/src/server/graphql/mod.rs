//! Carries GraphQL documents out: the operation that is asked for, field by field, on the desk. What each field is
//! stands in `things` for objects and in `roots` for questions and changes. It may not speak HTTP.

mod arguments;
mod out;
mod roots;
mod things;

use async_graphql_parser::Positioned;
use async_graphql_parser::types::{
    Directive, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use serde_json::{Map, Value, json};

use super::desk::Desk;
use arguments::Arguments;
pub(super) use out::{Out, Wrong};

/// What a change costs; anything else costs by what it asks for.
const MUTATION_COST: i64 = 10;
/// Fragments within fragments are followed so far.
const DEPTH_MAX: usize = 30;

/// A request that was understood.
#[derive(Debug)]
pub(super) struct Question {
    document: ExecutableDocument,
    operation: OperationDefinition,
    variables: Map<String, Value>,
    /// The version that it is asked in, such as `2026-07`.
    version: String,
}

/// Everything that a field may need beside its object.
struct Asking<'a> {
    question: &'a Question,
    now_ms: i64,
}

impl Question {
    /// Reads a request's body.
    pub(super) fn read(body: &[u8], version: &str) -> Result<Self, Wrong> {
        let body: Value = serde_json::from_slice(body).map_err(|error| Wrong::new(&error.to_string()))?;
        let text = body["query"].as_str().ok_or_else(|| Wrong::new("Required parameter missing or invalid: query"))?;
        let document = async_graphql_parser::parse_query(text).map_err(|error| Wrong::new(&error.to_string()))?;
        let name = body["operationName"].as_str();
        let mut operations = document.operations.iter();
        let operation = match name {
            Some(name) => operations.find(|(known, _)| known.is_some_and(|known| known.as_str() == name)),
            None if operations.len() == 1 => operations.next(),
            None => return Err(Wrong::new("An operation name is required")),
        };
        let operation = operation.ok_or_else(|| Wrong::new("No operation of that name"))?.1.node.clone();
        let given = body["variables"].as_object().cloned().unwrap_or_default();
        let variables = variables(&operation, given)?;
        Ok(Question { document, operation, variables, version: version.to_owned() })
    }

    /// Whether something may be changed by it.
    pub(super) fn is_mutation(&self) -> bool {
        self.operation.ty == OperationType::Mutation
    }

    /// The first field that is asked for, which says what it is about.
    pub(super) fn name(&self) -> String {
        let first = self.operation.selection_set.node.items.first();
        match first.map(|item| &item.node) {
            Some(Selection::Field(field)) => field.node.name.node.to_string(),
            _ => String::new(),
        }
    }

    /// The points that it costs.
    pub(super) fn cost(&self) -> i64 {
        if self.is_mutation() {
            return MUTATION_COST;
        }
        self.cost_of(&self.operation.selection_set.node, 0).max(1)
    }

    /// Ids that it names, in order: of items, mostly.
    pub(super) fn items(&self) -> Vec<i64> {
        let mut found = Vec::new();
        for value in self.variables.values() {
            arguments::items_in(value, &mut found);
        }
        found
    }

    /// Its first change's key and what is asked under it.
    pub(super) fn key(&self) -> Option<(String, String)> {
        self.operation.selection_set.node.items.iter().find_map(|item| match &item.node {
            Selection::Field(field) => {
                let key = self.idempotency_key(&field.node.directives).ok()??;
                let arguments = Arguments::of(&field.node, &self.variables).ok()?;
                Some((key, arguments.asked(&field.node.name.node)))
            }
            _ => None,
        })
    }

    fn cost_of(&self, selection: &SelectionSet, depth: usize) -> i64 {
        if depth > DEPTH_MAX {
            return 0;
        }
        let inner = |selection: &SelectionSet| self.cost_of(selection, depth + 1);
        selection
            .items
            .iter()
            .map(|item| match &item.node {
                Selection::Field(field) if field.node.selection_set.node.items.is_empty() => 0,
                Selection::Field(field) => {
                    let inner = inner(&field.node.selection_set.node);
                    let arguments = Arguments::of(&field.node, &self.variables).unwrap_or_default();
                    // Of many, each costs; what is in it is in its price.
                    let many = arguments.ids("ids").ok().map(|ids| ids.len() as i64).or_else(|| arguments.first());
                    1 + many.unwrap_or(0) + inner
                }
                Selection::InlineFragment(fragment) => inner(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let known = self.document.fragments.get(&spread.node.fragment_name.node);
                    known.map_or(0, |fragment| inner(&fragment.node.selection_set.node))
                }
            })
            .sum()
    }

    fn idempotency_key(&self, directives: &[Positioned<Directive>]) -> Result<Option<String>, Wrong> {
        let Some(directive) = directives.iter().find(|directive| directive.node.name.node == "idempotent") else {
            return Ok(None);
        };
        let arguments = Arguments::read(&directive.node.arguments, &self.variables)?;
        let key = arguments.text("key")?;
        match key.trim().is_empty() {
            true => Err(Wrong::new("The idempotency key cannot be an empty string or whitespace only")),
            false => Ok(Some(key)),
        }
    }

    /// Carries it out.
    pub(super) fn answer(&self, desk: &mut Desk, now_ms: i64) -> Result<Value, Wrong> {
        let asking = Asking { question: self, now_ms };
        let mut fields = Vec::new();
        let root = match self.operation.ty {
            OperationType::Query => "QueryRoot",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => return Err(Wrong::new("There are no subscriptions")),
        };
        self.collect(&self.operation.selection_set.node, root, &mut fields, 0)?;
        let mut answer = Map::new();
        for field in fields {
            let arguments = Arguments::of(field, &self.variables)?;
            let out = match self.is_mutation() {
                true => {
                    let key = self.idempotency_key(&field.directives)?;
                    roots::change(desk, &asking, &field.name.node, &arguments, key)?
                }
                false => roots::ask(desk, &field.name.node, &arguments)?,
            };
            let value = self.select(desk, &out, field, 0)?;
            answer.insert(field.response_key().node.to_string(), value);
        }
        Ok(Value::Object(answer))
    }

    /// The fields that a selection asks of a type, those of fragments among them.
    fn collect<'q>(
        &'q self,
        selection: &'q SelectionSet,
        type_name: &str,
        fields: &mut Vec<&'q Field>,
        depth: usize,
    ) -> Result<(), Wrong> {
        if depth > DEPTH_MAX {
            return Err(Wrong::new("The document is nested too deeply"));
        }
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => fields.push(&field.node),
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    if on.is_none_or(|on| on == type_name || on == "Node") {
                        self.collect(&fragment.node.selection_set.node, type_name, fields, depth + 1)?;
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment: &Positioned<FragmentDefinition> = self
                        .document
                        .fragments
                        .get(name)
                        .ok_or_else(|| Wrong::new(&format!("Fragment {name} was used, but not defined")))?;
                    if fragment.node.type_condition.node.on.node == type_name {
                        self.collect(&fragment.node.selection_set.node, type_name, fields, depth + 1)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// What a field asks of what it is.
    fn select(&self, desk: &Desk, out: &Out, field: &Field, depth: usize) -> Result<Value, Wrong> {
        let selection = &field.selection_set.node;
        let name = &field.name.node;
        match out {
            Out::Null => Ok(Value::Null),
            Out::Many(many) => {
                let many: Result<Vec<Value>, Wrong> =
                    many.iter().map(|one| self.select(desk, one, field, depth)).collect();
                Ok(Value::Array(many?))
            }
            Out::Leaf(_) if !selection.items.is_empty() => {
                Err(Wrong::new(&format!("Selections can't be made on scalars (field '{name}')")))
            }
            Out::Leaf(value) => Ok(value.clone()),
            Out::Thing(_) if selection.items.is_empty() => {
                Err(Wrong::new(&format!("Field must have selections (field '{name}')")))
            }
            Out::Thing(thing) => {
                let mut fields = Vec::new();
                self.collect(selection, thing.type_name(), &mut fields, depth)?;
                let mut answer = Map::new();
                for field in fields {
                    let arguments = Arguments::of(field, &self.variables)?;
                    let out = things::field(desk, thing, &field.name.node, &arguments)?;
                    let value = self.select(desk, &out, field, depth + 1)?;
                    answer.insert(field.response_key().node.to_string(), value);
                }
                Ok(Value::Object(answer))
            }
        }
    }
}

/// The variables of an operation: those that it names, with their defaults.
fn variables(operation: &OperationDefinition, mut given: Map<String, Value>) -> Result<Map<String, Value>, Wrong> {
    let mut variables = Map::new();
    for definition in &operation.variable_definitions {
        let definition = &definition.node;
        let name = definition.name.node.as_str();
        if let Some(value) = given.remove(name) {
            if value.is_null() && !definition.var_type.node.nullable {
                return Err(Wrong::new(&format!("Variable ${name} was provided invalid value: it is null")));
            }
            variables.insert(name.to_owned(), value);
        } else if let Some(default) = definition.default_value() {
            variables.insert(name.to_owned(), default.clone().into_json().unwrap_or_default());
        } else {
            return Err(Wrong::new(&format!("Variable ${name} was not provided")));
        }
    }
    // A variable that nobody asked for is a mistake in the client.
    match given.keys().next() {
        Some(name) => Err(Wrong::new(&format!("Variable ${name} is not declared"))),
        None => Ok(variables),
    }
}

/// What stands beside every answer.
pub(super) fn extensions(desk: &Desk, requested: i64, actual: Option<i64>) -> Value {
    json!({"cost": {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": {
            "maximumAvailable": desk.points.max() as f64,
            "currentlyAvailable": desk.points.left(),
            "restoreRate": desk.points.per_second() as f64,
        },
    }})
}
