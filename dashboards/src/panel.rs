//! A panel: what it asks, how it is drawn, and its JSON. Knows no other panel; a [`crate::sheet::Sheet`] places it.

use serde_json::{Value, json};

use crate::{
    column::{Column, Meaning, mappings},
    query::Query,
    texts::{Language, Texts},
};

/// How a panel is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A tile with one number.
    Tile,
    /// A tile that says how long ago the newest line was written.
    Freshness,
    /// Lines over time.
    Trend,
    /// Lines over time with the band of the first two thresholds shaded.
    Band,
    /// Bars over time, piled up.
    Bars,
    /// A row for each series or line.
    Table,
    /// The newest line of each number of a ticket.
    Tickets,
    /// Horizontal bars, one a series.
    Gauge,
}

/// A panel.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Key of its words in section `panel` of the texts.
    pub key: &'static str,
    /// How it is drawn.
    pub kind: Kind,
    /// What it asks.
    pub queries: Vec<Query>,
    /// Columns of the grid (of 24) and rows.
    pub size: (u16, u16),
    unit: &'static str,
    decimals: Option<u8>,
    meaning: Meaning,
    columns: Vec<Column>,
    sort: (&'static str, bool),
    words: &'static str,
    from: &'static str,
    every: &'static str,
}

/// A panel that asks one thing.
#[must_use]
pub fn panel(kind: Kind, key: &'static str, unit: &'static str, meaning: Meaning, queries: Vec<Query>) -> Panel {
    let size = match kind {
        Kind::Tile | Kind::Freshness => (3, 4),
        Kind::Table | Kind::Tickets => (24, 9),
        Kind::Gauge => (12, 7),
        Kind::Trend | Kind::Band | Kind::Bars => (12, 8),
    };
    Panel {
        key,
        kind,
        queries,
        size,
        unit,
        decimals: None,
        meaning,
        columns: Vec::new(),
        sort: ("", false),
        words: "",
        from: "",
        every: "",
    }
}

impl Panel {
    /// Takes so much of the grid.
    #[must_use]
    pub fn size(mut self, width: u16, height: u16) -> Self {
        self.size = (width, height);
        self
    }

    /// Shows so many decimals.
    #[must_use]
    pub fn decimals(mut self, decimals: u8) -> Self {
        self.decimals = Some(decimals);
        self
    }

    /// Has these columns, and no others.
    #[must_use]
    pub fn columns(mut self, columns: Vec<Column>) -> Self {
        self.columns = columns;
        self
    }

    /// The worst first: sorted by this column, the greatest first if `descending`.
    #[must_use]
    pub fn sort(mut self, column: &'static str, descending: bool) -> Self {
        self.sort = (column, descending);
        self
    }

    /// Says words for its values, from this section of the texts.
    #[must_use]
    pub fn said(mut self, section: &'static str) -> Self {
        self.words = section;
        self
    }

    /// Looks back so far, whatever the range of the board is.
    #[must_use]
    pub fn from(mut self, from: &'static str) -> Self {
        self.from = from;
        self
    }

    /// Has no more points than one in this time.
    #[must_use]
    pub fn every(mut self, every: &'static str) -> Self {
        self.every = every;
        self
    }

    fn is_table(&self) -> bool {
        matches!(self.kind, Kind::Table | Kind::Tickets | Kind::Freshness)
    }

    /// Its JSON without its place.
    #[must_use]
    pub fn json(&self, id: u32, texts: &Texts, language: Language) -> Value {
        let defaults = self.defaults(texts, language);
        let overrides: Vec<Value> = self.columns.iter().map(|column| column.json(texts, language)).collect();
        let mut json = json!({
            "id": id,
            "type": self.kind.plugin(),
            "title": texts.get("panel", self.key, language),
            "description": texts.about(self.key, language),
            "datasource": {"type": "influxdb", "uid": "${datasource}"},
            "targets": self.targets(texts, language),
            "fieldConfig": {"defaults": defaults, "overrides": overrides},
            "options": self.options(texts, language),
            "transformations": self.transformations(),
        });
        for (key, value) in [("timeFrom", self.from), ("interval", self.every)] {
            if !value.is_empty() {
                json[key] = json!(value);
            }
        }
        if !self.from.is_empty() {
            json["hideTimeOverride"] = json!(false);
        }
        json
    }

    fn targets(&self, texts: &Texts, language: Language) -> Value {
        let format = if self.is_table() { "table" } else { "time_series" };
        let target = |(i, query): (usize, &Query)| {
            let alias = match query.alias {
                Some(alias) if alias.contains('$') => alias,
                Some(alias) => texts.get("series", alias, language),
                None => texts.get("panel", self.key, language),
            };
            json!({
                "refId": char::from(b'A' + u8::try_from(i).expect("a panel has few queries")).to_string(),
                "datasource": {"type": "influxdb", "uid": "${datasource}"},
                "query": query.text.replace("{lang}", language.short()),
                "rawQuery": true,
                "resultFormat": format,
                "alias": alias,
            })
        };
        self.queries.iter().enumerate().map(target).collect()
    }

