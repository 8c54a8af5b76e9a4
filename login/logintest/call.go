package logintest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// Answer is what an API answered.
type Answer struct {
	Status int
	Header http.Header
	Text   string
	// JSON is nil where the body is no object.
	JSON map[string]any
}

// List is the list of a name in the body; nil where there is none.
func (a *Answer) List(name string) []any { list, _ := a.JSON[name].([]any); return list }

// Call sends a request with a bearer token, unless that is empty, and reads the answer.
// kind is the type of the body where there is one; headers are name and value in turn.
func (p *Parts) Call(token, method, address, kind, body string, headers ...string) *Answer {
	p.T.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(body))
	Check(p.T, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	Check(p.T, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	Check(p.T, err)
	a := &Answer{Status: response.StatusCode, Header: response.Header, Text: string(text)}
	_ = json.NewDecoder(bytes.NewReader(text)).Decode(&a.JSON) // nil where it is none
	return a
}

// Want fails the test unless the answer has the status.
func (p *Parts) Want(a *Answer, status int) *Answer {
	p.T.Helper()
	if a.Status != status {
		p.T.Fatalf("status %d, want %d: %s", a.Status, status, a.Text)
	}
	return a
}
