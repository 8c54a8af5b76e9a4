package config

// nearest returns the word that key was probably meant to be, or "".
func nearest(key string, words []string) string {
	best, bestDistance := "", max(2, len(key)/4)+1
	for _, w := range words {
		if d := distance(key, w); d < bestDistance && d < len(key) {
			best, bestDistance = w, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two ASCII words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
