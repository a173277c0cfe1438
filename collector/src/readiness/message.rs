//! The pre-opening report as a message: turns a report into a subject and a text, in one language, short
//! enough for every chat service, the worst first. What does not fit is counted, never cut in the middle.

use wire::{Id, UnixMs};

use super::{
    report::{ExtinguisherLine, Made, Report, RoundLine, TicketLine},
    room::{Room, Verdict, What},
    text::{Scene, action, counts, reason},
    warm_up::Forecast,
};
use crate::{config::Language, episode::Severity, notify::words::Delivery, register, rounds, texts};

/// Bytes of UTF-8 of a text: WeCom takes 4096 with the subject and whom to mention.
pub const TEXT_BYTES_MAX: usize = 3_500;
/// Tickets that a message names; more are counted.
const TICKETS_MAX: usize = 6;
/// Rooms of one line that are named; more are counted in it.
const NAMES_MAX: usize = 12;
/// Bytes that all but the rooms may take.
const TAIL_BYTES_MAX: usize = 1_600;

/// The report in a message of the outbox; `None` where it is of a later version.
#[must_use]
pub fn render(payload: &serde_json::Value, key: &str, scene: Scene<'_>) -> Option<Delivery> {
    let report: Report = serde_json::from_value(payload["body"].clone()).ok()?;
    let (subject, text) = (subject(&report, scene), text(&report, scene));
    let json = serde_json::json!({
        "version": 1,
        "key": key,
        "news": "readiness",
        "language": scene.language,
        "subject": subject,
        "text": text,
        "venue_name": scene.venues.name(&report.venue, scene.language),
        "report": report,
    });
    Some(Delivery::plain(key, subject, text, json, Severity::P3))
}

/// The one line.
#[must_use]
pub fn subject(report: &Report, scene: Scene<'_>) -> String {
    let venue = scene.venues.name(&report.venue, scene.language);
    scene.fill("subject", &[("venue", venue), ("date", &report.date), ("count", &counts(&report.rooms, scene))])
}

/// The whole text, at most [`TEXT_BYTES_MAX`] bytes.
#[must_use]
pub fn text(report: &Report, scene: Scene<'_>) -> String {
    let tail = tail(report, scene);
    let mut head = vec![scene.fill("opens", &[("time", &scene.clock(report.opening))])];
    if report.made == Made::Late {
        head.push(scene.fill("made_late", &[("time", &scene.clock(report.at))]));
    }
    let mut text = head.join(" · ");
    let open = |room: &&Room| matches!(room.verdict, Verdict::NotReady | Verdict::Unknown);
    if !report.rooms.is_empty() && !report.rooms.iter().any(|room| open(&room)) {
        text.push('\n');
        text.push_str(scene.t("all_ready"));
    }
    let room_bytes_max = TEXT_BYTES_MAX.saturating_sub(tail.len());
    for verdict in [Verdict::NotReady, Verdict::Unknown] {
        rooms(report, verdict, scene, room_bytes_max, &mut text);
    }
    text.push('\n');
    text.push_str(&tail);
    text
}

/// Rooms that say the same in one line, as long as lines fit; what to do behind it, if that fits too.
fn rooms(report: &Report, verdict: Verdict, scene: Scene<'_>, bytes_max: usize, text: &mut String) {
    let mut groups: Vec<(String, Option<String>, Vec<&Id>)> = Vec::new();
    for room in report.rooms.iter().filter(|room| room.verdict == verdict) {
        let why: Vec<String> = room.reasons.iter().map(|r| reason(r, report.at, scene)).collect();
        let (why, act) = (why.join(scene.t("and_also")), action(room, scene));
        match groups.iter_mut().find(|(w, a, _)| *w == why && *a == act) {
            Some((.., rooms)) => rooms.push(&room.room),
            None => groups.push((why, act, vec![&room.room])),
        }
    }
    if groups.is_empty() {
        return;
    }
    text.push('\n');
    text.push_str(scene.t(if verdict == Verdict::NotReady { "section_not_ready" } else { "section_unknown" }));
    // Room for the line that counts the rest.
    let bytes_max = bytes_max.saturating_sub(120);
    let (mut left, mut told) = (0, None);
    for (why, act, names) in &groups {
        let line = scene.fill("line", &[("rooms", &name_list(names, scene)), ("why", why)]);
        if left > 0 || text.len() + line.len() + 1 > bytes_max {
            left += names.len();
            continue;
        }
        text.push('\n');
        text.push_str(&line);
        let act = act.as_ref().map(|act| scene.fill("action", &[("action", act)]));
        // What is to be done is said once for neighbours that need the same.
        if let Some(act) = act.filter(|act| told.as_ref() != Some(act) && text.len() + act.len() < bytes_max) {
            text.push('\n');
            text.push_str(&act);
            told = Some(act);
        }
    }
    if left > 0 {
        text.push('\n');
        text.push_str(&scene.fill("more_rooms", &[("n", &left.to_string())]));
    }
}

/// Rooms that are on their way, and when the last of them will be there; `None` where there is none.
#[must_use]
pub fn in_time(rooms: &[Room], scene: Scene<'_>) -> Option<String> {
    let by = |room: &Room| {
        room.remarks.iter().find_map(|remark| match remark.what {
            What::OutOfBand { forecast: Some(Forecast::InTime { by, .. }), .. } => Some(by),
            _ => None,
        })
    };
    let ready = rooms.iter().filter(|room| room.verdict == Verdict::Ready);
    let moving: Vec<(&Id, UnixMs)> = ready.filter_map(|room| Some((&room.room, by(room)?))).collect();
    let last = moving.iter().map(|(_, by)| *by).max()?;
    let rooms: Vec<&Id> = moving.into_iter().map(|(room, _)| room).collect();
    let blanks = [("rooms", &*name_list(&rooms, scene)), ("time", &*scene.clock(last))];
    Some(scene.fill("section_in_time", &blanks))
}

