//go:build race

package testenv

// raceDetector says that the test runs with it, so that what it starts should too.
const raceDetector = true