    fn defaults(&self, texts: &Texts, language: Language) -> Value {
        let shaded = self.kind == Kind::Band;
        let by_threshold = matches!(self.kind, Kind::Tile | Kind::Freshness | Kind::Gauge);
        let mut json = json!({
            "unit": self.unit,
            "noValue": texts.get("word", if self.kind == Kind::Gauge { "none" } else { "no_data" }, language),
            "thresholds": {"mode": "absolute", "steps": self.meaning.steps(shaded)},
            "color": {"mode": if by_threshold || self.is_table() { "thresholds" } else { "palette-classic" }},
            "mappings": if self.words.is_empty() { json!([]) } else { mappings(texts, self.words, language) },
        });
        if let Some(decimals) = self.decimals {
            json["decimals"] = json!(decimals);
        }
        let custom = match self.kind {
            Kind::Trend => {
                json!({"drawStyle": "line", "lineWidth": 2, "fillOpacity": 8, "spanNulls": false, "showPoints": "never"})
            }
            Kind::Band => json!({"drawStyle": "line", "lineWidth": 2, "fillOpacity": 0, "spanNulls": false,
                "showPoints": "never", "thresholdsStyle": {"mode": "area"}}),
            Kind::Bars => json!({"drawStyle": "bars", "lineWidth": 1, "fillOpacity": 80, "showPoints": "never",
                "barAlignment": 1, "stacking": {"mode": "normal", "group": "A"}}),
            Kind::Table | Kind::Tickets => json!({"align": "auto", "cellOptions": {"type": "auto"}, "inspect": false}),
            Kind::Tile | Kind::Freshness | Kind::Gauge => return json,
        };
        json["custom"] = custom;
        json
    }

    fn options(&self, texts: &Texts, language: Language) -> Value {
        let reduce = |fields: &str| json!({"calcs": ["lastNotNull"], "fields": fields, "values": false});
        match self.kind {
            Kind::Tile | Kind::Freshness => json!({
                "reduceOptions": reduce(if self.kind == Kind::Freshness { "/^Time$/" } else { "" }),
                "colorMode": "background", "graphMode": "none", "textMode": "value", "justifyMode": "center",
                "orientation": "auto", "wideLayout": true,
            }),
            Kind::Gauge => json!({
                "reduceOptions": reduce(""), "orientation": "horizontal", "displayMode": "basic", "showUnfilled": true,
                "minVizHeight": 16, "minVizWidth": 8, "valueMode": "color", "namePlacement": "left", "sizing": "auto",
            }),
            Kind::Table | Kind::Tickets => {
                let shown = if self.sort.0.is_empty() { "" } else { texts.get("column", self.sort.0, language) };
                let by = json!([{"displayName": shown, "desc": self.sort.1}]);
                json!({"showHeader": true, "cellHeight": "sm", "sortBy": if shown.is_empty() { json!([]) } else { by }})
            }
            Kind::Trend | Kind::Band | Kind::Bars => json!({
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }),
        }
    }

    /// Columns in their order, and for tickets the newest line of each.
    fn transformations(&self) -> Value {
        if self.columns.is_empty() {
            return json!([]);
        }
        let order: serde_json::Map<String, Value> =
            self.columns.iter().enumerate().map(|(i, column)| (column.name.to_owned(), json!(i))).collect();
        let shown: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        let filter = json!({"id": "filterFieldsByName", "options": {"include": {"names": shown}}});
        let mut organize =
            json!({"id": "organize", "options": {"indexByName": order, "excludeByName": {}, "renameByName": {}}});
        if self.kind != Kind::Tickets {
            return json!([filter, organize]);
        }
        let last = |name: &str| match name {
            "number" => json!({"operation": "groupby", "aggregations": []}),
            _ => json!({"operation": "aggregate", "aggregations": ["last"]}),
        };
        let fields: serde_json::Map<String, Value> =
            shown.iter().map(|name| ((*name).to_owned(), last(name))).collect();
        let renamed: serde_json::Map<String, Value> = shown
            .iter()
            .filter(|name| **name != "number")
            .map(|name| (format!("{name} (last)"), json!(name)))
            .collect();
        let order: serde_json::Map<String, Value> = shown
            .iter()
            .enumerate()
            .map(|(i, name)| (if *name == "number" { (*name).to_owned() } else { format!("{name} (last)") }, json!(i)))
            .collect();
        organize["options"]["indexByName"] = Value::Object(order);
        organize["options"]["renameByName"] = Value::Object(renamed);
        json!([filter, {"id": "groupBy", "options": {"fields": fields}}, organize])
    }
}

impl Kind {
    fn plugin(self) -> &'static str {
        match self {
            Self::Tile | Self::Freshness => "stat",
            Self::Trend | Self::Band | Self::Bars => "timeseries",
            Self::Table | Self::Tickets => "table",
            Self::Gauge => "bargauge",
        }
    }
}
