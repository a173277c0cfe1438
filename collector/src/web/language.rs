//! Chooses a page's language: asked for by `?lang=`, remembered in a cookie, or what the browser
//! prefers; Chinese where nothing says otherwise.

use axum::http::{HeaderMap, header};

use crate::config::Language;

/// Name of the cookie that remembers the choice.
const COOKIE: &str = "lang";
/// The choice is kept for a year.
const COOKIE_SECONDS: u32 = 31_536_000;

/// The language of an answer, and the cookie to set if it was just chosen.
pub fn choose(query: Option<&str>, headers: &HeaderMap) -> (Language, Option<String>) {
    if let Some(language) = query.and_then(of) {
        let cookie = format!("{COOKIE}={}; Path=/; Max-Age={COOKIE_SECONDS}; SameSite=Lax", tag(language));
        return (language, Some(cookie));
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let remembered = pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, value)| of(value));
    let preferred = || {
        let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
        accepted.split(',').map(|part| part.split(';').next().unwrap_or_default().trim()).find_map(of)
    };
    (remembered.or_else(preferred).unwrap_or_default(), None)
}

/// The language as HTML names it.
#[must_use]
pub fn tag(language: Language) -> &'static str {
    match language {
        Language::ZhCn => "zh-CN",
        Language::En => "en",
    }
}

/// The other one, for the switch on every page.
#[must_use]
pub fn other(language: Language) -> Language {
    match language {
        Language::ZhCn => Language::En,
        Language::En => Language::ZhCn,
    }
}

fn of(text: &str) -> Option<Language> {
    let text = text.to_ascii_lowercase();
    match text.split('-').next() {
        Some("zh") => Some(Language::ZhCn),
        Some("en") => Some(Language::En),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn what_was_asked_for_wins_over_what_was_remembered_and_that_over_the_browser() {
        let (language, cookie) = choose(Some("en"), &headers(header::COOKIE, "lang=zh-CN"));
        assert_eq!(language, Language::En);
        assert!(cookie.is_some_and(|cookie| cookie.starts_with("lang=en;")));
        assert_eq!(choose(None, &headers(header::COOKIE, "a=b; lang=en")), (Language::En, None));
        assert_eq!(choose(None, &headers(header::ACCEPT_LANGUAGE, "fr,en-GB;q=0.8")), (Language::En, None));
        assert_eq!(choose(None, &HeaderMap::new()), (Language::ZhCn, None));
        assert_eq!(choose(Some("xx"), &HeaderMap::new()), (Language::ZhCn, None));
    }
}
