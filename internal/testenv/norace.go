//go:build !race

package testenv

// raceDetector says that the test runs without it.
const raceDetector = false
