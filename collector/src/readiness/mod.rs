//! Opening readiness (开业就绪): the answer, room by room, to "can we open?" before each opening.
//! Unknown is never ready.
//!
//! [`room`] is the answer as it is stored and shown, [`assess`] finds it from what is known of a room,
//! [`warm_up`] says from past mornings whether the temperature will be in its band by then. [`plan`] knows
//! when the pre-opening report (班前报告) is made, [`duty`] who is on shift and is told, [`report`] is
//! what stands in it. All of these are pure. [`gather`] reads what they need, [`compile`] puts a report
//! together, [`job`] is the thread that makes reports, [`text`] says answers in words and [`message`]
//! whole reports.

pub mod assess;
pub mod compile;
pub mod duty;
pub mod gather;
pub mod job;
pub mod message;
pub mod plan;
pub mod report;
pub mod room;
pub mod text;
pub mod warm_up;

pub use report::Report;
pub use room::{Reason, Room, Verdict, What};
