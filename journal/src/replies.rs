//! What stands in place of the replies to writes that were journalled: pure.

use redis::Value;

use crate::written::mark;

/// The replies to a pipeline of so many commands.
pub(crate) fn of_pipeline(commands: usize, is_transaction: bool) -> Vec<Value> {
    let each = vec![mark(); commands];
    if is_transaction {
        // That of `EXEC` is the list of all.
        vec![Value::Array(each)]
    } else {
        each
    }
}
