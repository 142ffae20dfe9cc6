//! The notation of the tables: one line, one command. It turns words into commands and knows no rule of
//! the engine; `README.md` in this directory explains it to the reader of a table.

use stockroom::{
    Acknowledge, Action, AdjustStock, BundleComponent, CancelOrder, CompleteOrder, CountStock, Disposition, EditOrder,
    ExtendHold, LineQuantity, NewLine, NewOrder, PlaceHold, Prune, PruneFrom, ReceiveStock, RegisterChannel,
    RegisterLocation, RegisterSku, ReleaseHold, ReturnLine, ReturnOrder, SetStockPolicy, ShipOrder, Source, Sourcing,
    StockLine, StockPolicy, Subscribe, SubscribeFrom, Tick, Totals, Tracking, TransferStock, Unsubscribe,
};

/// What is wrong with a line, for its author.
pub(crate) type Parsed<T> = Result<T, String>;

/// The words of a line, read from left to right.
pub(crate) struct Words<'t> {
    words: std::iter::Peekable<std::str::SplitWhitespace<'t>>,
}

impl<'t> Words<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        Words { words: text.split_whitespace().peekable() }
    }

    pub(crate) fn next(&mut self, what: &str) -> Parsed<&'t str> {
        self.words.next().ok_or_else(|| format!("{what} is missing at the end"))
    }

    pub(crate) fn text(&mut self, what: &str) -> Parsed<String> {
        self.next(what).map(str::to_owned)
    }

    pub(crate) fn number<T: std::str::FromStr>(&mut self, what: &str) -> Parsed<T> {
        let word = self.next(what)?;
        word.trim_start_matches('+').parse().map_err(|_| format!("{word} is not a number for {what}"))
    }

    /// Takes the next word if it is this one.
    pub(crate) fn take(&mut self, word: &str) -> bool {
        self.words.next_if_eq(&word).is_some()
    }

    pub(crate) fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.take(word) { Ok(()) } else { Err(format!("`{word}` expected before {:?}", self.words.peek())) }
    }

    pub(crate) fn is_empty(&mut self) -> bool {
        self.words.peek().is_none()
    }

    /// Passes over what is left.
    pub(crate) fn rest(&mut self) {
        self.words.by_ref().for_each(drop);
    }

    pub(crate) fn end(&mut self) -> Parsed<()> {
        match self.words.next() {
            None => Ok(()),
            Some(word) => Err(format!("`{word}` is not understood here")),
        }
    }

    fn next_if(&mut self, fits: impl FnOnce(&&'t str) -> bool) -> Option<&'t str> {
        self.words.next_if(fits)
    }

    /// Words up to the next one that begins an option.
    fn names(&mut self, options: &[&str]) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(name) = self.next_if(|word| !options.contains(word)) {
            names.push(name.to_owned());
        }
        names
    }
}

/// `90s`, `15m`, `2h` or `1d`, in milliseconds.
pub(crate) fn duration_ms(word: &str) -> Parsed<i64> {
    let unit = word.chars().last().unwrap_or(' ');
    let factor = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return Err(format!("{word} is not a time like 90s, 15m, 2h, 1d")),
    };
    let count: i64 = word[..word.len() - 1].parse().map_err(|_| format!("{word} is not a time"))?;
    Ok(count * factor)
}

/// The action of a command line; `None` where the line is no command.
pub(crate) fn action(line: &str, start_ms: i64) -> Parsed<Option<Action>> {
    let mut words = Words::of(line);
    let verb = words.next("a command")?;
    let action: Action = match verb {
        "sku" => RegisterSku { sku: words.text("a SKU")?, components: None }.into(),
        "bundle" => bundle(&mut words)?.into(),
        "location" => RegisterLocation { location: words.text("a location")? }.into(),
        "channel" => channel(&mut words)?.into(),
        "receive" => receive(&mut words)?.into(),
        "adjust" => AdjustStock {
            location: words.text("a location")?,
            sku: words.text("a SKU")?,
            difference: words.number("units")?,
            lost: words.take("lost"),
            reference: None,
        }
        .into(),
        "count" => CountStock {
            location: words.text("a location")?,
            sku: words.text("a SKU")?,
            counted: words.number("units")?,
            expected: if words.take("expected") { Some(words.number("units")?) } else { None },
            reference: None,
        }
        .into(),
        "transfer" => {
            let from = words.text("a location")?;
            words.expect("to")?;
            TransferStock { from, to: words.text("a location")?, lines: stock_lines(&mut words)?, reference: None }
                .into()
        }
        "policy" => policy(&mut words)?.into(),
        "hold" => hold(&mut words)?.into(),
        "extend" => {
            let hold = words.text("a hold")?;
            words.expect("for")?;
            ExtendHold { hold, lives_ms: duration_ms(words.next("a time")?)? }.into()
        }
        "release" => ReleaseHold { hold: words.text("a hold")? }.into(),
        "tick" => Tick { limit: if words.is_empty() { 1000 } else { words.number("the most holds")? } }.into(),
        "order" => order(&mut words)?.into(),
        "edit" => edit(&mut words)?.into(),
        "cancel" => cancel(&mut words)?.into(),
        "ship" => ship(&mut words)?.into(),
        "return" => give_back(&mut words)?.into(),
        "complete" => CompleteOrder { order: words.text("an order")? }.into(),
        "subscribe" => subscribe(&mut words)?.into(),
        "acknowledge" => {
            Acknowledge { subscription: words.text("a name")?, through: words.number("an event's number")? }.into()
        }
        "unsubscribe" => Unsubscribe { subscription: words.text("a name")? }.into(),
        "prune" => prune(&mut words, start_ms)?.into(),
        _ => return Ok(None),
    };
    words.end()?;
    Ok(Some(action))
}

