//! Stretches of time as sorted, disjoint pairs, and what remains of some when others are taken away.

use wire::UnixMs;

/// From when to when, the end not included.
pub(super) type Span = (UnixMs, UnixMs);

/// What of `span` lies in `within`; `None` where nothing does.
pub(super) fn cut(span: Span, within: Span) -> Option<Span> {
    let both = (span.0.max(within.0), span.1.min(within.1));
    (both.0 < both.1).then_some(both)
}

/// In order, with those that overlap or touch made one.
pub(super) fn union(mut all: Vec<Span>) -> Vec<Span> {
    all.retain(|span| span.0 < span.1);
    all.sort_unstable();
    let mut out: Vec<Span> = Vec::with_capacity(all.len());
    for span in all {
        match out.last_mut() {
            Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
            _ => out.push(span),
        }
    }
    out
}

/// `from` without `away`; both in order and disjoint.
pub(super) fn minus(from: &[Span], away: &[Span]) -> Vec<Span> {
    let mut out = Vec::with_capacity(from.len());
    let mut first = 0;
    for &(mut begin, end) in from {
        while away.get(first).is_some_and(|a| a.1 <= begin) {
            first += 1;
        }
        for a in away[first..].iter().take_while(|a| a.0 < end) {
            if a.0 > begin {
                out.push((begin, a.0));
            }
            begin = begin.max(a.1);
        }
        if begin < end {
            out.push((begin, end));
        }
    }
    out
}

/// How long they are together.
pub(super) fn length(all: &[Span]) -> i64 {
    all.iter().map(|span| span.1 - span.0).sum()
}
