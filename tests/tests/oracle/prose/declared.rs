//! Attributes that do not fit their function: what the compiler says is kept beside the compile-fail tests, which hold it to that.

use std::path::Path;

use super::told::Told;
use crate::cases::Case;

pub(crate) fn fb_11_a_fallback_that_does_not_fit(case: &Case) -> Result<Told, String> {
    let mut told = Told::default();
    for (at, step) in case.steps.iter().enumerate() {
        let (test, says) = match step["problem"].as_str() {
            Some("return type differs") => (
                "row_68_fallback_with_other_result",
                "expected `Result<String, RedisError>`, found `Result<u64, RedisError>`",
            ),
            Some("argument list differs") => (
                "fallback_with_other_parameters",
                "is called with the arguments of the annotated one, 2 in number, and takes fewer or more",
            ),
            Some("both handler class and method named") => {
                ("row_71_option_twice", "error: `fallback` is given twice")
            }
            Some("method does not exist") => (
                "row_68_fallback_with_other_arguments",
                "cannot find value `fetch_dv` in this scope",
            ),
            other => return Err(format!("unknown problem {other:?}")),
        };
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/fail");
        let is_tested = directory.join(test).with_extension("rs").is_file();
        let said = std::fs::read_to_string(directory.join(test).with_extension("stderr"));
        let refused = is_tested && said.is_ok_and(|said| said.contains(says));
        told = told
            .saw(
                at,
                "rejected",
                if refused { "by the compiler" } else { "never" },
            )
            .note(&format!(
                "{} is refused in ui/fail/{test}.rs",
                step["problem"]
            ));
    }
    Ok(told)
}