/// `mug:2@1250` as SKU, quantity and price; the price is 1.00 where none is given.
fn priced(word: &str) -> Parsed<(String, i64, i64)> {
    let fault = || format!("{word} is not SKU:QUANTITY or SKU:QUANTITY@PRICE");
    let (sku, rest) = word.rsplit_once(':').ok_or_else(fault)?;
    let (quantity, price) = rest.split_once('@').unwrap_or((rest, "100"));
    Ok((sku.to_owned(), quantity.parse().map_err(|_| fault())?, price.parse().map_err(|_| fault())?))
}

fn new_lines(words: &mut Words<'_>) -> Parsed<Vec<NewLine>> {
    let mut lines = Vec::new();
    while let Some(word) = words.next_if(|word| word.contains(':')) {
        let (sku, quantity, unit_price_minor) = priced(word)?;
        lines.push(NewLine { sku, quantity, unit_price_minor });
    }
    Ok(lines)
}

fn stock_lines(words: &mut Words<'_>) -> Parsed<Vec<StockLine>> {
    let lines = new_lines(words)?;
    Ok(lines.into_iter().map(|line| StockLine { sku: line.sku, quantity: line.quantity }).collect())
}

/// `line 1 VERB 2 line 2 VERB 1`.
fn line_quantities(words: &mut Words<'_>, verb: &str) -> Parsed<Vec<LineQuantity>> {
    let mut lines = Vec::new();
    while words.take("line") {
        let line = words.number("a line's number")?;
        words.expect(verb)?;
        lines.push(LineQuantity { line, quantity: words.number("units")? });
    }
    Ok(lines)
}

fn bundle(words: &mut Words<'_>) -> Parsed<RegisterSku> {
    let sku = words.text("a SKU")?;
    words.expect("of")?;
    let parts = stock_lines(words)?;
    let part = |line: StockLine| BundleComponent { sku: line.sku, quantity: line.quantity };
    Ok(RegisterSku { sku, components: Some(parts.into_iter().map(part).collect()) })
}

fn channel(words: &mut Words<'_>) -> Parsed<RegisterChannel> {
    let channel = words.text("a channel")?;
    words.expect("from")?;
    let locations = words.names(&["fewest-splits"]);
    let sourcing = if words.take("fewest-splits") { Sourcing::FewestSplits } else { Sourcing::Priority };
    Ok(RegisterChannel { channel, locations, sourcing })
}

fn receive(words: &mut Words<'_>) -> Parsed<ReceiveStock> {
    let (location, lines) = (words.text("a location")?, stock_lines(words)?);
    let source = if words.take("from-customer") { Source::Customer } else { Source::Supply };
    let reference = if words.take("ref") { Some(words.text("a reference")?) } else { None };
    Ok(ReceiveStock { location, lines, source, reference })
}

fn policy(words: &mut Words<'_>) -> Parsed<SetStockPolicy> {
    let (location, sku) = (words.text("a location")?, words.text("a SKU")?);
    let mut policy = SetStockPolicy { sku, location, ..SetStockPolicy::default() };
    while !words.is_empty() {
        let field = match words.next("a setting")? {
            "safety" => &mut policy.safety_stock,
            "backorder" => &mut policy.backorder_limit,
            "unavailable" => &mut policy.unavailable,
            other => return Err(format!("{other} is no setting")),
        };
        *field = Some(words.number("units")?);
    }
    Ok(policy)
}

fn hold(words: &mut Words<'_>) -> Parsed<PlaceHold> {
    let (hold, channel) = (words.text("a hold")?, words.text("a channel")?);
    let lines = stock_lines(words)?;
    words.expect("for")?;
    let lives_ms = duration_ms(words.next("a time")?)?;
    let ranking = words.take("ranking").then(|| words.names(&[]));
    Ok(PlaceHold { hold, channel, lines, lives_ms, ranking })
}

