//! `wrap`: Python's `textwrap.TextWrapper`, option by option.

use serde::{Deserialize, Serialize};

/// The options of a wrapper, under Python's names; widths count characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are Python's, documented there")]
#[expect(clippy::struct_excessive_bools, reason = "they are Python's")]
pub struct Wrap {
    pub width: i64,
    pub expand_tabs: bool,
    pub tabsize: usize,
    pub replace_whitespace: bool,
    pub drop_whitespace: bool,
    pub initial_indent: String,
    pub subsequent_indent: String,
    pub fix_sentence_endings: bool,
    pub break_long_words: bool,
    pub break_on_hyphens: bool,
    pub max_lines: Option<usize>,
    pub placeholder: String,
}

/// What Python's `textwrap` takes for white space: that of ASCII.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\x0b' | '\x0c' | '\r' | ' ')
}

fn is_blanks(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

fn length(text: &str) -> i64 {
    text.chars().count() as i64
}

impl Wrap {
    /// The lines of a text.
    pub fn lines(&self, text: &str) -> Vec<String> {
        let mut chunks = self.chunks(&self.tidied(text));
        if self.fix_sentence_endings {
            end_sentences(&mut chunks);
        }
        self.filled(chunks)
    }

    fn tidied(&self, text: &str) -> String {
        let mut output = String::with_capacity(text.len());
        let mut column = 0;
        for c in text.chars() {
            match c {
                '\t' if self.expand_tabs => {
                    let blanks = if self.tabsize == 0 { 0 } else { self.tabsize - column % self.tabsize };
                    output.extend(std::iter::repeat_n(' ', blanks));
                    column += blanks;
                }
                '\n' | '\r' => {
                    output.push(c);
                    column = 0;
                }
                _ => {
                    output.push(c);
                    column += 1;
                }
            }
        }
        match self.replace_whitespace {
            true => output.chars().map(|c| if is_blank(c) { ' ' } else { c }).collect(),
            false => output,
        }
    }

    /// Words and the white space between them; with `break_on_hyphens`, words end behind hyphens within them.
    fn chunks(&self, text: &str) -> Vec<String> {
        let characters: Vec<char> = text.chars().collect();
        let mut chunks = vec![];
        let mut at = 0;
        while at < characters.len() {
            let blank = is_blank(characters[at]);
            let run = characters[at..].iter().take_while(|c| is_blank(**c) == blank).count();
            let part = &characters[at..at + run];
            if blank || !self.break_on_hyphens {
                chunks.push(part.iter().collect());
            } else {
                hyphenated(part, &mut chunks);
            }
            at += run;
        }
        chunks
    }

    fn filled(&self, chunks: Vec<String>) -> Vec<String> {
        let mut chunks: Vec<String> = chunks.into_iter().rev().collect();
        let mut lines: Vec<String> = vec![];
        while !chunks.is_empty() {
            let indent = if lines.is_empty() { &self.initial_indent } else { &self.subsequent_indent };
            let width = self.width - length(indent);
            if self.drop_whitespace && !lines.is_empty() && chunks.last().is_some_and(|chunk| is_blanks(chunk)) {
                chunks.pop();
            }
            let mut line: Vec<String> = vec![];
            let mut taken = 0;
            while let Some(chunk) = chunks.pop_if(|chunk| taken + length(chunk) <= width) {
                taken += length(&chunk);
                line.push(chunk);
            }
            if chunks.last().is_some_and(|chunk| length(chunk) > width) {
                self.broken(&mut chunks, &mut line, taken, width);
                taken = line.iter().map(|chunk| length(chunk)).sum();
            }
            if self.drop_whitespace && line.last().is_some_and(|chunk| is_blanks(chunk)) {
                taken -= line.pop().map_or(0, |chunk| length(&chunk));
            }
            if line.is_empty() {
                continue;
            }
            let is_rest_blank = self.drop_whitespace && chunks.len() == 1 && is_blanks(&chunks[0]);
            let is_last = self.max_lines.is_some_and(|most| lines.len() + 1 >= most);
            if !is_last || ((chunks.is_empty() || is_rest_blank) && taken <= width) {
                lines.push(format!("{indent}{}", line.concat()));
                continue;
            }
            // The last line that may be: cut so that the placeholder fits behind it.
            while let Some(last) = line.last() {
                if !is_blanks(last) && taken + length(&self.placeholder) <= width {
                    break;
                }
                taken -= length(last);
                line.pop();
            }
            if !line.is_empty() {
                lines.push(format!("{indent}{}{}", line.concat(), self.placeholder));
                break;
            }
            if let Some(previous) = lines.last_mut() {
                let trimmed = previous.trim_end();
                if length(trimmed) + length(&self.placeholder) <= self.width {
                    *previous = format!("{trimmed}{}", self.placeholder);
                    break;
                }
            }
            lines.push(format!("{indent}{}", self.placeholder.trim_start()));
            break;
        }
        lines
    }

    /// A word that is longer than a line.
    fn broken(&self, chunks: &mut Vec<String>, line: &mut Vec<String>, taken: i64, width: i64) {
        let Some(chunk) = chunks.pop() else { return };
        if !self.break_long_words {
            // It gets a line of its own.
            if line.is_empty() {
                line.push(chunk)
            } else {
                chunks.push(chunk)
            }
            return;
        }
        let space = usize::try_from(if width < 1 { 1 } else { width - taken }).unwrap_or(0);
        let characters: Vec<char> = chunk.chars().collect();
        let mut end = space.min(characters.len());
        if self.break_on_hyphens && characters.len() > space {
            let hyphen = characters[..space].iter().rposition(|c| *c == '-');
            if let Some(hyphen) = hyphen.filter(|at| *at > 0 && characters[..*at].iter().any(|c| *c != '-')) {
                end = hyphen + 1;
            }
        }
        line.push(characters[..end].iter().collect());
        chunks.push(characters[end..].iter().collect());
    }
}

/// Two spaces behind the end of a sentence.
fn end_sentences(chunks: &mut [String]) {
    for at in 1..chunks.len() {
        if chunks[at] != " " {
            continue;
        }
        let word: Vec<char> = chunks[at - 1].chars().collect();
        let bare = match word.last() {
            Some('"' | '\'') => &word[..word.len() - 1],
            _ => &word[..],
        };
        if let [.., before, '.' | '!' | '?'] = bare
            && before.is_ascii_lowercase()
        {
            chunks[at] = String::from("  ");
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '!' | '"' | '\'' | '&' | '.' | ',' | '?')
}

fn is_letter(c: char) -> bool {
    (c.is_alphanumeric() || c == '_') && !c.is_numeric()
}

/// The parts of a word (without white space) behind hyphens where Python breaks it: between two letters on either side,
/// and around dashes of two hyphens and more.
fn hyphenated(word: &[char], chunks: &mut Vec<String>) {
    let mut from = 0;
    let mut at = 0;
    let letter = |at: usize| word.get(at).is_some_and(|c| is_letter(*c));
    while at < word.len() {
        if word[at] == '-' {
            let dashes = word[at..].iter().take_while(|c| **c == '-').count();
            let behind = word.get(at + dashes).is_some_and(|c| c.is_alphanumeric() || *c == '_');
            if dashes >= 2 && at > 0 && is_word(word[at - 1]) && behind {
                if from < at {
                    chunks.push(word[from..at].iter().collect());
                }
                chunks.push(word[at..at + dashes].iter().collect());
                from = at + dashes;
                at = from;
                continue;
            }
            // `ab-cd`, `a-b-cd`: two letters, or a letter behind a hyphen, on the left; a letter, maybe a hyphen, and
            // a letter on the right.
            let left =
                at >= 2 && letter(at - 1) && (letter(at - 2) || (word[at - 2] == '-' && at >= 3 && letter(at - 3)));
            let right = letter(at + 1) && (letter(at + 2) || (word.get(at + 2) == Some(&'-') && letter(at + 3)));
            if dashes == 1 && left && right {
                chunks.push(word[from..=at].iter().collect());
                from = at + 1;
            }
        }
        at += 1;
    }
    if from < word.len() {
        chunks.push(word[from..].iter().collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(width: i64) -> Wrap {
        Wrap {
            width,
            expand_tabs: true,
            tabsize: 8,
            replace_whitespace: true,
            drop_whitespace: true,
            initial_indent: String::new(),
            subsequent_indent: String::new(),
            fix_sentence_endings: false,
            break_long_words: true,
            break_on_hyphens: true,
            max_lines: None,
            placeholder: String::from(" [...]"),
        }
    }

    #[test]
    fn lines_are_pythons() {
        assert_eq!(wrap(12).lines("line to be wrapped"), ["line to be", "wrapped"]);
        assert_eq!(wrap(7).lines("well-known abcdefghij"), ["well-", "known a", "bcdefgh", "ij"]);
        let short = Wrap { max_lines: Some(1), ..wrap(12) };
        assert_eq!(short.lines("one two three four"), ["one [...]"]);
    }
}
