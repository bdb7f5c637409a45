//! Signing and secrets: keys, tokens, passwords, signed links. Knows nothing of what they protect.

pub mod extract;
pub mod keys;
pub mod password;
pub mod secret;
pub mod token;
