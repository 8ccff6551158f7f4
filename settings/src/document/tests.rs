use std::path::Path;

use super::*;

const TOML: &str = "\
# three ways to say it
[functions.\"app::load\"]
retries = 5
factor = 1.5
timeout = \"0123\"

[caches.users]
enabled = false
";

#[cfg(feature = "yaml")]
const YAML: &str = "\
# three ways to say it
functions:
  \"app::load\":
    retries: 5
    factor: 1.5
    timeout: \"0123\"
caches:
  users: { enabled: false }
";

#[cfg(feature = "json")]
const JSON: &str = "\
{
  \"functions\": {
    \"app::load\": {
      \"retries\": 5, \"factor\": 1.5,
      \"timeout\": \"0123\"
    }
  },
  \"caches\": { \"users\": { \"enabled\": false } }
}
";

/// Each value with its path and place.
fn leaves(entries: &[Entry], path: &str, into: &mut Vec<(String, Value, Place, Place)>) {
    for entry in entries {
        let path = format!("{path}/{}", entry.key);
        match &entry.value {
            Value::Table(inner) => leaves(inner, &path, into),
            value => into.push((path, value.clone(), entry.key_at, entry.at)),
        }
    }
}

fn read(name: &str, text: &str) -> Vec<(String, Value, Place, Place)> {
    let mut all = Vec::new();
    let document = parse(Path::new(name), text).expect(name);
    leaves(&document, "", &mut all);
    all
}

fn refused(name: &str, text: &str) -> (Option<Place>, String) {
    let malformed = parse(Path::new(name), text).expect_err("it is none");
    (malformed.at, malformed.problem)
}

#[test]
fn the_same_is_said_in_each_of_them_and_a_string_stays_one() {
    let values = |name, text| -> Vec<(String, Value)> {
        let all = read(name, text).into_iter();
        all.map(|(path, value, _, _)| (path, value)).collect()
    };
    let said = values("a.toml", TOML);
    assert_eq!(said.len(), 4);
    assert!(said.contains(&(
        "/functions/app::load/timeout".to_owned(),
        Value::Text("0123".to_owned())
    )));
    #[cfg(feature = "yaml")]
    {
        assert_eq!(values("a.yaml", YAML), said);
        assert_eq!(values("a.YML", YAML), said);
    }
    #[cfg(feature = "json")]
    assert_eq!(values("a.json", JSON), said);
}

#[test]
fn each_value_and_each_key_knows_its_place() {
    let places = |name, text| -> Vec<(Place, Place)> {
        let all = read(name, text).into_iter();
        all.map(|(_, _, key_at, at)| (key_at, at)).collect()
    };
    assert_eq!(
        places("a.toml", TOML),
        [
            ((3, 1), (3, 11)),
            ((4, 1), (4, 10)),
            ((5, 1), (5, 11)),
            ((8, 1), (8, 11))
        ]
    );
    #[cfg(feature = "yaml")]
    assert_eq!(
        places("a.yaml", YAML),
        [
            ((4, 5), (4, 14)),
            ((5, 5), (5, 13)),
            ((6, 5), (6, 14)),
            ((8, 12), (8, 21))
        ]
    );
    #[cfg(feature = "json")]
    assert_eq!(
        places("a.json", JSON),
        [
            ((4, 7), (4, 18)),
            ((4, 21), (4, 31)),
            ((5, 7), (5, 18)),
            ((8, 26), (8, 37))
        ]
    );
}

#[test]
fn what_is_none_of_its_kind_is_refused_with_its_line() {
    let mut wrong: Vec<String> = Vec::new();
    let (at, problem) = refused("a.toml", "[functions.a]\nretries = 3 x\n");
    assert_eq!(at.map(|at| at.0), Some(2));
    assert!(problem.starts_with("not TOML: "), "{problem}");
    #[cfg(feature = "yaml")]
    for (text, line, part) in [
        ("functions:\n  a: \"x\n", 2, "not YAML: "),
        ("functions:\n  a: {retries: 3\n", 3, "not YAML: "),
        ("functions:\n\ta: 3\n", 2, "not YAML: "),
        ("a: 1\na: 2\n", 2, "there already, in line 1"),
        ("a: &x 1\nb: *x\n", 2, "an alias"),
        ("a: !!str 1\n", 1, "a tag"),
        ("a: 1\n---\nb: 2\n", 2, "a second document"),
        ("- a\n- b\n", 1, "expected keys"),
        ("? [a]\n: 1\n", 1, "a key that is no string"),
        (
            "{a: {a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}}",
            1,
            "too deep",
        ),
    ] {
        let (at, problem) = refused("a.yaml", text);
        let is_it = problem.contains(part) && at.map(|at| at.0) == Some(line);
        wrong.extend((!is_it).then(|| format!("{text}: {at:?} {problem}")));
    }
    #[cfg(feature = "json")]
    for (text, line, part) in [
        ("{\n \"a\": 1,\n}", 3, "not JSON: "),
        ("{\n \"a\": 01\n}", 2, "not JSON: "),
        ("{\n \"a\": {\"b\":\n", 3, "not JSON: "),
        ("{\"a\": 1,\n \"a\": 2}", 2, "there already, in line 1"),
        ("\n[1]", 2, "expected an object"),
        ("{} {}", 1, "not JSON: "),
    ] {
        let (at, problem) = refused("a.json", text);
        let is_it = problem.contains(part) && at.map(|at| at.0) == Some(line);
        wrong.extend((!is_it).then(|| format!("{text}: {at:?} {problem}")));
    }
    assert_eq!(wrong, [""; 0]);
}

#[cfg(feature = "yaml")]
#[test]
fn only_numbers_of_json_are_numbers_in_yaml() {
    let text = "a: 0123\nb: 0x10\nc: 1_000\nd: no\ne: 1e3\nf: -4\ng: 0.5\nh: .inf\ni: 0\nj: ~\n";
    let text_of = |text: &str| Value::Text(text.to_owned());
    let values: Vec<_> = read("a.yaml", text)
        .into_iter()
        .map(|(_, value, _, _)| value)
        .collect();
    assert_eq!(
        values,
        [
            text_of("0123"),
            text_of("0x10"),
            text_of("1_000"),
            text_of("no"),
            text_of("1e3"),
            Value::Integer(-4),
            Value::Float(0.5),
            text_of(".inf"),
            Value::Integer(0),
            Value::Other("nothing"),
        ]
    );
}

#[test]
fn a_file_cut_at_any_byte_is_read_or_refused() {
    let mut texts = vec![("a.toml", TOML)];
    #[cfg(feature = "yaml")]
    texts.push(("a.yaml", YAML));
    #[cfg(feature = "json")]
    texts.push(("a.json", JSON));
    for (name, text) in texts {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let _ = parse(Path::new(name), &text[..end]);
        }
    }
}
