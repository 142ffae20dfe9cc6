//! What a field is, before the selection says what of it is asked for; and what is wrong with a document.

use std::sync::Arc;

use serde_json::{Value, json};

/// What a field is.
#[derive(Clone, Debug)]
pub(crate) enum Out {
    Null,
    /// A scalar.
    Leaf(Value),
    /// An object.
    Thing(Thing),
    /// A list.
    Many(Vec<Out>),
}

/// An object.
#[derive(Clone, Debug)]
pub(crate) enum Thing {
    Location,
    Item(i64),
    Variant(i64),
    /// The level of an item at the location.
    Level(i64),
    Order(i64),
    /// A line of an order, by its place.
    Line(i64, usize),
    /// The fulfillment order of an order: it has one.
    FulfillmentOrder(i64),
    /// A line of it.
    FulfillmentOrderLine(i64, usize),
    /// Something that left, by its place.
    Fulfillment(i64, usize),
    /// An object that is as it is here, under its type's name.
    Record(Arc<(&'static str, Vec<(&'static str, Out)>)>),
}

/// Why a document is not carried out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrong(Value);

impl Wrong {
    pub(crate) fn new(message: &str) -> Self {
        Wrong(json!({"message": message}))
    }

    pub(crate) fn with_code(message: &str, code: &str) -> Self {
        Wrong(json!({"message": message, "extensions": {"code": code}}))
    }

    /// A type does not have a field.
    pub(crate) fn no_field(type_name: &str, field: &str) -> Self {
        Wrong(json!({
            "message": format!("Field '{field}' doesn't exist on type '{type_name}'"),
            "extensions": {"code": "undefinedField", "typeName": type_name, "fieldName": field},
        }))
    }

    /// As it stands among an answer's errors.
    pub(crate) fn into_value(self) -> Value {
        self.0
    }
}

impl Thing {
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Thing::Location => "Location",
            Thing::Item(_) => "InventoryItem",
            Thing::Variant(_) => "ProductVariant",
            Thing::Level(_) => "InventoryLevel",
            Thing::Order(_) => "Order",
            Thing::Line(..) => "LineItem",
            Thing::FulfillmentOrder(_) => "FulfillmentOrder",
            Thing::FulfillmentOrderLine(..) => "FulfillmentOrderLineItem",
            Thing::Fulfillment(..) => "Fulfillment",
            Thing::Record(record) => record.0,
        }
    }
}

impl Out {
    pub(crate) fn leaf(value: impl Into<Value>) -> Self {
        Out::Leaf(value.into())
    }

    pub(crate) fn record(type_name: &'static str, fields: Vec<(&'static str, Out)>) -> Self {
        Out::Thing(Thing::Record(Arc::new((type_name, fields))))
    }

    /// A text, or null.
    pub(crate) fn text(value: Option<String>) -> Self {
        value.map_or(Out::Null, |text| Out::Leaf(text.into()))
    }
}
