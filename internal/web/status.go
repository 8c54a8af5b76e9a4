package web

import "net/http"

// StatusClientGone is what is counted and logged of a request whose client hung
// up before it was answered; nobody is sent it. nginx says the same.
const StatusClientGone = 499

// StatusWriter remembers the status of an answer, for logs and counters.
type StatusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *StatusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *StatusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Status is the answer's; one that sets none is a 200.
func (w *StatusWriter) Status() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
