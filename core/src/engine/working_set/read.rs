//! Reading: what rules call. A row that is not here stops the decision with a need.

use super::*;
use crate::ids::{ID_BYTES_MAX, SkuNumber, name_fault};
use crate::inventory::takes;

/// What rules call to read.
impl WorkingSet {
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn catalog(&self) -> Result<&Catalog, Stop> {
        self.catalog.as_ref().ok_or_else(|| need(|needs| needs.catalog = true))
    }

    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn catalog_mut(&mut self) -> Result<&mut Catalog, Stop> {
        self.catalog.as_mut().ok_or_else(|| need(|needs| needs.catalog = true))
    }

    /// Asks for the rows named that are not here yet.
    pub(crate) fn missing(&self, sku: Option<&str>, order_id: Option<&str>, key: Option<&str>, needs: &mut Needs) {
        if let Some(sku) = sku.filter(|sku| !self.skus.contains_key(*sku)) {
            needs.skus.push(sku.to_owned());
        }
        if let Some(id) = order_id.filter(|id| !self.order_ids.contains_key(*id)) {
            needs.order_ids.push(id.to_owned());
        }
        if let Some(key) = key.filter(|key| !self.keys.contains_key(*key)) {
            needs.keys.push(key.to_owned());
        }
    }

    /// Asks for the stock rows of a SKU, or a bundle's components, that are not here yet.
    pub(crate) fn missing_stock(&self, sku: &str, locations: &[LocationNumber], needs: &mut Needs) {
        if let Some(Some(sku)) = self.skus.get(sku) {
            for (number, _) in takes(sku.number, &sku.components) {
                let rows = locations.iter().map(|location| StockNumber::of(number, *location));
                needs.stock.extend(rows.filter(|number| self.places.get(*number).is_none()));
            }
        }
    }

    /// Asks for an order or, where it is here, for what its units claim or left, and for the rows of its lines
    /// at more locations.
    pub(crate) fn missing_order(&self, id: &str, locations: &[LocationNumber], needs: &mut Needs) {
        let Some(number) = self.order_ids.get(id) else {
            needs.order_ids.extend(name_fault(id, ID_BYTES_MAX).is_none().then(|| id.to_owned()));
            return;
        };
        let Some(number) = *number else { return };
        let Some(order) = self.orders.get(&number).map(|entry| &entry.row) else {
            needs.orders.push(number);
            return;
        };
        for allocation in &order.body.allocations {
            if let Some(line) = order.body.lines.get(allocation.line as usize) {
                self.missing_rows(line.takes(), &[allocation.location], needs);
            }
        }
        for line in order.body.lines.iter().filter(|_| !locations.is_empty()) {
            self.missing_rows(line.takes(), locations, needs);
        }
    }

    /// Where an order that is here may claim more.
    pub(crate) fn locations_of_order(&self, id: &str) -> Vec<LocationNumber> {
        let order = self.order_ids.get(id).copied().flatten().and_then(|number| self.orders.get(&number));
        let Some(order) = order.map(|entry| &entry.row) else {
            return Vec::new();
        };
        let channel = self.catalog.as_ref().and_then(|catalog| catalog.channels.get(&order.channel));
        match order.body.ranking.is_empty() {
            true => channel.map(|channel| channel.locations.clone()).unwrap_or_default(),
            false => order.body.ranking.clone(),
        }
    }

    /// Asks for a hold or, where it is here, for what it claims.
    pub(crate) fn missing_hold(&self, id: &str, needs: &mut Needs) {
        match self.holds.get(id).map(|entry| &entry.row) {
            None => needs.holds.extend(name_fault(id, ID_BYTES_MAX).is_none().then(|| id.to_owned())),
            Some(None) => {}
            Some(Some(hold)) => {
                for claim in &hold.claims {
                    if let Some(line) = hold.lines.get(claim.line as usize) {
                        self.missing_rows(takes(line.sku_number, &line.components), &[claim.location], needs);
                    }
                }
            }
        }
    }

