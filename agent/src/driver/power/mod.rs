//! Electricity and sound: is the equipment powered, does it play, and how loud?
