//! A fault of ours in one case is that case's result, and blames no target.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt as _;

/// What `case` comes to.
///
/// # Errors
///
/// It panicked, with these words.
pub(super) async fn caught<T>(case: impl Future<Output = T>) -> Result<T, String> {
    // Nothing that the case changes is looked at again, but for counts of unanswered exchanges.
    AssertUnwindSafe(case).catch_unwind().await.map_err(|panic| words(&*panic))
}

/// What `judge` comes to, as [`caught`] does.
///
/// # Errors
///
/// It panicked, with these words.
pub(super) fn kept<T>(judge: impl FnOnce() -> T) -> Result<T, String> {
    // It changes nothing.
    catch_unwind(AssertUnwindSafe(judge)).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("a fault of corspec, please report it: {}", said.unwrap_or("a panic"))
}

#[cfg(test)]
mod tests {
    use super::{caught, kept};

    #[tokio::test]
    async fn a_panic_is_a_value() {
        let case = async { assert_eq!(1, 2, "of two") };
        let why = caught(case).await.unwrap_err();
        assert!(why.starts_with("a fault of corspec, please report it: "), "{why}");
        assert!(why.contains("of two"), "{why}");
        assert_eq!(caught(async { 1 }).await, Ok(1));
        let why = kept(|| assert_eq!(1, 2, "of two")).unwrap_err();
        assert!(why.contains("of two"), "{why}");
        assert_eq!(kept(|| 1), Ok(1));
    }
}
