//! A table for people: columns as wide as they need to be, two spaces between.

/// Lays rows out under their headings. Trailing spaces are left away, so that
/// a copied line is clean.
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = headings.map(width);
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let mut text = line(&widths, headings.iter().copied());
    for row in rows {
        text.push('\n');
        text.push_str(&line(&widths, row.iter().map(String::as_str)));
    }
    text
}

/// Characters, which is close enough: names are ASCII, and a wide character in
/// a value only shifts what stands behind it.
fn width(text: &str) -> usize {
    text.chars().count()
}

fn line<'a>(widths: &[usize], cells: impl Iterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for (cell, widest) in cells.zip(widths) {
        line.push_str(cell);
        let gap = widest.saturating_sub(width(cell)) + 2;
        line.extend(std::iter::repeat_n(' ', gap));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_are_clean() {
        let rows = [
            ["eu/n1".to_owned(), "alive".to_owned()],
            ["n2".to_owned(), String::new()],
        ];
        assert_eq!(
            table(["MEMBER", "STATUS"], &rows),
            "MEMBER  STATUS\neu/n1   alive\nn2"
        );
        assert_eq!(table(["KEY"], &[]), "KEY");
    }
}
