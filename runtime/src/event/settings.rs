//! What becomes of settings that are read while the process runs.

use super::declare::declare;

declare! {
    /// Settings of a file and the environment were put in force, which are others than before.
    SettingsApplied<'a> {
        values {
            /// How many values there are.
            values: u64,
        }
        texts {
            /// The file.
            path: &'a str,
        }
        maybe {}
    }

    /// The file of settings has a mistake, or is not there: those in force stay. Told once for each mistake.
    SettingsRefused<'a> {
        values {}
        texts {
            /// The file.
            path: &'a str,
            /// What is wrong, and on which line.
            error: &'a str,
        }
        maybe {}
    }

    /// Something that is said in settings has no effect, or may not be meant: a variable of the environment with our prefix that nothing uses, a name
    /// that nothing has but that is similar to one. Told once, and again when it has been different meanwhile.
    SettingUnused<'a> {
        values {}
        texts {
            /// What it is, and what may be meant. It has no value in it.
            warning: &'a str,
        }
        maybe {}
    }
}
