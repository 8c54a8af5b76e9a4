package interaction

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

const (
	// rememberedFor is for how long the answer to a form is given again.
	rememberedFor = 5 * time.Second
	// lookAgain is how often a second submission looks whether the first was answered.
	lookAgain = 20 * time.Millisecond
	// handledFor bounds how long a form is handled whose browser went away.
	handledFor = 20 * time.Second
)

// SubmissionsConfig is what [Submissions] are made of. Every field is required.
type SubmissionsConfig struct {
	Store   ephemeral.Store
	Hasher  ephemeral.Hasher
	Sealer  *keys.Sealer
	Cookies web.Cookies
}

// Submissions make forms idempotent: one that is sent twice, by a double click or an
// impatient Enter, is handled once, and both requests get the answer, cookies
// included. A submission is known by all that makes it one: its address, its fields,
// and its browser. A form that bears the token of its rendering (see [OnceParam]) is
// known by that, also where the first press ended the session that the second comes
// without; any other by all cookies of the browser, whose secrets change with what a
// form does. Only answers that lead on (a redirect) are remembered: what was refused, by
// an error or by a redirect back to the form (see [RefusedParam]), is looked at anew,
// and counts anew.
type Submissions struct {
	cfg     SubmissionsConfig
	answers *ephemeral.Values[remembered]
}

// RefusedParam stands in the address of a page to which a form that was refused leads
// back (Post/Redirect/Get).
const RefusedParam = "again"

// OnceParam is the field of a form that holds a value of that rendering alone: a form
// that is shown again is another one, however alike it is filled in.
const OnceParam = "once"

// remembered is an answer, or that somebody is at it.
type remembered struct {
	// Sealed is the answer, with the secrets in its cookies; empty while it is made.
	Sealed string `json:"sealed,omitempty"`
}

// answer is what a browser got.
type answer struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body,omitempty"`
}

// NewSubmissions makes Submissions.
func NewSubmissions(cfg SubmissionsConfig) *Submissions {
	return &Submissions{cfg: cfg, answers: ephemeral.NewValues[remembered](cfg.Store, cfg.Hasher, "submission", rememberedFor)}
}

// Once wraps the handler of a form that was found to be ours and is parsed. A store
// that fails takes nothing but this comfort away.
func (s *Submissions) Once(h web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		return s.carryOut(w, r, h, s.submissionID(r), leadsOn)
	}
}

// OnceAs is Once for what has a name of its own, whatever its requests look like, and
// whose every answer without an error is the end of it: that is remembered too where it
// is a page. The name must be a secret that only the browser knows, and is besides
// bound to it.
func (s *Submissions) OnceAs(name string, h web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		return s.carryOut(w, r, h, s.nameID(r, name), func(*answer) bool { return true })
	}
}

// Repeat gives the answer again that something of a name came to in this browser a
// moment ago, or is coming to, and reports whether there is one. It writes nothing to
// the store: anybody may ask for any name.
func (s *Submissions) Repeat(w http.ResponseWriter, r *http.Request, name string) bool {
	if s.cfg.Cookies.Browser(r) == "" {
		return false
	}
	given, err := s.awaitAnswer(r.Context(), s.nameID(r, name))
	if err != nil {
		return false
	}
	given.write(w)
	return true
}

func (s *Submissions) carryOut(w http.ResponseWriter, r *http.Request, h web.HandlerFunc, id string, keep func(*answer) bool) error {
	if s.cfg.Cookies.Browser(r) == "" {
		return h(w, r)
	}
	// Browsers cancel the first request when a form is sent again. It is carried out
	// all the same: stopped half way it would have spent what the second one brings.
	whole, stop := context.WithTimeout(context.WithoutCancel(r.Context()), handledFor)
	defer stop()
	r = r.WithContext(whole)
	for whole.Err() == nil {
		err := s.answers.PutNew(whole, id, remembered{}, rememberedFor)
		if !errors.Is(err, storage.ErrConflict) {
			return s.handle(w, r, h, id, keep, err == nil)
		}
		if given, err := s.awaitAnswer(whole, id); err == nil {
			given.write(w)
			return nil
		} else if !errors.Is(err, storage.ErrNotFound) {
			return h(w, r)
		}
	}
	return h(w, r)
}

// submissionID is what two submissions of one form have in common.
func (s *Submissions) submissionID(r *http.Request) string {
	browser := r.Header.Get("Cookie")
	if r.PostForm.Get(OnceParam) != "" {
		browser = s.cfg.Cookies.Browser(r)
	}
	return ephemeral.Name(r.Method, r.URL.RequestURI(), r.PostForm.Encode(), browser, r.UserAgent())
}

// nameID is what has a name, in one browser.
func (s *Submissions) nameID(r *http.Request, name string) string {
	return ephemeral.Name("name", name, s.cfg.Cookies.Browser(r))
}

// handle runs the handler and remembers where its answer leads, for whoever waits.
func (s *Submissions) handle(w http.ResponseWriter, r *http.Request, h web.HandlerFunc, id string, keep func(*answer) bool, claimed bool) error {
	made := &recorder{header: http.Header{}}
	err := h(made, r)
	if claimed {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), rememberedFor)
		defer cancel()
		s.remember(ctx, id, made.answer(), err == nil, keep)
	}
	if err != nil {
		return err
	}
	made.answer().write(w)
	return nil
}

func (s *Submissions) remember(ctx context.Context, id string, made *answer, succeeded bool, keep func(*answer) bool) {
	if succeeded && keep(made) {
		raw, err := json.Marshal(made)
		if err == nil {
			var sealed string
			if sealed, err = s.cfg.Sealer.Seal(raw, answerPlace(id)); err == nil {
				_, err = s.answers.Put(ctx, id, remembered{Sealed: sealed})
			}
		}
		if err == nil {
			return
		}
	}
	_ = s.answers.Delete(ctx, id) // where that fails too it is gone in seconds
}

// leadsOn reports whether an answer is a redirect, and not back to a form that was refused.
func leadsOn(a *answer) bool {
	location := a.Header.Get("Location")
	if location == "" || a.Status < 300 || a.Status >= 400 {
		return false
	}
	u, err := url.Parse(location)
	return err == nil && !u.Query().Has(RefusedParam)
}

// answerPlace binds a sealed answer to its submission.
func answerPlace(id string) keys.AssociatedData {
	return keys.AssociatedData{Table: "ephemeral", Column: "submission", Row: id}
}

// awaitAnswer waits for the answer to a submission that somebody is at. It answers
// storage.ErrNotFound where that led nowhere, so that this one is to be looked at.
func (s *Submissions) awaitAnswer(ctx context.Context, id string) (*answer, error) {
	for {
		found, _, err := s.answers.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		if found.Sealed != "" {
			raw, err := s.cfg.Sealer.Open(found.Sealed, answerPlace(id))
			if err != nil {
				return nil, err
			}
			given := &answer{Header: http.Header{}}
			err = json.Unmarshal(raw, given)
			given.Header.Set("Cache-Control", "no-store")
			return given, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lookAgain):
		}
	}
}

func (a *answer) write(w http.ResponseWriter) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // that it fails means that the browser has gone
}

// recorder keeps an answer until it is known whether it is one.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// answer is what was written.
func (r *recorder) answer() *answer {
	return &answer{Status: max(r.status, http.StatusOK), Header: r.header, Body: r.body.Bytes()}
}
