//! The demo in a real Chromium, as a night porter and a manager see it: rooms, a ticket that opens
//! while the page is open, its story, charts; in Chinese and English, on a phone and a screen, light
//! and dark. Pictures are kept in `target/screenshots` to be looked at.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::{fs, path::PathBuf, time::Duration};

use serde_json::Value;
use tests::{Browser, House, port, program, wait};

const WITHIN: Duration = Duration::from_secs(60);
/// The promise is a second; a busy machine gets more.
const LIVE_WITHIN: Duration = Duration::from_secs(5);
/// No page needs more on its first load.
const PAGE_BYTES_MAX: usize = 100 * 1024;

fn keep(browser: &Browser, name: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.png")), browser.picture()).unwrap();
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The page fits its window: nobody scrolls sideways.
fn fits(browser: &Browser, what: &str) {
    let over = number(&browser.ask("document.documentElement.scrollWidth - window.innerWidth"));
    assert!(over <= 0.0, "{what}: {over} px too wide");
}

/// Nothing was refused by the content policy and no script failed.
fn quiet(browser: &Browser, what: &str) {
    assert_eq!(browser.console(), Vec::<String>::new(), "{what}");
}

#[test]
fn a_porter_sees_a_fault_appear_and_reads_its_story() {
    let house = House::new("browser");
    let (web, mqtt) = (port::free(), port::free());
    let mut command = program::demo();
    command.args(["--lang", "en", "--listen", &format!("127.0.0.1:{web}"), "--mqtt", &format!("127.0.0.1:{mqtt}")]);
    let mut demo = house.start("demo", command);
    demo.line_with("Ctrl-C", WITHIN);
    let base = format!("http://127.0.0.1:{web}");
    let browser = Browser::start(&house);

    // The page is open, nothing is wrong yet; the ticket appears without loading the page again.
    browser.size(1280, 1000);
    browser.dark(false);
    browser.open(&format!("{base}/?lang=zh-CN"));
    assert_eq!(browser.ask("(window.stillThisPage = true)"), true);
    assert_eq!(browser.ask("document.documentElement.lang"), "zh-CN");
    assert_eq!(number(&browser.ask("document.querySelectorAll('.tile').length")), 8.0);
    let opened = wait::until("the first ticket opens", WITHIN, || {
        let text = ureq::get(format!("{base}/api/v1/tickets")).call().ok()?.body_mut().read_to_string().ok()?;
        let answer: Value = serde_json::from_str(&text).ok()?;
        let broken = answer["tickets"].as_array()?.iter().find(|ticket| ticket["asset"] == "amplifier")?;
        broken["number"].as_str().map(str::to_owned)
    });
    wait::until("the open page shows it", LIVE_WITHIN, || {
        browser.ask(&format!("document.getElementById('ticket-{opened}') !== null")).as_bool().filter(|seen| *seen)
    });
    assert_eq!(browser.ask("window.stillThisPage === true"), true, "the page was not loaded again");
    assert_eq!(browser.ask("document.getElementById('live').className"), "live on");
    keep(&browser, "rooms-zh");
    fits(&browser, "rooms on a screen");
    quiet(&browser, "rooms");

    browser.size(375, 800);
    fits(&browser, "rooms on a phone");
    keep(&browser, "rooms-zh-phone");
    browser.dark(true);
    keep(&browser, "rooms-zh-phone-dark");

    // Its story, on a phone, in the dark.
    browser.open(&format!("{base}/tickets/{opened}"));
    fits(&browser, "a ticket on a phone");
    let story = browser.ask("document.querySelector('main').innerText");
    let story = story.as_str().unwrap();
    for needed in ["功放", "总控", "下一步", &opened] {
        assert!(story.contains(needed), "the story names {needed}: {story}");
    }
    assert!(number(&browser.ask("document.querySelectorAll('#history li').length")) >= 1.0);
    keep(&browser, "ticket-zh-phone-dark");
    quiet(&browser, "ticket");

    // A manager looks at the room in English.
    browser.size(1280, 1400);
    browser.dark(false);
    browser.open(&format!("{base}/rooms/nanshan/k03?lang=en&range=24h"));
    assert_eq!(browser.ask("document.documentElement.lang"), "en");
    assert!(number(&browser.ask("document.querySelectorAll('svg.chart .band').length")) >= 2.0, "bands are shaded");
    assert!(number(&browser.ask("document.querySelectorAll('svg.chart .line').length")) >= 4.0, "lines are drawn");
    fits(&browser, "a room on a screen");
    keep(&browser, "room-en");
    browser.size(375, 800);
    fits(&browser, "a room on a phone");
    quiet(&browser, "room");

    // The switch of language is remembered; the list of tickets works by keyboard alone.
    browser.open(&format!("{base}/tickets"));
    assert_eq!(browser.ask("document.documentElement.lang"), "en");
    let focusable = browser
        .ask("[...document.querySelectorAll('a[href]')].every(a => a.tabIndex === 0 && a.innerText.trim() !== '')");
    assert_eq!(focusable, true, "every link can be reached and has words");
    quiet(&browser, "tickets");

    for path in ["/", "/tickets", "/rooms/nanshan/k01"] {
        browser.open(&format!("{base}{path}"));
        let bytes = browser.ask(
            "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]\
             .filter(e => !e.name.includes('/events')).reduce((sum, e) => sum + e.decodedBodySize, 0)",
        );
        assert!(number(&bytes) > 1_000.0 && number(&bytes) < PAGE_BYTES_MAX as f64, "{path} needs {bytes} bytes");
    }
    drop(browser);
    assert!(demo.terminate(WITHIN).success(), "{}", demo.output());
}
