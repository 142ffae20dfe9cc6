//! A shop in memory that answers as WooCommerce does, as far as the adapter asks it: lists, single products, batches,
//! notes and orders. It is written from WooCommerce's code and shares none with the adapter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stockroom::ports::{HttpRequest, HttpResponse, Method};

use crate::support::{Answer, DATE};

/// A product, or a variation with its parent.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub(crate) parent: u64,
    pub(crate) kind: &'static str,
    pub(crate) status: &'static str,
    pub(crate) manage_stock: Value,
    pub(crate) stock_quantity: Value,
}

#[derive(Default)]
pub(crate) struct Shop {
    pub(crate) products: BTreeMap<u64, Product>,
    /// Left out of lists, as products of another language are by plugins.
    pub(crate) unlisted: BTreeSet<u64>,
    /// What the key may not read.
    pub(crate) forbidden: BTreeSet<u64>,
    /// Products that cannot be saved.
    pub(crate) locked: BTreeSet<u64>,
    /// Whether stock is kept at all.
    pub(crate) keeps_no_stock: bool,
    pub(crate) orders: BTreeMap<u64, Value>,
    pub(crate) notes: BTreeMap<u64, Vec<String>>,
    pub(crate) asked: u32,
}

impl Shop {
    /// A shop with products that have these quantities of their own.
    pub(crate) fn with(products: impl IntoIterator<Item = (u64, u64, i64)>) -> Shop {
        let product = |(parent, id, quantity): (u64, u64, i64)| {
            let kind = if parent == 0 { "simple" } else { "variation" };
            (
                id,
                Product { parent, kind, status: "publish", manage_stock: json!(true), stock_quantity: json!(quantity) },
            )
        };
        Shop { products: products.into_iter().map(product).collect(), ..Shop::default() }
    }

    pub(crate) fn quantity(&self, id: u64) -> Option<i64> {
        self.products[&id].stock_quantity.as_i64()
    }

    pub(crate) fn answer(&mut self, request: &HttpRequest) -> Answer {
        self.asked += 1;
        let url = request.url.strip_prefix("https://shop.example/wp-json/wc/v3/").expect("the shop's address");
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let number = |text: &str| text.parse::<u64>().expect("a number");
        let (status, body) = match (request.method, parts.as_slice()) {
            (Method::Get, ["products"]) => self.list(0, &query),
            (Method::Get, ["products", id]) => self.single(0, number(id)),
            (Method::Get, ["products", parent, "variations"]) => self.list(number(parent), &query),
            (Method::Get, ["products", parent, "variations", id]) => self.single(number(parent), number(id)),
            (Method::Post, ["products", "batch"]) => self.batch(0, &body),
            (Method::Post, ["products", parent, "variations", "batch"]) => self.batch(number(parent), &body),
            (Method::Get, ["orders", id, "notes"]) => self.list_notes(number(id)),
            (Method::Post, ["orders", id, "notes"]) => self.add_note(number(id), &body),
            (Method::Get, ["orders", id]) => self.order(number(id), None),
            (Method::Put, ["orders", id]) => self.order(number(id), body["status"].as_str()),
            _ => panic!("the shop has no such path: {:?} {path}", request.method),
        };
        let headers = vec![("Date".to_owned(), DATE.to_owned())];
        Ok(HttpResponse { status, headers, body: body.to_string().into_bytes() })
    }

    fn list(&self, parent: u64, query: &BTreeMap<&str, &str>) -> (u16, Value) {
        let count: usize = query["per_page"].parse().expect("a number");
        assert!((1..=100).contains(&count), "WordPress refuses more");
        let ids: Vec<u64> = query["include"].split(',').map(|id| id.parse().expect("a number")).collect();
        assert!(ids.len() <= count, "a second page would be needed");
        let is_listed = |id: &&u64| {
            let product = self.products.get(id);
            product.is_some_and(|product| product.parent == parent && product.status != "trash")
                && !self.unlisted.contains(id)
                && !self.forbidden.contains(id)
        };
        (200, ids.iter().filter(is_listed).map(|id| self.shown(*id)).collect())
    }

    fn single(&self, parent: u64, id: u64) -> (u16, Value) {
        match self.products.get(&id) {
            Some(_) if self.forbidden.contains(&id) => error(403, "woocommerce_rest_cannot_view"),
            // A variation is also found as if it were a product.
            Some(product) if product.parent == parent || parent == 0 => (200, self.shown(id)),
            _ if parent == 0 => error(404, "woocommerce_rest_product_invalid_id"),
            _ => error(404, "woocommerce_rest_product_variation_invalid_id"),
        }
    }

    fn shown(&self, id: u64) -> Value {
        let product = &self.products[&id];
        json!({ "id": id, "type": product.kind, "status": product.status, "name": "A \"mug\"", "price": "9.90",
            "manage_stock": product.manage_stock, "stock_quantity": product.stock_quantity })
    }

    fn batch(&mut self, parent: u64, body: &Value) -> (u16, Value) {
        let updates = body["update"].as_array().expect("updates");
        if updates.len() > 100 {
            return error(413, "woocommerce_rest_request_entity_too_large");
        }
        let entries: Vec<Value> = updates.iter().map(|update| self.update(parent, update)).collect();
        (200, json!({ "update": entries }))
    }

    fn update(&mut self, parent: u64, update: &Value) -> Value {
        let id = update["id"].as_u64().expect("an id");
        let fail = |status: u16, code: &str| json!({ "id": id, "error": error(status, code).1 });
        let Some(product) = self.products.get_mut(&id) else {
            return fail(400, "woocommerce_rest_product_invalid_id");
        };
        if parent == 0 && product.parent != 0 {
            return fail(404, "woocommerce_rest_invalid_product_id");
        }
        if self.locked.contains(&id) {
            return fail(400, "woocommerce_rest_product_not_created");
        }
        // So it is in WooCommerce: the variation moves to the product in the path.
        product.parent = parent;
        let keeps = !self.keeps_no_stock && !matches!(product.kind, "grouped" | "external");
        if update["manage_stock"] == json!(true) && keeps {
            product.manage_stock = json!(true);
            product.stock_quantity = update["stock_quantity"].clone();
        } else {
            product.stock_quantity = Value::Null;
            product.manage_stock = json!(false);
        }
        self.shown(id)
    }

    fn list_notes(&self, order: u64) -> (u16, Value) {
        if !self.orders.contains_key(&order) {
            return error(404, "woocommerce_rest_shop_order_invalid_id");
        }
        let notes = self.notes.get(&order).into_iter().flatten();
        (200, notes.enumerate().map(|(index, note)| json!({ "id": index + 1, "note": note })).collect())
    }

    fn add_note(&mut self, order: u64, body: &Value) -> (u16, Value) {
        if !self.orders.contains_key(&order) {
            return error(404, "woocommerce_rest_order_invalid_id");
        }
        // WordPress takes backslashes off.
        let note = body["note"].as_str().expect("a note").replace('\\', "");
        let notes = self.notes.entry(order).or_default();
        notes.push(note.clone());
        (201, json!({ "id": notes.len(), "note": note, "customer_note": body["customer_note"] }))
    }

    fn order(&mut self, id: u64, status: Option<&str>) -> (u16, Value) {
        match self.orders.get_mut(&id) {
            None => error(404, "woocommerce_rest_shop_order_invalid_id"),
            Some(order) => {
                if let Some(status) = status {
                    order["status"] = json!(status);
                }
                (200, order.clone())
            }
        }
    }
}

fn error(status: u16, code: &str) -> (u16, Value) {
    (status, json!({ "code": code, "message": "No.", "data": { "status": status } }))
}