fn order(words: &mut Words<'_>) -> Parsed<NewOrder> {
    let mut order = NewOrder {
        id: words.text("an order")?,
        channel: words.text("a channel")?,
        currency: "EUR".to_owned(),
        lines: new_lines(words)?,
        ..NewOrder::default()
    };
    while !words.is_empty() {
        match words.next("an option")? {
            "partial" => order.policy = StockPolicy::Partial,
            "backorder" => order.policy = StockPolicy::Backorder,
            "hold" => order.hold = Some(words.text("a hold")?),
            "in" => order.currency = words.text("a currency")?,
            "ranking" => order.ranking = Some(words.names(&["partial", "backorder", "hold", "in", "totals"])),
            "totals" => order.totals = Some(totals(words)?),
            other => return Err(format!("{other} is no option of an order")),
        }
    }
    Ok(order)
}

/// `totals 1000 + 500 + 190 - 90 = 1600`: lines, shipping, tax, discount, total.
fn totals(words: &mut Words<'_>) -> Parsed<Totals> {
    let mut totals = Totals { lines_minor: words.number("the lines' value")?, ..Totals::default() };
    words.expect("+")?;
    totals.shipping_minor = words.number("shipping")?;
    words.expect("+")?;
    totals.tax_minor = words.number("tax")?;
    words.expect("-")?;
    totals.discount_minor = words.number("discount")?;
    words.expect("=")?;
    totals.total_minor = words.number("the total")?;
    Ok(totals)
}

fn edit(words: &mut Words<'_>) -> Parsed<EditOrder> {
    let order = words.text("an order")?;
    let lines = line_quantities(words, "to")?;
    let add = if words.take("add") { new_lines(words)? } else { Vec::new() };
    let note = if words.take("note") { Some(words.text("a note")?) } else { None };
    Ok(EditOrder { order, lines, add, ship_to: None, note })
}

fn cancel(words: &mut Words<'_>) -> Parsed<CancelOrder> {
    let order = words.text("an order")?;
    let lines = line_quantities(words, "by")?;
    let reason = if words.take("because") { Some(words.text("a reason")?) } else { None };
    Ok(CancelOrder { order, lines: (!lines.is_empty()).then_some(lines), reason })
}

fn ship(words: &mut Words<'_>) -> Parsed<ShipOrder> {
    let order = words.text("an order")?;
    let location = if words.take("from") { Some(words.text("a location")?) } else { None };
    let lines = line_quantities(words, "by")?;
    let tracking = match words.take("tracking") {
        true => {
            let (carrier, number) = (words.text("a carrier")?, words.text("a number")?);
            Some(Tracking { carrier, number, ..Tracking::default() })
        }
        false => None,
    };
    Ok(ShipOrder { order, lines: (!lines.is_empty()).then_some(lines), location, tracking })
}

fn give_back(words: &mut Words<'_>) -> Parsed<ReturnOrder> {
    let order = words.text("an order")?;
    let mut lines = Vec::new();
    while words.take("line") {
        let line = words.number("a line's number")?;
        words.expect("by")?;
        let quantity = words.number("units")?;
        let disposition = match words.next("what becomes of them")? {
            "restock" => Disposition::Restock,
            "damaged" => Disposition::Damaged,
            "lost" => Disposition::Lost,
            other => return Err(format!("{other} is not restock, damaged or lost")),
        };
        let location = if words.take("to") { Some(words.text("a location")?) } else { None };
        lines.push(ReturnLine { line, quantity, disposition, location });
    }
    Ok(ReturnOrder { order, lines })
}

fn subscribe(words: &mut Words<'_>) -> Parsed<Subscribe> {
    let subscription = words.text("a name")?;
    words.expect("from")?;
    let from = match words.next("a place")? {
        "start" => SubscribeFrom::Start,
        "now" => SubscribeFrom::Now,
        "after" => SubscribeFrom::After(words.number("an event's number")?),
        other => return Err(format!("{other} is not start, now or after")),
    };
    Ok(Subscribe { subscription, from })
}

/// `prune events|keys|orders before TIME [limit N]`.
fn prune(words: &mut Words<'_>, start_ms: i64) -> Parsed<Prune> {
    let from = match words.next("what")? {
        "events" => PruneFrom::Events,
        "keys" => PruneFrom::Keys(String::new()),
        "orders" => PruneFrom::Orders(0),
        other => return Err(format!("{other} cannot be pruned")),
    };
    words.expect("before")?;
    let before_ms = start_ms + duration_ms(words.next("a time")?)?;
    Ok(Prune { before_ms, limit: if words.take("limit") { words.number("rows")? } else { 1000 }, from })
}