    fn missing_rows(
        &self,
        takes: impl Iterator<Item = (SkuNumber, i64)>,
        locations: &[LocationNumber],
        needs: &mut Needs,
    ) {
        for (sku, _) in takes {
            if self.numbered_skus.get(sku.0 as usize).is_none_or(Option::is_none) {
                needs.sku_numbers.push(sku);
            }
            let rows = locations.iter().map(|location| StockNumber::of(sku, *location));
            needs.stock.extend(rows.filter(|number| self.places.get(*number).is_none()));
        }
    }

    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn sku(&self, sku: &str) -> Result<Option<&Arc<Sku>>, Stop> {
        self.skus.get(sku).map(Option::as_ref).ok_or_else(|| need(|needs| needs.skus.push(sku.to_owned())))
    }

    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn stock(&self, number: StockNumber) -> Result<&Stock, Stop> {
        let place = self.places.get(number);
        place.map(|place| &self.stock[place].now).ok_or_else(|| need(|needs| needs.stock.push(number)))
    }

    /// The number of the order that has an id wanted for a new one.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn order_in_the_way(&self, id: &str) -> Result<Option<OrderNumber>, Stop> {
        match self.order_ids.get(id) {
            None if self.assume_free => Ok(None),
            _ => self.order_number(id),
        }
    }

    pub(crate) fn order_number(&self, id: &str) -> Result<Option<OrderNumber>, Stop> {
        self.order_ids.get(id).copied().ok_or_else(|| need(|needs| needs.order_ids.push(id.to_owned())))
    }

    /// An order's id and number, for a rule that does not look at the order.
    pub(crate) fn number_alone(&self, id: &str) -> Result<Option<(Name, OrderNumber)>, Stop> {
        match self.order_ids.get_key_value(id) {
            Some((id, number)) => Ok(number.map(|number| (id.clone(), number))),
            None => Err(need(|needs| needs.order_numbers.push(id.to_owned()))),
        }
    }

    /// An order's number, where it is here and there is one. Asks for it where it is not here yet.
    pub(crate) fn foresee_number(&self, id: &str, needs: &mut Needs) -> Option<OrderNumber> {
        let known = self.order_ids.get(id).copied();
        if known.is_none() && name_fault(id, ID_BYTES_MAX).is_none() {
            needs.order_numbers.push(id.to_owned());
        }
        known.flatten()
    }

    pub(crate) fn order(&self, number: OrderNumber) -> Result<&Order, Stop> {
        let entry = self.orders.get(&number);
        entry.map(|entry| &*entry.row).ok_or_else(|| need(|needs| needs.orders.push(number)))
    }

    pub(crate) fn hold(&self, id: &str) -> Result<Option<&Arc<Hold>>, Stop> {
        let entry = self.holds.get(id);
        entry.map(|entry| entry.row.as_ref()).ok_or_else(|| need(|needs| needs.holds.push(id.to_owned())))
    }

    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn key(&self, key: &str) -> Result<Option<&KeyRow>, Stop> {
        match self.keys.get(key) {
            Some(row) => Ok(row.as_ref()),
            None if self.assume_free => Ok(None),
            None => Err(need(|needs| needs.keys.push(key.to_owned()))),
        }
    }

    pub(crate) fn subscription(&self, name: &str) -> Result<Option<&Subscription>, Stop> {
        let row = self.subscriptions.get(name);
        row.map(Option::as_ref).ok_or_else(|| need(|needs| needs.subscriptions.push(name.to_owned())))
    }

    pub(crate) fn found(&self, query: &Query) -> Result<&Found, Stop> {
        let found = self.found.iter().find(|(asked, _)| asked == query).map(|(_, found)| found);
        found.ok_or_else(|| need(|needs| needs.queries.push(query.clone())))
    }

    pub(crate) fn sku_name(&self, number: SkuNumber) -> Result<Name, Stop> {
        let sku = self.numbered_skus.get(number.0 as usize).and_then(Option::as_ref).map(|sku| sku.sku.clone());
        sku.ok_or_else(|| need(|needs| needs.sku_numbers.push(number)))
    }

    /// The names of a stock row's SKU and location.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn stock_names(&self, number: StockNumber) -> Result<(&Name, &Name), Stop> {
        let sku = self.numbered_skus.get(number.sku().0 as usize).and_then(Option::as_ref).map(|sku| &sku.sku);
        let sku = sku.ok_or_else(|| need(|needs| needs.sku_numbers.push(number.sku())))?;
        Ok((sku, self.catalog()?.location_name(number.location())?))
    }

    pub(crate) fn stock_level(&self, number: StockNumber) -> Result<StockLevel, Stop> {
        let (sku, location) = self.stock_names(number)?;
        Ok(StockLevel::new(sku.clone(), location.clone(), self.stock(number)?))
    }
}
