//! Words of other languages, and what takes their place here.

/// What is written for a variable or a word that other languages have.
pub(super) fn word(name: &str) -> Option<&'static str> {
    Some(match name {
        "undefined" | "None" | "null" | "nil" | "void" => "no value is written ()",
        "var" => "variables are declared with let",
        "function" | "def" | "func" | "lambda" => {
            "functions begin with fn: fn name(x) { … }; closures are written |x| …"
        }
        "console" => "log::info(text) logs, print(values) prints",
        "JSON" => "json::parse(text) and json::stringify(value)",
        "Math" => "numbers have methods: x.floor(), x.abs(), x.sqrt(); random:: makes random ones",
        "Date" => "time::now(), time::iso8601() and time::local()",
        "True" => "it is written true",
        "False" => "it is written false",
        "self" => "it is written this",
        "internal" => {
            "it is arangosh's: `agencysh doc internal.time`, and so on, tells what takes the place of its functions"
        }
        "require" => "modules are imported: import \"name\" as name;",
        "elif" | "elsif" => "it is written else if",
        "async" | "await" => "all calls wait for their result here",
        _ => return None,
    })
}

/// What is called here in place of a function that other languages have.
pub(super) fn function(name: &str) -> Option<&'static str> {
    Some(match name {
        "length" | "size" | "count" | "lenght" => "len()",
        "toUpperCase" | "upper" => "to_upper()",
        "toLowerCase" | "lower" => "to_lower()",
        "includes" | "has" => "contains()",
        "hasOwnProperty" => "\"key\" in map",
        "substring" | "substr" | "slice" => "sub_string() for texts, extract() for arrays",
        "concat" => "a + b",
        "toString" | "String" | "str" => "to_string()",
        "parseInt" | "Number" | "int" => "parse_int()",
        "parseFloat" | "float" => "parse_float()",
        "every" => "all()",
        "typeof" => "type_of()",
        "unshift" => "insert(0, value)",
        "require" => "import \"name\" as name;",
        "setTimeout" => "sleep(seconds)",
        "println" | "printf" | "echo" => "print(values)",
        "sprintf" | "format" => "texts in back-quotes: `${a} of ${b}`",
        _ => return None,
    })
}

/// What is written for an operator that other languages have.
pub(super) fn operator(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "=" => "a comparison is written ==",
        "++" => "write x += 1",
        "--" => "write x -= 1",
        "===" => "write ==",
        "!==" => "write !=",
        ":=" => "write =",
        "<>" => "write !=",
        "=>" => "closures are written |x| …",
        "->" => "functions declare no type of result",
        "??=" => "write x = x ?? value",
        _ => return None,
    })
}

/// A name in camel case, as names are written here.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
