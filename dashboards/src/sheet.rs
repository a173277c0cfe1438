//! A dashboard: rows of panels, variables, annotations, and their JSON. Places panels from left to right and starts
//! a new line when one does not fit.

use serde_json::{Value, json};

use crate::{
    names::{TICKET, VENUE, event, field, tag},
    panel::Panel,
    query::Scope,
    texts::{Language, Texts},
};

/// Columns of Grafana's grid.
const GRID_COLUMNS: u16 = 24;

/// A board before it has a language.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Of its file, its `uid` and its words in section `board` of the texts.
    pub name: &'static str,
    /// The range that it opens with.
    pub from: &'static str,
    /// What its variables choose.
    pub scope: Scope,
    /// Shown at once.
    pub panels: Vec<Panel>,
    /// Rows that open on demand: key in section `row` of the texts, and panels.
    pub collapsed: Vec<(&'static str, Vec<Panel>)>,
}

impl Sheet {
    /// Grafana's classic JSON.
    #[must_use]
    pub fn json(&self, texts: &Texts, language: Language) -> Value {
        let mut next_id = 0;
        let (mut panels, mut y) = place(&self.panels, 0, &mut next_id, texts, language);
        for (key, inside) in &self.collapsed {
            next_id += 1;
            let id = next_id;
            let (inside, below) = place(inside, y + 1, &mut next_id, texts, language);
            panels.push(json!({
                "id": id, "type": "row", "title": texts.get("row", key, language), "collapsed": true,
                "gridPos": {"x": 0, "y": y, "w": GRID_COLUMNS, "h": 1}, "panels": inside,
            }));
            // A collapsed row takes one line, whatever it holds.
            let _ = below;
            y += 1;
        }
        json!({
            "uid": format!("hallwatch-{}-{}", self.name, language.short()),
            "title": texts.get("board", self.name, language),
            "description": texts.get("about", self.name, language),
            "tags": ["hallwatch", language.as_str()],
            "schemaVersion": 42,
            "version": 1,
            "editable": false,
            "graphTooltip": 1,
            "timezone": "browser",
            "refresh": "1m",
            "liveNow": false,
            "fiscalYearStartMonth": 0,
            "weekStart": "monday",
            "time": {"from": self.from, "to": "now"},
            "timepicker": {"refresh_intervals": ["30s", "1m", "5m", "15m"]},
            "templating": {"list": self.variables(texts, language)},
            "annotations": {"list": [annotation(self.scope, texts, language)]},
            "links": [{
                "type": "dashboards", "title": texts.get("word", "boards", language), "tags": ["hallwatch", language.as_str()],
                "asDropdown": true, "includeVars": true, "keepTime": true, "icon": "external link", "targetBlank": false,
                "tooltip": "", "url": "",
            }],
            "panels": panels,
        })
    }

    fn variables(&self, texts: &Texts, language: Language) -> Value {
        let word = |key: &str| texts.get("word", key, language);
        let mut list = vec![json!({
            "name": "datasource", "label": word("datasource"), "type": "datasource", "query": "influxdb",
            "hide": 0, "multi": false, "includeAll": false, "refresh": 1, "options": [], "regex": "",
        })];
        let mut choose = |name: &str, query: String| {
            list.push(json!({
                "name": name, "label": word(name), "type": "query", "query": query,
                "datasource": {"type": "influxdb", "uid": "${datasource}"}, "refresh": 2, "sort": 1, "regex": "",
                "multi": true, "includeAll": true, "allValue": ".*", "hide": 0, "options": [],
                "current": {"text": [word("all")], "value": ["$__all"]},
            }));
        };
        if self.scope != Scope::All {
            choose("venue", format!("SHOW TAG VALUES FROM \"{VENUE}\" WITH KEY = \"{}\"", tag::VENUE));
        }
        if self.scope == Scope::Room {
            let (venue, room) = (tag::VENUE, tag::ROOM);
            choose(
                "room",
                format!(
                    "SHOW TAG VALUES FROM \"{}\" WITH KEY = \"{room}\" WHERE \"{venue}\" =~ /^$venue$/",
                    crate::names::ROOM
                ),
            );
        }
        let mut typed = |name: &str, value: &str| {
            list.push(json!({
                "name": name, "label": word(name), "type": "textbox", "query": value, "hide": 0,
                "current": {"text": value, "value": value}, "options": [{"text": value, "value": value, "selected": true}],
            }));
        };
        typed("console", "http://127.0.0.1:8440");
        typed("zone", "Asia/Shanghai");
        Value::Array(list)
    }
}

/// Panels with their places from line `y` on, and the line below them.
fn place(panels: &[Panel], mut y: u16, next_id: &mut u32, texts: &Texts, language: Language) -> (Vec<Value>, u16) {
    let (mut x, mut height, mut placed) = (0, 0, Vec::new());
    for panel in panels {
        let (width, rows) = panel.size;
        if x + width > GRID_COLUMNS {
            (x, y, height) = (0, y + height, 0);
        }
        *next_id += 1;
        let mut json = panel.json(*next_id, texts, language);
        json["gridPos"] = json!({"x": x, "y": y, "w": width, "h": rows});
        placed.push(json);
        (x, height) = (x + width, height.max(rows));
    }
    (placed, y + height)
}

/// Tickets that were opened, as marks on every trend.
fn annotation(scope: Scope, texts: &Texts, language: Language) -> Value {
    let (text, number) = (format!("text_{}", language.short()), field::NUMBER);
    let query = format!(
        "SELECT \"{text}\" AS \"text\", \"{number}\" AS \"number\", \"{}\" FROM \"{TICKET}\" WHERE {} AND \"{}\" = '{}' \
         AND \"{}\" =~ /^P[12]$/",
        tag::TEAM,
        scope.filter(),
        tag::EVENT,
        event::OPENED,
        tag::SEVERITY
    );
    json!({
        "name": texts.get("word", "annotation", language), "enable": true, "hide": false, "iconColor": "#d64545",
        "datasource": {"type": "influxdb", "uid": "${datasource}"},
        "target": {
            "refId": "Anno", "query": query, "rawQuery": true, "resultFormat": "table", "fromAnnotations": true,
            "textColumn": "text", "titleColumn": "number", "tagsColumn": tag::TEAM, "timeEndColumn": "",
        },
    })
}
