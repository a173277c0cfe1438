//! What a mail shows: its page and its picture. `SHOW_TO=FOLDER` keeps them, to be looked at.

use collector::{chart::HEIGHT, config::Language, notify::html};
use serde_json::json;

use super::{
    golden::lounge_with_past,
    house::{BEGAN, MINUTE, moved, ticket},
};

#[test]
fn a_mail_shows_the_course_as_a_picture_and_says_it_for_those_who_see_none() {
    let house = lounge_with_past();
    let line = moved(BEGAN + 25 * MINUTE, "data", None, "new", "opened");
    let power = json!({
        "rule": "amplifier-power", "asset": "amplifier", "team": "av", "severity": "P2", "limit": null,
        "worst_point": "amplifier_power_on", "open_points": ["amplifier_power_on"], "worst_value": 0.0,
        "began_at": BEGAN - 25 * MINUTE, "opened_at": BEGAN - 24 * MINUTE,
    });
    for (name, with) in [("band", json!({ "severity": "P1" })), ("contact", power)] {
        for (language, end) in [(Language::ZhCn, "zh-CN"), (Language::En, "en")] {
            let delivery = house.delivery("opened", &ticket(7, with.clone()), &line, language);
            let picture = delivery.picture.as_ref().unwrap();
            let png = picture.png().unwrap();
            assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() < 60_000, "{} bytes", png.len());
            // Twice as many dots as units, so that it is sharp on a telephone.
            assert_eq!(png[20..24], (2 * HEIGHT as u32).to_be_bytes());
            let page = html::page(&delivery, language, true).unwrap();
            assert!(page.contains(&format!("src=\"cid:course\" alt=\"{}\"", picture.alt)), "{page}");
            assert!(
                page.contains(&picture.caption) && !page.contains('▁') && page.contains(&format!("lang=\"{end}\""))
            );
            let without = html::page(&delivery, language, false).unwrap();
            assert!(without.contains('▇') && !without.contains("cid:"), "{without}");
            if let Some(folder) = std::env::var_os("SHOW_TO") {
                let folder = std::path::PathBuf::from(folder);
                std::fs::write(folder.join(format!("{name}.png")), &png).unwrap();
                let page = page.replace("cid:course", &format!("{name}.png"));
                std::fs::write(folder.join(format!("{name}.{end}.html")), page).unwrap();
            }
        }
    }
}

#[test]
fn what_people_write_stays_words_in_a_mail() {
    let house = lounge_with_past();
    let line = moved(BEGAN, "<b>Eve</b>", None, "new", "<script>alert(1)</script>");
    let by_hand =
        json!({ "rule": null, "description": "<img src=x> & \"more\"", "worst_point": null, "open_points": [] });
    let delivery = house.delivery("opened", &ticket(7, by_hand), &line, Language::En);
    let page = html::page(&delivery, Language::En, true).unwrap();
    assert!(!page.contains("<script>") && !page.contains("<img src=x>") && !page.contains("<b>Eve"), "{page}");
    assert!(page.contains("&lt;script&gt;") || page.contains("&#60;script&#62;"), "{page}");
}
