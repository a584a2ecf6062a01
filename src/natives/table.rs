//! Rows as columns that line up.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use rhai::{Array, Dynamic, ImmutableString, Map};

use super::{NativeError, NativeResult, compact};

/// The members called `columns` of each row, below titles; without `columns` those of the first row.
///
/// # Errors
/// Number 10 when a row is no map.
pub fn table(rows: &Array, columns: Option<Vec<String>>) -> NativeResult<String> {
    let mut maps = Vec::with_capacity(rows.len());
    for row in rows {
        let map = row.read_lock::<Map>();
        maps.push(map.ok_or_else(|| NativeError::wrong_type("each row must be a map"))?);
    }
    let columns = columns.unwrap_or_else(|| {
        maps.first().map_or_else(Vec::new, |row| row.keys().map(ToString::to_string).collect())
    });
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|column| column.to_uppercase().replace('_', " ")));
    for row in &maps {
        table.add_row(
            columns.iter().map(|key| row.get(key.as_str()).map_or_else(String::new, cell)),
        );
    }
    for (place, key) in columns.iter().enumerate() {
        let values = maps.iter().filter_map(|row| row.get(key.as_str()));
        let mut values = values.filter(|value| !value.is_unit()).peekable();
        let numbers =
            values.peek().is_some() && values.all(|value| value.is_int() || value.is_float());
        if let Some(column) = table.column_mut(place) {
            column.set_padding((0, 2));
            if numbers {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    Ok(table.trim_fmt())
}

/// A value as it stands in a table: texts as they are but on one line, nothing for `()`.
fn cell(value: &Dynamic) -> String {
    if value.is_unit() {
        return String::new();
    }
    match value.read_lock::<ImmutableString>() {
        Some(text) => visible(&text),
        None => compact(value),
    }
}

/// What comes out of an agency does not move the cursor.
fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() {
            true => visible.extend(letter.escape_default()),
            false => visible.push(letter),
        }
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(json: serde_json::Value) -> Array {
        crate::natives::from_json(json).into_array().unwrap()
    }

    #[test]
    fn columns_line_up_and_numbers_are_at_the_right() {
        let rows = rows(serde_json::json!([
            {"id": "PRMR-a", "reboot_id": 1, "leads": null}, {"id": "é", "reboot_id": 12, "leads": [1]}
        ]));
        let columns = ["id", "reboot_id", "leads", "none"].map(str::to_owned).to_vec();
        let text = table(&rows, Some(columns)).unwrap();
        assert_eq!(
            text,
            "ID      REBOOT ID  LEADS  NONE\nPRMR-a          1\né              12  [ 1 ]"
        );
    }

    #[test]
    fn escape_sequences_are_shown() {
        let rows = rows(serde_json::json!([{"name": "a\u{1b}[31m\nb"}]));
        assert_eq!(table(&rows, None).unwrap(), "NAME\na\\u{1b}[31m\\nb");
    }

    #[test]
    fn a_row_that_is_no_map_is_refused() {
        assert_eq!(table(&vec![3.into()], None).unwrap_err().error_num(), Some(10));
        assert_eq!(table(&Array::new(), None).unwrap(), "");
    }
}