fn name_list(rooms: &[&Id], scene: Scene<'_>) -> String {
    let names: Vec<_> = rooms.iter().take(NAMES_MAX).map(|room| scene.room(room)).collect();
    let names = names.join(scene.t("joined"));
    match rooms.len().saturating_sub(NAMES_MAX) {
        0 => names,
        more => format!("{names} +{more}"),
    }
}

/// Everything but the rooms to see to.
fn tail(report: &Report, scene: Scene<'_>) -> String {
    let mut lines: Vec<String> = in_time(&report.rooms, scene).into_iter().collect();
    let locked: Vec<&Id> = report.rooms.iter().filter(|r| r.verdict == Verdict::Locked).map(|r| &r.room).collect();
    if !locked.is_empty() {
        lines.push(scene.fill("section_locked", &[("rooms", &name_list(&locked, scene))]));
    }
    if !report.urgent.is_empty() {
        lines.push(scene.t("section_urgent").into());
        lines.extend(report.urgent.iter().take(TICKETS_MAX).map(|ticket| format!("· {}", ticket_line(ticket, scene))));
        if let Some(more) = report.urgent.len().checked_sub(TICKETS_MAX).filter(|more| *more > 0) {
            lines.push(scene.fill("more_tickets", &[("n", &more.to_string())]));
        }
    }
    lines.extend(facts(report, scene));
    let mut tail = String::new();
    for line in lines {
        if tail.len() + line.len() < TAIL_BYTES_MAX {
            tail.push_str(if tail.is_empty() { "" } else { "\n" });
            tail.push_str(&line);
        }
    }
    tail
}

/// Yesterday, rounds, extinguishers and people: a line each.
#[must_use]
pub fn facts(report: &Report, scene: Scene<'_>) -> Vec<String> {
    let y = &report.yesterday;
    let (opened, ended, left) = (y.opened.to_string(), y.ended.to_string(), (y.opened - y.ended).to_string());
    let mut lines = vec![scene.fill("section_yesterday", &[("opened", &opened), ("ended", &ended), ("left", &left)])];
    let none = || vec![scene.t("none").to_owned()];
    let some = |list: Vec<String>| if list.is_empty() { none() } else { list }.join(scene.t("joined"));
    let rounds = some(report.rounds.iter().map(|line| round(line, report, scene)).collect());
    lines.push(scene.fill("section_rounds", &[("rounds", &rounds)]));
    let extinguishers = some(report.extinguishers.iter().map(|line| extinguisher(line, scene)).collect());
    lines.push(scene.fill("section_extinguishers", &[("list", &extinguishers)]));
    let people: Vec<String> = report.duty.iter().map(|duty| on_duty(duty, scene)).collect();
    let people = if people.is_empty() { scene.t("nobody").into() } else { people.join(scene.t("and_also")) };
    lines.push(scene.fill("section_duty", &[("people", &people)]));
    lines
}

/// A ticket in one line.
#[must_use]
pub fn ticket_line(ticket: &TicketLine, scene: Scene<'_>) -> String {
    let title = texts::own(scene.language, &ticket.title);
    let severity = format!("{:?}", ticket.severity);
    scene.fill("ticket_line", &[("severity", &severity), ("title", title), ("number", &ticket.number)])
}

fn round(line: &RoundLine, report: &Report, scene: Scene<'_>) -> String {
    let name = match scene.language {
        Language::ZhCn => &line.name_zh,
        Language::En => &line.name_en,
    };
    match line.stage {
        None | Some(rounds::Stage::Open) => {
            let due = scene.moment(line.due, report.at);
            scene.fill("round_due", &[("name", name), ("time", &due)])
        }
        Some(stage) => {
            scene.fill("round_stage", &[("name", name), ("stage", rounds::text::stage(stage, scene.language))])
        }
    }
}

fn extinguisher(line: &ExtinguisherLine, scene: Scene<'_>) -> String {
    let asset = scene.venues.asset_name(scene.venue, &line.asset, scene.language);
    // A name that says where it stands needs no room before it.
    let room = line.room.as_ref().map(|room| scene.room(room)).filter(|room| !asset.contains(&**room));
    let standing = register::text::standing(line.standing, scene.language);
    let days = line.days.filter(|days| *days >= 0).map(|days| days.to_string());
    let room = room.unwrap_or_default();
    let mut blanks = vec![("room", &*room), ("asset", &*asset), ("standing", standing)];
    match &days {
        Some(days) => {
            blanks.push(("days", days));
            scene.fill("extinguisher_days", &blanks).trim_start().to_owned()
        }
        None => scene.fill("extinguisher", &blanks).trim_start().to_owned(),
    }
}

fn on_duty(duty: &super::duty::OnDuty, scene: Scene<'_>) -> String {
    let name = |member: &String| match &duty.leader {
        Some(leader) if leader == member => scene.fill("leader", &[("name", member)]),
        _ => member.clone(),
    };
    let mut people: Vec<String> = duty.members.iter().map(name).collect();
    if let Some(leader) = duty.leader.as_ref().filter(|leader| !duty.members.contains(leader)) {
        people.insert(0, scene.fill("leader", &[("name", leader)]));
    }
    let team = scene.venues.team_name(scene.venue, &duty.team, scene.language);
    scene.fill("team_people", &[("team", &team), ("people", &people.join(scene.t("joined")))])
}

#[cfg(test)]
mod tests;
