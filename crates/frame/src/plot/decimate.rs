//! As many points as there are pixels: of the points that fall into one column of pixels, the first, the lowest, the
//! highest and the last draw the same line as all of them.

/// An unbroken line.
pub type Piece = Vec<(f64, f64)>;

/// The unbroken pieces of a line, decimated to `columns` columns of pixels. `xs` ascends; a `y` that is not finite is
/// a gap.
pub fn pieces(xs: &[f64], ys: &[f64], columns: usize) -> Vec<Piece> {
    let (Some(&first), Some(&last)) = (xs.first(), xs.last()) else { return vec![] };
    let per_column = (last - first) / columns.max(1) as f64;
    let column = |x: f64| if per_column > 0.0 { ((x - first) / per_column) as usize } else { 0 };
    let mut pieces: Vec<Piece> = vec![];
    let mut piece: Piece = vec![];
    let mut here: Option<Column> = None;
    for (&x, &y) in xs.iter().zip(ys) {
        if !y.is_finite() {
            here.take().into_iter().for_each(|done| done.write(&mut piece));
            if !piece.is_empty() {
                pieces.push(std::mem::take(&mut piece));
            }
            continue;
        }
        let number = column(x);
        match &mut here {
            Some(open) if open.number == number => open.add(x, y),
            _ => {
                here.take().into_iter().for_each(|done| done.write(&mut piece));
                here = Some(Column::new(number, x, y));
            }
        }
    }
    here.into_iter().for_each(|done| done.write(&mut piece));
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// The points of one column of pixels that are kept, with their places in the line.
struct Column {
    number: usize,
    points: usize,
    first: (f64, f64),
    last: (f64, f64),
    lowest: (usize, (f64, f64)),
    highest: (usize, (f64, f64)),
}

impl Column {
    fn new(number: usize, x: f64, y: f64) -> Self {
        let point = (x, y);
        Self { number, points: 1, first: point, last: point, lowest: (0, point), highest: (0, point) }
    }

    fn add(&mut self, x: f64, y: f64) {
        let point = (x, y);
        if y < self.lowest.1.1 {
            self.lowest = (self.points, point);
        }
        if y > self.highest.1.1 {
            self.highest = (self.points, point);
        }
        self.last = point;
        self.points += 1;
    }

    fn write(self, line: &mut Piece) {
        let mut kept = [(0, self.first), self.lowest, self.highest, (self.points - 1, self.last)];
        kept.sort_by_key(|(place, _)| *place);
        let mut before = None;
        for (place, point) in kept {
            if before.replace(place) != Some(place) {
                line.push(point);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_points_stay_as_they_are() {
        let (xs, ys) = ([0.0, 1.0, 2.0], [5.0, 4.0, 6.0]);
        assert_eq!(pieces(&xs, &ys, 100), [vec![(0.0, 5.0), (1.0, 4.0), (2.0, 6.0)]]);
        assert_eq!(pieces(&[], &[], 100), Vec::<Piece>::new());
        assert_eq!(pieces(&[1.0, 1.0], &[2.0, 3.0], 10), [vec![(1.0, 2.0), (1.0, 3.0)]]);
    }

    #[test]
    fn many_points_keep_the_extremes_of_every_column_in_order() {
        let xs: Vec<f64> = (0..100_000).map(f64::from).collect();
        let ys: Vec<f64> = xs.iter().map(|x| (x * 0.37).sin() * x).collect();
        let [line] = <[_; 1]>::try_from(pieces(&xs, &ys, 500)).unwrap();
        assert!(line.len() <= 4 * 501, "{}", line.len());
        assert!(line.is_sorted_by(|a, b| a.0 < b.0));
        for column in 0..500 {
            let within = |x: f64| ((x - xs[0]) / ((xs[99_999] - xs[0]) / 500.0)) as usize == column;
            let extremes = |points: &mut dyn Iterator<Item = (f64, f64)>| {
                points
                    .filter(|(x, _)| within(*x))
                    .fold((f64::MAX, f64::MIN), |(low, high), (_, y)| (low.min(y), high.max(y)))
            };
            let all = extremes(&mut xs.iter().copied().zip(ys.iter().copied()));
            assert_eq!(extremes(&mut line.iter().copied()), all, "column {column}");
        }
    }

    #[test]
    fn what_is_not_finite_is_a_gap() {
        let (xs, ys) = ([0.0, 1.0, 2.0, 3.0, 4.0], [f64::NAN, 1.0, f64::INFINITY, 3.0, f64::NAN]);
        assert_eq!(pieces(&xs, &ys, 100), [vec![(1.0, 1.0)], vec![(3.0, 3.0)]]);
    }
}
