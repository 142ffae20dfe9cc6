//! The warehouse as its clients meet it, over HTTP: the contract, every kind of fault, the callbacks, and the books
//! that must be right whatever is answered. It may not look into the server but through its handle.

#![forbid(unsafe_code)]

mod callbacks;
mod client;
mod contract;
mod faults;
mod running;
mod shop;
