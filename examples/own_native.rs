//! Gives scripts a function of your own: `stock::take(article, number)`.
//!
//! ```sh
//! cargo run --example own_native
//! ```

#![allow(clippy::print_stdout, reason = "a program talks to people")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use agencysh::host::HostError;
use agencysh::natives::{self, NativeContext, NativeError, NativeResult};
use agencysh::{Host, Target};
use rhai::{Module, NativeCallContext};

/// What there is of each article; scripts share it with the program.
type Stock = Arc<Mutex<BTreeMap<String, i64>>>;

/// The natives of the namespace `stock`.
fn module(stock: &Stock) -> Module {
    let mut module = Module::new();
    let shelf = Arc::clone(stock);
    module.set_native_fn(
        "take",
        // the error of the native gets the place of its call
        move |call: NativeCallContext, article: &str, number: i64| {
            natives::call(&call, "stock::take", |run| take(run, &shelf, article, number))
        },
    );
    module
}

/// Waits for the carrier, until the run has to end; then takes so many from the shelf.
fn take(run: &NativeContext, shelf: &Stock, article: &str, number: i64) -> NativeResult<i64> {
    run.deadline.sleep(Duration::from_millis(1))?;
    let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
    let left = shelf.get_mut(article).filter(|left| **left >= number).ok_or_else(|| {
        let text = format!("there are not {number} of '{article}'");
        NativeError::arango("stock.short", 10, text).with("article", article.to_owned())
    })?;
    *left -= number;
    run.note(&format!("{number} of {article} taken"));
    Ok(*left)
}

fn host(stock: &Stock) -> Result<Host, HostError> {
    Host::builder()
        .target(Target::None)
        .module("stock", module(stock))
        .notes(|line| println!("note: {line}"))
        .build()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stock = Stock::default();
    stock.lock().unwrap_or_else(PoisonError::into_inner).insert("disk".to_owned(), 3);
    let host = host(&stock)?;
    println!("left: {}", host.eval("stock::take(\"disk\", 2)")?.to_json()?);
    if let Err(error) = host.eval("stock::take(\"disk\", 2)") {
        println!("{}", error.report());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_take_from_the_stock_of_the_program() {
        let stock = Stock::default();
        stock.lock().unwrap().insert("disk".to_owned(), 3);
        let host = host(&stock).unwrap();
        assert_eq!(host.eval("stock::take(\"disk\", 2)").unwrap().value.as_int(), Ok(1));
        assert_eq!(stock.lock().unwrap()["disk"], 1);
        let error = host.eval("let x = 1;\nstock::take(\"disk\", 2)").unwrap_err();
        assert_eq!((error.kind(), error.line()), ("stock.short", Some(2)));
        assert_eq!(error.to_json()["context"]["article"], "disk");
    }

    #[test]
    fn the_example_runs() {
        main().unwrap();
    }
}
